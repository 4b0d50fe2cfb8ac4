package synth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"weir/flowlog"
)

// definition is what the tests read back from the network's documents: only what
// the AWS documents name, nothing of the generator.
type definition struct {
	enis   map[string]definedENI
	byAddr map[netip.Addr]string
	groups map[string]definedGroup
	acls   map[string][]aclEntry // by subnet
}

type definedENI struct {
	subnet string
	groups []string
}

type definedGroup struct{ in, out []permission }

// find returns a document's content.
func find(t testing.TB, documents []Document, call string, into any) {
	t.Helper()
	for _, d := range documents {
		if d.Call == call {
			dec := json.NewDecoder(bytes.NewReader(d.Content))
			if err := dec.Decode(into); err != nil {
				t.Fatalf("%s: %v", call, err)
			}
			return
		}
	}
	t.Fatalf("no document %s", call)
}

// read reads a network definition; acls are the documents to take the network
// ACLs from.
func read(t testing.TB, n Network, acls []Document) definition {
	t.Helper()
	def := definition{map[string]definedENI{}, map[netip.Addr]string{}, map[string]definedGroup{}, map[string][]aclEntry{}}
	var enis struct{ NetworkInterfaces []networkInterface }
	find(t, n.Documents, "describe-network-interfaces", &enis)
	for _, e := range enis.NetworkInterfaces {
		x := definedENI{subnet: e.SubnetID}
		for _, g := range e.Groups {
			x.groups = append(x.groups, g.GroupID)
		}
		def.enis[e.ID] = x
		def.byAddr[netip.MustParseAddr(e.IP)] = e.ID
		for _, a := range e.Addresses6 {
			def.byAddr[netip.MustParseAddr(a.Ipv6Address)] = e.ID
		}
	}
	var groups struct {
		SecurityGroups []struct {
			GroupID string       `json:"GroupId"`
			In      []permission `json:"IpPermissions"`
			Out     []permission `json:"IpPermissionsEgress"`
		}
	}
	find(t, n.Documents, "describe-security-groups", &groups)
	for _, g := range groups.SecurityGroups {
		def.groups[g.GroupID] = definedGroup{g.In, g.Out}
	}
	var lists struct {
		NetworkAcls []struct {
			Associations []aclAssociation
			Entries      []aclEntry
		}
	}
	find(t, acls, "describe-network-acls", &lists)
	for _, a := range lists.NetworkAcls {
		for _, s := range a.Associations {
			def.acls[s.SubnetID] = a.Entries
		}
	}
	return def
}

// packet is what the rules look at.
type packet struct {
	src, dst         netip.Addr
	srcPort, dstPort int
	protocol         int
}

// String returns the packet as messages show it.
func (p packet) String() string {
	return fmt.Sprintf("%s:%d to %s:%d, protocol %d", p.src, p.srcPort, p.dst, p.dstPort, p.protocol)
}

// reply returns the packet that answers.
func (p packet) reply() packet { return packet{p.dst, p.src, p.dstPort, p.srcPort, p.protocol} }

// groupsAllow reports whether an interface's security groups allow the packet in
// or out. An interface without groups (a NAT gateway's) allows all.
func (def definition) groupsAllow(eni string, p packet, egress bool) bool {
	e := def.enis[eni]
	peer := p.src
	if egress {
		peer = p.dst
	}
	for _, id := range e.groups {
		rules := def.groups[id].in
		if egress {
			rules = def.groups[id].out
		}
		for _, r := range rules {
			if r.covers(p) && def.peerOf(r, peer) {
				return true
			}
		}
	}
	return len(e.groups) == 0
}

// covers reports whether a rule is for the packet's protocol and port.
func (r permission) covers(p packet) bool {
	numbers := map[string]int{"tcp": tcp, "udp": udp, "icmp": icmp}
	switch {
	case r.Protocol == "-1":
		return true
	case numbers[r.Protocol] != p.protocol:
		return false
	}
	return p.protocol == icmp || *r.FromPort <= p.dstPort && p.dstPort <= *r.ToPort
}

// peerOf reports whether the address is a peer of the rule.
func (def definition) peerOf(r permission, a netip.Addr) bool {
	for _, x := range r.Ranges4 {
		if netip.MustParsePrefix(x.CIDR).Contains(a) {
			return true
		}
	}
	for _, x := range r.Ranges6 {
		if netip.MustParsePrefix(x.CIDR).Contains(a) {
			return true
		}
	}
	for _, x := range r.Groups {
		if slices.Contains(def.enis[def.byAddr[a]].groups, x.GroupID) {
			return true
		}
	}
	return false
}

// aclAllows reports whether the network ACL of an interface's subnet allows the
// packet. It is not asked within a subnet.
func (def definition) aclAllows(eni string, p packet, egress bool) bool {
	subnet, peer := def.enis[eni].subnet, p.src
	if egress {
		peer = p.dst
	}
	if other, ok := def.byAddr[peer]; ok && def.enis[other].subnet == subnet {
		return true
	}
	entries := slices.Clone(def.acls[subnet])
	slices.SortFunc(entries, func(a, b aclEntry) int { return a.RuleNumber - b.RuleNumber })
	for _, e := range entries {
		cidr := e.CidrBlock + e.Ipv6CidrBlock
		ports := e.PortRange == nil || e.PortRange.From <= p.dstPort && p.dstPort <= e.PortRange.To
		protocol := e.Protocol == "-1" || e.Protocol == strconv.Itoa(p.protocol)
		if e.Egress == egress && netip.MustParsePrefix(cidr).Contains(peer) && protocol && ports {
			return e.RuleAction == "allow"
		}
	}
	return false
}

// The two kinds of packets that a security group tells apart.
const (
	request = iota + 1
	reply
)

// kindOf returns whether a record is of the side that opened the connection or
// of the other one, and 0 where that is not to be seen: by the flags of a TCP
// handshake, else by the port that services use.
func kindOf(r flowlog.Record, p packet) int {
	services := []int{22, 53, 80, 443, 514, 4317, 5432, 6379, 8080, 8125, reportsPort}
	flags := num(r, flowlog.TCPFlags)
	from, to := slices.Contains(services, p.srcPort), slices.Contains(services, p.dstPort)
	switch {
	case flags&synAck == synAck, flags&syn == 0 && from && !to:
		return reply
	case flags&syn != 0, to && !from:
		return request
	}
	return 0
}

// groupsPass reports whether the security groups let a record's packets pass: a
// request by their rules, a reply if its request passed.
func (def definition) groupsPass(eni string, p packet, egress bool, kind int) bool {
	asked := def.groupsAllow(eni, p, egress)
	answered := def.groupsAllow(eni, p.reply(), !egress)
	switch kind {
	case request:
		return asked
	case reply:
		return answered
	}
	return asked || answered
}

// packetOf returns the packet of a record.
func packetOf(r flowlog.Record) packet {
	src, _ := r.Addr(flowlog.SrcAddr)
	dst, _ := r.Addr(flowlog.DstAddr)
	return packet{
		src, dst, int(num(r, flowlog.SrcPort)), int(num(r, flowlog.DstPort)), int(num(r, flowlog.Protocol)),
	}
}

// TestRules judges every record by the network definition alone: what was
// accepted must be allowed, what was refused must not be, and only the story of
// late packets has no cause.
func TestRules(t *testing.T) {
	c := small()
	c.Records, c.Format = 150_000, wide(t)
	n, err := NewNetwork(c)
	if err != nil {
		t.Fatal(err)
	}
	before, after := read(t, n, n.Before), read(t, n, n.Documents)
	causes := map[string]int{}
	s := each(t, c, func(_ Object, r flowlog.Record) {
		if text(r, flowlog.LogStatus) != "OK" {
			return
		}
		id, p := text(r, flowlog.InterfaceID), packetOf(r)
		egress := before.byAddr[p.src] == id
		if !egress && before.byAddr[p.dst] != id {
			t.Fatalf("no end of the record is interface %s: %v", id, p)
		}
		for _, a := range []netip.Addr{p.src, p.dst} {
			if _, ok := before.byAddr[a]; a.IsPrivate() && !ok {
				t.Fatalf("address %s is nobody's", a)
			}
		}
		def := before
		start := time.Unix(num(r, flowlog.Start), 0)
		if !start.Before(n.Changed) {
			def = after
		}
		group := def.groupsPass(id, p, egress, kindOf(r, p))
		acl := def.aclAllows(id, p, egress)
		refused := text(r, flowlog.Action) == "REJECT"
		switch {
		case !refused && (!group || !acl):
			t.Errorf("accepted, but the security group allows: %v, the network ACL: %v: %v at %s (%s)", group, acl, p, id, text(r, flowlog.InterfaceTag))
		case refused && !group && !acl:
			causes["both"]++
		case refused && !group && egress:
			causes["security group, out"]++
		case refused && !group:
			causes["security group, in"]++
		case refused && !acl && egress:
			causes["network ACL, out"]++
		case refused && !acl:
			causes["network ACL, in"]++
		case refused:
			causes["none"]++
		}
	})
	for _, story := range s.Stories {
		if story.Name == "packets-after-close" && int64(causes["none"]) != story.Records {
			t.Errorf("%d refused records without a cause, %d late packets", causes["none"], story.Records)
		}
	}
	for _, cause := range []string{"both", "security group, out", "security group, in", "network ACL, out", "network ACL, in"} {
		if causes[cause] == 0 {
			t.Errorf("no record was refused by: %s", cause)
		}
	}
}

// TestNetworkFiles writes the definition and reads the files back.
func TestNetworkFiles(t *testing.T) {
	n, err := NewNetwork(small())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := n.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{
		"describe-vpcs": 3, "describe-subnets": 33, "describe-network-interfaces": 257, "describe-security-groups": 17,
		"describe-network-acls": 7, "describe-nat-gateways": 4, "describe-instances": 227, "describe-flow-logs": 1,
		"describe-route-tables": 8, "describe-internet-gateways": 1, "describe-vpc-endpoints": 1, "describe-prefix-lists": 1,
		"describe-security-group-rules": 0, "describe-transit-gateways": 1, "describe-transit-gateway-vpc-attachments": 2,
		"describe-transit-gateway-attachments": 2, "describe-transit-gateway-route-tables": 1,
	}
	ids := map[string]int{}
	for call, want := range counts {
		content, err := os.ReadFile(filepath.Join(dir, call+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var answer map[string][]map[string]any
		if err := json.Unmarshal(content, &answer); err != nil || len(answer) != 1 {
			t.Fatalf("%s: %v, %d members", call, err, len(answer))
		}
		for _, list := range answer {
			if want > 0 && len(list) != want {
				t.Errorf("%s: %d entries, not %d", call, len(list), want)
			}
			for _, x := range list {
				b, _ := json.Marshal(x)
				ids[string(b)]++
			}
		}
	}
	for x, n := range ids {
		if n > 1 {
			t.Errorf("%d times: %s", n, x)
		}
	}
	if _, err := os.Stat(filepath.Join(dir+"-before", "describe-network-acls.json")); err != nil {
		t.Error(err)
	}
	if err := n.WriteDir(filepath.Join(dir, "describe-vpcs.json")); err == nil {
		t.Error("a file as the directory: no error")
	}
	if _, err := NewNetwork(Config{}); err == nil {
		t.Error("an invalid configuration: no error")
	}
}

// TestSecurityGroupRules checks that the two answers about security groups hold
// the same peers.
func TestSecurityGroupRules(t *testing.T) {
	n, err := NewNetwork(small())
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		SecurityGroupRules []struct {
			GroupID  string `json:"GroupId"`
			IsEgress bool
			Protocol string `json:"IpProtocol"`
			FromPort int
			CIDR4    string `json:"CidrIpv4"`
			CIDR6    string `json:"CidrIpv6"`
			Peer     struct {
				GroupID string `json:"GroupId"`
			} `json:"ReferencedGroupInfo"`
		}
	}
	find(t, n.Documents, "describe-security-group-rules", &rules)
	type peer struct {
		group    string
		egress   bool
		protocol string
		port     int
		peer     string
	}
	got, want := map[peer]int{}, map[peer]int{}
	for _, r := range rules.SecurityGroupRules {
		got[peer{r.GroupID, r.IsEgress, r.Protocol, r.FromPort, r.CIDR4 + r.CIDR6 + r.Peer.GroupID}]++
	}
	for id, g := range read(t, n, n.Documents).groups {
		for i, list := range [][]permission{g.in, g.out} {
			for _, p := range list {
				port := -1
				if p.FromPort != nil {
					port = *p.FromPort
				}
				add := func(who string) { want[peer{id, i == 1, p.Protocol, port, who}]++ }
				for _, x := range p.Ranges4 {
					add(x.CIDR)
				}
				for _, x := range p.Ranges6 {
					add(x.CIDR)
				}
				for _, x := range p.Groups {
					add(x.GroupID)
				}
			}
		}
	}
	if len(got) != len(rules.SecurityGroupRules) {
		t.Errorf("%d rules, %d different ones", len(rules.SecurityGroupRules), len(got))
	}
	for p := range want {
		if got[p] != want[p] {
			t.Errorf("%v: %d times among the rules, %d among the groups", p, got[p], want[p])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d peers among the rules, %d among the groups", len(got), len(want))
	}
}

// TestFlowLogAnswer checks that the described flow log is the one that wrote the
// objects.
func TestFlowLogAnswer(t *testing.T) {
	for name, c := range map[string]Config{
		"vpc": hour(600),
		"transit gateway": func() Config {
			c := hour(600)
			c.Format = flowlog.DefaultFormat(flowlog.KindTGW)
			c.Parquet = true
			return c
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			objects, _ := collect(t, c)
			n, err := NewNetwork(c)
			if err != nil {
				t.Fatal(err)
			}
			var answer struct {
				FlowLogs []struct {
					FlowLogID          string `json:"FlowLogId"`
					LogFormat          string
					ResourceID         string `json:"ResourceId"`
					DestinationOptions struct{ FileFormat string }
				}
			}
			find(t, n.Documents, "describe-flow-logs", &answer)
			fl := answer.FlowLogs[0]
			f, err := flowlog.ParseLogFormat(fl.LogFormat)
			if err != nil || !f.Equal(c.Format) {
				t.Errorf("format %q: %v", fl.LogFormat, err)
			}
			if !bytes.Contains([]byte(objects[0].Key), []byte("_"+fl.FlowLogID+"_")) {
				t.Errorf("flow log %s wrote %s", fl.FlowLogID, objects[0].Key)
			}
			want := map[bool]string{false: "plain-text", true: "parquet"}[c.Parquet]
			if fl.DestinationOptions.FileFormat != want {
				t.Errorf("file format %s, not %s", fl.DestinationOptions.FileFormat, want)
			}
			decode(t, objects[0], func(r flowlog.Record) {
				if id, ok := r.Text(flowlog.TGWID); ok && id != fl.ResourceID {
					t.Errorf("records of %s, the flow log is of %s", id, fl.ResourceID)
				}
			})
		})
	}
}
