package ebpf

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// Mode is what is done at an interface.
type Mode uint8

// The modes, numbered as the program does.
const (
	// Off does nothing.
	Off Mode = iota
	// Count counts flows and asks no rules.
	Count
	// Shadow decides, and lets everything pass.
	Shadow
	// Enforce drops what is refused. It drops packets too whose IP header can't be read.
	Enforce
	// Observe counts as Count does, and what the host's own firewall drops of it is refused.
	Observe
	// Forward counts as Count does at a router, and says what of it the router could not forward, and why: see [aggregate.Loss].
	Forward
)

// Interface is what is done at a network interface.
type Interface struct {
	ID   string
	Mode Mode
	// Policy is what decides. In modes Count, Observe and Forward it may be nil, and otherwise says only what flow logs leave out.
	Policy *policy.Interface
	// Timeouts are those of connections; the zero value stands for policy.DefaultTimeouts.
	Timeouts policy.Timeouts
}

// tickBits: a tick of the program's clock is 2^tickBits ns.
const tickBits = 20

// lists numbers the lists as the program does. The last two are the parts of the first two that are about fixed networks.
var lists = [...]policy.List{policy.Services, policy.Within, policy.Entries, policy.Rules, policy.Services, policy.Within}

// fixed are the networks that mean the same everywhere: those of a link, and those of AWS's services. The program asks what
// is about them alone only for packets that are from or to them.
var fixed = [...]netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("224.0.0.0/24"), netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("255.255.255.255/32"),
	netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff02::/16"), netip.MustParsePrefix("fd00:ec2::/32"), netip.MustParsePrefix("::/128"),
}

// isFixed reports whether a line is about addresses of one of these.
func isFixed(l *policy.Line) bool {
	return slices.ContainsFunc(fixed[:], func(p netip.Prefix) bool { return p.Contains(l.First) && p.Contains(l.Last) })
}

// Entries of the network ACL that are none, as the program numbers them.
const (
	entryGroups = 253 // the groups refuse
	entryLast   = 254 // "*"
	entryNone   = 255 // the network ACL was not asked
)

const anyProtocol = 256

// maxRules is how many rules fit: a half of the map is of each of two generations.
const maxRules = 1 << 15

// compiler makes the rules of a generation.
type compiler struct {
	base  uint32 // where they begin in the map
	rules []weirRule
	known map[string]place // by their bytes: interfaces with the same groups share them
}

// place is where a list is.
type place struct{ at, count uint32 }

// head compiles an interface.
func (c *compiler) head(i *Interface) (weirHead, error) {
	h := weirHead{Mode: uint8(i.Mode)}
	t := i.Timeouts
	if t == (policy.Timeouts{}) {
		t = policy.DefaultTimeouts()
	}
	h.TcpEstablished, h.TcpOther = ticks(t.TCPEstablished), ticks(t.TCPOther)
	h.Udp, h.UdpStream, h.Other = ticks(t.UDP), ticks(t.UDPStream), ticks(t.Other)
	decides := i.Mode == Shadow || i.Mode == Enforce
	if i.Policy == nil && decides {
		return h, fmt.Errorf("%s has no policy to decide by", i.ID)
	}
	if i.Policy != nil && i.Policy.Groups() != nil && decides {
		h.Groups = 1
	}
	for n, list := range lists {
		for way := range 2 {
			lines, err := c.lines(i, list, decides, way)
			if err != nil {
				return h, err
			}
			if list == policy.Services || list == policy.Within {
				lines = slices.DeleteFunc(lines, func(l policy.Line) bool { return isFixed(&l) != (n >= 4) })
			}
			for family := range 2 {
				of := slices.DeleteFunc(slices.Clone(lines), func(l policy.Line) bool { return l.First.Is4() != (family == 0) })
				p, err := c.place(of)
				if err != nil {
					return h, err
				}
				h.Lists[n][way][family].At, h.Lists[n][way][family].Count = p.at, p.count
				if list == policy.Rules {
					for k, protocol := range []int{netmodel.TCP, netmodel.UDP} {
						if slices.ContainsFunc(of, func(l policy.Line) bool { return open(&l, protocol) }) {
							h.Open[way][family][k] = 1
						}
					}
				}
			}
		}
	}
	return h, nil
}

// open reports whether a rule allows all addresses and ports of a protocol.
func open(l *policy.Line, protocol int) bool {
	return l.Everywhere && l.From == 0 && l.To == 0xffff && (l.Protocol == protocol || l.Protocol == netmodel.AllProtocols)
}

// lines returns a list of an interface. Where nothing decides, everything is within the subnet, which asks no network ACL.
func (c *compiler) lines(i *Interface, list policy.List, decides bool, way int) ([]policy.Line, error) {
	switch {
	case list == policy.Within && !decides:
		all := policy.Line{Protocol: netmodel.AllProtocols, To: 0xffff}
		four, six := all, all
		four.First, four.Last = netip.IPv4Unspecified(), netip.AddrFrom4([4]byte{255, 255, 255, 255})
		six.First, six.Last = netip.IPv6Unspecified(), netip.AddrFrom16([16]byte(slices.Repeat([]byte{255}, 16)))
		return []policy.Line{four, six}, nil
	case i.Policy == nil || list != policy.Services && !decides:
		return nil, nil
	}
	lines := i.Policy.Lines(list, direction(way))
	if list == policy.Entries {
		for _, l := range lines {
			if l.Number >= entryGroups {
				return nil, fmt.Errorf("%s: the network ACL has more than %d entries of a direction, which the program has no room for", i.ID, entryGroups)
			}
		}
	}
	return lines, nil
}

func (c *compiler) place(lines []policy.Line) (place, error) {
	rules := make([]weirRule, len(lines))
	for n := range lines {
		rules[n] = ruleOf(&lines[n])
	}
	if len(rules) == 0 {
		return place{}, nil
	}
	b, err := binary.Append(nil, binary.NativeEndian, rules)
	if err != nil {
		return place{}, err
	}
	if p, ok := c.known[string(b)]; ok {
		return p, nil
	}
	if len(c.rules)+len(rules) > maxRules {
		return place{}, fmt.Errorf("the policies of all interfaces have more than %d ranges of addresses, which the program has no room for", maxRules)
	}
	p := place{c.base + uint32(len(c.rules)), uint32(len(rules))}
	c.rules = append(c.rules, rules...)
	c.known[string(b)] = p
	return p, nil
}

// The flags of a rule, as the program has them.
const (
	ruleAllow      = 1
	ruleEverywhere = 2
)

func ruleOf(l *policy.Line) weirRule {
	r := weirRule{Protocol: uint16(l.Protocol), From: l.From, To: l.To}
	if l.Protocol == netmodel.AllProtocols {
		r.Protocol = anyProtocol
	}
	r.FirstHi, r.FirstLo = halves(l.First)
	r.LastHi, r.LastLo = halves(l.Last)
	if l.Allow {
		r.Flags |= ruleAllow
	}
	if l.Everywhere {
		r.Flags |= ruleEverywhere
	}
	r.Number = uint8(min(l.Number, 255)) // only those of network ACLs are read, and were checked
	return r
}

func ticks(d time.Duration) uint32 { return uint32(min(int64(d)>>tickBits, 1<<31-1)) }

// v4Prefix is what is before an IPv4 address in the program: ::fffe:0:0/96, which nobody has. Those of ::ffff:0:0/96 may stand in
// an IPv6 header.
const v4Prefix = 0xfffe << 32

// halves returns an address as the program has it.
func halves(a netip.Addr) (hi, lo uint64) {
	if a.Is4() {
		b := a.As4()
		return 0, v4Prefix | uint64(binary.BigEndian.Uint32(b[:]))
	}
	b := a.As16()
	return binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
}

func addrOf(hi, lo uint64) netip.Addr {
	var b [16]byte
	if hi == 0 && lo>>32<<32 == v4Prefix {
		binary.BigEndian.PutUint32(b[:], uint32(lo))
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	binary.BigEndian.PutUint64(b[:8], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return netip.AddrFrom16(b)
}

// direction names a direction as the program numbers it.
func direction(way int) netmodel.Direction {
	if way == 0 {
		return netmodel.Ingress
	}
	return netmodel.Egress
}
