package policy

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
	"weir/internal/sharedtest"
)

// permitted is a line of np-guard's answer: connections that pass from one instance to
// another. No protocol: all; no ports: all.
type permitted struct {
	protocol int
	src, dst [][2]int
	noReply  bool // of TCP, the reply does not pass
}

// has reports whether a packet is one of the connections.
func (l *permitted) has(p *Packet) bool {
	in := func(ranges [][2]int, port uint16) bool {
		return ranges == nil || slices.ContainsFunc(ranges, func(r [2]int) bool { return int(port) >= r[0] && int(port) <= r[1] })
	}
	return l.protocol == 0 || l.protocol == p.Protocol && in(l.src, p.SrcPort) && in(l.dst, p.DstPort)
}

var (
	npLine = regexp.MustCompile(`^\S+\[([0-9.]+)\] => \S+\[([0-9.]+)\] : (.*)$`)
	npFrom = regexp.MustCompile(`^Public Internet (\(all ranges\)|[0-9./,]+) => \S+\[([0-9.]+)\] : `)
	npTo   = regexp.MustCompile(`^\S+\[([0-9.]+)\] => Public Internet (\(all ranges\)|[0-9./,]+) : `)
	npPart = regexp.MustCompile(`^protocol: (TCP|UDP|ICMP)(?: src-ports: ([0-9,-]+))?(?: dst-ports: ([0-9,-]+))?( \*)?$`)
)

// npInternet is the peer of connections with the internet, as far as np-guard names it.
type npInternet struct {
	instance netip.Addr
	way      netmodel.Direction
	networks []netip.Prefix
	permitted
}

// npAnswer reads the connections between instances, by source and destination, and those
// with the internet.
func npAnswer(t *testing.T, path string) (map[[2]netip.Addr][]permitted, []npInternet) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ports := func(text string) (out [][2]int) {
		for r := range strings.SplitSeq(text, ",") {
			low, high, many := strings.Cut(r, "-")
			from, err1 := strconv.Atoi(low)
			to, err2 := from, error(nil)
			if many {
				to, err2 = strconv.Atoi(high)
			}
			if err1 != nil || err2 != nil {
				t.Fatalf("ports %q", text)
			}
			out = append(out, [2]int{from, to})
		}
		return out
	}
	between := map[[2]netip.Addr][]permitted{}
	var internet []npInternet
	for line := range strings.SplitSeq(string(data), "\n") {
		line = strings.TrimSpace(line)
		m := npLine.FindStringSubmatch(line)
		in, out := npFrom.FindStringSubmatch(line), npTo.FindStringSubmatch(line)
		if m == nil && in == nil && out == nil {
			if strings.Contains(line, "=>") {
				t.Fatalf("%s: %q is not understood", path, line)
			}
			continue // headings
		}
		var l permitted
		if what := strings.TrimSpace(line[strings.Index(line, " : ")+3:]); what != "All Connections" {
			part := npPart.FindStringSubmatch(what)
			if part == nil {
				t.Fatalf("%s: %q is not understood", path, what)
			}
			l.protocol = map[string]int{"TCP": netmodel.TCP, "UDP": netmodel.UDP, "ICMP": netmodel.ICMP}[part[1]]
			if part[2] != "" {
				l.src = ports(part[2])
			}
			if part[3] != "" {
				l.dst = ports(part[3])
			}
			l.noReply = part[4] != ""
		}
		networks := func(text string) (list []netip.Prefix) {
			if text == "(all ranges)" {
				return []netip.Prefix{cidr("0.0.0.0/0")}
			}
			for n := range strings.SplitSeq(text, ",") {
				list = append(list, cidr(n))
			}
			return list
		}
		switch {
		case m != nil:
			key := [2]netip.Addr{netip.MustParseAddr(m[1]), netip.MustParseAddr(m[2])}
			between[key] = append(between[key], l)
		case in != nil:
			internet = append(internet, npInternet{addr(in[2]), netmodel.Ingress, networks(in[1]), l})
		default:
			internet = append(internet, npInternet{addr(out[1]), netmodel.Egress, networks(out[2]), l})
		}
	}
	return between, internet
}

// TestNpGuard compares all connections between instances with np-guard's answers, each
// with its reply.
func TestNpGuard(t *testing.T) {
	root := sharedtest.Path(t, "data", "netdefs", "np-guard-aws")
	for _, name := range []string{"aws_acl_1", "aws_sg_1", "basic_config_with_sg"} {
		t.Run(name, func(t *testing.T) {
			loaded, err := netmodel.Load(filepath.Join(root, "input", "input_"+name+".json"))
			if err != nil || len(loaded.Problems) > 0 {
				t.Fatal(err, loaded.Problems)
			}
			want, _ := npAnswer(t, filepath.Join(root, "out", "analysis_out", name+"_all_vpcs_.txt"))
			d, seen, cases := New(loaded.Network), 0, 0
			for _, from := range loaded.Interfaces {
				for _, to := range loaded.Interfaces {
					if from == to || from.VPC != to.VPC {
						continue
					}
					lines := want[[2]netip.Addr{from.Addresses[0], to.Addresses[0]}]
					if len(lines) > 0 {
						seen++
					}
					for _, p := range npPackets(from.Addresses[0], to.Addresses[0]) {
						cases++
						path, err := d.Path(from.ID, to.ID, &p)
						if err != nil {
							t.Fatal(err)
						}
						passes, replied := false, false
						for i := range lines {
							if lines[i].has(&p) {
								passes, replied = true, replied || !lines[i].noReply
							}
						}
						got := len(path.Forward) > 0 && path.Forward[len(path.Forward)-1].Action == Accept
						if got != passes {
							t.Errorf("%+v passes: %v, want %v", p, got, passes)
						}
						if passes && p.Protocol == netmodel.TCP && (path.Action == Accept) != replied {
							t.Errorf("%+v is answered: %v, want %v", p, path.Action, replied)
						}
					}
				}
			}
			if seen != len(want) || cases == 0 {
				t.Errorf("%d of %d pairs were compared, in %d cases", seen, len(want), cases)
			}
		})
	}
}

// TestNpGuardInternet compares what the rules at each instance let pass from and to public
// addresses, and the replies to it. np-guard also asks whether the instance's subnet has a
// way to the internet and the instance a public address; where it has none, np-guard permits
// nothing and the rules alone say nothing of it.
func TestNpGuardInternet(t *testing.T) {
	root := sharedtest.Path(t, "data", "netdefs", "np-guard-aws")
	// Addresses of the lines, those beside them, and others; all are public.
	public := []string{"147.235.208.135", "147.235.208.136", "147.235.208.137", "1.1.1.1", "8.8.8.8", "161.26.0.0", "223.255.255.254"}
	for name, want := range map[string]struct{ lines, cases, accepted, private int }{
		"aws_acl_1":            {8, 13776, 5248, 0},
		"aws_sg_1":             {4, 4592, 4592, 3},
		"basic_config_with_sg": {2, 2296, 2296, 1},
	} {
		t.Run(name, func(t *testing.T) {
			loaded, err := netmodel.Load(filepath.Join(root, "input", "input_"+name+".json"))
			if err != nil || len(loaded.Problems) > 0 {
				t.Fatal(err, loaded.Problems)
			}
			_, lines := npAnswer(t, filepath.Join(root, "out", "analysis_out", name+"_all_vpcs_.txt"))
			got, d := want, New(loaded.Network)
			got.lines, got.cases, got.accepted, got.private = len(lines), 0, 0, 0
			for _, eni := range loaded.Interfaces {
				own := eni.Addresses[0]
				if len(eni.Public) == 0 {
					// Routes decide, whatever the rules say.
					got.private++
					if slices.ContainsFunc(lines, func(l npInternet) bool { return l.instance == own }) {
						t.Errorf("%s has no public address, and is reached", own)
					}
					continue
				}
				i, err := d.At(eni.ID)
				if err != nil {
					t.Fatal(err)
				}
				for _, far := range public {
					for _, way := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
						src, dst := own, addr(far)
						if way == netmodel.Ingress {
							src, dst = dst, src
						}
						for _, p := range npPackets(src, dst) {
							passes, replied := false, false
							for _, l := range lines {
								if l.instance == own && l.way == way && l.has(&p) && slices.ContainsFunc(l.networks, func(n netip.Prefix) bool { return n.Contains(addr(far)) }) {
									passes, replied = true, replied || !l.noReply
								}
							}
							got.cases++
							c := NewConnections(i, DefaultTimeouts())
							if accepted := c.Decide(&p, way, time.Time{}).Action == Accept; accepted != passes {
								t.Errorf("%s %+v passes: %v, want %v", way, p, accepted, passes)
							}
							if !passes {
								continue
							}
							got.accepted++
							if p.Protocol != netmodel.TCP {
								continue
							}
							reply := back(p)
							if answered := c.Decide(&reply, opposite(way), time.Time{}).Action == Accept; answered != replied {
								t.Errorf("%s %+v is answered: %v, want %v", way, p, answered, replied)
							}
						}
					}
				}
			}
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

// npPackets returns packets of each protocol, with ports at the edges of what rules say.
func npPackets(src, dst netip.Addr) []Packet {
	out := []Packet{{Src: src, Dst: dst, Protocol: netmodel.ICMP, Type: 8}, {Src: src, Dst: dst, Protocol: netmodel.ICMP, Type: 3, Code: 4}}
	ports := []uint16{1, 22, 80, 443, 9079, 9080, 9081, 32768, 65535}
	for _, protocol := range []int{netmodel.TCP, netmodel.UDP} {
		for _, from := range ports {
			for _, to := range ports {
				out = append(out, Packet{Src: src, Dst: dst, Protocol: protocol, SrcPort: from, DstPort: to})
			}
		}
	}
	return out
}

// TestNpGuardRules compares the rules that decide with np-guard's explanations (its
// explain_out), which name a group's rule by its place.
func TestNpGuardRules(t *testing.T) {
	root := sharedtest.Path(t, "data", "netdefs", "np-guard-aws")
	loaded, err := netmodel.Load(filepath.Join(root, "input", "input_aws_sg_1.json"))
	if err != nil {
		t.Fatal(err)
	}
	d := New(loaded.Network)
	at := func(text string) *netmodel.Interface {
		list := loaded.At(netip.MustParseAddr(text))
		if len(list) != 1 {
			t.Fatalf("%d interfaces at %s", len(list), text)
		}
		return list[0]
	}
	rules := func(steps []Step) (out []string) {
		for _, s := range steps {
			out = append(out, fmt.Sprintf("%s %s %s", s.Direction, s.Rule, s.Action))
		}
		return out
	}
	from, to := at("10.240.40.217"), at("10.240.20.43")
	path, err := d.Path(from.ID, to.ID, &Packet{Src: from.Addresses[0], Dst: to.Addresses[0], Protocol: netmodel.TCP, SrcPort: 40000, DstPort: 443})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{
		"egress GroupId:50:egress:all:0.0.0.0/0 ACCEPT", "egress NetworkAclId:65:egress:100 ACCEPT",
		"ingress NetworkAclId:65:ingress:100 ACCEPT", "ingress GroupId:42:ingress:all:10.240.40.0/24 ACCEPT",
	}, {
		"egress GroupId:42:ingress:all:10.240.40.0/24 ACCEPT", "egress NetworkAclId:65:egress:100 ACCEPT",
		// Group 50 lets all in and out, so that it does not track: its own rule answers.
		"ingress NetworkAclId:65:ingress:100 ACCEPT", "ingress GroupId:50:ingress:all:0.0.0.0/0 ACCEPT",
	}}
	if diff := cmp.Diff(want, [][]string{rules(path.Forward), rules(path.Reply)}); diff != "" {
		t.Errorf("within the VPC (-want +got):\n%s", diff)
	}
	// Of what leaves the VPC, the decisions at the ENI.
	for src, want := range map[string]string{
		"10.240.20.245": "sg:egress:implicit-deny REJECT",
		"10.240.10.42":  "GroupId:35:egress:all:0.0.0.0/0 ACCEPT",
	} {
		eni := at(src)
		i, err := d.At(eni.ID)
		if err != nil {
			t.Fatal(err)
		}
		p := &Packet{Src: eni.Addresses[0], Dst: netip.MustParseAddr("161.26.0.0"), Protocol: netmodel.TCP, SrcPort: 40000, DstPort: 443}
		v := i.Decide(p, netmodel.Egress).Verdict()
		if got := v.Rule + " " + string(v.Action); got != want {
			t.Errorf("%s: %s, want %s", src, got, want)
		}
	}
}
