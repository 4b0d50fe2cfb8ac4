package cloudtrail

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"weir/internal/sharedtest"
)

// event returns a record as CloudTrail writes it.
func event(name, request, response, more string) string {
	return fmt.Sprintf(`{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/ops/ann","accountId":"111122223333"},
		"eventTime":"2026-03-02T10:00:07Z","eventSource":"ec2.amazonaws.com","eventName":%q,"awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.7",
		"requestParameters":%s,"responseElements":%s,"requestID":"r","eventID":"e-1","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,
		"recipientAccountId":"111122223333"%s}`, name, request, response, more)
}

func records(list ...string) []byte {
	return []byte(`{"Records":[` + strings.Join(list, ",") + `]}`)
}

func packed(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	permissions = `"ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"groups":{},"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]},"ipv6Ranges":{},"prefixListIds":{}}]}`
	rules       = `{"requestId":"r","_return":true,"securityGroupRuleSet":{"items":[{"groupOwnerId":"111122223333","groupId":"sg-2","securityGroupRuleId":"sgr-1","isEgress":false,"ipProtocol":"tcp","fromPort":443,"toPort":443,"cidrIpv4":"0.0.0.0/0"}]}}`
	modifyOne   = `{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-3","SecurityGroupRule":{"SecurityGroupRule":{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"CidrIpv4":"10.0.0.0/8"},"tag":1,"SecurityGroupRuleId":"sgr-2"}}}`
	newEntry    = `{"networkAclId":"acl-1","ruleNumber":500,"egress":true,"ruleAction":"allow","icmpTypeCode":{},"portRange":{},"aclProtocol":"-1","cidrBlock":"0.0.0.0/0"}`
	done        = `{"requestId":"r","_return":true}`
)

// TestRead reads each call that is known, in the forms that CloudTrail has for them.
func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name, call, request, response string
		want                          []string
	}{
		{"rules of a group", "AuthorizeSecurityGroupIngress", `{"groupId":"sg-1",` + permissions + `}`, done, []string{"sg-1"}},
		{"with the rules' ids", "AuthorizeSecurityGroupEgress", `{"groupId":"sg-2",` + permissions + `}`, rules, []string{"sg-2"}},
		{"a group by name", "AuthorizeSecurityGroupIngress", `{"groupName":"web",` + permissions + `}`, rules, []string{"sg-2"}},
		{"revoked by rules' ids", "RevokeSecurityGroupIngress", `{"groupId":"sg-1","securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-1"}]}}`, done, []string{"sg-1"}},
		{"revoked by name", "RevokeSecurityGroupEgress", `{"groupName":"web"}`, strings.Replace(rules, "securityGroupRuleSet", "revokedSecurityGroupRuleSet", 1), []string{"sg-2"}},
		{
			"modified rules", "ModifySecurityGroupRules",
			modifyOne,
			`{"ModifySecurityGroupRulesResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","requestId":"r","return":true}}`,
			[]string{"sg-3"},
		},
		{
			"a new entry", "CreateNetworkAclEntry", newEntry, done, []string{"acl-1"},
		},
		{"another entry", "ReplaceNetworkAclEntry", `{"networkAclId":"acl-1","ruleNumber":500,"egress":true}`, done, []string{"acl-1"}},
		{"no entry", "DeleteNetworkAclEntry", `{"networkAclId":"acl-1","ruleNumber":500,"egress":true}`, done, []string{"acl-1"}},
		{
			"another network ACL", "ReplaceNetworkAclAssociation", `{"associationId":"aclassoc-1","networkAclId":"acl-2"}`,
			`{"requestId":"r","newAssociationId":"aclassoc-2"}`,
			[]string{"aclassoc-1", "acl-2", "aclassoc-2"},
		},
		{"groups of an ENI", "ModifyNetworkInterfaceAttribute", `{"networkInterfaceId":"eni-1","groupSet":{"items":[{"groupId":"sg-1"}]}}`, done, []string{"eni-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := records(event("DescribeVpcs", `{"vpcSet":{}}`, "null", ""), event(tt.call, tt.request, tt.response, ""))
			want := File{Records: 2, Changes: []Change{{
				At: time.Date(2026, 3, 2, 10, 0, 7, 0, time.UTC), Account: "111122223333", Region: "eu-west-1", Event: tt.call, EventID: "e-1",
				IDs: tt.want, By: "arn:aws:sts::111122223333:assumed-role/ops/ann", Record: []byte(event(tt.call, tt.request, tt.response, "")),
			}}}
			for form, data := range map[string][]byte{"plain": data, "gzipped": packed(t, data)} {
				got, err := Read("f", data)
				if err != nil {
					t.Fatal(err)
				}
				// TestEffects is about these.
				if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Change{}, "Effects", "Unclear"), cmpopts.IgnoreFields(File{}, "Days")); diff != "" {
					t.Errorf("%s (-want +got):\n%s", form, diff)
				}
				again, err := Parse(got.Changes[0].Record)
				if diff := cmp.Diff(got.Changes[0], again, cmpopts.EquateComparable(netip.Prefix{})); err != nil || diff != "" {
					t.Errorf("%s: its record alone is another change: %v\n%s", form, err, diff)
				}
			}
		})
	}
}

// TestReadFailed passes over calls that failed, dry runs among them, and other services'.
func TestReadFailed(t *testing.T) {
	got, err := Read("f", records(
		event("RevokeSecurityGroupIngress", `{"groupId":"sg-1"}`, "null", `,"errorCode":"Client.UnauthorizedOperation","errorMessage":"no"`),
		event("CreateNetworkAclEntry", `null`, "null", `,"errorCode":"Client.DryRunOperation"`),
		strings.Replace(event("DeleteNetworkAclEntry", `"text"`, "null", ""), "ec2.amazonaws.com", "other.amazonaws.com", 1),
	))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(File{Records: 3, Failed: 2}, got, cmpopts.IgnoreFields(File{}, "Days")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReadProblems keeps what stands beside a bad record.
func TestReadProblems(t *testing.T) {
	good := event("DeleteNetworkAclEntry", `{"networkAclId":"acl-1"}`, done, "")
	for name, tt := range map[string]struct{ record, want string }{
		"a name only":         {event("RevokeSecurityGroupIngress", `{"groupName":"web"}`, done, ""), `.requestParameters: it names its group "web" only, and the answer has no id of it`},
		"no parameters":       {event("RevokeSecurityGroupIngress", `null`, "null", ""), ".requestParameters.groupId: it is missing"},
		"another kind of id":  {event("CreateNetworkAclEntry", `{"networkAclId":"sg-1"}`, done, ""), `.requestParameters.networkAclId: "sg-1" is no id that begins with acl-`},
		"no new association":  {event("ReplaceNetworkAclAssociation", `{"associationId":"aclassoc-1","networkAclId":"acl-2"}`, "null", ""), ".responseElements.newAssociationId: it is missing"},
		"a number":            {event("CreateNetworkAclEntry", `{"networkAclId":7}`, done, ""), ".requestParameters.networkAclId: number where string is expected"},
		"a time that is none": {strings.Replace(good, "2026-03-02T10:00:07Z", "yesterday", 1), `.eventTime: "yesterday" is no time`},
		"no group":            {event("CreateSecurityGroup", `{"groupName":"web"}`, "null", ""), ".responseElements.groupId: it is missing"},
		"no ENI":              {event("CreateNetworkInterface", `{}`, "null", ""), ".responseElements.networkInterface.networkInterfaceId: it is missing"},
		"an ENI of no id":     {event("RunInstances", `{}`, `{"instancesSet":{"items":[{"networkInterfaceSet":{"items":[{}]}}]}}`, ""), ".responseElements.instancesSet.items[0].networkInterfaceSet.items[0].networkInterfaceId: it is missing"},
		"no region":           {strings.Replace(good, `"eu-west-1"`, `""`, 1), ".awsRegion: it is missing"},
		"null":                {"null", ".eventName: it is missing"},
		"no id":               {strings.Replace(good, `"e-1"`, `""`, 1), ".eventID: it is missing"},
		"no record":           {`"text"`, ": no record of an event"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read("f", records(good, tt.record, good))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Changes) != 2 || len(got.Problems) != 1 {
				t.Fatalf("%+v; want two changes and a problem", got)
			}
			if diff := cmp.Diff("f: Records[1]"+tt.want, got.Problems[0].String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"cut off":        {[]byte(`{"Records":[`), "f: byte 12: no JSON"},
		"a digest":       {[]byte(`{"awsAccountId":"1","digestS3Bucket":"b"}`), "f: no log file of CloudTrail: it is a digest file"},
		"no Records":     {[]byte(`{}`), "f: no log file of CloudTrail: it has no Records"},
		"a list":         {[]byte(`[]`), "f: no log file of CloudTrail"},
		"bad gzip":       {[]byte{0x1f, 0x8b, 0}, "f: bad gzip"},
		"gzip, cut off":  {packed(t, records())[:15], "f: bad gzip"},
		"without an end": {packed(t, make([]byte, limit+1)), "f: more than 256 MB once unpacked"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read("f", tt.data)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v; want %q", err, tt.want)
			}
		})
	}
}

// TestReadOthers reads events that others recorded: each that has the name of a known call
// is a change or failed, and no other is.
func TestReadOthers(t *testing.T) {
	f, err := os.Open(sharedtest.Path(t, "data", "vectors", "cloudtrail_events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []string
	known := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		list = append(list, lines.Text())
		for name := range events {
			if strings.Contains(lines.Text(), `"eventName": "`+name+`"`) {
				known++
			}
		}
	}
	if err := lines.Err(); err != nil || len(list) < 100 {
		t.Fatalf("%d events: %v", len(list), err)
	}
	got, err := Read("f", records(list...))
	if err != nil {
		t.Fatal(err)
	}
	if got.Records != len(list) || len(got.Changes)+got.Failed != known || len(got.Problems) > 0 {
		t.Errorf("%d records, %d changes, %d failed, %v; want %d records, %d of known calls", got.Records, len(got.Changes), got.Failed, got.Problems, len(list), known)
	}
	t.Logf("%d events, %d of known calls", len(list), known)
}

// FuzzRead reads any bytes: what it finds is whole.
func FuzzRead(f *testing.F) {
	f.Add(records(event("AuthorizeSecurityGroupIngress", `{"groupId":"sg-1",`+permissions+`}`, rules, "")))
	f.Add(packed(f, records(event("ReplaceNetworkAclAssociation", `{"associationId":"aclassoc-1","networkAclId":"acl-2"}`, `{"newAssociationId":"aclassoc-2"}`, ""))))
	f.Add(records(
		event("ModifySecurityGroupRules", modifyOne, done, ""), event("CreateNetworkAclEntry", newEntry, done, ""),
		event("ModifyNetworkInterfaceAttribute", `{"networkInterfaceId":"eni-1","groupSet":{"items":[{"groupId":"sg-1"}]}}`, done, ""),
		event("RevokeSecurityGroupIngress", `{"groupId":"sg-1","securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-1"}]}}`, done, ""),
	))
	f.Add(records(
		event("RunInstances", `{"networkInterfaceSet":{}}`, `{"instancesSet":{"items":[{"networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-1","groupSet":{"items":[{"groupId":"sg-1"}]}}]}}]}}`, ""),
		event("CreateNetworkInterface", `{}`, `{"networkInterface":{"networkInterfaceId":"eni-2","groupSet":{"items":[{"groupId":"sg-1"}]}}}`, ""),
		event("CreateSecurityGroup", `{}`, `{"groupId":"sg-2"}`, ""), event("CreateRoute", `{"routeTableId":"rtb-1","destinationCidrBlock":"0.0.0.0/0","gatewayId":"igw-1"}`, done, ""), event("ReplaceRoute", `{"routeTableId":"rtb-1"}`, done, ""),
	))
	f.Add([]byte(`{"Records":[null,{"eventSource":"ec2.amazonaws.com","eventName":"ModifySecurityGroupRules"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Read("f", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f: ") {
				t.Errorf("error without the file: %v", err)
			}
			return
		}
		if len(got.Changes)+got.Failed+len(got.Problems) > got.Records {
			t.Errorf("more found than there is: %+v", got)
		}
		for _, d := range got.Days {
			if d.Account == "" || d.Region == "" || d.Day != d.Day.Truncate(24*time.Hour) || d.From.Before(d.Day) || d.Last.Before(d.Day) || d.Last.Sub(d.Day) >= 24*time.Hour {
				t.Errorf("a day that is none: %+v", d)
			}
		}
		for _, c := range got.Changes {
			if c.At.Location() != time.UTC || c.Account == "" || c.Region == "" || c.EventID == "" || events[c.Event] == nil != c.NotFollowed || len(c.IDs) == 0 {
				t.Errorf("a change that lacks something: %+v", c)
			}
			if (len(c.Effects) == 0) != (c.Unclear != "") && c.Event != "ModifyNetworkInterfaceAttribute" {
				t.Errorf("neither clear nor unclear: %+v", c)
			}
			for _, e := range c.Effects {
				if !slices.Contains(c.IDs, e.ID) || e.Rule == nil && e.Entry == nil && e.Route == nil && len(e.Groups) == 0 && e.Association == nil && !e.Whole {
					t.Errorf("an effect on nothing: %+v", e)
				}
			}
			if again, err := Parse(c.Record); err != nil || !reflect.DeepEqual(c, again) {
				t.Errorf("its record alone: %+v, %v; want %+v", again, err, c)
			}
			for _, id := range c.IDs {
				if _, err := netip.ParseAddr(id); err != nil && !strings.Contains(id, "-") {
					t.Errorf("%q is no id", id)
				}
			}
		}
	})
}
