package policy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// find returns the first line that is about a packet, or nil.
func find(lines []Line, p *Packet, d netmodel.Direction) *Line {
	far := other(*p, d)
	for n := range lines {
		l := &lines[n]
		if l.First.Is4() == far.Is4() && l.First.Compare(far) <= 0 && far.Compare(l.Last) <= 0 && l.From <= p.key() && p.key() <= l.To &&
			(l.Protocol == netmodel.AllProtocols || l.Protocol == p.Protocol) {
			return l
		}
	}
	return nil
}

// TestLines decides by nothing but the lines of an interface, as a data path does, and compares.
func TestLines(t *testing.T) {
	rounds(t, 200, func(t *testing.T, c chance) {
		i := at(t, c.network())
		for range 100 {
			d := c.direction()
			p := c.packet(d)
			want := i.Decide(&p, d)
			got := struct {
				Action  Action
				Stage   Stage
				Entry   string
				Allowed []string
			}{Action: Accept, Stage: Bypass}
			decide := func() {
				if find(i.Lines(Services, d), &p, d) != nil {
					return
				}
				allows := true
				if find(i.Lines(Within, d), &p, d) == nil {
					got.Entry, allows = i.EntryName(d, -1), false
					if l := find(i.Lines(Entries, d), &p, d); l != nil {
						got.Entry, allows = i.EntryName(d, l.Number), l.Allow
					}
					got.Stage = NetworkACL
				}
				if d == netmodel.Ingress && !allows {
					got.Action = Reject
					return
				}
				if find(i.Lines(Rules, d), &p, d) == nil {
					got.Action, got.Stage = Reject, SecurityGroup
					return
				}
				if got.Stage = SecurityGroup; !allows {
					got.Action, got.Stage = Reject, NetworkACL
					return
				}
				got.Allowed = i.Allowing(other(p, d), uint8(p.Protocol), p.key(), d)
			}
			decide()
			if got.Action != want.Action || got.Stage != want.Stage || got.Entry != want.Entry() {
				t.Errorf("%v %s: %v, not %s %s %s", p, d, got, want.Action, want.Stage, want.Entry())
			}
			if rules := want.Verdict().Rules; len(rules) > 0 && !slices.Equal(rules, got.Allowed) {
				t.Errorf("%v %s: %s", p, d, cmp.Diff(rules, got.Allowed))
			}
		}
	})
}

// TestNeighbours has neighbour discovery, which nothing filters, and what only looks like it.
func TestNeighbours(t *testing.T) {
	i := at(t, network()) // groups without rules
	verdicts(t, i, []asked{
		{"a solicitation", in, icmpPacket("fe80::77", "ff02::1:ff00:10", 135, 0), "ACCEPT bypass "},
		{"an advertisement", out, icmpPacket(own6, "fe80::77", 136, 0), "ACCEPT bypass "},
		{"a router's advertisement", in, icmpPacket("fe80::1", "ff02::1", 134, 0), "ACCEPT bypass "},
		{"a ping", in, icmpPacket("fe80::77", own6, 128, 0), "REJECT security-group sg:ingress:implicit-deny"},
		{"ICMP of IPv4", in, icmpPacket("10.0.1.77", own4, 135, 0), "REJECT security-group sg:ingress:implicit-deny"},
		{"ICMPv6 in IPv4", in, Packet{Src: addr("10.0.1.77"), Dst: addr(own4), Protocol: netmodel.ICMPv6, Type: 135}, "REJECT security-group sg:ingress:implicit-deny"},
	})
	p := icmpPacket("fe80::77", "ff02::1:ff00:10", 135, 0)
	if logged, why := i.Logged(&p, in); logged || why != "flow logs do not record traffic of neighbour discovery" {
		t.Errorf("logged: %v, %s", logged, why)
	}
}
