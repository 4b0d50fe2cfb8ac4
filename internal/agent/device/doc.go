// Package device lists the network devices of a host and what is behind them: of which bridge a device is a port, where the other end of a pair is, which MAC address
// and addresses that one has and which containers are there, and of which virtual machine a tap is.
//
// What comes in is what to look at ([Query]). What goes out ([Found]) are facts that the kernel, and of virtual machines libvirt, states: nothing is concluded from names.
// Package agent lists devices every few seconds. To look inside other network namespaces takes CAP_SYS_ADMIN, and CAP_SYS_PTRACE for those that only a process of another
// user holds; without them, what is there stays unknown.
package device
