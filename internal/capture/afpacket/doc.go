// Package afpacket counts what passes network devices, and decides of it as security groups and network ACLs do, by packets that a socket gets
// (AF_PACKET): for hosts where BPF may not be loaded. It takes CAP_NET_RAW and nothing else.
//
// What comes in are interfaces with their policies ([Capture.Swap]) and the devices that they are ([Capture.Attach]). What goes out are flows with
// counts and verdicts, epoch by epoch ([Capture.Turn], [Capture.Rows], [Capture.Settle]), as package ebpf has them; package agent puts the one in the
// other's place. A device has one socket for both directions, whose frames the kernel writes into a ring (TPACKET_V3). Package packet reads them, and
// policy.Connections decides.
//
// What is different from package ebpf:
//
//   - What a socket gets has passed already: nothing can be refused. Interfaces are counted, or decided of in shadow.
//   - Frames come to a socket before tcx at ingress, and behind tcx and the queueing discipline at egress: what another program or a queue
//     drops on its way out is not seen.
//   - A frame that finds no room in the ring is lost. The kernel counts such ([Tallies.Dropped]), not their direction, packets or bytes.
//   - It has counts by the times of packets: no row reaches over a multiple of [RowLength] since the epoch.
//   - What is counted is memory of the process, and ends with it.
//
// Connections age by the clock that goes on ([Options.Clock]), as of when frames were read, so that a wall clock that is set closes none. Of each frame
// [Snaplen] bytes are read: ports behind more headers than that are 0, and the frame is one of packet.ShortTransport.
package afpacket
