package conntrack

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

const second = int64(time.Second)

// ends reads "from to", of TCP.
func ends(from, to string) Ends {
	a, b := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	return Ends{a.Addr(), b.Addr(), a.Port(), b.Port(), tcp}
}

// conn returns a connection by its two tuples.
func conn(id uint32, orig, reply Ends) *connection {
	c := &connection{id: id}
	c.ways[0].ends, c.ways[1].ends = orig, reply
	return c
}

// plain returns a connection that is not translated.
func plain(id uint32, orig Ends) *connection { return conn(id, orig, orig.reversed()) }

// begun returns a table that knows all from 10 s on.
func begun(most int) *table {
	t := newTable(most)
	t.begin(10 * second)
	t.finish(10 * second)
	return t
}

// Of the tests: a container behind 10.0.1.10, which opens a connection (masqueraded), and has one let in by a published port.
var (
	masqueraded = conn(1, ends("172.17.0.2:5000", "203.0.113.5:443"), ends("203.0.113.5:443", "10.0.1.10:61000"))
	published   = conn(2, ends("198.51.100.7:4000", "10.0.1.10:80"), ends("172.17.0.3:8080", "198.51.100.7:4000"))
	both        = conn(3, ends("10.0.9.9:7000", "10.0.1.10:90"), ends("10.0.2.20:9090", "10.0.1.10:62000"))
	six         = conn(4, ends("[fd00::2]:5000", "[2001:db8::5]:443"), ends("[2001:db8::5]:443", "[2001:db8:1::10]:5000"))
)

func TestNear(t *testing.T) {
	table := begun(100)
	for _, c := range []*connection{masqueraded, published, both, six, plain(5, ends("10.0.1.10:5001", "203.0.113.5:443"))} {
		table.add(c, 11*second)
	}
	for _, tc := range []struct {
		name     string
		from, to string
		egress   bool
		want     string
	}{
		{"a container's request leaves", "10.0.1.10:61000", "203.0.113.5:443", true, "172.17.0.2"},
		{"its reply comes in", "203.0.113.5:443", "10.0.1.10:61000", false, "172.17.0.2"},
		{"its request comes in from the container", "172.17.0.2:5000", "203.0.113.5:443", false, "203.0.113.5"},
		{"its reply leaves to the container", "203.0.113.5:443", "172.17.0.2:5000", true, "203.0.113.5"},
		{"a request for a published port comes in", "198.51.100.7:4000", "10.0.1.10:80", false, "172.17.0.3"},
		{"its reply leaves", "10.0.1.10:80", "198.51.100.7:4000", true, "172.17.0.3"},
		{"it leaves to the container", "198.51.100.7:4000", "172.17.0.3:8080", true, "198.51.100.7"},
		{"a request that is translated at both ends comes in", "10.0.9.9:7000", "10.0.1.10:90", false, "10.0.2.20"},
		{"and leaves by the same device", "10.0.1.10:62000", "10.0.2.20:9090", true, "10.0.9.9"},
		{"its reply comes in", "10.0.2.20:9090", "10.0.1.10:62000", false, "10.0.9.9"},
		{"and leaves", "10.0.1.10:90", "10.0.9.9:7000", true, "10.0.2.20"},
		{"IPv6", "[2001:db8:1::10]:5000", "[2001:db8::5]:443", true, "fd00::2"},
		{"not translated", "10.0.1.10:5001", "203.0.113.5:443", true, "10.0.1.10"},
		{"of no connection", "203.0.113.5:443", "10.0.1.10:61001", false, "10.0.1.10"},
	} {
		if a, known := table.near(ends(tc.from, tc.to), tc.egress, 12*second); a != netip.MustParseAddr(tc.want) || !known {
			t.Errorf("%s: %s, known: %v; want %s", tc.name, a, known, tc.want)
		}
	}
}

// TestUnknown has packets of which nobody can tell whose they are.
func TestUnknown(t *testing.T) {
	reply, orig := ends("203.0.113.5:443", "10.0.1.10:61000"), masqueraded.ways[0].ends
	other := conn(9, ends("172.17.0.9:5000", "203.0.113.5:443"), reply)
	for _, tc := range []struct {
		name  string
		do    func(*table)
		first float64 // seconds
		want  string  // "": not known
	}{
		{"before anything was known", func(*table) {}, 9.9, ""},
		{"before the first dump has ended", func(t *table) { t.whole = false }, 12, ""},
		{"messages were lost", func(t *table) { t.lost(); t.begin(12 * second); t.finish(13 * second) }, 11.9, ""},
		{"and after that", func(t *table) { t.lost(); t.begin(12 * second); t.add(masqueraded, 12*second); t.finish(13 * second) }, 12.5, "172.17.0.2"},
		{"a dump in between", func(t *table) { t.begin(12 * second); t.add(masqueraded, 12*second); t.finish(13 * second) }, 11.5, "172.17.0.2"},
		{"a dump does not have it", func(t *table) { t.begin(12 * second); t.finish(13 * second) }, 14, "10.0.1.10"},
		{"it has ended since", func(t *table) { t.close(masqueraded, 12*second) }, 11.5, "172.17.0.2"},
		{"it had ended", func(t *table) { t.close(masqueraded, 12*second) }, 12.5, "10.0.1.10"},
		{"another takes its place", func(t *table) { t.close(masqueraded, 12*second); t.add(other, 12*second) }, 11.5, ""},
		{"another had its place", func(t *table) { t.close(masqueraded, 12*second); t.add(other, 12*second) }, 12.5, "172.17.0.9"},
		{"another takes its place, and its end was not told", func(t *table) { t.add(other, 12*second) }, 11.5, ""},
		{"one that is not translated takes its place", func(t *table) { t.add(plain(9, reply), 12*second) }, 11.5, ""},
		{"one that is not translated took its place", func(t *table) { t.add(plain(9, reply), 12*second) }, 12.5, "10.0.1.10"},
		{"it takes the place of one that was not translated", func(t *table) {
			t.close(masqueraded, 11*second)
			t.close(plain(9, reply), 12*second)
			t.add(masqueraded, 12*second)
		}, 11.8, ""},
		{"another zone has it too", func(t *table) { c := *other; c.ways[1].zone = 7; t.add(&c, 11*second) }, 12, ""},
		{"it was translated otherwise", func(t *table) { t.add(conn(1, orig, reply), 12*second) }, 12, "172.17.0.2"},
		{"what ended is forgotten", func(t *table) {
			t.close(masqueraded, 12*second)
			t.close(plain(8, ends("10.0.0.1:1", "10.0.0.2:2")), 60*second)
		}, 11.5, ""},
		{"the clock was set", func(t *table) { t.restart(5 * second) }, 5.5, "172.17.0.2"},
		{"the clock was set after it", func(t *table) { t.restart(500 * second) }, 12, ""},
	} {
		table := begun(100)
		table.add(masqueraded, 11*second)
		tc.do(table)
		a, known := table.near(reply, false, int64(tc.first*float64(second)))
		if known != (tc.want != "") || known && a != netip.MustParseAddr(tc.want) || !known && a != reply.Dst {
			t.Errorf("%s: %s, known: %v; want %q", tc.name, a, known, tc.want)
		}
	}
}

// TestFull has more connections than there is place for.
func TestFull(t *testing.T) {
	table := begun(3)
	table.add(masqueraded, 11*second)
	table.close(plain(8, ends("10.0.0.1:1", "10.0.0.2:2")), 11*second)
	table.add(published, 12*second) // in the place of what has ended
	if a, known := table.near(published.ways[0].ends, false, 13*second); !known || a != published.ways[1].ends.Src {
		t.Errorf("%s, known: %v", a, known)
	}
	table.add(both, 13*second) // which takes two
	if _, known := table.near(both.ways[1].ends, false, 14*second); known || !table.full {
		t.Error("it had no place, and is known")
	}
	if a, known := table.near(masqueraded.ways[1].ends, false, 14*second); !known || a != masqueraded.ways[0].ends.Src {
		t.Errorf("one that is known: %s, known: %v", a, known)
	}
	if len(table.sides) > 3 {
		t.Errorf("%d sides", len(table.sides))
	}
	table.close(masqueraded, 15*second)
	table.begin(16 * second)
	table.add(published, 16*second)
	table.add(both, 16*second)
	table.finish(17 * second)
	if a, known := table.near(both.ways[1].ends, false, 18*second); !known || table.full || a != both.ways[0].ends.Src {
		t.Errorf("after a dump with place: %s, known: %v", a, known)
	}
	if _, known := table.near(ends("1.1.1.1:1", "10.0.1.10:1"), false, 15*second); known {
		t.Error("what had no place before may have been it")
	}
}

// TestRandom compares with whose each packet was, of many connections in few places, with messages that get lost.
func TestRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	remotes := []string{"203.0.113.5:443", "203.0.113.6:443"}
	known, unknown := 0, 0
	for range 200 {
		table := begun(1000)
		now := 10 * second
		alive := map[Ends]*connection{} // by what comes in
		var id uint32
		for range 40 { // reads, of 5 s each
			type row struct {
				first int64
				nears map[netip.Addr]bool
			}
			rows := map[Ends]*row{}
			for range 30 {
				now += random.Int64N(second/3) + 1
				in := ends(remotes[random.IntN(2)], "10.0.1.10:"+[]string{"61000", "61001", "61002"}[random.IntN(3)])
				told := random.IntN(60) > 0
				switch c := alive[in]; {
				case c == nil && random.IntN(3) == 0:
					id++
					orig := in.reversed()
					if n := random.IntN(4); n > 0 {
						orig.Src = netip.AddrFrom4([4]byte{172, 17, 0, byte(n)})
					}
					c = conn(id, orig, in)
					alive[in] = c
					if told {
						table.add(c, now)
					}
				case c != nil && random.IntN(6) == 0:
					delete(alive, in)
					if told {
						table.close(c, now)
					}
				case c != nil:
					if rows[in] == nil {
						rows[in] = &row{now, map[netip.Addr]bool{}}
					}
					rows[in].nears[c.ways[0].ends.Src] = true
					continue
				default:
					continue
				}
				if !told { // the kernel says that there was no place for a message
					table.lost()
					table.begin(now)
					for _, c := range alive {
						table.add(c, now)
					}
					table.finish(now)
				}
			}
			for in, r := range rows {
				a, ok := table.near(in, false, r.first)
				if ok && (len(r.nears) != 1 || !r.nears[a]) {
					t.Fatalf("%v is of %v, and %s is told", in, r.nears, a)
				}
				if ok {
					known++
				} else {
					unknown++
				}
			}
		}
	}
	if known < 3*unknown {
		t.Errorf("%d known, %d not", known, unknown)
	}
}

func BenchmarkAddClose(b *testing.B) {
	table := begun(1 << 20)
	reply := ends("203.0.113.5:443", "10.0.1.10:1")
	orig := ends("172.17.0.2:1", "203.0.113.5:443")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		o, r := orig, reply
		o.SrcPort, r.DstPort = uint16(i), uint16(i)
		c := conn(uint32(i), o, r)
		table.add(c, int64(i)*second/20000)
		table.close(c, int64(i+1)*second/20000)
	}
}
