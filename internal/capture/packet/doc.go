// Package packet reads what a flow log counts a packet by out of a frame: the addresses, protocol, ports, ICMP type and
// TCP flags of its outer IP header, and its length in bytes.
//
// What comes in is a frame with its link type, its length on the wire and its time, of a capture file (package
// packetfile) or of a socket. [Dissector.Dissect] fills a [Packet], which has what package policy decides by, and says by
// an [Outcome] what became of the frame; each outcome is one to be counted, so that what is in no flow is in a metric.
//
// The same is done by the BPF program that watches interfaces, and a test is to feed both the same frames. So this is
// small and plain, and where a rule is one that BPF has to follow too, its comment begins with "BPF:". What both follow:
//
//   - Only the outer IP header counts; tunnels (GRE, IPIP, VXLAN, 6in4) are one packet of their own protocol.
//   - Before it, at most [MaxTags] headers of VLAN, PPPoE, MPLS and SNAP are passed over.
//   - Bytes are those of the IP header, never the captured ones; a length of 0 stands for one that offloading
//     left to the card.
//   - Ports are read from what the IP header says is there: not from the padding of an Ethernet frame.
//   - A later fragment has the ports of its datagram's first, if that came within [FragmentAge] before it.
package packet
