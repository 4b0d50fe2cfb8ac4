package netmodel

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// entry is an element of a list of a document, or a member that is no list.
type entry struct {
	doc    int
	key    string // of the list, as it is written
	n      int    // -1: it is no list
	raw    json.RawMessage
	kind   string // the key in lower case and without underscores
	id     string
	owner  string   // as the element says
	region string   // as the element says, then as found
	refs   []string // the VPC, subnet, interface, group or gateway that it belongs to
	whole  string   // what its document is of, where the document says that
	sides  []Place  // of a peering connection
	at     string   // of a form: its place

	account string // as found
}

func (e *entry) place() Place { return Place{e.account, e.region} }

// problem says what is wrong with the entry.
func (e *entry) problem(docs []Document, account, region bool, format string, args ...any) error {
	path := e.key
	if e.n >= 0 {
		path = cmp.Or(e.at, fmt.Sprintf("%s[%d]", e.key, e.n))
	}
	return &PlaceError{Problem{File: docs[e.doc].Name, Path: path, Reason: fmt.Sprintf(format, args...)}, account, region}
}

// name returns the entry's id, or what it is one of.
func (e *entry) name() string { return cmp.Or(e.id, "this") }

// idKeys are the keys of ids by the lists' keys.
var idKeys = map[string]string{
	"vpcs": "vpcid", "subnets": "subnetid", "networkinterfaces": "networkinterfaceid", "instances": "instanceid",
	"securitygroups": "groupid", "securitygrouprules": "securitygroupruleid", "networkacls": "networkaclid",
	"prefixlists": "prefixlistid", "managedprefixlists": "prefixlistid", "routetables": "routetableid",
	"internetgateways": "internetgatewayid", "egressonlyinternetgateways": "egressonlyinternetgatewayid", "natgateways": "natgatewayid",
	"transitgateways": "transitgatewayid", "transitgatewayattachments": "transitgatewayattachmentid",
	"transitgatewayvpcattachments": "transitgatewayattachmentid", "transitgatewaypeeringattachments": "transitgatewayattachmentid",
	"transitgatewayconnects": "transitgatewayattachmentid", "addresses": "allocationid", "vpngateways": "vpngatewayid",
	"vpcblockpublicaccessexclusions": "exclusionid", "transitgatewayroutetables": "transitgatewayroutetableid",
	"vpcpeeringconnections": "vpcpeeringconnectionid", "vpcendpoints": "vpcendpointid", "flowlogs": "flowlogid", "serviceconfigurations": "serviceid",
}

// refKeys are the keys by which a thing says what it belongs to. A transit gateway's
// attachment may be of another account's VPC.
var refKeys = []string{"vpcid", "subnetid", "groupid", "networkinterfaceid", "resourceid"}

// shareable are the lists that hold what other accounts share.
//
// Source: AWS RAM user guide, "Shareable AWS resources"; VPC user guide, "Share security groups".
var shareable = []string{
	"vpcs", "subnets", "securitygroups", "securitygrouprules", "prefixlists", "managedprefixlists",
	"transitgateways", "transitgatewayattachments", "transitgatewayvpcattachments", "transitgatewaypeeringattachments", "transitgatewayroutetables",
	"vpcpeeringconnections",
}

func plainKey(key string) string { return strings.ToLower(strings.ReplaceAll(key, "_", "")) }

// readEntries reads the lists of documents.
func readEntries(docs []Document) ([]*entry, error) {
	var out []*entry
	for i := range docs {
		if isForm(docs[i].Name, docs[i].Data) {
			things, err := formEntries(i, &docs[i])
			if err != nil {
				return nil, err
			}
			out = append(out, things...)
			continue
		}
		keys := map[string]json.RawMessage{}
		if err := json.NewDecoder(bytes.NewReader(docs[i].Data)).Decode(&keys); err != nil {
			return nil, &PlaceError{Problem{File: docs[i].Name, Reason: "no JSON object"}, true, true}
		}
		of := subject(docs[i].Name, keys)
		add := func(key string, n int, raw json.RawMessage) {
			e := &entry{doc: i, key: key, n: n, raw: raw, kind: plainKey(key), whole: of}
			var fields map[string]json.RawMessage
			if json.Unmarshal(raw, &fields) == nil {
				e.read(fields)
			}
			if of != "" && e.id == "" {
				e.refs = append(e.refs, of)
			}
			out = append(out, e)
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			var list []json.RawMessage
			var object map[string]json.RawMessage
			if json.Unmarshal(keys[key], &list) == nil {
				for n, raw := range list {
					add(key, n, raw)
				}
			} else if json.Unmarshal(keys[key], &object) == nil && plainKey(key) != "responsemetadata" {
				add(key, -1, keys[key])
			}
		}
	}
	return out, nil
}

// wholeID is an id that a file can be named by whose answer does not say of what it is.
var wholeID = regexp.MustCompile(`^(?:pl|tgw-rtb)-[0-9A-Za-z]+$`)

// subject returns the id of what a document is of whose answer does not say it: a member
// beside the answer does, or the file's name.
func subject(name string, keys map[string]json.RawMessage) string {
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if k := plainKey(key); k == "prefixlistid" || k == "transitgatewayroutetableid" {
			return text(keys[key])
		}
	}
	name = strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	if !wholeID.MatchString(name) {
		return ""
	}
	return name
}

// text returns a string of a JSON object's member, "" where it is none.
func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s) // what is no string says nothing
	return s
}

// read reads what the entry says of itself.
func (e *entry) read(fields map[string]json.RawMessage) {
	plain := make(map[string]json.RawMessage, len(fields))
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		plain[plainKey(key)] = fields[key]
	}
	e.id = text(plain[idKeys[e.kind]])
	for _, key := range []string{"ownerid", "groupownerid", "networkinterfaceownerid", "awsaccountid"} {
		if o := text(plain[key]); e.owner == "" && !managed(o) {
			e.owner = o
		}
	}
	for _, key := range refKeys {
		if ref := text(plain[key]); ref != "" && ref != e.id {
			e.refs = append(e.refs, ref)
		}
	}
	// A peering of transit gateways has the same id in both regions, and what is attached is
	// the other one.
	kind := text(plain["resourcetype"])
	if e.kind == "transitgatewaypeeringattachments" || kind == "peering" || kind == "tgw-peering" {
		e.id, e.refs = "", nil
		if own := text(plain["transitgatewayid"]); own != "" {
			e.refs = []string{own}
		}
	}
	var inner struct {
		Placement struct{ AvailabilityZone string }
		Instances []struct {
			Placement struct{ AvailabilityZone string }
		}
		Attachments       []struct{ VpcID string }
		VpcAttachments    []struct{ VpcID string }
		AvailabilityZones []json.RawMessage

		AccepterVpcInfo, RequesterVpcInfo, AccepterTgwInfo, RequesterTgwInfo struct{ OwnerID, Region string }
	}
	_ = json.Unmarshal(e.raw, &inner) // what has another form says nothing
	e.region = cmp.Or(text(plain["region"]), text(plain["awsregion"]))
	zones := []string{text(plain["availabilityzone"]), inner.Placement.AvailabilityZone}
	for _, i := range inner.Instances {
		zones = append(zones, i.Placement.AvailabilityZone)
	}
	for _, raw := range inner.AvailabilityZones {
		var zone struct{ ZoneName string }
		_ = json.Unmarshal(raw, &zone)
		zones = append(zones, text(raw), zone.ZoneName)
	}
	for _, zone := range zones {
		e.region = cmp.Or(e.region, regionOfZone(zone))
	}
	for _, a := range append(inner.Attachments, inner.VpcAttachments...) {
		if a.VpcID != "" {
			e.refs = append(e.refs, a.VpcID)
		}
	}
	for _, side := range []struct{ OwnerID, Region string }{inner.AccepterVpcInfo, inner.RequesterVpcInfo, inner.AccepterTgwInfo, inner.RequesterTgwInfo} {
		if side.OwnerID != "" {
			e.sides = append(e.sides, Place{side.OwnerID, side.Region})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(plain)) {
		if strings.HasSuffix(key, "arn") {
			region, account := readARN(text(plain[key]))
			e.region = cmp.Or(e.region, region)
			if !managed(account) {
				e.owner = cmp.Or(e.owner, account)
			}
		}
	}
	if m := serviceList.FindStringSubmatch(text(plain["prefixlistname"])); m != nil {
		e.region = cmp.Or(e.region, m[1])
	}
}

// managed reports whether an owner is AWS itself.
func managed(owner string) bool {
	o := strings.ToLower(owner)
	return o == "" || o == "aws" || strings.HasPrefix(o, "amazon")
}

var (
	// zoneName is an availability zone, local zone or Wavelength zone behind its region.
	zoneName    = regexp.MustCompile(`^([a-z]{2,}(?:-[a-z]+)+?-[0-9]+)(?:[a-z]|-[a-z0-9-]+)$`)
	serviceList = regexp.MustCompile(`^com\.amazonaws\.([a-z]{2,}(?:-[a-z]+)+-[0-9]+)\.`)
)

func regionOfZone(zone string) string {
	if m := zoneName.FindStringSubmatch(zone); m != nil {
		return m[1]
	}
	return ""
}

// readARN returns region and account of the ARN of a network's thing. Roles and keys, which
// may be another account's, are none.
func readARN(arn string) (region, account string) {
	f := strings.SplitN(arn, ":", 6)
	if len(f) < 6 || f[0] != "arn" || !slices.Contains([]string{"ec2", "elasticloadbalancing", "rds", "elasticache", "redshift"}, f[2]) {
		return "", ""
	}
	return f[3], f[4]
}
