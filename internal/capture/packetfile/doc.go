// Package packetfile reads capture files as a stream: pcap, with micro- and nanoseconds, and pcapng, in both byte
// orders, also where gzip has packed them.
//
// [Open] takes an [io.Reader] and tells by its first bytes what it is. [Reader.Next] returns one [Frame] after another,
// which package packet dissects. Memory is bounded whatever the file says of itself.
//
// Each error is an [*Error], with file, packet and byte. A file that ends within a packet, as one does that is still being
// written, gives all packets before, and then an error that is [io.ErrUnexpectedEOF].
//
// What is not read is refused: pcap of other versions than 2.4 and Kuznetzov's variant of it, sections of pcapng of
// another version than 1, resolutions of time finer than 10^-19 s or 2^-63 s, and frames of more than 4 MiB.
//
// Sources: draft-ietf-opsawg-pcap (pcap), draft-ietf-opsawg-pcapng (pcapng). Why there is a reader of our own:
// docs/decisions/dependencies.md, at gopacket, which tests compare with.
package packetfile
