package policy

import (
	"strings"
	"testing"
	"time"

	"weir/internal/netmodel"
)

// step is a packet at a second, and what is expected of it: the action, and the beginning of
// why.
type step struct {
	at        float64
	direction netmodel.Direction
	packet    Packet
	want      string
}

func play(t *testing.T, c *Connections, steps []step) {
	t.Helper()
	for n, s := range steps {
		now := time.Unix(1_700_000_000, 0).Add(time.Duration(s.at * float64(time.Second)))
		v := c.Decide(&s.packet, s.direction, now).Verdict()
		if got := string(v.Action) + " " + v.Why; !strings.HasPrefix(got, s.want) {
			t.Errorf("step %d: %s, not %s", n, got, s.want)
		}
	}
}

func with(flags uint8, p Packet) Packet {
	p.Flags = flags
	return p
}

// tracking is the example of the EC2 user guide's "Security group connection tracking" (spec
// e.3).
func tracking() *netmodel.Network {
	n := network()
	n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{
		from("sgr-ssh", ports(netmodel.TCP, 22, 22), "203.0.113.1/32"),
		from("sgr-http4", ports(netmodel.TCP, 80, 80), "0.0.0.0/0"),
		from("sgr-http6", ports(netmodel.TCP, 80, 80), "::/0"),
		from("sgr-icmp", icmp(netmodel.ICMP, -1, -1), "0.0.0.0/0"),
	}
	n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{from("sgr-out4", all(), "0.0.0.0/0"), from("sgr-out6", all(), "::/0")}
	return n
}

// TestTracking plays that example: what is tracked, and what becomes of it when the rules go.
func TestTracking(t *testing.T) {
	n := tracking()
	c := NewConnections(at(t, n), DefaultTimeouts())
	ssh := tcp("203.0.113.1", 5000, own4, 22)
	http, http6 := tcp("203.0.113.1", 5000, own4, 80), tcp("2001:db8:f::1", 5000, own6, 80)
	ping := icmpPacket("203.0.113.1", own4, 8, 0)
	play(t, c, []step{
		{0, in, ssh, "ACCEPT sgr-ssh allows it"},
		{0, out, back(ssh), "ACCEPT it answers a connection that is open: sgr-ssh allowed that ingress, and acl-1:egress:100 lets it out"},
		{0, in, ssh, "ACCEPT its connection is open: sgr-ssh allowed it, and acl-1:ingress:100 lets it into"},
		{0, in, http, "ACCEPT sgr-http4 allows it"},
		{0, out, back(http), "ACCEPT sgr-out4 allows it"},
		{0, in, http, "ACCEPT sgr-http4 allows it"},
		{0, in, http6, "ACCEPT sgr-http6 allows it"},
		{0, out, back(http6), "ACCEPT sgr-out6 allows it"},
		{0, in, ping, "ACCEPT sgr-icmp allows it"},
		{0, out, back(ping), "ACCEPT it answers a connection that is open: sgr-icmp allowed that ingress"},
	})
	if c.Len() != 2 {
		t.Errorf("%d connections are tracked", c.Len())
	}
	// The rule for all IPv4 goes: all IPv4 is tracked, IPv6 is not.
	n = tracking()
	n.SecurityGroups["sg-1"].Egress = n.SecurityGroups["sg-1"].Egress[1:]
	c.Use(at(t, n))
	play(t, c, []step{
		{1, in, http, "ACCEPT sgr-http4 allows it"},
		{1, out, back(http), "ACCEPT it answers a connection that is open: sgr-http4"},
		{1, in, http6, "ACCEPT sgr-http6 allows it"},
		{1, out, back(http6), "ACCEPT sgr-out6 allows it"},
		{1, out, tcp(own4, 6000, "203.0.113.1", 443), "REJECT no egress rule of sg-1 allows it"},
	})
	// All rules go: what is tracked lives on, what is not is cut.
	n = network()
	c.Use(at(t, n))
	play(t, c, []step{
		{2, in, ssh, "ACCEPT its connection is open: sgr-ssh"},
		{2, out, back(http), "ACCEPT it answers a connection that is open: sgr-http4"},
		{2, in, http6, "REJECT no ingress rule of sg-1 allows it"},
		{2, out, back(http6), "REJECT no egress rule of sg-1 allows it"},
	})
	// A network ACL cuts at once (spec e.3, "cut now").
	n.NetworkACLs["acl-1"].Egress = nil
	c.Use(at(t, n))
	play(t, c, []step{
		{3, in, ssh, "ACCEPT its connection is open"},
		{3, out, back(ssh), "REJECT acl-1:egress:* denies it"},
	})
}

// TestRecordCases are the cases of spec b.9 that groups and network ACLs make.
func TestRecordCases(t *testing.T) {
	inside := network()
	inside.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{from("sgr-ping", icmp(netmodel.ICMP, -1, -1), "0.0.0.0/0")}
	inside.NetworkACLs["acl-1"].Egress = nil
	ping := icmpPacket("203.0.113.12", own4, 8, 0)
	play(t, NewConnections(at(t, inside), DefaultTimeouts()), []step{
		{0, in, ping, "ACCEPT sgr-ping"},
		{0, out, back(ping), "REJECT acl-1:egress:*"},
	})
	outside := network()
	outside.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{from("sgr-out", ports(netmodel.TCP, 443, 443), "203.0.113.0/24")}
	outside.NetworkACLs["acl-1"].Ingress = nil
	get := tcp(own4, 5000, "203.0.113.12", 443)
	play(t, NewConnections(at(t, outside), DefaultTimeouts()), []step{
		{0, out, get, "ACCEPT sgr-out"},
		{0, in, back(get), "REJECT acl-1:ingress:* denies it"},
		{0, out, tcp(own4, 5000, "203.0.113.12", 80), "REJECT no egress rule"},
	})
	// What the network ACL refuses opens nothing.
	both := network()
	both.SecurityGroups["sg-1"].Egress = outside.SecurityGroups["sg-1"].Egress
	both.NetworkACLs["acl-1"].Egress = nil
	c := NewConnections(at(t, both), DefaultTimeouts())
	play(t, c, []step{
		{0, out, get, "REJECT acl-1:egress:*"},
		{0, in, back(get), "REJECT no ingress rule"},
	})
	if c.Len() != 0 {
		t.Errorf("%d connections are tracked", c.Len())
	}
}

// TestTimeouts checks how long each kind of connection lives.
func TestTimeouts(t *testing.T) {
	n := network()
	n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{from("sgr-1", all(), "203.0.113.1/32")}
	i := at(t, n)
	syn := with(SYN, tcp("203.0.113.1", 5000, own4, 22))
	ack := with(ACK, syn)
	unflagged := with(0, syn)
	dns := udp("203.0.113.1", 5000, own4, 53)
	ping := icmpPacket("203.0.113.1", own4, 8, 0)
	unreachable := icmpPacket(own4, "203.0.113.1", 3, 3)
	unreachable.Quoted = &syn
	gre := Packet{Src: addr("203.0.113.1"), Dst: addr(own4), Protocol: 47}
	const answers, cut = "ACCEPT it answers", "REJECT no egress"
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"TCP, opening", []step{{0, in, syn, "ACCEPT"}, {120, out, back(syn), answers}}},
		{"TCP, opening, late", []step{{0, in, syn, "ACCEPT"}, {120.1, out, back(syn), cut}}},
		{"TCP, established", []step{{0, in, syn, "ACCEPT"}, {1, out, back(ack), answers}, {432_001, out, back(ack), answers}}},
		{"TCP, established, late", []step{{0, in, syn, "ACCEPT"}, {1, out, back(ack), answers}, {432_001.5, out, back(ack), cut}}},
		{"TCP, no flags", []step{{0, in, unflagged, "ACCEPT"}, {1, out, back(unflagged), answers}, {400_000, out, back(unflagged), answers}}},
		{"TCP, reset", []step{
			{0, in, syn, "ACCEPT"},
			{1, out, with(RST|ACK, back(syn)), answers},
			{121, out, back(ack), answers},
			{242, out, back(ack), cut},
		}},
		{"TCP, one side finished", []step{
			{0, in, syn, "ACCEPT"}, {1, out, with(FIN|ACK, back(ack)), answers}, {2, in, ack, "ACCEPT"}, {1000, out, back(ack), answers},
		}},
		{"TCP, finished", []step{
			{0, in, syn, "ACCEPT"},
			{1, out, with(FIN|ACK, back(ack)), answers},
			{2, in, with(FIN|ACK, ack), "ACCEPT"},
			{3, out, back(ack), answers},
			{124, out, back(ack), cut},
		}},
		{"TCP, finished, then from the other side", []step{
			{0, in, syn, "ACCEPT"}, {1, out, with(RST|ACK, back(syn)), answers}, {2, out, with(SYN, back(syn)), cut},
		}},
		{"an ICMP error does not refresh", []step{
			{0, in, syn, "ACCEPT"}, {100, out, unreachable, answers}, {130, out, back(syn), cut},
		}},
		{"UDP", []step{{0, in, dns, "ACCEPT"}, {30, out, back(dns), answers}, {60, out, back(dns), answers}, {90.5, out, back(dns), cut}}},
		{"UDP, stream", []step{
			{0, in, dns, "ACCEPT"},
			{1, out, back(dns), answers},
			{2, in, dns, "ACCEPT its"},
			{3, out, back(dns), answers},
			{183, out, back(dns), answers},
			{364, out, back(dns), cut},
		}},
		{"ICMP", []step{{0, in, ping, "ACCEPT"}, {600, out, back(ping), answers}, {1201, out, back(ping), cut}}},
		{"others", []step{{0, in, gre, "ACCEPT"}, {600, out, back(gre), answers}, {1201, out, back(gre), cut}}},
		{"time goes back", []step{{100, in, dns, "ACCEPT"}, {90, out, back(dns), answers}, {130, out, back(dns), answers}}},
	} {
		t.Run(c.name, func(t *testing.T) { play(t, NewConnections(i, DefaultTimeouts()), c.steps) })
	}
	c := NewConnections(i, DefaultTimeouts())
	play(t, c, []step{{0, in, dns, "ACCEPT"}, {0, in, gre, "ACCEPT"}})
	for _, f := range []struct {
		at   int64
		want int
	}{{30, 2}, {31, 1}, {600, 1}, {601, 0}} {
		if c.Forget(time.Unix(1_700_000_000+f.at, 0)); c.Len() != f.want {
			t.Errorf("after %d s: %d connections", f.at, c.Len())
		}
	}
}

// TestWhatAnswers checks what is of a connection and what is not.
func TestWhatAnswers(t *testing.T) {
	n := network()
	n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{from("sgr-out", all(), "203.0.113.0/24"), from("sgr-out6", all(), "2001:db8:f::/48")}
	i := at(t, n)
	get, ping, ping6 := tcp(own4, 5000, "203.0.113.1", 443), icmpPacket(own4, "203.0.113.1", 8, 0), icmpPacket(own6, "2001:db8:f::1", 128, 0)
	otherID := back(ping)
	otherID.ID++
	quoting := func(kind int, src, dst string, quoted Packet) Packet {
		p := icmpPacket(src, dst, kind, 4)
		p.Quoted = &quoted
		return p
	}
	const cut = "REJECT no ingress"
	play(t, NewConnections(i, DefaultTimeouts()), []step{
		{0, out, get, "ACCEPT sgr-out"},
		{0, out, ping, "ACCEPT sgr-out"},
		{0, out, ping6, "ACCEPT sgr-out6"},
		{1, in, tcp("203.0.113.1", 443, own4, 5001), cut},
		{1, in, tcp("203.0.113.2", 443, own4, 5000), cut},
		{1, in, udp("203.0.113.1", 443, own4, 5000), cut},
		{1, in, otherID, cut},
		{1, in, icmpPacket("203.0.113.1", own4, 8, 0), cut}, // a request of the other side
		{1, in, back(ping6), "ACCEPT it answers"},
		{1, in, quoting(3, "198.51.100.9", own4, get), "ACCEPT it answers a connection that is open: sgr-out"}, // from a router on the way
		{1, in, quoting(11, "198.51.100.9", own4, ping), "ACCEPT it answers"},
		{1, in, quoting(2, "2001:db8:9::1", own6, ping6), "ACCEPT it answers"},
		{1, in, quoting(3, "198.51.100.9", own4, tcp(own4, 5001, "203.0.113.1", 443)), cut},
		{1, in, quoting(3, "198.51.100.9", own4, tcp("10.0.1.99", 5000, "203.0.113.1", 443)), cut},
		{1, in, quoting(5, "198.51.100.9", own4, get), cut}, // a redirect is no error
		{1, in, icmpPacket("198.51.100.9", own4, 3, 4), cut},
		{1, in, back(get), "ACCEPT it answers"},
		{2, out, quoting(3, own4, "203.0.113.1", back(get)), "ACCEPT its connection is open"},
	})
}

// TestUntracked checks what makes a flow untracked: after its rules have gone, it is cut.
func TestUntracked(t *testing.T) {
	dns := udp("203.0.113.1", 5000, own4, 53)
	everywhere := func(t netmodel.Traffic) netmodel.GroupRule { return from("", t, "0.0.0.0/0") }
	for _, c := range []struct {
		name            string
		ingress, egress []netmodel.GroupRule
		tracked         bool
	}{
		{"all ports of the protocol", []netmodel.GroupRule{everywhere(ports(netmodel.UDP, 53, 53))}, []netmodel.GroupRule{everywhere(ports(netmodel.UDP, 0, 65535))}, false},
		{"all but one port", []netmodel.GroupRule{everywhere(ports(netmodel.UDP, 53, 53))}, []netmodel.GroupRule{everywhere(ports(netmodel.UDP, 1, 65535))}, true},
		{"another protocol", []netmodel.GroupRule{everywhere(ports(netmodel.UDP, 53, 53))}, []netmodel.GroupRule{everywhere(ports(netmodel.TCP, 0, 65535))}, true},
		{"another family", []netmodel.GroupRule{everywhere(ports(netmodel.UDP, 53, 53))}, []netmodel.GroupRule{from("", all(), "::/0")}, true},
		{"halves", []netmodel.GroupRule{from("", all(), "0.0.0.0/1"), from("", all(), "128.0.0.0/1")}, []netmodel.GroupRule{everywhere(all())}, true},
		{"a narrow rule too", []netmodel.GroupRule{from("", all(), "203.0.113.1/32"), everywhere(all())}, []netmodel.GroupRule{everywhere(all())}, false},
	} {
		n := network()
		n.SecurityGroups["sg-1"].Ingress, n.SecurityGroups["sg-1"].Egress = c.ingress, c.egress
		conns := NewConnections(at(t, n), DefaultTimeouts())
		want := "REJECT no egress rule"
		if c.tracked {
			want = "ACCEPT it answers"
		}
		play(t, conns, []step{{0, in, dns, "ACCEPT "}})
		conns.Use(at(t, network()))
		t.Run(c.name, func(t *testing.T) { play(t, conns, []step{{1, out, back(dns), want}}) })
	}
}

// TestBound has more connections than there is room for: those are accepted and not tracked, until others are forgotten.
func TestBound(t *testing.T) {
	n := network()
	n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{from("sgr-1", all(), "203.0.113.1/32")}
	c := NewConnections(at(t, n), DefaultTimeouts())
	c.Bound(1)
	first, second := udp("203.0.113.1", 5000, own4, 53), udp("203.0.113.1", 5001, own4, 53)
	play(t, c, []step{
		{0, in, first, "ACCEPT"},
		{0, in, second, "ACCEPT"},
		{0, out, back(first), "ACCEPT it answers"},
		{0, out, back(second), "REJECT no egress"},
		// It has expired, and is the one that there is room for.
		{100, in, first, "ACCEPT"},
		{100, out, back(first), "ACCEPT it answers"},
	})
	if c.Len() != 1 || c.Full() != 1 {
		t.Errorf("%d connections, %d times full", c.Len(), c.Full())
	}
	c.Forget(time.Unix(1_700_000_200, 0))
	timeouts := DefaultTimeouts()
	timeouts.UDP = time.Second
	c.UseTimeouts(timeouts)
	play(t, c, []step{{200, in, second, "ACCEPT"}, {200.5, out, back(second), "ACCEPT it answers"}, {202, out, back(second), "REJECT no egress"}})
	none := NewConnections(at(t, n), DefaultTimeouts())
	none.Bound(0)
	play(t, none, []step{{0, in, first, "ACCEPT"}, {0, out, back(first), "REJECT no egress"}})
	if none.Len() != 0 || none.Full() != 1 {
		t.Errorf("%d connections, %d times full", none.Len(), none.Full())
	}
}
