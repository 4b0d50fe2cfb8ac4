package cloudtrail

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Change is a call that changed rules.
type Change struct {
	// At is when the call was made, to the second. Its effect is not before.
	At time.Time
	// Account is the one whose trail has the event, which owns what was changed.
	Account, Region string
	// Event is AWS's name of the call, and EventID the event's own.
	Event, EventID string
	// IDs are the objects that it changed: as sg-1, acl-1, eni-1 or aclassoc-1. There is one
	// at least. Of ReplaceNetworkAclAssociation they are the association that ended, the network
	// ACL, and the association that is in its place. Of a call that is not followed they are
	// all that it names and that it can have changed; an instance (i-1) stands for its ENIs, an
	// association for what it is of, an address for an Elastic IP, and 111122223333/eu-west-1
	// for VPC Block Public Access of the account in the region.
	IDs []string
	// Effects are all that it did to them, unless Unclear says, with the place in the record,
	// why that is not known.
	Effects []Effect
	Unclear string
	// NotFollowed says that nothing is read of the call but what it names: what it did is
	// Unclear.
	NotFollowed bool
	// By is the caller's ARN; "" where the caller has none, as services of AWS.
	By string
	// Record is the record as CloudTrail wrote it; [Parse] makes the same change of it.
	Record []byte
}

// Problem says why a record is not understood.
type Problem struct {
	// File is the name that was given, and Path where in it, as Records[3].eventTime.
	File, Path, Reason string
}

// String returns the problem with its place.
func (p Problem) String() string { return p.File + ": " + p.Path + ": " + p.Reason }

// File is what a log file holds.
type File struct {
	// Changes are in the file's order, which is not that of their times.
	Changes []Change
	// Records counts all of the file's records, and Failed those of calls that would have
	// been changes and failed.
	Records, Failed int
	Problems        []Problem
	// Days are those that the file tells something of.
	Days []Day
}

// ErrDigest says that a file is one of CloudTrail's digest files, which lie beside log files
// and hold no events.
var ErrDigest = errors.New("it is a digest file")

// limit bounds the bytes of a file once they are unpacked. CloudTrail's files have some MB.
const limit = 256 << 20

// common is what a record says whatever the call is.
type common struct {
	EventTime          string `json:"eventTime"`
	EventName          string `json:"eventName"`
	EventID            string `json:"eventID"`
	Region             string `json:"awsRegion"`
	RecipientAccountID string `json:"recipientAccountId"`
	ErrorCode          string `json:"errorCode"`
	UserIdentity       struct {
		ARN       string `json:"arn"`
		AccountID string `json:"accountId"`
	} `json:"userIdentity"`
}

// record is the record of a call that is followed.
type record struct {
	common
	RequestParameters parameters `json:"requestParameters"`
	ResponseElements  answer     `json:"responseElements"`
}

// parameters are what a known call was about.
type parameters struct {
	GroupID            string                   `json:"groupId"`
	GroupName          string                   `json:"groupName"`
	RouteTableID       string                   `json:"routeTableId"`
	NetworkACLID       string                   `json:"networkAclId"`
	AssociationID      string                   `json:"associationId"`
	NetworkInterfaceID string                   `json:"networkInterfaceId"`
	NetworkInterfaces  items[instanceInterface] `json:"networkInterfaceSet"`
	ModifyRules        struct {
		GroupID string `json:"GroupId"`
	} `json:"ModifySecurityGroupRulesRequest"`
}

// answer is what EC2 said to a known call.
type answer struct {
	GroupID          string  `json:"groupId"`
	NewAssociationID string  `json:"newAssociationId"`
	Rules            ruleSet `json:"securityGroupRuleSet"`
	RevokedRules     ruleSet `json:"revokedSecurityGroupRuleSet"`
	NetworkInterface struct {
		ID string `json:"networkInterfaceId"`
	} `json:"networkInterface"`
	Instances items[instance] `json:"instancesSet"`
}

type ruleSet struct {
	Items []struct {
		GroupID string `json:"groupId"`
	} `json:"items"`
}

// Read reads a log file. name is for problems. A record that is not understood is in the
// problems, with the others read. Errors say that the file as a whole is none of CloudTrail's.
func Read(name string, data []byte) (File, error) {
	data, err := unpack(data)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", name, err)
	}
	var whole struct {
		Records *[]json.RawMessage `json:"Records"`
		Digest  string             `json:"digestS3Bucket"`
	}
	if err := json.Unmarshal(data, &whole); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return File{}, fmt.Errorf("%s: byte %d: no JSON: %w", name, syntax.Offset, err)
		}
		return File{}, fmt.Errorf("%s: no log file of CloudTrail: it is no JSON object with a list of Records", name)
	}
	switch {
	case whole.Records == nil && whole.Digest != "":
		return File{}, fmt.Errorf("%s: no log file of CloudTrail: %w", name, ErrDigest)
	case whole.Records == nil:
		return File{}, fmt.Errorf("%s: no log file of CloudTrail: it has no Records", name)
	}
	out := File{Records: len(*whole.Records), Days: days(name, *whole.Records)}
	for i, raw := range *whole.Records {
		if err := out.add(raw); err != nil {
			out.Problems = append(out.Problems, Problem{name, fmt.Sprintf("Records[%d]%s", i, err.path), err.reason})
		}
	}
	return out, nil
}

// unpack returns the JSON.
func unpack(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("bad gzip: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("bad gzip: %w", err)
	case len(out) > limit:
		return nil, fmt.Errorf("more than %d MB once unpacked: no log file of CloudTrail", limit>>20)
	}
	return out, nil
}

// badRecord says what of a record is wrong.
type badRecord struct{ path, reason string }

// Parse returns the change of a [Change]'s Record. The error says why there is none, with the
// place in the record.
func Parse(record []byte) (Change, error) {
	c, _, bad := parse(record)
	switch {
	case bad != nil:
		return Change{}, errors.New(strings.TrimPrefix(bad.path+": "+bad.reason, "."))
	case c == nil:
		return Change{}, errors.New("it is no call that changed rules")
	}
	return *c, nil
}

// add adds a record's change, if it is one.
func (f *File) add(raw json.RawMessage) *badRecord {
	c, failed, bad := parse(raw)
	if failed {
		f.Failed++
	}
	if c != nil {
		f.Changes = append(f.Changes, *c)
	}
	return bad
}

// parse returns a record's change; nil where it is none, with whether it is one that failed.
func parse(raw json.RawMessage) (*Change, bool, *badRecord) {
	var head head
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, false, badValue(err)
	}
	if head.EventType == "AwsCloudTrailInsight" { // of unusual activity, in files of their own
		return nil, false, nil
	}
	if head.EventName == "" {
		return nil, false, &badRecord{".eventName", "it is missing"}
	}
	find := events[head.EventName]
	if head.EventSource != "ec2.amazonaws.com" || find == nil && (head.reads() || harmless[head.EventName]) {
		return nil, false, nil // whatever else it holds
	}
	var r record
	into := any(&r)
	if find == nil {
		into = &r.common // the same names can mean something else
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return nil, false, badValue(err)
	}
	if r.ErrorCode != "" {
		return nil, find != nil, nil
	}
	at, err := time.Parse(time.RFC3339, r.EventTime)
	if err != nil {
		return nil, false, &badRecord{".eventTime", fmt.Sprintf("%q is no time", r.EventTime)}
	}
	c := Change{
		At: at.UTC(), Account: r.RecipientAccountID, Region: r.Region, Event: r.EventName, EventID: r.EventID, By: r.UserIdentity.ARN,
		Record: raw,
	}
	if c.Account == "" { // before version 1.02 of records
		c.Account = r.UserIdentity.AccountID
	}
	for _, needed := range []struct{ member, value string }{{"recipientAccountId", c.Account}, {"awsRegion", c.Region}, {"eventID", c.EventID}} {
		if needed.value == "" {
			return nil, false, &badRecord{"." + needed.member, "it is missing"}
		}
	}
	if find == nil {
		if c.IDs = named(&c, raw); len(c.IDs) == 0 {
			return nil, false, nil
		}
		c.NotFollowed, c.Unclear = true, "what "+c.Event+" does is not followed"
		return &c, false, nil
	}
	var bad *badRecord
	if c.IDs, bad = find(&r); bad != nil || len(c.IDs) == 0 {
		return nil, false, bad
	}
	return &c, false, c.find(raw)
}

// find finds the change's effects.
func (c *Change) find(raw json.RawMessage) *badRecord {
	var r struct {
		Request  json.RawMessage `json:"requestParameters"`
		Response json.RawMessage `json:"responseElements"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return badValue(err)
	}
	if len(r.Response) == 0 {
		r.Response = json.RawMessage("null")
	}
	var err error
	if c.Effects, err = effects[c.Event](c, r.Request, r.Response); err != nil {
		c.Effects, c.Unclear = nil, err.Error()
	}
	return nil
}

// badValue names a value of another type than CloudTrail's.
func badValue(err error) *badRecord {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return &badRecord{"." + wrong.Field, wrong.Value + " where " + wrong.Type.Kind().String() + " is expected"}
	}
	return &badRecord{"", "no record of an event"}
}

// events find what a call changed.
var events = map[string]func(r *record) ([]string, *badRecord){
	"AuthorizeSecurityGroupIngress":   securityGroup,
	"AuthorizeSecurityGroupEgress":    securityGroup,
	"RevokeSecurityGroupIngress":      securityGroup,
	"RevokeSecurityGroupEgress":       securityGroup,
	"ModifySecurityGroupRules":        modifiedGroup,
	"CreateNetworkAclEntry":           networkACL,
	"ReplaceNetworkAclEntry":          networkACL,
	"DeleteNetworkAclEntry":           networkACL,
	"ReplaceNetworkAclAssociation":    association,
	"ModifyNetworkInterfaceAttribute": networkInterface,
	"CreateSecurityGroup":             newSecurityGroup,
	"DeleteSecurityGroup":             securityGroup,
	"CreateNetworkInterface":          newInterface,
	"DeleteNetworkInterface":          networkInterface,
	"RunInstances":                    newInterfaces,
	"CreateRoute":                     routeTable,
	"DeleteRoute":                     routeTable,
}

// securityGroup returns the group of a call. In a default VPC it may be called by its name;
// then the rules of the answer tell the id.
func securityGroup(r *record) ([]string, *badRecord) {
	p := &r.RequestParameters
	id := p.GroupID
	id = cmp.Or(id, r.ResponseElements.GroupID)
	for _, set := range []ruleSet{r.ResponseElements.Rules, r.ResponseElements.RevokedRules} {
		for _, rule := range set.Items {
			if id == "" {
				id = rule.GroupID
			}
		}
	}
	if id == "" && p.GroupName != "" {
		return nil, &badRecord{".requestParameters", fmt.Sprintf("it names its group %q only, and the answer has no id of it", p.GroupName)}
	}
	return one(".requestParameters.groupId", "sg-", id)
}

// modifiedGroup returns the group of a ModifySecurityGroupRules, which CloudTrail records in
// another form.
func modifiedGroup(r *record) ([]string, *badRecord) {
	const path = ".requestParameters.ModifySecurityGroupRulesRequest.GroupId"
	return one(path, "sg-", r.RequestParameters.ModifyRules.GroupID)
}

func networkACL(r *record) ([]string, *badRecord) {
	return one(".requestParameters.networkAclId", "acl-", r.RequestParameters.NetworkACLID)
}

func routeTable(r *record) ([]string, *badRecord) {
	return one(".requestParameters.routeTableId", "rtb-", r.RequestParameters.RouteTableID)
}

func networkInterface(r *record) ([]string, *badRecord) {
	return one(".requestParameters.networkInterfaceId", "eni-", r.RequestParameters.NetworkInterfaceID)
}

// association returns the association that ended, the network ACL, and the association that
// is in its place.
func association(r *record) ([]string, *badRecord) {
	ids, bad := one(".requestParameters.associationId", "aclassoc-", r.RequestParameters.AssociationID)
	if bad != nil {
		return nil, bad
	}
	acl, bad := networkACL(r)
	if bad != nil {
		return nil, bad
	}
	next, bad := one(".responseElements.newAssociationId", "aclassoc-", r.ResponseElements.NewAssociationID)
	if bad != nil {
		return nil, bad
	}
	return append(append(ids, acl...), next...), nil
}

// one returns an id of a kind.
func one(path, begin, id string) ([]string, *badRecord) {
	switch {
	case id == "":
		return nil, &badRecord{path, "it is missing"}
	case !strings.HasPrefix(id, begin):
		return nil, &badRecord{path, fmt.Sprintf("%q is no id that begins with %s", id, begin)}
	}
	return []string{id}, nil
}
