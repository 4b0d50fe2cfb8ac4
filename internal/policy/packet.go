package policy

import (
	"fmt"
	"net/netip"

	"weir/internal/netmodel"
)

// Packet is what decides of a packet, with the addresses that it has at the ENI: private
// IPv4 addresses, not the public ones that stand for them.
type Packet struct {
	Src, Dst netip.Addr
	Protocol int // IANA's number
	// SrcPort and DstPort are those of TCP and UDP.
	SrcPort, DstPort uint16
	// Type and Code are those of ICMP and ICMPv6.
	Type, Code int
	// ID is the identifier of an ICMP request or reply; 0 where it is not known.
	ID uint16
	// Flags are TCP's, as in the header; 0: not known. They only tell when a connection
	// closes.
	Flags uint8
	// Quoted is the packet that an ICMP error is about; nil: not known.
	Quoted *Packet
}

// TCP's flags, as in the header.
const (
	FIN = 0x01
	SYN = 0x02
	RST = 0x04
	ACK = 0x10
)

// Check returns an error where a packet can't be decided on: addresses that are missing or
// of two families, or a protocol, type or code that does not fit into a byte. Decide
// demands that there is none, and does not check it again.
func (p *Packet) Check() error {
	switch {
	case !p.Src.IsValid() || !p.Dst.IsValid():
		return fmt.Errorf("a packet has no source or no destination address")
	case familyOf(p.Src) != familyOf(p.Dst):
		return fmt.Errorf("a packet from %s to %s is of two address families", p.Src, p.Dst)
	case p.Protocol < 0 || p.Protocol > 255:
		return fmt.Errorf("a packet can't have protocol %d", p.Protocol)
	case p.icmp() && (p.Type < 0 || p.Type > 255 || p.Code < 0 || p.Code > 255):
		return fmt.Errorf("a packet can't have ICMP type %d and code %d", p.Type, p.Code)
	}
	if p.Quoted != nil {
		if err := p.Quoted.Check(); err != nil {
			return fmt.Errorf("quoted: %v", err)
		}
	}
	return nil
}

func (p *Packet) icmp() bool { return p.Protocol == netmodel.ICMP || p.Protocol == netmodel.ICMPv6 }

// ported reports whether a packet has ports that rules are about.
func (p *Packet) ported() bool { return p.Protocol == netmodel.TCP || p.Protocol == netmodel.UDP }

// key returns what a rule's range is compared with: the destination port, or an ICMP type
// and code as one number, else 0.
func (p *Packet) key() uint16 {
	switch {
	case p.Protocol == netmodel.TCP || p.Protocol == netmodel.UDP:
		return p.DstPort
	case p.icmp():
		return uint16(p.Type)<<8 | uint16(p.Code)
	}
	return 0
}

// ends returns the addresses of the ENI's side and of the other.
func (p *Packet) ends(d direction) (near, far netip.Addr) {
	if d == ingress {
		return p.Dst, p.Src
	}
	return p.Src, p.Dst
}

// direction is a netmodel.Direction as an index.
type direction uint8

const (
	ingress direction = iota
	egress
)

func directionOf(d netmodel.Direction) direction {
	if d == netmodel.Ingress {
		return ingress
	}
	return egress
}

func (d direction) other() direction { return egress - d }

func (d direction) name() netmodel.Direction {
	if d == ingress {
		return netmodel.Ingress
	}
	return netmodel.Egress
}

// question is what a table of rules is asked.
type question struct {
	far      address
	key      uint16
	protocol uint8
	family   family
	way      direction
}

// ask returns the question about a packet.
func ask(p *Packet, d direction) question {
	_, far := p.ends(d)
	return question{far: addressOf(far), key: p.key(), protocol: uint8(p.Protocol), family: familyOf(far), way: d}
}
