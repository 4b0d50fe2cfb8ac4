package attribute_test

import (
	"context"
	"errors"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/attribute"
	"weir/internal/netmodel"
	"weir/internal/pair"
)

const hour = 1_780_000_000 / 3600 * 3600

// source is definitions, each in force from a second of the hour on.
type source []inForce

type inForce struct {
	from    int64
	network *netmodel.Network
	unsure  []string
}

func (s source) Spans() []attribute.Span {
	var out []attribute.Span
	for i, in := range s {
		from := hour + in.from
		if i == 0 {
			from = math.MinInt64
		}
		out = append(out, attribute.Span{From: from, Sum: uint64(i + 1)})
	}
	return out
}

func (s source) Load(_ context.Context, span int) (attribute.InForce, error) {
	in := s[span]
	if in.network == nil {
		return attribute.InForce{}, errors.New("it is damaged")
	}
	return attribute.InForce{
		Network: in.network,
		Unsure:  func(id string) bool { return slices.Contains(in.unsure, id) },
		Ruleset: func(string) string { return strconv.Itoa(span + 1) },
	}, nil
}

func tcp(from, to uint16) netmodel.Traffic {
	return netmodel.Traffic{Protocol: netmodel.TCP, From: from, To: to, Code: -1}
}

func all() netmodel.Traffic { return netmodel.Traffic{Protocol: netmodel.AllProtocols} }

func peer(cidr string) netmodel.Peer { return netmodel.Peer{CIDR: netip.MustParsePrefix(cidr)} }

// company is a network: eni-web and eni-db in one subnet whose network ACL is acl-1, eni-app in
// another with acl-2, eni-nat without groups.
func company() *netmodel.Network {
	addr := netip.MustParseAddr
	subnet := func(id, cidr, acl string) *netmodel.Subnet {
		return &netmodel.Subnet{ID: id, VPC: "vpc-1", CIDRs: []netip.Prefix{netip.MustParsePrefix(cidr)}, NetworkACL: acl}
	}
	eni := func(id, subnet, address string, groups ...string) *netmodel.Interface {
		return &netmodel.Interface{ID: id, VPC: "vpc-1", Subnet: subnet, Type: "interface", Addresses: []netip.Addr{addr(address)}, Groups: groups}
	}
	entry := func(number int, allow bool, t netmodel.Traffic, cidr string) netmodel.ACLEntry {
		return netmodel.ACLEntry{Number: number, Allow: allow, Traffic: t, CIDR: netip.MustParsePrefix(cidr)}
	}
	rule := func(id string, t netmodel.Traffic, p netmodel.Peer) netmodel.GroupRule {
		return netmodel.GroupRule{ID: id, Traffic: t, Peer: p}
	}
	open := func(id string) *netmodel.NetworkACL {
		return &netmodel.NetworkACL{
			ID: id, VPC: "vpc-1",
			Ingress: []netmodel.ACLEntry{entry(100, true, all(), "0.0.0.0/0")}, Egress: []netmodel.ACLEntry{entry(100, true, all(), "0.0.0.0/0")},
		}
	}
	closed := open("acl-1")
	closed.Ingress = slices.Insert(closed.Ingress, 0, entry(50, false, tcp(22, 22), "198.51.100.0/24"))
	closed.Egress = slices.Insert(closed.Egress, 0, entry(60, false, tcp(1024, 49151), "0.0.0.0/0"))
	nat := eni("eni-nat", "subnet-2", "10.0.2.5")
	nat.Type, nat.Role = "nat_gateway", netmodel.RoleNATGateway
	return &netmodel.Network{
		VPCs: map[string]*netmodel.VPC{"vpc-1": {ID: "vpc-1", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}},
		Subnets: map[string]*netmodel.Subnet{
			"subnet-1": subnet("subnet-1", "10.0.1.0/24", "acl-1"), "subnet-2": subnet("subnet-2", "10.0.2.0/24", "acl-2"),
		},
		Interfaces: map[string]*netmodel.Interface{
			"eni-web": eni("eni-web", "subnet-1", "10.0.1.10", "sg-web"), "eni-db": eni("eni-db", "subnet-1", "10.0.1.20", "sg-db"),
			"eni-app": eni("eni-app", "subnet-2", "10.0.2.30", "sg-app"), "eni-nat": nat,
		},
		NetworkACLs: map[string]*netmodel.NetworkACL{"acl-1": closed, "acl-2": open("acl-2")},
		SecurityGroups: map[string]*netmodel.SecurityGroup{
			"sg-web": {
				ID: "sg-web", VPC: "vpc-1",
				Ingress: []netmodel.GroupRule{
					rule("sgr-https", tcp(443, 443), peer("0.0.0.0/0")), rule("sgr-inside", tcp(443, 443), peer("10.0.0.0/8")),
					rule("sgr-ping", netmodel.Traffic{Protocol: netmodel.ICMP, Type: 8, Code: -1}, peer("10.0.0.0/8")),
				},
				Egress: []netmodel.GroupRule{rule("sgr-db", tcp(5432, 5432), netmodel.Peer{Group: "sg-db"})},
			},
			"sg-db": {
				ID: "sg-db", VPC: "vpc-1",
				Ingress: []netmodel.GroupRule{rule("sgr-app", tcp(5432, 5432), netmodel.Peer{Group: "sg-app"})},
				Egress:  []netmodel.GroupRule{rule("sgr-all", all(), peer("0.0.0.0/0"))},
			},
			"sg-app": {ID: "sg-app", VPC: "vpc-1", Egress: []netmodel.GroupRule{rule("sgr-out", all(), peer("0.0.0.0/0"))}},
		},
	}
}

// tell tells of lines: interface, direction, srcaddr, dstaddr, srcport, dstport, protocol,
// action, tcp-flags, reject-reason, and start and end in the hour; "alone" for one packet, and
// before it "would" and a weir-would-action.
func tell(t *testing.T, s attribute.Source, lines ...string) []attribute.Told {
	t.Helper()
	b := flowlog.NewBatch(flowlog.KindVPC)
	fields := []flowlog.FieldID{
		flowlog.InterfaceID, flowlog.FlowDirection, flowlog.SrcAddr, flowlog.DstAddr, flowlog.SrcPort, flowlog.DstPort, flowlog.Protocol,
		flowlog.Action, flowlog.TCPFlags, flowlog.RejectReason, flowlog.Start, flowlog.End,
	}
	for _, line := range lines {
		r := b.Append()
		line, alone := strings.CutSuffix(line, " alone")
		packets := int64(2)
		if alone {
			packets = 1
		}
		if err := r.SetInt(flowlog.Packets, packets); err != nil {
			t.Fatal(err)
		}
		line, would, _ := strings.Cut(line, " would ")
		if would != "" {
			if err := r.SetText(flowlog.WeirWouldAction, would); err != nil {
				t.Fatal(err)
			}
		}
		words := strings.Fields(line)
		if len(words) != len(fields) {
			t.Fatalf("%q has %d words", line, len(words))
		}
		for i, f := range fields {
			if words[i] == "-" {
				continue
			}
			var err error
			if n, no := strconv.ParseInt(words[i], 10, 64); no == nil {
				if f == flowlog.Start || f == flowlog.End {
					n += hour
				}
				err = r.SetInt(f, n)
			} else {
				err = r.SetText(f, words[i])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	rows := pair.Rows{Batch: b}
	h := pair.NewHour(hour, b.Len())
	h.Add(rows)
	for range h.Passes() {
		h.Again(rows)
	}
	of, told, err := attribute.New(s).Tell(t.Context(), hour, []pair.Rows{rows}, h.Find(nil, nil, true))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]attribute.Told, len(of))
	for i, n := range of {
		if n > 0 {
			out[i] = told[n-1]
		}
	}
	return out
}

// short writes what is told in a row: attribution, stage, and rules that refuse or allow.
func short(t attribute.Told) string {
	return strings.Join(strings.Fields(t.Attribution+" "+t.Stage+" "+t.Rule+t.Allow), " ")
}

func TestTell(t *testing.T) {
	now := source{{network: company()}}
	for name, tt := range map[string]struct {
		line string
		more []string
		in   source
		want string
	}{
		"the network ACL refuses what comes in": {
			line: "eni-web ingress 198.51.100.9 10.0.1.10 40000 22 6 REJECT 2 - 100 110", want: "exact nacl acl-1:ingress:50",
		},
		"no rule of the group": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 REJECT 2 - 100 110", want: "exact sg sg-web:ingress:implicit-deny",
		},
		"without flags too": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 REJECT - - 100 110", want: "exact sg sg-web:ingress:implicit-deny",
		},
		"what passed and no rule allows, where nothing enforces them": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 ACCEPT 2 - 100 110 would REJECT", want: "exact sg sg-web:ingress:implicit-deny",
		},
		"what passed and a rule allows, where nothing enforces them": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 40000 443 6 ACCEPT 2 - 100 110 would ACCEPT",
			want: short(tell(t, now, "eni-web ingress 203.0.113.9 10.0.1.10 40000 443 6 ACCEPT 2 - 100 110")[0]),
		},
		"what no rule allows, and would have been accepted": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 ACCEPT 2 - 100 110 would ACCEPT", want: "contradiction",
		},
		"an answer to what would have been refused": {
			line: "eni-web egress 10.0.1.10 203.0.113.9 22 40000 6 ACCEPT 18 - 100 110 would REJECT",
			more: []string{"eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 ACCEPT 2 - 100 110 would REJECT"},
			want: short(tell(t, now, "eni-web egress 10.0.1.10 203.0.113.9 22 40000 6 REJECT 18 - 100 110")[0]),
		},
		"after the connection": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 443 50000 6 REJECT 1 - 100 110", want: "exact stray sg-web:ingress:implicit-deny",
		},
		"after the connection, where a rule allows it": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 50000 443 6 REJECT 1 - 100 110", want: "contradiction stray",
		},
		"the rules allow it": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 50000 443 6 REJECT 2 - 100 110", want: "contradiction",
		},
		"block public access": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 REJECT 2 BPA 100 110", want: "contradiction bpa",
		},
		"encryption controls": {
			line: "eni-app egress 10.0.2.30 10.0.1.10 40000 22 6 REJECT 2 EC 100 110", want: "contradiction ec",
		},
		"a reply that the network ACL keeps": {
			line: "eni-web egress 10.0.1.10 203.0.113.9 443 40000 6 REJECT 18 - 100 110",
			more: []string{"eni-web ingress 203.0.113.9 10.0.1.10 40000 443 6 ACCEPT 2 - 100 110"},
			want: "exact nacl acl-1:egress:60",
		},
		"a reply whose request was not seen": {
			line: "eni-web egress 10.0.1.10 203.0.113.9 443 40000 6 REJECT 18 - 100 110", want: "ambiguous acl-1:egress:60 sg-web:egress:implicit-deny",
		},
		"a request that both refuse: the group is asked first": {
			line: "eni-web egress 10.0.1.10 203.0.113.9 443 40000 6 REJECT 2 - 100 110", want: "exact sg sg-web:egress:implicit-deny",
		},
		"which of both it is, nobody knows": {
			line: "eni-web egress 10.0.1.10 203.0.113.9 443 40000 6 REJECT - - 100 110", want: "ambiguous acl-1:egress:60 sg-web:egress:implicit-deny",
		},
		"the network ACL refuses what the group lets out": {
			line: "eni-db egress 10.0.1.20 203.0.113.9 5432 40000 6 REJECT - - 3000 3010", want: "exact nacl acl-1:egress:60",
		},
		"no reply, since the group lets nobody ask": {
			line: "eni-web egress 10.0.1.10 203.0.113.9 25 40000 6 REJECT - - 100 110", want: "exact sg sg-web:egress:implicit-deny",
		},
		"unless it let somebody ask before": {
			line: "eni-web egress 10.0.1.10 203.0.113.9 25 40000 6 REJECT - - 3000 3010", in: source{{network: company()}, {from: 100, network: company()}},
			want: "ambiguous acl-1:egress:60 sg-web:egress:implicit-deny",
		},
		"within a subnet no network ACL is asked": {
			line: "eni-db egress 10.0.1.20 10.0.1.10 5432 40000 6 ACCEPT 18 - 100 110", more: []string{"eni-db ingress 10.0.1.10 10.0.1.20 40000 5432 6 ACCEPT 2 - 100 110"},
			want: "contradiction", // no rule of sg-db lets sg-web in
		},
		"one rule lets it in": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 50000 443 6 ACCEPT 2 - 100 110", want: "exact acl-1:ingress:100 sgr-https",
		},
		"two rules let it in": {
			line: "eni-web ingress 10.0.2.30 10.0.1.10 50000 443 6 ACCEPT 3 - 100 110", want: "ambiguous acl-1:ingress:100 sgr-https sgr-inside",
		},
		"its reply": {
			line: "eni-web egress 10.0.1.10 203.0.113.9 443 50000 6 ACCEPT 19 - 100 110",
			more: []string{"eni-web ingress 203.0.113.9 10.0.1.10 50000 443 6 ACCEPT 2 - 100 110"},
			want: "exact acl-1:egress:100 sgr-https",
		},
		"a reference": {
			line: "eni-db ingress 10.0.2.30 10.0.1.20 50000 5432 6 ACCEPT 2 - 100 110", want: "exact acl-1:ingress:100 sgr-app",
		},
		"a reference that another group is not": {
			line: "eni-db ingress 10.0.1.10 10.0.1.20 50000 5432 6 REJECT 2 - 100 110", want: "exact sg sg-db:ingress:implicit-deny",
		},
		"a reference, and nobody is known at the address": {
			line: "eni-db ingress 10.0.9.9 10.0.1.20 50000 5432 6 REJECT 2 - 100 110", want: "unknown",
		},
		"that address, and another port": {
			line: "eni-db ingress 10.0.9.9 10.0.1.20 50000 5433 6 REJECT 2 - 100 110", want: "exact sg sg-db:ingress:implicit-deny",
		},
		"an address of the internet is no member": {
			line: "eni-db ingress 203.0.113.9 10.0.1.20 50000 5432 6 REJECT 2 - 100 110", want: "exact sg sg-db:ingress:implicit-deny",
		},
		"what neither allows": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 50000 8080 6 ACCEPT 2 - 100 110", want: "contradiction",
		},
		"what the network ACL denies": {
			line: "eni-web ingress 198.51.100.9 10.0.1.10 50000 22 6 ACCEPT 2 - 100 110", want: "contradiction",
		},
		"without flags a reply is as likely": {
			line: "eni-app egress 10.0.2.30 203.0.113.9 443 50000 6 ACCEPT - - 100 110", want: "exact acl-2:egress:100 sgr-out",
		},
		"without flags, and rules changed before": {
			line: "eni-app egress 10.0.2.30 203.0.113.9 443 50000 6 ACCEPT - - 3000 3010", in: source{{network: company()}, {from: 100, network: company()}},
			want: "ambiguous acl-2:egress:100 sgr-out",
		},
		"no group is at a NAT gateway": {
			line: "eni-nat ingress 203.0.113.9 10.0.2.5 443 50000 6 ACCEPT - - 100 110", want: "exact acl-2:ingress:100",
		},
		"nor where it answers": {
			line: "eni-nat egress 10.0.2.5 203.0.113.9 50000 443 6 ACCEPT 18 - 100 110", more: []string{"eni-nat ingress 203.0.113.9 10.0.2.5 443 50000 6 ACCEPT 2 - 100 110"},
			want: "exact acl-2:egress:100",
		},
		"a SYN with ACK that nobody asked for, and its RST": {
			line: "eni-db egress 10.0.1.20 203.0.113.9 5432 40000 6 ACCEPT 18 - 100 110 alone",
			more: []string{"eni-db ingress 203.0.113.9 10.0.1.20 40000 5432 6 ACCEPT 4 - 100 110 alone"},
			want: "contradiction", // acl-1 would deny it
		},
		"the same, to another port": {
			line: "eni-db egress 10.0.1.20 203.0.113.9 5432 60000 6 ACCEPT 18 - 100 110 alone",
			more: []string{"eni-db ingress 203.0.113.9 10.0.1.20 60000 5432 6 ACCEPT 4 - 100 110 alone"},
			want: "exact acl-1:egress:100 sgr-all",
		},
		"nor refuses there": {
			line: "eni-nat ingress 203.0.113.9 10.0.2.5 443 50000 6 REJECT - - 100 110", want: "contradiction",
		},
		"an ENI that is not in the input": {
			line: "eni-9 ingress 203.0.113.9 10.0.2.5 443 50000 6 REJECT - - 100 110", want: "unknown",
		},
		"no direction": {
			line: "eni-web - 203.0.113.9 10.0.1.10 40000 22 6 REJECT 2 - 100 110", want: "unknown",
		},
		"nothing filters the time service": {
			line: "eni-web egress 10.0.1.10 169.254.169.123 40000 123 17 ACCEPT - - 100 110", want: "exact",
		},
		"nor of task metadata, by ICMP": {
			line: "eni-app egress 10.0.2.30 169.254.170.2 0 0 1 ACCEPT - - 100 110", want: "exact",
		},
		"no traffic": {line: "eni-web - - - - - - - - - 100 110", want: ""},
		"ping from outside: of no type": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 0 0 1 REJECT - - 100 110", want: "exact sg sg-web:ingress:implicit-deny",
		},
		"ping from inside, refused: of another type": {
			line: "eni-web ingress 10.0.2.30 10.0.1.10 0 0 1 REJECT - - 100 110", want: "exact sg sg-web:ingress:implicit-deny",
		},
		"ping from inside: an error may be about anything": {
			line: "eni-web ingress 10.0.2.30 10.0.1.10 0 0 1 ACCEPT - - 100 110", want: "unknown",
		},
		"ping to anywhere": {
			line: "eni-app egress 10.0.2.30 203.0.113.9 0 0 1 ACCEPT - - 100 110", want: "exact acl-2:egress:100 sgr-out",
		},
		"a time far from the hour's": {
			line: "eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 REJECT 2 - -90000 -89990", want: "unknown",
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := now
			if tt.in != nil {
				in = tt.in
			}
			got := tell(t, in, append([]string{tt.line}, tt.more...)...)[0]
			if short(got) != tt.want {
				t.Errorf("got %q, want %q", short(got), tt.want)
			}
			if known := got.Attribution != "" && got.Attribution != "unknown"; known && got.Ruleset == "" {
				t.Error("no ruleset")
			}
		})
	}
}

// TestChange asks around a change of rules.
func TestChange(t *testing.T) {
	after := company()
	after.SecurityGroups["sg-web"].Ingress = append(slices.Clone(after.SecurityGroups["sg-web"].Ingress), netmodel.GroupRule{ID: "sgr-ssh", Traffic: tcp(22, 22), Peer: peer("203.0.113.0/24")})
	in := source{{network: company()}, {from: 1000, network: after}}
	for _, tt := range []struct{ line, want, ruleset string }{
		{"eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 REJECT 2 - 900 939", "exact sg sg-web:ingress:implicit-deny", "1"},
		{"eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 REJECT 2 - 900 940", "ambiguous sg sg-web:ingress:implicit-deny", "1 2"},
		{"eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 ACCEPT 2 - 940 980", "ambiguous acl-1:ingress:100 sgr-ssh", "1 2"},
		{"eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 ACCEPT 2 - 1060 1070", "exact acl-1:ingress:100 sgr-ssh", "2"},
		{"eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 REJECT 2 - 1060 1070", "contradiction", "2"},
		// What no change is about stays as it is.
		{"eni-web ingress 198.51.100.9 10.0.1.10 40000 22 6 REJECT 2 - 900 1070", "exact nacl acl-1:ingress:50", "1 2"},
	} {
		if got := tell(t, in, tt.line)[0]; short(got) != tt.want || got.Ruleset != tt.ruleset {
			t.Errorf("%s: got %q by %q, want %q by %q", tt.line, short(got), got.Ruleset, tt.want, tt.ruleset)
		}
	}
}

// TestUnsure takes away what is known of things.
func TestUnsure(t *testing.T) {
	const (
		byEntry = "eni-web ingress 198.51.100.9 10.0.1.10 40000 22 6 REJECT 2 - 100 110"
		byGroup = "eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 REJECT 2 - 100 110"
		out     = "eni-web egress 10.0.1.10 203.0.113.9 40000 22 6 REJECT 2 - 100 110"
		reply   = "eni-web egress 10.0.1.10 203.0.113.9 443 40000 6 REJECT 18 - 100 110"
		byRef   = "eni-db ingress 10.0.2.30 10.0.1.20 50000 5432 6 ACCEPT 2 - 100 110"
	)
	for _, tt := range []struct{ unsure, line, want string }{
		{"eni-app", byEntry, "exact nacl acl-1:ingress:50"},
		{"acl-1", byEntry, "unknown"},
		{"subnet-1", byGroup, "unknown"},
		{"acl-1", out, "exact sg sg-web:egress:implicit-deny"},
		{"sg-web", byGroup, "unknown"},
		{"sg-web", byEntry, "exact nacl acl-1:ingress:50"},
		{"eni-web", byGroup, "unknown"},
		{"eni-app", byRef, "unknown"},
		{"eni-web", reply, "unknown"}, // of whose groups one refused it, if the network ACL did not
		{"sg-web", reply, "ambiguous acl-1:egress:60 sg-web:egress:implicit-deny"},
		{"sg-app", byRef, "exact acl-1:ingress:100 sgr-app"}, // its rules, not its members
	} {
		if got := tell(t, source{{network: company(), unsure: []string{tt.unsure}}}, tt.line)[0]; short(got) != tt.want {
			t.Errorf("%s is not known: %q, want %q", tt.unsure, short(got), tt.want)
		}
	}
}

// TestMissing leaves things out of the input.
func TestMissing(t *testing.T) {
	const byGroup = "eni-web ingress 203.0.113.9 10.0.1.10 40000 22 6 REJECT 2 - 100 110"
	const byEntry = "eni-web ingress 198.51.100.9 10.0.1.10 40000 22 6 REJECT 2 - 100 110"
	for _, tt := range []struct {
		name, line, want string
		change           func(n *netmodel.Network)
	}{
		{"the group", byGroup, "unknown", func(n *netmodel.Network) { delete(n.SecurityGroups, "sg-web") }},
		{"the group, where an entry denies", byEntry, "exact nacl acl-1:ingress:50", func(n *netmodel.Network) { delete(n.SecurityGroups, "sg-web") }},
		{"the network ACL", byGroup, "unknown", func(n *netmodel.Network) { delete(n.NetworkACLs, "acl-1") }},
		{"the subnet", byGroup, "unknown", func(n *netmodel.Network) { delete(n.Subnets, "subnet-1") }},
		{"the entries of a list", byGroup, "unknown", func(n *netmodel.Network) {
			g := n.SecurityGroups["sg-web"]
			g.Ingress = append(g.Ingress, netmodel.GroupRule{ID: "sgr-list", Traffic: tcp(0, 1000), Peer: netmodel.Peer{PrefixList: "pl-1"}})
		}},
		{"the entries of a list for another port", byGroup, "exact sg sg-web:ingress:implicit-deny", func(n *netmodel.Network) {
			g := n.SecurityGroups["sg-web"]
			g.Ingress = append(g.Ingress, netmodel.GroupRule{ID: "sgr-list", Traffic: tcp(80, 80), Peer: netmodel.Peer{PrefixList: "pl-1"}})
		}},
		{"the entries of a list that may allow it too", "eni-web ingress 203.0.113.9 10.0.1.10 50000 443 6 ACCEPT 2 - 100 110", "ambiguous acl-1:ingress:100 sgr-https sgr-list", func(n *netmodel.Network) {
			g := n.SecurityGroups["sg-web"]
			g.Ingress = append(g.Ingress, netmodel.GroupRule{ID: "sgr-list", Traffic: tcp(0, 1000), Peer: netmodel.Peer{PrefixList: "pl-1"}})
		}},
		{"a group that alone may allow the request of what may be a reply", "eni-app ingress 203.0.113.9 10.0.2.30 443 50000 6 ACCEPT 0 - 100 110", "unknown", func(n *netmodel.Network) {
			n.Interfaces["eni-app"].Groups = []string{"sg-app", "sg-9"}
			n.SecurityGroups["sg-app"].Egress = nil
			n.SecurityGroups["sg-app"].Ingress = []netmodel.GroupRule{{ID: "sgr-in", Traffic: all(), Peer: peer("0.0.0.0/0")}}
		}},
		{"all groups of an ENI", byGroup, "unknown", func(n *netmodel.Network) { n.Interfaces["eni-web"].Groups = nil }},
		{"public access is blocked", "eni-web ingress 8.8.8.8 10.0.1.10 40000 22 6 REJECT 2 - 100 110", "ambiguous bpa sg-web:ingress:implicit-deny", func(n *netmodel.Network) { n.VPCs["vpc-1"].BlockPublicAccess = "block-ingress" }},
		{"a Network Load Balancer carries the group", "eni-db ingress 203.0.113.9 10.0.1.20 50000 5432 6 REJECT 2 - 100 110", "unknown", func(n *netmodel.Network) {
			n.LoadBalancers = map[string]*netmodel.LoadBalancer{"nlb": {Kind: "network", Groups: []string{"sg-app"}}}
		}},
	} {
		n := company()
		tt.change(n)
		if got := tell(t, source{{network: n}}, tt.line)[0]; short(got) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, short(got), tt.want)
		}
	}
}

// TestSum tells hours apart by what is told of them.
func TestSum(t *testing.T) {
	in := func(from ...int64) *attribute.Rules {
		s := source{{network: company()}}
		for _, f := range from {
			s = append(s, inForce{from: f, network: company()})
		}
		return attribute.New(s)
	}
	if attribute.New(source{}).Sum(hour) != 0 {
		t.Error("nothing is told, and there is a sum")
	}
	one := in().Sum(hour)
	if one == 0 || one != in().Sum(hour+86400) {
		t.Error("one definition tells the same of all hours")
	}
	if one != in(10*86400).Sum(hour) {
		t.Error("a change much later changes what is told")
	}
	if one == in(1000).Sum(hour) || one == in(-86400).Sum(hour) || in(1000).Sum(hour) == in(2000).Sum(hour) {
		t.Error("changes have the same sum")
	}
}

// TestDamaged fails where the definition can't be read.
func TestDamaged(t *testing.T) {
	b := flowlog.NewBatch(flowlog.KindVPC)
	r := b.Append()
	for f, v := range map[flowlog.FieldID]string{flowlog.InterfaceID: "eni-1", flowlog.Action: "ACCEPT", flowlog.SrcAddr: "10.0.0.1", flowlog.DstAddr: "10.0.0.2", flowlog.FlowDirection: "egress"} {
		if err := r.SetText(f, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.SetInt(flowlog.Protocol, 50); err != nil {
		t.Fatal(err)
	}
	rows := pair.Rows{Batch: b}
	h := pair.NewHour(hour, 1)
	h.Add(rows)
	if _, _, err := attribute.New(source{{}}).Tell(t.Context(), hour, []pair.Rows{rows}, h.Find(nil, nil, true)); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v", err)
	}
}
