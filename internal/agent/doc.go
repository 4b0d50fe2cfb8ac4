// Package agent counts what passes devices of the host, and writes it as flow logs: it is what weir-agent runs.
//
// What comes in are a config (package config) and the network's definition that it names, or a [Policy] of a server (package joined). [Run] finds which devices are which network interfaces
// or attachments of a transit gateway ([Devices]), has package ebpf, or afpacket where the config says so, count what passes them and decide of it, and adds it up in windows (package aggregate). Package conntrack says what is
// behind addresses that the host translates. What goes out are records of flow logs, which package destination delivers; health and metrics are on a loopback address, and devices are
// attached and detached by a Unix socket. Package device lists devices, also of other network namespaces. [Examine] says whether the host can do it, and [Fix] mends what can be mended.
// Package command calls it.
//
// # What is lost, and how it is told
//
// Counts stay in the kernel until a read of them, every few seconds, is kept in package spool, whole and with all that it changes; records wait there until they are delivered. What
// the disk does not take stays in the kernel's tables, and what a destination does not take in the spool; both are tried again. Where more of a flow log would wait than the config's
// spool-bytes, or the state would be larger than its state-bytes, what is new is given up. What is given up, and what found no place in the kernel's tables or in the ring of a packet socket, is SKIPDATA of the interface, and counted.
// What waits of a flow log that was taken out is given up when whoever runs the agent says so: by the socket, or, where no agent runs, by [Stopped].
//
// # Clocks
//
// Windows are of the wall clock. Where it steps, by more than it could drift since the last read, open windows are written and time goes on from there: nothing
// is told of the time between, and what comes again after a step back is in records of its own.
package agent
