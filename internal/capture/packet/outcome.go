package packet

// Outcome is what became of a frame.
type Outcome uint8

// The outcomes. Of the first three, [Packet] is filled and is a packet of a flow.
const (
	OK             Outcome = iota
	Orphan                 // a later fragment, whose first was not seen: ports 0
	ShortTransport         // an IP header, behind which ports or ICMP type can't be reached: ports 0
	NotIP                  // ARP and the like
	Short                  // the frame ends within a header before the addresses are known
	Malformed              // an IP header that contradicts itself: version, header length, total length
	UnknownLink            // a link type that is not read
)

// Outcomes is how many outcomes there are: counters are an array of that length.
const Outcomes = int(UnknownLink) + 1

// Counts reports whether the frame is a packet of a flow.
func (o Outcome) Counts() bool { return o <= ShortTransport }

// String returns the outcome as the label of a metric: lower case, words joined by an underscore.
func (o Outcome) String() string {
	switch o {
	case OK:
		return "ok"
	case Orphan:
		return "orphan_fragment"
	case ShortTransport:
		return "short_transport"
	case NotIP:
		return "not_ip"
	case Short:
		return "short"
	case Malformed:
		return "malformed"
	case UnknownLink:
		return "unknown_link"
	}
	return "unknown"
}
