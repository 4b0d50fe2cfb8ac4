package versions

import (
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/cloudtrail"
	"weir/internal/netmodel"
)

// days says that CloudTrail's files hold the records of the day of at(0) between two seconds.
func days(t *testing.T, s *Store, from, last int, writes bool) {
	t.Helper()
	d := cloudtrail.Day{Account: one, Region: east, Day: at(0).Truncate(24 * time.Hour), From: at(from), Last: at(last), Writes: writes}
	if err := s.AddDays(t.Context(), []cloudtrail.Day{d}); err != nil {
		t.Fatal(err)
	}
}

// Calls of one rule, sgr-1, and of eni-1.
const (
	ruleComes    = `|AuthorizeSecurityGroupIngress|{"groupId":"sg-1"}|{"securityGroupRuleSet":{"items":[{"groupId":"sg-1","securityGroupRuleId":"sgr-1","isEgress":false,"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIpv4":"10.0.0.0/8"}]}}`
	ruleGoes     = `|RevokeSecurityGroupIngress|{"groupId":"sg-1"}|{"revokedSecurityGroupRuleSet":{"items":[{"groupId":"sg-1","securityGroupRuleId":"sgr-1","isEgress":false,"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIpv4":"10.0.0.0/8"}]}}`
	ruleGoesByID = `|RevokeSecurityGroupIngress|{"groupId":"sg-1","securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-1"}]}}|{"_return":true}`
	ruleTo23     = `|ModifySecurityGroupRules|{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-1","SecurityGroupRule":{"SecurityGroupRuleId":"sgr-1","SecurityGroupRule":{"IpProtocol":"tcp","FromPort":23,"ToPort":23,"CidrIpv4":"10.0.0.0/8","Description":"new"}}}}|null`
	ruleUnclear  = `|ModifySecurityGroupRules|{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-1","SecurityGroupRule":{"SecurityGroupRuleId":"sgr-1","SecurityGroupRule":{"Description":"new"}}}}|null`
	eniTo2       = `|ModifyNetworkInterfaceAttribute|{"networkInterfaceId":"eni-1","groupSet":{"items":[{"groupId":"sg-2"}]}}|{"_return":true}`
	eniTo1       = `|ModifyNetworkInterfaceAttribute|{"networkInterfaceId":"eni-1","groupSet":{"items":[{"groupId":"sg-1"}]}}|{"_return":true}`
	eniComes     = `|CreateNetworkInterface|{"subnetId":"subnet-1"}|{"networkInterface":{"networkInterfaceId":"eni-1","groupSet":{"items":[{"groupId":"sg-2"}]}}}`
	eniGoes      = `|DeleteNetworkInterface|{"networkInterfaceId":"eni-1"}|{"_return":true}`
	otherComes   = `|CreateNetworkInterface|{"subnetId":"subnet-1"}|{"networkInterface":{"networkInterfaceId":"eni-7","groupSet":{"items":[{"groupId":"sg-2"}]}}}`
	otherGoes    = `|DeleteNetworkInterface|{"networkInterfaceId":"eni-7"}|{"_return":true}`
	groupComes   = `|CreateSecurityGroup|{"groupName":"web","vpcId":"vpc-1"}|{"groupId":"sg-1"}`
	groupGoes    = `|DeleteSecurityGroup|{"groupId":"sg-1"}|{"_return":true}`
	addressComes = `|AssignPrivateIpAddresses|{"networkInterfaceId":"eni-1","secondaryPrivateIpAddressCount":1}|{"_return":true}`
	stops        = `|StopInstances|{"instancesSet":{"items":[{"instanceId":"i-1"}]}}|{}`
	tableGoes    = `|DisassociateRouteTable|{"associationId":"rtbassoc-1"}|{}`
	tableComes   = `|AssociateRouteTable|{"routeTableId":"rtb-1","subnetId":"subnet-1"}|{"associationId":"rtbassoc-1"}`
	addressGoes  = `|DisassociateAddress|{"associationId":"eipassoc-1"}|{}`
	addressSet   = `|AssociateAddress|{"allocationId":"eipalloc-1","networkInterfaceId":"eni-1"}|{"associationId":"eipassoc-1"}`
	byAddress    = `|DisassociateAddress|{"publicIp":"203.0.113.9"}|{}`
	subnetGoes   = `|DisassociateSubnetCidrBlock|{"associationId":"subnet-cidr-assoc-1"}|{"subnetId":"subnet-1"}`
)

// TestLed asks for times before the first import, at 20 seconds.
func TestLed(t *testing.T) {
	with := func(eni, rule string) []netmodel.Document {
		if rule == "" {
			return group(true, eni)
		}
		return group(true, eni, rule)
	}
	for _, tt := range []struct {
		name       string
		first      []netmodel.Document
		from, last int
		reads      bool // the trail logs no calls that change something
		calls      []string
		at         int
		state      State
		rules, eni string
		changed    string
		moments    int
	}{
		{"nothing happened", with("sg-1", "sgr-1 22"), 0, 30, false, nil, 5, StateLed, "sgr-1 22", "sg-1", "", 0},
		{"before the files", with("sg-1", "sgr-1 22"), 6, 30, false, nil, 5, StateAssumed, "sgr-1 22", "sg-1", "", 0},
		{"files that end before the import", with("sg-1", "sgr-1 22"), 0, 19, false, nil, 5, StateAssumed, "sgr-1 22", "sg-1", "", 0},
		{"files of calls that read", with("sg-1", "sgr-1 22"), 0, 30, true, nil, 5, StateAssumed, "sgr-1 22", "sg-1", "", 0},
		{"a rule came", with("sg-1", "sgr-1 22"), 0, 30, false, []string{"10" + ruleComes}, 9, StateLed, "", "sg-1", "", 1},
		{"as it came", with("sg-1", "sgr-1 22"), 0, 30, false, []string{"10" + ruleComes}, 10, StateLed, "sgr-1 22", "sg-1", "", 0},
		{"a rule went", with("sg-1", ""), 0, 30, false, []string{"10" + ruleGoes}, 9, StateLed, "sgr-1 22", "sg-1", "", 1},
		{"a rule went by its id", with("sg-1", ""), 0, 30, false, []string{"10" + ruleGoesByID}, 9, StateChanged, "", "sg-1", "sg-1", 0},
		{"which came by its id", with("sg-1", ""), 0, 30, false, []string{"8" + ruleComes, "10" + ruleGoesByID}, 9, StateLed, "sgr-1 22", "sg-1", "", 1},
		{"and before that", with("sg-1", ""), 0, 30, false, []string{"8" + ruleComes, "10" + ruleGoesByID}, 7, StateChanged, "", "sg-1", "sg-1", 0},
		{"it came twice", with("sg-1", "sgr-1 22"), 0, 30, false, []string{"8" + ruleComes, "10" + ruleComes}, 7, StateChanged, "sgr-1 22", "sg-1", "sg-1", 0},
		{"it came, and is not there", with("sg-1", ""), 0, 30, false, []string{"10" + ruleComes}, 9, StateChanged, "", "sg-1", "sg-1", 0},
		{"modified", with("sg-1", "sgr-1 23 new"), 0, 30, false, []string{"10" + ruleTo23}, 9, StateChanged, "sgr-1 23 new", "sg-1", "sg-1", 0},
		{"modified, after it came", with("sg-1", "sgr-1 23 new"), 0, 30, false, []string{"8" + ruleComes, "10" + ruleTo23}, 9, StateLed, "sgr-1 22", "sg-1", "", 1},
		{"not clear since", with("sg-1", "sgr-1 22 new"), 0, 30, false, []string{"8" + ruleComes, "10" + ruleUnclear}, 9, StateChanged, "sgr-1 22 new", "sg-1", "sg-1", 0},
		{"not clear before", with("sg-1", "sgr-1 22 new"), 0, 30, false, []string{"10" + ruleUnclear}, 11, StateLed, "sgr-1 22 new", "sg-1", "", 0},
		{"in the second of the import, and before it", with("sg-1", "sgr-1 22"), 0, 30, false, []string{"20" + ruleComes}, 9, StateLed, "", "sg-1", "", 1},
		{"in the second of the import, and after it", with("sg-1", ""), 0, 30, false, []string{"20" + ruleComes}, 9, StateLed, "", "sg-1", "", 1},
		{"there and back in one second", with("sg-1", "sgr-1 22"), 0, 30, false, []string{"10" + ruleGoes, "10" + ruleComes}, 9, StateLed, "sgr-1 22", "sg-1", "", 2},
		{"other groups", with("sg-2", ""), 0, 30, false, []string{"10" + eniTo2}, 9, StateChanged, "", "sg-2", "eni-1", 0},
		{"other groups, after those of before were told", with("sg-2", ""), 0, 30, false, []string{"8" + eniTo1, "10" + eniTo2}, 9, StateLed, "", "sg-1", "", 1},
		{"an ENI came", with("sg-2", ""), 0, 30, false, []string{"10" + eniComes}, 9, StateLed, "", "none", "", 1},
		{"an ENI came with other groups", with("sg-1", ""), 0, 30, false, []string{"8" + eniComes, "10" + eniTo1}, 9, StateLed, "", "sg-2", "", 1},
		{"an ENI that no import has", with("sg-1", ""), 0, 30, false, []string{"10" + otherGoes}, 9, StateChanged, "", "sg-1", "eni-7", 0},
		{"and after it went", with("sg-1", ""), 0, 30, false, []string{"10" + otherGoes}, 11, StateLed, "", "sg-1", "", 0},
		{"and before it came", with("sg-1", ""), 0, 30, false, []string{"8" + otherComes, "10" + otherGoes}, 7, StateLed, "", "sg-1", "", 0},
		{"an ENI that went and is there", with("sg-1", ""), 0, 30, false, []string{"10" + eniGoes}, 9, StateChanged, "", "sg-1", "eni-1", 0},
		{"a group came", with("sg-1", "sgr-1 22"), 0, 30, false, []string{"8" + groupComes, "10" + ruleComes}, 7, StateLed, "none", "sg-1", "", 2},
		{"a group came, and its rule later", with("sg-1", "sgr-1 22"), 0, 30, false, []string{"8" + groupComes, "10" + ruleComes}, 9, StateLed, "", "sg-1", "", 1},
		{"a call that is not followed, since", with("sg-1", ""), 0, 30, false, []string{"10" + addressComes}, 9, StateChanged, "", "sg-1", "eni-1", 0},
		{"a call that is not followed, before", with("sg-1", ""), 0, 30, false, []string{"10" + addressComes}, 10, StateLed, "", "sg-1", "", 0},
		{"an instance of no ENI", with("sg-1", ""), 0, 30, false, []string{"10" + stops}, 9, StateChanged, "", "sg-1", "i-1", 0},
		{"an ENI that came, and is gone", with("sg-1", ""), 0, 30, false, []string{"8" + otherComes}, 9, StateChanged, "", "sg-1", "eni-7", 0},
		{"a subnet", with("sg-1", ""), 0, 30, false, []string{"10" + subnetGoes}, 9, StateChanged, "", "sg-1", "subnet-1", 0},
		{"a route table of some subnet", with("sg-1", ""), 0, 30, false, []string{"10" + tableGoes}, 9, StateChanged, "", "sg-1", "rtbassoc-1", 0},
		{"a route table of some subnet, before", with("sg-1", ""), 0, 30, false, []string{"10" + tableGoes}, 10, StateLed, "", "sg-1", "", 0},
		{"a route table of a subnet that is told", with("sg-1", ""), 0, 30, false, []string{"8" + tableComes, "10" + tableGoes}, 9, StateChanged, "", "sg-1", "subnet-1", 0},
		{"an Elastic IP of some ENI", with("sg-1", ""), 0, 30, false, []string{"10" + addressGoes}, 9, StateChanged, "", "sg-1", "eipassoc-1", 0},
		{"an Elastic IP of an ENI that is told", with("sg-1", ""), 0, 30, false, []string{"8" + addressSet, "10" + addressGoes}, 9, StateChanged, "", "sg-1", "eni-1", 0},
		{"an Elastic IP by its address", with("sg-1", ""), 0, 30, false, []string{"10" + byAddress}, 9, StateChanged, "", "sg-1", "203.0.113.9", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := create(t, t.TempDir())
			if n, err := s.AddChanges(t.Context(), trail(t, tt.calls...)); err != nil || n != len(tt.calls) {
				t.Fatalf("%d of %d changes are new: %v", n, len(tt.calls), err)
			}
			days(t, s, tt.from, tt.last, !tt.reads)
			mustImport(t, s, 20, tt.first...)
			d := mustAt(t, s, at(tt.at))
			in := d.InForce[0]
			if in.State != tt.state || strings.Join(in.Changed, " ") != tt.changed || len(in.Moments) != tt.moments {
				t.Errorf("%s, changed %v, moments %v; want %s, %s, %d", in.State, in.Changed, in.Moments, tt.state, tt.changed, tt.moments)
			}
			rules, eni := "none", "none"
			if d.SecurityGroups["sg-1"] != nil {
				rules = ingress(d.Network)
			}
			if i := d.Interfaces["eni-1"]; i != nil {
				eni = strings.Join(i.Groups, " ")
			}
			if rules != tt.rules || eni != tt.eni {
				t.Errorf("the rules are %q, and the ENI's groups %q; want %q and %q", rules, eni, tt.rules, tt.eni)
			}
		})
	}
}

// TestWhole asks for times between two imports, at 10 and 20 seconds, of things that came or
// went whole, and of what became unclear.
func TestWhole(t *testing.T) {
	without := func(docs []netmodel.Document, kind string) []netmodel.Document {
		out := slices.Clone(docs)
		out[0].Data = []byte(strings.Replace(string(out[0].Data), kind, `"Renamed"`, 1))
		return out
	}
	all := group(true, "sg-2", "sgr-1 22")
	bare := without(all, `"NetworkInterfaces"`)
	none := without(without(group(false, "sg-2"), `"NetworkInterfaces"`), `"SecurityGroups"`)
	const egress = `|RevokeSecurityGroupEgress|{"groupId":"sg-1","ipPermissions":{"items":[{"ipProtocol":"-1","fromPort":0,"toPort":0,"groups":{},"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}]}}|{"_return":true}`
	for _, tt := range []struct {
		name          string
		before, after []netmodel.Document
		reaches       bool
		calls         []string
		at            int
		state         State
		rules, out    string // of the group: those of ingress, and how many of egress
		eni, changed  string
	}{
		{"an ENI came, and nobody knows when", bare, all, false, nil, 15, StateChanged, "sgr-1 22", "0", "none", "eni-1"},
		{"before an ENI came", bare, all, false, []string{"15" + eniComes}, 14, StateDated, "sgr-1 22", "0", "none", ""},
		{"after an ENI came", bare, all, false, []string{"15" + eniComes}, 15, StateDated, "sgr-1 22", "0", "sg-2", ""},
		{"it came with other groups", bare, group(true, "sg-1", "sgr-1 22"), false, []string{"15" + eniComes, "17" + eniTo1}, 16, StateDated, "sgr-1 22", "0", "sg-2", ""},
		{"its groups do not fit", bare, group(true, "sg-1", "sgr-1 22"), false, []string{"15" + eniComes}, 16, StateChanged, "sgr-1 22", "0", "none", "eni-1"},
		{"it came twice", bare, all, false, []string{"15" + eniComes, "16" + eniComes}, 14, StateChanged, "sgr-1 22", "0", "none", "eni-1"},
		{"before an ENI went", all, bare, false, []string{"15" + eniGoes}, 14, StateDated, "sgr-1 22", "0", "sg-2", ""},
		{"after an ENI went", all, bare, false, []string{"15" + eniGoes}, 15, StateDated, "sgr-1 22", "0", "none", ""},
		{"it came, and was there", all, all, false, []string{"15" + eniComes}, 14, StateChanged, "sgr-1 22", "0", "sg-2", "eni-1"},
		{"it went, and is there", all, all, false, []string{"15" + eniGoes}, 14, StateChanged, "sgr-1 22", "0", "sg-2", "eni-1"},
		{"after the last import", all, nil, false, []string{"15" + eniGoes}, 16, StateLatest, "sgr-1 22", "0", "none", ""},
		{"after the last import, another came", all, nil, false, []string{"15" + otherComes}, 16, StateChanged, "sgr-1 22", "0", "sg-2", "eni-7"},
		{"after the last import, another came and went", all, nil, false, []string{"15" + otherComes, "16" + otherGoes}, 16, StateLatest, "sgr-1 22", "0", "sg-2", ""},
		{"between the imports, another came and went", all, all, false, []string{"14" + otherComes, "16" + otherGoes}, 15, StateChanged, "sgr-1 22", "0", "sg-2", "eni-7"},
		{"and before it", all, all, false, []string{"14" + otherComes, "16" + otherGoes}, 13, StateUnchanged, "sgr-1 22", "0", "sg-2", ""},
		{"before a group came", none, without(all, `"NetworkInterfaces"`), false, []string{"15" + groupComes, "16" + egress, "17" + ruleComes}, 14, StateDated, "none", "", "none", ""},
		{"as AWS makes it", none, without(all, `"NetworkInterfaces"`), false, []string{"15" + groupComes, "16" + egress, "17" + ruleComes}, 15, StateDated, "", "1", "none", ""},
		{"without the rule that AWS makes", none, without(all, `"NetworkInterfaces"`), false, []string{"15" + groupComes, "16" + egress, "17" + ruleComes}, 16, StateDated, "", "0", "none", ""},
		{"a group came, and nobody knows what became of that rule", none, without(all, `"NetworkInterfaces"`), false, []string{"15" + groupComes, "17" + ruleComes}, 16, StateChanged, "none", "", "none", "sg-1"},
		{"before a group went", bare, none, false, []string{"14" + ruleGoes, "15" + groupGoes}, 13, StateDated, "sgr-1 22", "0", "none", ""},
		{"before a group went, without its rule", bare, none, false, []string{"14" + ruleGoes, "15" + groupGoes}, 14, StateDated, "", "0", "none", ""},
		{"after a group went", bare, none, false, []string{"14" + ruleGoes, "15" + groupGoes}, 15, StateDated, "none", "", "none", ""},
		{"a group went, and nobody knows when", bare, none, false, nil, 15, StateChanged, "sgr-1 22", "0", "none", "sg-1"},
		{"before it was unclear, with gaps", all, all, false, []string{"15" + addressComes}, 14, StateChanged, "sgr-1 22", "0", "sg-2", "eni-1"},
		{"before it was unclear", all, all, true, []string{"15" + addressComes}, 14, StateUnchanged, "sgr-1 22", "0", "sg-2", ""},
		{"after it was unclear", all, all, true, []string{"15" + addressComes}, 16, StateUnchanged, "sgr-1 22", "0", "sg-2", ""},
		{"while it was unclear", all, all, true, []string{"13" + addressComes, "17" + addressComes}, 15, StateChanged, "sgr-1 22", "0", "sg-2", "eni-1"},
		{"while it was unclear, and its groups set since", all, all, true, []string{"13" + addressComes, "14" + eniTo1, "17" + addressComes}, 15, StateChanged, "sgr-1 22", "0", "sg-2", "eni-1"},
		{"it came, and was unclear since", bare, all, true, []string{"14" + eniComes, "17" + addressComes}, 15, StateChanged, "sgr-1 22", "0", "none", "eni-1"},
		{"it came, was unclear, and no more", bare, all, true, []string{"14" + eniComes, "15" + addressComes}, 16, StateDated, "sgr-1 22", "0", "sg-2", ""},
		{"unclear rules", group(true, "sg-2", "sgr-1 22"), group(true, "sg-2", "sgr-1 22 new"), true, []string{"15" + ruleUnclear}, 14, StateDated, "sgr-1 22", "0", "sg-2", ""},
		{"unclear rules, and since", group(true, "sg-2", "sgr-1 22"), group(true, "sg-2", "sgr-1 22 new"), true, []string{"15" + ruleUnclear}, 15, StateDated, "sgr-1 22 new", "0", "sg-2", ""},
		{"a subnet", all, all, true, []string{"15" + subnetGoes}, 15, StateUnchanged, "sgr-1 22", "0", "sg-2", ""},
		{"a subnet, with gaps", all, all, false, []string{"15" + subnetGoes}, 15, StateChanged, "sgr-1 22", "0", "sg-2", "subnet-1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := create(t, t.TempDir())
			if _, err := s.AddChanges(t.Context(), trail(t, tt.calls...)); err != nil {
				t.Fatal(err)
			}
			if tt.reaches {
				days(t, s, 0, 30, true)
			}
			mustImport(t, s, 10, tt.before...)
			if tt.after != nil {
				mustImport(t, s, 20, tt.after...)
			}
			d := mustAt(t, s, at(tt.at))
			in := d.InForce[0]
			if in.State != tt.state || strings.Join(in.Changed, " ") != tt.changed {
				t.Errorf("%s, changed %v; want %s, %s", in.State, in.Changed, tt.state, tt.changed)
			}
			rules, out, eni := "none", "", "none"
			if g := d.SecurityGroups["sg-1"]; g != nil {
				rules, out = ingress(d.Network), string(rune('0'+len(g.Egress)))
			}
			if i := d.Interfaces["eni-1"]; i != nil {
				eni = strings.Join(i.Groups, " ")
			}
			if rules != tt.rules || out != tt.out || eni != tt.eni {
				t.Errorf("the rules are %q and %s, and the ENI's groups %q; want %q, %s and %q", rules, out, eni, tt.rules, tt.out, tt.eni)
			}
			for id := range map[string]bool{"sg-1": d.SecurityGroups["sg-1"] != nil, "eni-1": d.Interfaces["eni-1"] != nil} {
				if kind, _ := d.Kind(id); kind != "" && len(d.Holding(id)) != 1 {
					t.Errorf("nothing in force has %s", id)
				}
			}
		})
	}
}

// TestReach joins days of CloudTrail's files.
func TestReach(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	for _, tt := range []struct {
		name string
		list []cloudtrail.Day
		from time.Time
		to   time.Time
		want bool
	}{
		{"no day", nil, day(2), day(3), false},
		{"two days", []cloudtrail.Day{{Day: day(1), From: day(1), Last: day(1).Add(time.Hour)}, {Day: day(2), From: day(2).Add(2 * time.Hour), Last: day(2).Add(9 * time.Hour), Writes: true}}, day(1), day(2).Add(9 * time.Hour), true},
		{"beyond them", []cloudtrail.Day{{Day: day(1), From: day(1), Last: day(1).Add(time.Hour), Writes: true}}, day(1), day(1).Add(time.Hour + 1), false},
		{"before them", []cloudtrail.Day{{Day: day(1), From: day(1).Add(time.Microsecond), Last: day(1).Add(time.Hour), Writes: true}}, day(1), day(1).Add(time.Hour), false},
		{"a day of which there is nothing", []cloudtrail.Day{{Day: day(1), From: day(1), Last: day(1).Add(time.Hour), Writes: true}, {Day: day(3), From: day(3), Last: day(3).Add(time.Hour), Writes: true}}, day(1), day(3), false},
		{"in two files", []cloudtrail.Day{
			{Day: day(1), From: day(1).Add(time.Hour), Last: day(1).Add(9 * time.Hour)}, {Day: day(1), From: day(1), Last: day(1).Add(time.Hour), Writes: true},
		}, day(1), day(1).Add(9 * time.Hour), true},
		{"another place", []cloudtrail.Day{{Account: two, Region: east, Day: day(1), From: day(1), Last: day(1).Add(time.Hour), Writes: true}}, day(1), day(1), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := create(t, t.TempDir())
			for i := range tt.list {
				if tt.list[i].Account == "" {
					tt.list[i].Account, tt.list[i].Region = one, east
				}
			}
			if err := s.AddDays(t.Context(), tt.list); err != nil {
				t.Fatal(err)
			}
			r, err := reachOf(t.Context(), s.db, netmodel.Place{Account: one, Region: east})
			if err != nil || r.covers(tt.from, tt.to) != tt.want {
				t.Errorf("%v, %v", r, err)
			}
			if tt.want && r.since(tt.to) != tt.from {
				t.Errorf("they begin at %s", r.since(tt.to))
			}
		})
	}
}
