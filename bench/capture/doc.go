// Command capture measures what counting in the kernel costs, and whether it loses anything, and prints one table against the bars of
// the issue.
//
//	go run ./bench/capture                       all, as root: 10 minutes on 2 cores
//	go run ./bench/capture -only throughput      a part
//
// It runs in weir's repository, on Linux. The parts, for -only:
//
//	cost        what a packet costs in the program, as multiples of one at a device that is no interface
//	loss        100 million packets, while counts are read all the time
//	scale       a million connections at once
//	restart     an agent that is killed 100 times under load
//	throughput  TCP and UDP over a veth pair, with nothing attached, with weir-agent, and with softflowd and pmacctd where they are
//	            installed
//
// The first four are tests of internal/capture/ebpf, which it runs with more than CI does.
//
// Throughput is measured in network namespaces of its own: an instance sends to its host, and the meter is at the host's side of the
// pair, as an agent is. Meters take turns, so that a slow minute of the machine meets all; what counts is the ratio of each turn
// to that with nothing attached, of which the median is printed with the smallest and the largest. What passed is known from the
// instance's kernel, which counts the packets that it has sent as they are on the wire, and compared with what each
// meter says in the end: weir-agent by its records.
//
// TCP is sent twice: by iperf3, as people measure, which is what the bar is about, and by this program, which takes less for each byte, so
// that what is added for each frame is more of it. Beside the meters stands a program that does nothing: what it differs by from nothing
// attached is how much of a ratio is chance.
//
// CPU time for a packet is that of the whole machine that was not idle (/proc/stat), over the packets, less the same with nothing
// attached: what counts in the kernel has no process of its own. So whatever else runs on the machine is in it, and in the spread.
package main
