package versions

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/cloudtrail"
	"weir/internal/netmodel"
	"weir/internal/sharedtest"
)

// modelRule is a rule of a group as the reference has it.
type modelRule struct {
	direction, id, description string
	port, net                  int
}

func (r modelRule) key() string { return fmt.Sprint(r.direction, r.port, r.net) }

// model is a network as it really is: plain maps, changed call by call.
type model struct {
	groups  map[string]map[string]modelRule // by key
	entries map[string]map[string]int       // port by "egress number"
	members map[string]string               // groups of an ENI, in order and with spaces
	subnets map[string][2]string            // network ACL and association
}

func (m *model) clone() *model {
	out := &model{map[string]map[string]modelRule{}, map[string]map[string]int{}, maps.Clone(m.members), maps.Clone(m.subnets)}
	for id, g := range m.groups {
		out.groups[id] = maps.Clone(g)
	}
	for id, e := range m.entries {
		out.entries[id] = maps.Clone(e)
	}
	return out
}

// things writes each thing as a text.
func (m *model) things() map[string]string {
	out := map[string]string{}
	for id, g := range m.groups {
		var list []string
		for _, r := range g {
			list = append(list, fmt.Sprint(r.key(), " ", r.description))
		}
		out[id] = strings.Join(slices.Sorted(slices.Values(list)), ";")
	}
	for id, e := range m.entries {
		out[id] = fmt.Sprint(e)
	}
	maps.Copy(out, m.members)
	for id, s := range m.subnets {
		out[id] = s[0]
	}
	return out
}

// thingsOf writes a definition's things as [model.things] does.
func thingsOf(n *netmodel.Network) map[string]string {
	m := &model{groups: map[string]map[string]modelRule{}, entries: map[string]map[string]int{}, members: map[string]string{}, subnets: map[string][2]string{}}
	for id, g := range n.SecurityGroups {
		m.groups[id] = map[string]modelRule{}
		for _, d := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
			for _, r := range g.Rules(d) {
				v := modelRule{direction: string(d), port: int(r.From), net: int(r.Peer.CIDR.Addr().As4()[1]), description: r.Description}
				m.groups[id][v.key()] = v
			}
		}
	}
	for id, acl := range n.NetworkACLs {
		m.entries[id] = map[string]int{}
		for _, d := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
			for _, e := range acl.Entries(d) {
				m.entries[id][fmt.Sprint(d == netmodel.Egress, " ", e.Number)] = int(e.From)
			}
		}
	}
	for id, i := range n.Interfaces {
		m.members[id] = strings.Join(slices.Sorted(slices.Values(i.Groups)), " ")
	}
	for id, s := range n.Subnets {
		m.subnets[id] = [2]string{s.NetworkACL, ""}
	}
	return m.things()
}

// documents exports the model. Exports differ in whether they know the ids of rules.
func (m *model) documents(ids bool) []netmodel.Document {
	var groups, rules, acls, enis, subnets []map[string]any
	type object = map[string]any
	for _, id := range slices.Sorted(maps.Keys(m.groups)) {
		ways := map[string][]object{}
		for _, key := range slices.Sorted(maps.Keys(m.groups[id])) {
			r := m.groups[id][key]
			if r.net == 0 {
				ways[r.direction] = append(ways[r.direction], object{"IpProtocol": "-1", "IpRanges": []object{{"CidrIp": "0.0.0.0/0"}}})
				rules = append(rules, object{
					"SecurityGroupRuleId": r.id, "GroupId": id, "IsEgress": true, "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0",
				})
				continue
			}
			cidr := fmt.Sprintf("10.%d.0.0/16", r.net)
			ways[r.direction] = append(ways[r.direction], object{
				"IpProtocol": "tcp", "FromPort": r.port, "ToPort": r.port, "IpRanges": []object{{"CidrIp": cidr, "Description": r.description}},
			})
			rules = append(rules, object{
				"SecurityGroupRuleId": r.id, "GroupId": id, "IsEgress": r.direction == "egress", "IpProtocol": "tcp", "FromPort": r.port, "ToPort": r.port,
				"CidrIpv4": cidr, "Description": r.description,
			})
		}
		groups = append(groups, object{"GroupId": id, "VpcId": "vpc-1", "OwnerId": one, "IpPermissions": ways["ingress"], "IpPermissionsEgress": ways["egress"]})
	}
	for _, id := range slices.Sorted(maps.Keys(m.entries)) {
		var entries, with []object
		for key, port := range m.entries[id] {
			var egress bool
			var number int
			if _, err := fmt.Sscan(key, &egress, &number); err != nil {
				panic(err)
			}
			entries = append(entries, object{
				"RuleNumber": number, "Egress": egress, "RuleAction": "allow", "Protocol": "6", "CidrBlock": "10.0.0.0/8",
				"PortRange": object{"From": port, "To": port},
			})
		}
		for subnet, s := range m.subnets {
			if s[0] == id {
				with = append(with, object{"SubnetId": subnet, "NetworkAclId": id, "NetworkAclAssociationId": s[1]})
			}
		}
		acls = append(acls, object{"NetworkAclId": id, "VpcId": "vpc-1", "OwnerId": one, "Entries": entries, "Associations": with})
	}
	for id, list := range m.members {
		var set []object
		for g := range strings.FieldsSeq(list) {
			set = append(set, object{"GroupId": g})
		}
		enis = append(enis, object{"NetworkInterfaceId": id, "VpcId": "vpc-1", "SubnetId": "subnet-1", "OwnerId": one, "Groups": set})
	}
	for i, id := range slices.Sorted(maps.Keys(m.subnets)) {
		subnets = append(subnets, object{"SubnetId": id, "VpcId": "vpc-1", "OwnerId": one, "AvailabilityZone": east + "a", "CidrBlock": fmt.Sprintf("10.0.%d.0/24", i)})
	}
	out := []object{
		{"Vpcs": []object{{"VpcId": "vpc-1", "OwnerId": one, "CidrBlock": "10.0.0.0/16"}}, "Subnets": subnets, "NetworkInterfaces": enis},
		{"SecurityGroups": groups, "NetworkAcls": acls},
	}
	if ids && len(rules) > 0 {
		out = append(out, object{"SecurityGroupRules": rules})
	}
	var docs []netmodel.Document
	for i, d := range out {
		data, err := json.Marshal(d)
		if err != nil {
			panic(err)
		}
		docs = append(docs, netmodel.Document{Name: fmt.Sprintf("%d.json", i), Data: data})
	}
	return docs
}

// call is a call of EC2's API that changed the model.
type call struct {
	at     time.Time
	id     string // of the thing
	record string
	do     func(m *model) bool // reports false where EC2 refuses it
}

// world makes calls at random.
type world struct {
	random *rand.Rand
	now    *model
	next   int  // the number of the next id
	often  int  // the kind of most calls
	ids    bool // answers and imports know the ids of rules
}

func (w *world) newID(kind string) string {
	w.next++
	return fmt.Sprintf("%s-%d", kind, w.next)
}

// record writes a record of CloudTrail.
func (w *world) record(at time.Time, name, request, response string) string {
	return fmt.Sprintf(`{"eventSource":"ec2.amazonaws.com","eventName":%q,"eventTime":%q,"eventID":%q,"awsRegion":%q,"recipientAccountId":%q,
		"userIdentity":{"arn":"arn:aws:iam::111111111111:user/ann"},"requestParameters":%s,"responseElements":%s}`,
		name, at.Truncate(time.Second).Format(time.RFC3339), w.newID("event"), east, one, request, response)
}

// call makes a call that EC2 takes, at a time; nil where there is nothing that it could do.
func (w *world) call(at time.Time) *call {
	choose := func(n int) int { return w.random.IntN(n) }
	group := fmt.Sprintf("sg-%d", 1+choose(2))
	random := modelRule{direction: []string{"ingress", "egress"}[choose(2)], port: 1 + choose(2), net: 1 + choose(2), description: []string{"", "d"}[choose(2)]}
	way := map[string]string{"ingress": "Ingress", "egress": "Egress"}
	permission := func(r modelRule) string {
		return fmt.Sprintf(`{"groupId":%q,"ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":%d,"toPort":%d,"groups":{},"ipRanges":{"items":[{"cidrIp":"10.%d.0.0/16","description":%q}]}}]}}`,
			group, r.port, r.port, r.net, r.description)
	}
	answer := func(member string, r modelRule) string {
		return fmt.Sprintf(`{"_return":true,%q:{"items":[{"groupId":%q,"securityGroupRuleId":%q,"isEgress":%t,"ipProtocol":"tcp","fromPort":%d,"toPort":%d,"cidrIpv4":"10.%d.0.0/16","description":%q}]}}`,
			member, group, r.id, r.direction == "egress", r.port, r.port, r.net, r.description)
	}
	const done = `{"_return":true}`
	rules := w.now.groups[group]
	var have []modelRule
	for _, key := range slices.Sorted(maps.Keys(rules)) {
		have = append(have, rules[key])
	}
	if choose(3) == 0 { // one that came
		ids := slices.Sorted(maps.Keys(w.now.groups))
		group = ids[choose(len(ids))]
		rules = w.now.groups[group]
		have = have[:0]
		for _, key := range slices.Sorted(maps.Keys(rules)) {
			have = append(have, rules[key])
		}
	}
	c := &call{at: at, id: group}
	if choose(4) == 0 {
		return w.whole(at)
	}
	kind := choose(6)
	if choose(3) > 0 {
		kind = w.often
	}
	switch kind {
	case 0, 1: // a rule comes or goes
		if was, ok := rules[made.key()]; ok && choose(3) == 0 {
			request, response := fmt.Sprintf(`{"groupId":%q,"ipPermissions":{"items":[{"ipProtocol":"-1","groups":{},"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}]}}`, group), done
			if w.ids && choose(2) == 0 {
				response = fmt.Sprintf(`{"_return":true,"revokedSecurityGroupRuleSet":{"items":[{"groupId":%q,"securityGroupRuleId":%q,"isEgress":true,"ipProtocol":"-1","fromPort":-1,"toPort":-1,"cidrIpv4":"0.0.0.0/0"}]}}`, group, was.id)
			}
			c.record = w.record(at, "RevokeSecurityGroupEgress", request, response)
			c.do = func(m *model) bool {
				now, ok := m.groups[group][was.key()]
				delete(m.groups[group], was.key())
				return ok && now.id == was.id
			}
			return c
		}
		if was, ok := rules[random.key()]; ok {
			response, request := done, permission(was)
			switch n := choose(3); {
			case w.ids && n == 0:
				response = answer("revokedSecurityGroupRuleSet", was)
			case w.ids && n == 1:
				request = fmt.Sprintf(`{"groupId":%q,"securityGroupRuleIds":{"items":[{"securityGroupRuleId":%q}]}}`, group, was.id)
			}
			c.record = w.record(at, "RevokeSecurityGroup"+way[was.direction], request, response)
			c.do = func(m *model) bool {
				now, ok := m.groups[group][was.key()]
				delete(m.groups[group], was.key())
				return ok && now.id == was.id
			}
			return c
		}
		response := done
		if random.id = w.newID("sgr"); w.ids {
			response = answer("securityGroupRuleSet", random)
		}
		c.record = w.record(at, "AuthorizeSecurityGroup"+way[random.direction], permission(random), response)
		c.do = func(m *model) bool {
			_, ok := m.groups[group][random.key()]
			m.groups[group][random.key()] = random
			return !ok
		}
	case 2: // a rule is modified
		if len(have) == 0 || !w.ids {
			return nil
		}
		was := have[choose(len(have))]
		if was.net == 0 {
			return nil
		}
		random.id, random.direction = was.id, was.direction
		if _, ok := rules[random.key()]; ok && random.key() != was.key() {
			return nil
		}
		description := fmt.Sprintf(`,"Description":%q`, random.description)
		if was.description == "" && random.description == "" {
			description = ""
		}
		c.record = w.record(at, "ModifySecurityGroupRules", fmt.Sprintf(`{"ModifySecurityGroupRulesRequest":{"GroupId":%q,"SecurityGroupRule":{"SecurityGroupRuleId":%q,"tag":1,
			"SecurityGroupRule":{"IpProtocol":"tcp","FromPort":%d,"ToPort":%d,"CidrIpv4":"10.%d.0.0/16"%s}}}}`,
			group, random.id, random.port, random.port, random.net, description), done)
		c.do = func(m *model) bool {
			for key, r := range m.groups[group] {
				if r.id == random.id {
					delete(m.groups[group], key)
					_, ok := m.groups[group][random.key()]
					m.groups[group][random.key()] = random
					return !ok
				}
			}
			return false
		}
	case 3: // an entry comes, is replaced, or goes
		c.id = fmt.Sprintf("acl-%d", 1+choose(2))
		number, egress, port := 1, choose(2) == 0, 1+choose(2)
		key := fmt.Sprint(egress, " ", number)
		_, there := w.now.entries[c.id][key]
		name := "CreateNetworkAclEntry"
		if there {
			name = []string{"ReplaceNetworkAclEntry", "DeleteNetworkAclEntry"}[choose(2)]
		}
		c.record = w.record(at, name, fmt.Sprintf(`{"networkAclId":%q,"ruleNumber":%d,"egress":%t,"ruleAction":"allow","aclProtocol":"6","cidrBlock":"10.0.0.0/8","icmpTypeCode":{},"portRange":{"from":%d,"to":%d}}`,
			c.id, number, egress, port, port), done)
		c.do = func(m *model) bool {
			_, ok := m.entries[c.id][key]
			if m.entries[c.id][key] = port; name == "DeleteNetworkAclEntry" {
				delete(m.entries[c.id], key)
			}
			return ok == there
		}
	case 4: // an ENI gets other groups
		enis := slices.Sorted(maps.Keys(w.now.members))
		eni := enis[choose(len(enis))]
		c.id = eni
		set := []string{"sg-1", "sg-2", "sg-1 sg-2"}[choose(3)]
		c.record = w.record(at, "ModifyNetworkInterfaceAttribute", fmt.Sprintf(`{"networkInterfaceId":%q,"groupSet":{"items":[{"groupId":%q}]}}`,
			eni, strings.ReplaceAll(set, " ", `"},{"groupId":"`)), done)
		c.record = strings.ReplaceAll(c.record, `\"`, `"`)
		c.do = func(m *model) bool {
			_, ok := m.members[eni]
			m.members[eni] = set
			return ok
		}
	case 5: // a subnet gets another network ACL
		c.id = fmt.Sprintf("subnet-%d", 1+choose(2))
		was, next := w.now.subnets[c.id], [2]string{fmt.Sprintf("acl-%d", 1+choose(2)), w.newID("aclassoc")}
		c.record = w.record(at, "ReplaceNetworkAclAssociation", fmt.Sprintf(`{"associationId":%q,"networkAclId":%q}`, was[1], next[0]), fmt.Sprintf(`{"newAssociationId":%q}`, next[1]))
		c.do = func(m *model) bool {
			ok := m.subnets[c.id] == was
			m.subnets[c.id] = next
			return ok
		}
	}
	return c
}

// made is the rule that a group is made with.
var made = modelRule{direction: "egress"}

// whole makes a call that makes or deletes a group or an ENI.
func (w *world) whole(at time.Time) *call {
	const done = `{"_return":true}`
	var spare []string // groups that came and that no ENI has, and ENIs that came
	for id := range w.now.groups {
		if id != "sg-1" && id != "sg-2" {
			spare = append(spare, id)
		}
	}
	for id := range w.now.members {
		if id != "eni-1" {
			spare = append(spare, id)
		}
	}
	slices.Sort(spare)
	c := &call{at: at}
	switch n := w.random.IntN(4); {
	case n == 0:
		c.id = w.newID("sg")
		rule := made
		rule.id = w.newID("sgr")
		c.record = w.record(at, "CreateSecurityGroup", `{"groupName":"g","groupDescription":"d","vpcId":"vpc-1"}`, fmt.Sprintf(`{"_return":true,"groupId":%q}`, c.id))
		c.do = func(m *model) bool {
			_, there := m.groups[c.id]
			m.groups[c.id] = map[string]modelRule{rule.key(): rule}
			return !there
		}
	case n == 1:
		c.id = w.newID("eni")
		answer := fmt.Sprintf(`{"networkInterfaceId":%q,"groupSet":{"items":[{"groupId":"sg-1","groupName":"g"}]}}`, c.id)
		if w.random.IntN(2) == 0 {
			c.record = w.record(at, "CreateNetworkInterface", `{"subnetId":"subnet-1","groupSet":{}}`, `{"networkInterface":`+answer+`}`)
		} else {
			c.record = w.record(at, "RunInstances", `{"networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-1"},{"deviceIndex":1}]}}`,
				`{"instancesSet":{"items":[{"instanceId":"i-1","networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-1"},`+answer+`]}}]}}`)
		}
		c.do = func(m *model) bool {
			_, there := m.members[c.id]
			m.members[c.id] = "sg-1"
			return !there
		}
	case len(spare) == 0:
		return nil
	default:
		c.id = spare[w.random.IntN(len(spare))]
		if strings.HasPrefix(c.id, "sg-") {
			c.record = w.record(at, "DeleteSecurityGroup", fmt.Sprintf(`{"groupId":%q}`, c.id), done)
			c.do = func(m *model) bool {
				_, there := m.groups[c.id]
				delete(m.groups, c.id)
				return there
			}
		} else {
			c.record = w.record(at, "DeleteNetworkInterface", fmt.Sprintf(`{"networkInterfaceId":%q}`, c.id), done)
			c.do = func(m *model) bool {
				_, there := m.members[c.id]
				delete(m.members, c.id)
				return there
			}
		}
	}
	return c
}

// history is what really happened, and what was imported of it.
type history struct {
	begin   *model
	calls   []*call
	imports []time.Time
	ids     bool
}

// at returns the network as it really was at a time.
func (h *history) at(t time.Time) *model {
	m := h.begin.clone()
	for _, c := range h.calls {
		if !c.at.After(t) {
			c.do(m)
		}
	}
	return m
}

// newHistory makes calls of a minute at random, several of a second at times, and imports.
func newHistory(seed uint64) *history {
	w := &world{random: rand.New(rand.NewPCG(seed, 9)), ids: seed%3 > 0, often: int(seed/3) % 6, next: 100}
	w.now = &model{
		map[string]map[string]modelRule{"sg-1": {}, "sg-2": {}},
		map[string]map[string]int{"acl-1": {}, "acl-2": {}},
		map[string]string{"eni-1": "sg-1"},
		map[string][2]string{"subnet-1": {"acl-1", "aclassoc-1"}, "subnet-2": {"acl-2", "aclassoc-2"}},
	}
	for range 20 { // so that there is something
		if c := w.call(at(0)); c != nil {
			c.do(w.now)
		}
	}
	h := &history{begin: w.now.clone(), ids: w.ids}
	moment := func() time.Time {
		return at(w.random.IntN(60)).Add(time.Duration(1+w.random.IntN(900_000)) * time.Microsecond)
	}
	var times []time.Time
	for range 1 + w.random.IntN(40) {
		times = append(times, moment())
	}
	slices.SortFunc(times, time.Time.Compare)
	for _, t := range slices.Compact(times) {
		if c := w.call(t); c != nil {
			c.do(w.now)
			h.calls = append(h.calls, c)
		}
	}
	for range 2 + w.random.IntN(3) {
		h.imports = append(h.imports, moment())
	}
	slices.SortFunc(h.imports, time.Time.Compare)
	h.imports = slices.Compact(h.imports)
	return h
}

// of returns the calls about a thing between two times whose second the times may share. Those
// about an association do not name their subnet, so that they are about all subnets and network
// ACLs.
func (h *history) of(id string, from, to time.Time, kept map[*call]bool) (known, dropped []*call) {
	association := strings.HasPrefix(id, "acl-") || strings.HasPrefix(id, "subnet-")
	for _, c := range h.calls {
		about := c.id == id || association && strings.HasPrefix(c.id, "subnet-")
		if !about || c.at.Before(from.Truncate(time.Second)) || c.at.Truncate(time.Second).After(to) {
			continue
		}
		if kept[c] {
			known = append(known, c)
		} else {
			dropped = append(dropped, c)
		}
	}
	return known, dropped
}

// TestMoments compares definitions between imports with what really was, where all events are
// kept, and where some are not: then a thing is as it was, or nobody knows, or the events that
// are kept lead from what one import found to what the next one did as if they were all.
func TestMoments(t *testing.T) {
	count := map[string]int{}
	for seed := range sharedtest.Rounds(uint64(24)) {
		h := newHistory(seed)
		random := rand.New(rand.NewPCG(seed, 10))
		for _, lost := range []int{0, 15, 50} { // of 100
			s := create(t, t.TempDir())
			kept := map[*call]bool{}
			var records []string
			for _, c := range h.calls {
				if random.IntN(100) >= lost {
					kept[c] = true
					records = append(records, c.record)
				}
			}
			random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			file, err := cloudtrail.Read("f", []byte(`{"Records":[`+strings.Join(records, ",")+`]}`))
			if err != nil || len(file.Problems) > 0 || len(file.Changes) != len(records) {
				t.Fatalf("seed %d: %v, %v", seed, err, file.Problems)
			}
			for range 2 { // at least once
				if _, err := s.AddChanges(t.Context(), file.Changes); err != nil {
					t.Fatal(err)
				}
			}
			for _, at := range h.imports {
				if _, err := s.Import(t.Context(), h.at(at).documents(h.ids), at); err != nil {
					t.Fatal(err)
				}
			}
			if lost == 0 {
				checkLed(t, s, h, kept, fmt.Sprintf("seed %d", seed), count)
			}
			var times []time.Time
			for n := -1; n < 61; n += 15 {
				times = append(times, at(n).Add(500*time.Millisecond))
			}
			checkMarks(t, s, times...)
			for second := h.imports[0].Truncate(time.Second); second.Before(at(61)); second = second.Add(3 * time.Second) {
				checkMoment(t, s, h, kept, second.Add(999_999*time.Microsecond), fmt.Sprintf("seed %d, %d%% lost", seed, lost), count)
			}
		}
	}
	t.Logf("things at times: %v", count)
	for _, what := range []string{"as it was", "dated", "unknown", "not seen", "came or went", "led back", "led back otherwise", "led back unknown", "not led back"} {
		if count[what] == 0 && !testing.Short() {
			t.Errorf("nothing was %s", what)
		}
	}
}

// checkLed compares each thing at times before the first import: as it was where the days of
// CloudTrail's files are known, and as it is assumed where they are not.
func checkLed(t *testing.T, s *Store, h *history, kept map[*call]bool, name string, count map[string]int) {
	t.Helper()
	first := h.imports[0]
	imported := thingsOf(mustAt(t, s, first).Network)
	for _, known := range []bool{false, true} {
		if known {
			day := at(0).Truncate(24 * time.Hour)
			if err := s.AddDays(t.Context(), []cloudtrail.Day{{Account: one, Region: east, Day: day, From: at(0), Last: at(61), Writes: true}}); err != nil {
				t.Fatal(err)
			}
		}
		for second := at(0); second.Before(first.Truncate(time.Second)); second = second.Add(2 * time.Second) {
			when := second.Add(999_999 * time.Microsecond)
			d := mustAt(t, s, when)
			in := d.InForce[0]
			got, want := thingsOf(d.Network), h.at(when).things()
			if !known {
				count["not led back"]++
				if in.State != StateAssumed || cmp.Or(len(got)-len(imported)) != 0 {
					t.Errorf("%s, %s: %s", name, when.Format("04:05"), in.State)
				}
				continue
			}
			for _, id := range slices.Sorted(maps.Keys(both(got, want))) {
				events, _ := h.of(id, second.Add(time.Second), first, kept)
				switch unsure := slices.Contains(in.Changed, id); {
				case strings.HasPrefix(id, "sg-") && imported[id] == "" && got[id] == "": // nobody asks for it
				case unsure:
					count["led back unknown"]++
					if len(events) == 0 {
						t.Errorf("%s, %s: %s is unknown, and nothing was done to it since", name, when.Format("04:05"), id)
					}
				case got[id] != want[id]:
					t.Errorf("%s, %s: %s is %q, want %q; the import found %q", name, when.Format("04:05"), id, got[id], want[id], imported[id])
				default:
					count["led back"]++
					if want[id] != imported[id] {
						count["led back otherwise"]++
					}
				}
			}
			if (in.State == StateLed) != (len(in.Changed) == 0) {
				t.Errorf("%s, %s: %s, and %v changed", name, when.Format("04:05"), in.State, in.Changed)
			}
		}
	}
}

func has(m map[string]string, id string) bool {
	_, ok := m[id]
	return ok
}

func mustAt(t *testing.T, s *Store, when time.Time) Definition {
	t.Helper()
	d, err := s.At(t.Context(), when)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// both returns the keys of two maps.
func both(a, b map[string]string) map[string]bool {
	out := map[string]bool{}
	for id := range a {
		out[id] = true
	}
	for id := range b {
		out[id] = true
	}
	return out
}

// checkMoment compares each thing at a time.
func checkMoment(t *testing.T, s *Store, h *history, kept map[*call]bool, at time.Time, name string, count map[string]int) {
	t.Helper()
	d, err := s.At(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	in := d.InForce[0]
	name += fmt.Sprintf(", %s, %s", at.Format("04:05"), in.State)
	from, to := h.imports[0], time.Time{}
	for _, i := range slices.Backward(h.imports) {
		if i.After(at) {
			to = i
		} else {
			from = i
			break
		}
	}
	until := cmp.Or(to, at)
	got, want := thingsOf(d.Network), h.at(at).things()
	before, after := h.at(from).things(), map[string]string{}
	if !to.IsZero() {
		after = h.at(to).things()
	}
	for _, id := range slices.Sorted(maps.Keys(both(got, want))) {
		if strings.HasPrefix(id, "sg-") && !has(before, id) && !has(after, id) {
			continue // nobody asks for a group that no import has
		}
		if has(before, id) != has(after, id) && !to.IsZero() {
			count["came or went"]++
		}
		known, dropped := h.of(id, from, until, kept)
		unsure := slices.Contains(in.Changed, id)
		// What happened in the second of an import was before it or after it, and the order of
		// what happened in one second is not known.
		edge := false
		for i, c := range slices.Concat(known, dropped) {
			second := c.at.Truncate(time.Second)
			edge = edge || second.Equal(from.Truncate(time.Second)) || second.Equal(to.Truncate(time.Second)) ||
				i > 0 && i < len(known) && second.Equal(known[i-1].at.Truncate(time.Second))
		}
		switch {
		case unsure:
			count["unknown"]++
			if in.State != StateChanged {
				t.Errorf("%s: %s is unknown, and the state does not say it", name, id)
			}
			if len(dropped) == 0 && !edge && (has(before, id) || has(after, id)) {
				t.Errorf("%s: %s is unknown, and all events of it are kept: %d", name, id, len(known))
			}
		case got[id] == want[id]:
			count["as it was"]++
			if len(known) > 0 {
				count["dated"]++
			}
		default:
			count["not seen"]++
			if len(dropped) == 0 {
				t.Errorf("%s: %s is %s, want %s; nothing was lost: %+v", name, id, got[id], want[id], in)
			}
			// The known events must be one way from what was seen to what was seen, and give
			// just what was said.
			if !edge && !leads(h, known, id, from, to, at, got[id]) {
				t.Errorf("%s: %s is %s, want %s; that can be seen: %d events known, %d lost", name, id, got[id], want[id], len(known), len(dropped))
			}
		}
	}
	if in.State == StateDated && len(in.Changed) > 0 || in.State == StateLatest && len(in.Changed) > 0 {
		t.Errorf("%s: and %v changed", name, in.Changed)
	}
}

// leads reports whether calls lead from what an import found of a thing to what the next one
// did, with the given text at a time.
func leads(h *history, calls []*call, id string, from, to, at time.Time, text string) bool {
	m := h.at(from).clone()
	then := ""
	for _, c := range calls {
		if c.id != id {
			continue
		}
		if then == "" && c.at.After(at) {
			then = m.things()[id]
		}
		if !c.do(m) {
			return false
		}
	}
	end := m.things()[id]
	if then == "" {
		then = end
	}
	return then == text && (to.IsZero() || end == h.at(to).things()[id])
}
