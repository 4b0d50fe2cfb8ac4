package versions

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/cloudtrail"
	"weir/internal/netmodel"
)

// trail returns the changes of calls, written as "second|name|request|response". Their events
// are e-1, e-2...
func trail(t *testing.T, calls ...string) []cloudtrail.Change {
	t.Helper()
	var records []string
	for i, c := range calls {
		part := strings.SplitN(c, "|", 4)
		var second int
		if _, err := fmt.Sscan(part[0], &second); err != nil {
			t.Fatal(err)
		}
		records = append(records, fmt.Sprintf(`{"eventSource":"ec2.amazonaws.com","eventName":%q,"eventTime":%q,"eventID":"e-%d","awsRegion":%q,"recipientAccountId":%q,
			"userIdentity":{"arn":"arn:ann"},"requestParameters":%s,"responseElements":%s}`, part[1], at(second).Format(time.RFC3339), i+1, east, one, part[2], part[3]))
	}
	f, err := cloudtrail.Read("f", []byte(`{"Records":[`+strings.Join(records, ",")+`]}`))
	if err != nil || len(f.Changes) != len(calls) {
		t.Fatalf("%d changes, %v, %v", len(f.Changes), err, f.Problems)
	}
	return f.Changes
}

// group is the definition of a VPC with sg-1, which has rules, with ids or without, and eni-1
// in groups. Rules are as "sgr-1 22 description".
func group(ids bool, eni string, list ...string) []netmodel.Document {
	var permissions, rules []string
	for _, text := range list {
		part := append(strings.SplitN(text, " ", 3), "")
		permissions = append(permissions, fmt.Sprintf(`{"IpProtocol":"tcp","FromPort":%s,"ToPort":%s,"IpRanges":[{"CidrIp":"10.0.0.0/8","Description":%q}]}`, part[1], part[1], part[2]))
		rules = append(rules, fmt.Sprintf(`{"SecurityGroupRuleId":%q,"GroupId":"sg-1","IsEgress":false,"IpProtocol":"tcp","FromPort":%s,"ToPort":%s,"CidrIpv4":"10.0.0.0/8","Description":%q}`,
			part[0], part[1], part[1], part[2]))
	}
	docs := []netmodel.Document{{Name: "groups.json", Data: fmt.Appendf(nil, `{"Vpcs":[{"VpcId":"vpc-1","OwnerId":%q,"CidrBlock":"10.0.0.0/16"}],
		"Subnets":[{"SubnetId":"subnet-1","VpcId":"vpc-1","OwnerId":%q,"AvailabilityZone":"us-east-1a","CidrBlock":"10.0.1.0/24"}],
		"NetworkInterfaces":[{"NetworkInterfaceId":"eni-1","VpcId":"vpc-1","SubnetId":"subnet-1","OwnerId":%q,"Groups":[{"GroupId":%q}]}],
		"SecurityGroups":[{"GroupId":"sg-1","VpcId":"vpc-1","OwnerId":%q,"IpPermissions":[%s]}]}`, one, one, one, eni, one, strings.Join(permissions, ","))}}
	if ids {
		docs = append(docs, netmodel.Document{Name: "rules.json", Data: fmt.Appendf(nil, `{"SecurityGroupRules":[%s]}`, strings.Join(rules, ","))})
	}
	return docs
}

// ingress writes the rules of sg-1 as group takes them.
func ingress(n *netmodel.Network) string {
	var out []string
	for _, r := range n.SecurityGroups["sg-1"].Ingress {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %d %s", r.ID, r.From, r.Description)))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// TestBetween asks for a time between two imports, at 10 and 20 seconds.
func TestBetween(t *testing.T) {
	const (
		come22  = `|AuthorizeSecurityGroupIngress|{"groupId":"sg-1","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22,"toPort":22,"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"}]}}]}}|{"_return":true}`
		comeID  = `|AuthorizeSecurityGroupIngress|{"groupId":"sg-1"}|{"securityGroupRuleSet":{"items":[{"groupId":"sg-1","securityGroupRuleId":"sgr-1","isEgress":false,"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIpv4":"10.0.0.0/8"}]}}`
		go22    = `|RevokeSecurityGroupIngress|{"groupId":"sg-1","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22,"toPort":22,"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"}]}}]}}|{"_return":true}`
		goID    = `|RevokeSecurityGroupIngress|{"groupId":"sg-1","securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-1"}]}}|{"_return":true}`
		to23    = `|ModifySecurityGroupRules|{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-1","SecurityGroupRule":{"SecurityGroupRuleId":"sgr-1","SecurityGroupRule":{"IpProtocol":"tcp","FromPort":23,"ToPort":23,"CidrIpv4":"10.0.0.0/8"}}}}|null`
		partial = `|ModifySecurityGroupRules|{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-1","SecurityGroupRule":{"SecurityGroupRuleId":"sgr-1","SecurityGroupRule":{"Description":"new"}}}}|null`
		toSG2   = `|ModifyNetworkInterfaceAttribute|{"networkInterfaceId":"eni-1","groupSet":{"items":[{"groupId":"sg-2"}]}}|{"_return":true}`
		other   = `|AuthorizeSecurityGroupIngress|{"groupId":"sg-9","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22,"toPort":22,"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"}]}}]}}|{"_return":true}`
		attach  = `|ModifyNetworkInterfaceAttribute|{"networkInterfaceId":"eni-1","attachment":{"deleteOnTermination":true}}|{"_return":true}`
	)
	for _, tt := range []struct {
		name          string
		before, after []netmodel.Document
		calls         []string
		at            int
		state         State
		want          string // the rules
		changed       string
		moments       int
	}{
		{"no event", group(true, "sg-1"), group(true, "sg-1", "sgr-1 22"), nil, 15, StateChanged, "", "sg-1", 0},
		{"before it came", group(true, "sg-1"), group(true, "sg-1", "sgr-1 22"), []string{"15" + comeID}, 14, StateDated, "", "", 1},
		{"as it came", group(true, "sg-1"), group(true, "sg-1", "sgr-1 22"), []string{"15" + comeID}, 15, StateDated, "sgr-1 22", "", 1},
		{"an event without ids", group(true, "sg-1"), group(true, "sg-1", "sgr-1 22"), []string{"15" + come22}, 15, StateDated, "22", "", 1},
		{"of a rule with another id", group(true, "sg-1"), group(true, "sg-1", "sgr-7 22"), []string{"15" + comeID}, 15, StateChanged, "", "sg-1", 0},
		{"imports without ids", group(false, "sg-1"), group(false, "sg-1", "sgr-1 22"), []string{"15" + comeID}, 15, StateDated, "sgr-1 22", "", 1},
		{"only the next import knows ids", group(false, "sg-1", "sgr-2 80"), group(true, "sg-1", "sgr-2 80", "sgr-1 22"), []string{"15" + comeID}, 15, StateDated, "80, sgr-1 22", "", 1},
		{"an id that the import before does not know", group(false, "sg-1", "sgr-1 22"), group(true, "sg-1"), []string{"15" + goID}, 15, StateChanged, "22", "sg-1", 0},
		{"it went by its id", group(true, "sg-1", "sgr-1 22"), group(true, "sg-1"), []string{"15" + goID}, 15, StateDated, "", "", 1},
		{"it came and went", group(true, "sg-1"), group(true, "sg-1"), []string{"14" + comeID, "16" + goID}, 15, StateDated, "sgr-1 22", "", 2},
		{"it came twice", group(true, "sg-1"), group(true, "sg-1", "sgr-1 22"), []string{"14" + comeID, "16" + come22}, 15, StateChanged, "", "sg-1", 0},
		{"it went and was not there", group(true, "sg-1"), group(true, "sg-1"), []string{"14" + goID}, 15, StateChanged, "", "sg-1", 0},
		{"it came, and is not there", group(true, "sg-1"), group(true, "sg-1"), []string{"14" + comeID}, 15, StateChanged, "", "sg-1", 0},
		{"modified", group(true, "sg-1", "sgr-1 22"), group(true, "sg-1", "sgr-1 23"), []string{"14" + to23}, 15, StateDated, "sgr-1 23", "", 1},
		{"modified, with a description that went", group(true, "sg-1", "sgr-1 22 ssh"), group(true, "sg-1", "sgr-1 23"), []string{"14" + to23}, 15, StateDated, "sgr-1 23", "", 1},
		{"modified, with a description that stayed", group(true, "sg-1", "sgr-1 22 ssh"), group(true, "sg-1", "sgr-1 23 ssh"), []string{"14" + to23}, 15, StateDated, "sgr-1 23 ssh", "", 1},
		{"modified, and nobody knows the description", group(true, "sg-1", "sgr-1 22 ssh"), nil, []string{"14" + to23}, 15, StateChanged, "sgr-1 22 ssh", "sg-1", 0},
		{"modified in an unknown way", group(true, "sg-1", "sgr-1 22"), group(true, "sg-1", "sgr-1 22 new"), []string{"14" + partial}, 15, StateChanged, "sgr-1 22", "sg-1", 0},
		{"in an unknown way, and back", group(true, "sg-1", "sgr-1 22"), group(true, "sg-1", "sgr-1 22"), []string{"14" + partial}, 15, StateChanged, "sgr-1 22", "sg-1", 0},
		{"one of two things", group(true, "sg-1"), group(true, "sg-2", "sgr-1 22"), []string{"14" + comeID}, 15, StateChanged, "sgr-1 22", "eni-1", 1},
		{"both", group(true, "sg-1"), group(true, "sg-2", "sgr-1 22"), []string{"14" + comeID, "16" + toSG2}, 15, StateDated, "sgr-1 22", "", 2},
		{"a thing that nobody imported", group(true, "sg-1"), group(true, "sg-1"), []string{"14" + other}, 15, StateUnchanged, "", "", 0},
		{"nothing of rules", group(true, "sg-1"), group(true, "sg-1"), []string{"14" + attach}, 15, StateUnchanged, "", "", 0},
		{"in the second of the first import, and before it", group(true, "sg-1", "sgr-1 22"), group(true, "sg-1"), []string{"10" + comeID, "16" + goID}, 15, StateDated, "sgr-1 22", "", 2},
		{"in the second of the first import, and after it", group(true, "sg-1"), group(true, "sg-1", "sgr-1 22"), []string{"10" + comeID}, 11, StateDated, "sgr-1 22", "", 1},
		{"in the second of the next import, and after it", group(true, "sg-1"), group(true, "sg-1"), []string{"20" + comeID}, 15, StateDated, "", "", 1},
		{"in the second of the next import, and before it", group(true, "sg-1"), group(true, "sg-1", "sgr-1 22"), []string{"20" + comeID}, 15, StateDated, "", "", 1},
		{"there and back in one second", group(true, "sg-1", "sgr-1 22"), group(true, "sg-1", "sgr-1 22"), []string{"15" + comeID, "15" + goID}, 15, StateDated, "sgr-1 22", "", 2},
		{"after the last import", group(true, "sg-1"), nil, []string{"14" + comeID}, 15, StateLatest, "sgr-1 22", "", 1},
		{"after the time", group(true, "sg-1"), nil, []string{"16" + comeID}, 15, StateLatest, "", "", 0},
		{"after the last import, and it was there", group(true, "sg-1", "sgr-1 22"), nil, []string{"14" + comeID}, 15, StateChanged, "sgr-1 22", "sg-1", 0},
		{"before the first import", group(true, "sg-1", "sgr-1 22"), nil, []string{"5" + comeID, "2" + other}, 4, StateAssumed, "sgr-1 22", "sg-1", 0},
		{"as an import is of", group(true, "sg-1"), nil, []string{"9" + comeID, "10" + goID}, 10, StateImported, "", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := create(t, t.TempDir())
			if n, err := s.AddChanges(t.Context(), trail(t, tt.calls...)); err != nil || n != len(tt.calls) {
				t.Fatalf("%d of %d changes are new: %v", n, len(tt.calls), err)
			}
			mustImport(t, s, 10, tt.before...)
			if tt.after != nil {
				mustImport(t, s, 20, tt.after...)
			}
			d, err := s.At(t.Context(), at(tt.at))
			if err != nil {
				t.Fatal(err)
			}
			in := d.InForce[0]
			if in.State != tt.state || strings.Join(in.Changed, " ") != tt.changed || len(in.Moments) != tt.moments {
				t.Errorf("%s, changed %v, moments %v; want %s, %s, %d", in.State, in.Changed, in.Moments, tt.state, tt.changed, tt.moments)
			}
			for name, n := range map[string]*netmodel.Network{"all": d.Network, "of the place": d.Of(in.Place)} {
				if got := ingress(n); got != tt.want {
					t.Errorf("%s: the rules are %q, want %q", name, got, tt.want)
				}
			}
		})
	}
}

// TestMoment checks what is said of a change.
func TestMoment(t *testing.T) {
	s := create(t, t.TempDir())
	mustImport(t, s, 10, append(group(true, "sg-1", "sgr-1 22"), netmodel.Document{Name: "acls.json", Data: []byte(`{"NetworkAcls":[
		{"NetworkAclId":"acl-1","VpcId":"vpc-1","Associations":[{"SubnetId":"subnet-1","NetworkAclAssociationId":"aclassoc-1"}]},{"NetworkAclId":"acl-2","VpcId":"vpc-1"}]}`)})...)
	_, err := s.AddChanges(t.Context(), trail(t,
		`11|RevokeSecurityGroupIngress|{"groupId":"sg-1","securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-1"}]}}|{}`,
		`12|AuthorizeSecurityGroupEgress|{"groupId":"sg-1","ipPermissions":{"items":[{"ipProtocol":"-1","ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}]}}|{}`,
		`13|CreateNetworkAclEntry|{"networkAclId":"acl-1","ruleNumber":100,"egress":true,"ruleAction":"deny","aclProtocol":"-1","cidrBlock":"0.0.0.0/0"}|{}`,
		`14|DeleteNetworkAclEntry|{"networkAclId":"acl-1","ruleNumber":100,"egress":true}|{}`,
		`15|ModifyNetworkInterfaceAttribute|{"networkInterfaceId":"eni-1","groupSet":{"items":[{"groupId":"sg-2"},{"groupId":"sg-1"}]}}|{}`,
		`16|ReplaceNetworkAclAssociation|{"associationId":"aclassoc-1","networkAclId":"acl-2"}|{"newAssociationId":"aclassoc-2"}`,
	))
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.At(t.Context(), at(20))
	if err != nil {
		t.Fatal(err)
	}
	moment := func(second int, id, rule, what, is, event string) Moment {
		return Moment{at(second), id, rule, what, is, event, fmt.Sprintf("e-%d", second-10), "arn:ann"}
	}
	want := []Moment{
		moment(11, "sg-1", "sgr-1", netmodel.Went, "", "RevokeSecurityGroupIngress"),
		moment(12, "sg-1", "sg-1:egress:all:0.0.0.0/0", netmodel.Came, "all 0.0.0.0/0", "AuthorizeSecurityGroupEgress"),
		moment(13, "acl-1", "acl-1:egress:100", netmodel.Came, "100 deny all 0.0.0.0/0", "CreateNetworkAclEntry"),
		moment(14, "acl-1", "acl-1:egress:100", netmodel.Went, "", "DeleteNetworkAclEntry"),
		moment(15, "eni-1", "", netmodel.Changed, "sg-2, sg-1", "ModifyNetworkInterfaceAttribute"),
		moment(16, "subnet-1", "", netmodel.Changed, "acl-2", "ReplaceNetworkAclAssociation"),
	}
	if diff := cmp.Diff(want, d.InForce[0].Moments); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for id, want := range map[string][]string{"acl-1": nil, "acl-2": {"subnet-1"}} {
		if got := d.NetworkACLs[id].Subnets; !slices.Equal(got, want) {
			t.Errorf("%s is associated with %v, want %v", id, got, want)
		}
	}
	if got := d.Subnets["subnet-1"].NetworkACL; got != "acl-2" {
		t.Errorf("the subnet is associated with %s", got)
	}
}

// TestAssociations moves subnets of which imports do not know all associations.
func TestAssociations(t *testing.T) {
	acls := func(first, second string) []netmodel.Document {
		return append(group(true, "sg-1"), netmodel.Document{Name: "acls.json", Data: fmt.Appendf(nil, `{"NetworkAcls":[
			{"NetworkAclId":"acl-1","VpcId":"vpc-1","Associations":[%s]},{"NetworkAclId":"acl-2","VpcId":"vpc-1","Associations":[%s]}]}`, first, second)})
	}
	const (
		bare   = `{"SubnetId":"subnet-1"}`
		first  = `{"SubnetId":"subnet-1","NetworkAclAssociationId":"aclassoc-1"}`
		second = `{"SubnetId":"subnet-1","NetworkAclAssociationId":"aclassoc-2"}`
		third  = `{"SubnetId":"subnet-1","NetworkAclAssociationId":"aclassoc-3"}`
		move   = `15|ReplaceNetworkAclAssociation|{"associationId":"aclassoc-1","networkAclId":"acl-2"}|{"newAssociationId":"aclassoc-2"}`
		back   = `17|ReplaceNetworkAclAssociation|{"associationId":"aclassoc-2","networkAclId":"acl-1"}|{"newAssociationId":"aclassoc-3"}`
	)
	for _, tt := range []struct {
		name          string
		before, after []netmodel.Document
		calls         []string
		changed, want string
	}{
		{"moved", acls(first, ""), acls("", second), []string{move}, "", "acl-2"},
		{"and back", acls(first, ""), acls(third, ""), []string{move, back}, "", "acl-2"},
		{"and back, of which an event is lost", acls(first, ""), acls(third, ""), []string{back}, "acl-1 subnet-1", "acl-1"},
		{"and back, of which all events are lost", acls(first, ""), acls(third, ""), nil, "acl-1 subnet-1", "acl-1"},
		{"the import before knows no ids", acls(bare, ""), acls("", second), []string{move}, "", "acl-2"},
		{"no import knows ids", acls(bare, ""), acls("", bare), []string{move}, "subnet-1 acl-1 acl-2", "acl-1"},
		{"no import knows ids, and back", acls(bare, ""), acls(bare, ""), []string{move, back}, "acl-1 acl-2 subnet-1", "acl-1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := create(t, t.TempDir())
			mustImport(t, s, 10, tt.before...)
			mustImport(t, s, 20, tt.after...)
			if _, err := s.AddChanges(t.Context(), trail(t, tt.calls...)); err != nil {
				t.Fatal(err)
			}
			d, err := s.At(t.Context(), at(16))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(d.InForce[0].Changed, " "); got != tt.changed || d.Subnets["subnet-1"].NetworkACL != tt.want {
				t.Errorf("changed %q, and the subnet has %s; want %q, %s", got, d.Subnets["subnet-1"].NetworkACL, tt.changed, tt.want)
			}
		})
	}
}

// TestChanges keeps each event once, and reads a store that no weir wrote since there are
// changes.
func TestChanges(t *testing.T) {
	data := t.TempDir()
	s := create(t, data)
	list := trail(t,
		`11|DeleteNetworkAclEntry|{"networkAclId":"acl-1","ruleNumber":1,"egress":true}|{}`, `12|DeleteNetworkAclEntry|{"networkAclId":"acl-1","ruleNumber":2,"egress":true}|{}`,
	)
	for i, want := range []int{1, 1, 0} {
		if n, err := s.AddChanges(t.Context(), list[:min(i+1, 2)]); err != nil || n != want {
			t.Errorf("%d are new, want %d: %v", n, want, err)
		}
	}
	for _, c := range []struct {
		since, until time.Time
		want         int
	}{{time.Time{}, time.Time{}, 2}, {at(12), time.Time{}, 1}, {at(11), at(12), 1}, {at(13), time.Time{}, 0}} {
		if got, err := s.Changes(t.Context(), c.since, c.until); err != nil || len(got) != c.want {
			t.Errorf("from %s to %s: %d changes, want %d: %v", c.since, c.until, len(got), c.want, err)
		}
	}
	mustImport(t, s, 10, group(true, "sg-1")...)
	if _, err := s.db.ExecContext(t.Context(), "UPDATE changes SET record = (SELECT max(record) FROM changes)"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.At(t.Context(), at(13)); err == nil || !strings.Contains(err.Error(), "is damaged: it is that of e-") {
		t.Errorf("a record that is another's: %v", err)
	}
	if _, err := s.db.ExecContext(t.Context(), "UPDATE changes SET record = x'00'"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Changes(t.Context(), time.Time{}, time.Time{}); err == nil || !strings.Contains(err.Error(), "the change of event e-1 is damaged") {
		t.Errorf("a record that is none: %v", err)
	}
	if _, err := s.db.ExecContext(t.Context(), "DROP TABLE changes; DROP TABLE version_interfaces; DROP TABLE trail_days; PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	old, err := Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if d, err := old.At(t.Context(), at(13)); err != nil || d.InForce[0].State != StateLatest {
		t.Errorf("a store of before: %v", err)
	}
	if n, err := create(t, data).AddChanges(t.Context(), list); err != nil || n != 2 {
		t.Errorf("it can't be written: %d, %v", n, err)
	}
}
