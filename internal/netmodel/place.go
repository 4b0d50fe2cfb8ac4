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

// Place is an account and a region: what a describe-* call is about.
type Place struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// String returns "111122223333 us-east-1".
func (p Place) String() string { return p.Account + " " + p.Region }

func (p Place) compare(o Place) int {
	return cmp.Or(cmp.Compare(p.Account, o.Account), cmp.Compare(p.Region, o.Region))
}

// Part is what documents hold of one place.
type Part struct {
	Place
	Documents []Document
}

// PlaceError says that it is not clear which account or region a thing is of.
type PlaceError struct {
	Problem
	// Account and Region say which of both somebody has to name.
	Account, Region bool
}

// Error returns what is not clear, and where.
func (e *PlaceError) Error() string { return e.String() }

// Split sorts documents by account and region. A document is handed on as it is where all of
// it is of one place; else each place gets the elements that are its. The parts are in the
// order of their places.
//
// Where a document names whom it was asked of, all of it is that account's: what others share
// with an account is among its answers. Else things are their owner's. The region is that of
// an availability zone or an ARN. What has neither is where the VPC or subnet is that it
// refers to, which may be among those of which known says it from before; else where the rest
// of its document is, of its folder, of all documents, if that is one place. The error is a [*PlaceError] where that does not tell, where it contradicts
// itself, and where accounts share things, so that the owner is not who was asked.
//
// Source: EC2 API reference; VPC user guide, "Share your VPC subnets with other accounts".
func Split(docs []Document, known map[string]Place) ([]Part, error) {
	entries, err := readEntries(docs)
	if err != nil {
		return nil, err
	}
	if err := findRegions(docs, entries, known); err != nil {
		return nil, err
	}
	if err := findAccounts(docs, entries, known); err != nil {
		return nil, err
	}
	return parts(docs, entries), nil
}

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

	account string // as found
}

func (e *entry) place() Place { return Place{e.account, e.region} }

// problem says what is wrong with the entry.
func (e *entry) problem(docs []Document, account, region bool, format string, args ...any) error {
	path := e.key
	if e.n >= 0 {
		path = fmt.Sprintf("%s[%d]", e.key, e.n)
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
	"vpcpeeringconnections": "vpcpeeringconnectionid", "vpcendpoints": "vpcendpointid", "flowlogs": "flowlogid",
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
		e.region = cmp.Or(e.region, zoneRegion(zone))
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

func zoneRegion(zone string) string {
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

// findRegions finds the region of each entry. A VPC is in one region, with all that is in it.
func findRegions(docs []Document, entries []*entry, before map[string]Place) error {
	known := map[string]string{}
	for id, p := range before {
		known[id] = p.Region
	}
	for changed := true; changed; {
		changed = false
		for _, e := range entries {
			for _, id := range append([]string{e.id}, e.refs...) {
				switch was := known[id]; {
				case id == "" || e.region == was:
				case was == "":
					known[id], changed = e.region, true
				case e.region == "":
					e.region, changed = was, true
				default:
					return e.problem(docs, false, false, "%s is in %s, and %s, which it belongs to, in %s", e.name(), e.region, id, was)
				}
			}
		}
	}
	here := map[Place]bool{}
	for _, e := range entries {
		if given := docs[e.doc].Account; e.region != "" && given+e.owner != "" {
			here[Place{cmp.Or(given, e.owner), e.region}] = true
		}
	}
	for _, e := range entries {
		for _, side := range e.sides { // a peering connection is where one side is that is here
			if e.region == "" && here[side] {
				e.owner, e.region = side.Account, side.Region
			}
		}
		given := docs[e.doc].Region
		if given != "" && e.region != "" && e.region != given {
			return e.problem(docs, false, false, "%s is in %s, not in %s", e.name(), e.region, given)
		}
		if given != "" {
			e.region = given
		}
	}
	return widen(docs, entries, func(e *entry) string { return e.region }, func(e *entry, found string) { e.region = found }, func(e *entry) error {
		return e.problem(docs, false, true, "nothing says the region of %s", e.name())
	})
}

// findAccounts finds the account of each entry.
func findAccounts(docs []Document, entries []*entry, before map[string]Place) error {
	owners := map[string]string{}
	for id, p := range before {
		owners[id] = p.Account
	}
	for _, e := range entries {
		if e.id != "" && e.owner != "" {
			owners[e.id] = e.owner
		}
	}
	for _, e := range entries {
		e.account = cmp.Or(docs[e.doc].Account, e.owner)
	}
	for changed := true; changed; {
		changed = false
		for _, e := range entries {
			for _, ref := range e.refs {
				if e.account == "" && owners[ref] != "" {
					e.account, changed = owners[ref], true
					owners[e.id] = e.account
				}
			}
		}
	}
	if err := shared(docs, entries, owners); err != nil {
		return err
	}
	return widen(docs, entries, func(e *entry) string { return e.account }, func(e *entry, found string) { e.account = found }, func(e *entry) error {
		return e.problem(docs, true, false, "nothing says whose %s is", e.name())
	})
}

// widen gives each entry that has no value the one of its document, its folder, or all
// documents, whichever says first.
func widen(docs []Document, entries []*entry, get func(*entry) string, set func(*entry, string), fail func(*entry) error) error {
	scopes := []func(e *entry) string{
		func(e *entry) string { return fmt.Sprint(e.doc) },
		func(e *entry) string { return "folder " + filepath.Dir(docs[e.doc].Name) },
		func(*entry) string { return "all" },
	}
	found := map[string][]string{}
	for _, e := range entries {
		v := get(e)
		for _, scope := range scopes {
			if s := scope(e); v != "" && !slices.Contains(found[s], v) {
				found[s] = append(found[s], v)
			}
		}
	}
	for _, e := range entries {
		for _, scope := range scopes {
			if values := found[scope(e)]; get(e) == "" && len(values) == 1 {
				set(e, values[0])
			} else if len(values) > 1 {
				break
			}
		}
		if get(e) == "" {
			return fail(e)
		}
	}
	return nil
}

// shared fails where accounts share things and nobody says who was asked.
func shared(docs []Document, entries []*entry, owners map[string]string) error {
	type of struct{ region, owner string }
	own := map[of]bool{}              // brings what can't be shared
	accounts := map[string][]string{} // by region
	mixed := map[[2]string][]string{} // owners by document and region
	one := func(e *entry) [2]string { return [2]string{fmt.Sprint(e.doc), e.region} }
	for _, e := range entries {
		if e.owner == "" || docs[e.doc].Account != "" {
			continue
		}
		if !slices.Contains(accounts[e.region], e.owner) {
			accounts[e.region] = append(accounts[e.region], e.owner)
		}
		if !slices.Contains(mixed[one(e)], e.owner) {
			mixed[one(e)] = append(mixed[one(e)], e.owner)
		}
		own[of{e.region, e.owner}] = own[of{e.region, e.owner}] || !slices.Contains(shareable, e.kind)
	}
	for _, e := range entries {
		if e.owner == "" || docs[e.doc].Account != "" || len(accounts[e.region]) < 2 {
			continue
		}
		for _, ref := range e.refs {
			if owner := owners[ref]; owner != "" && owner != e.owner {
				return e.problem(docs, true, false, "%s is of %s, and %s, which it belongs to, of %s: they share, and nothing says whose answers these are", e.name(), e.owner, ref, owner)
			}
		}
		others := slices.ContainsFunc(accounts[e.region], func(a string) bool { return own[of{e.region, a}] })
		if !own[of{e.region, e.owner}] && (others || len(mixed[one(e)]) > 1) {
			return e.problem(docs, true, false, "%s is of %s, of which there is only what it can share with others: nothing says whose answers these are", e.name(), e.owner)
		}
	}
	return nil
}

// parts puts the entries of each place into documents.
func parts(docs []Document, entries []*entry) []Part {
	byDoc := make([][]*entry, len(docs))
	places := map[Place]*Part{}
	for _, e := range entries {
		byDoc[e.doc] = append(byDoc[e.doc], e)
		if places[e.place()] == nil {
			places[e.place()] = &Part{Place: e.place()}
		}
	}
	for i := range docs {
		if p := (Place{docs[i].Account, docs[i].Region}); places[p] == nil && p.Account != "" && p.Region != "" {
			places[p] = &Part{Place: p}
		}
	}
	for i := range docs {
		if len(byDoc[i]) == 0 {
			if part := emptyOf(places, &docs[i]); part != nil {
				part.Documents = append(part.Documents, docs[i])
			}
			continue
		}
		for _, place := range slices.SortedFunc(maps.Keys(places), Place.compare) {
			d := docs[i]
			keep := func(e *entry) bool { return e.place() == place }
			if !slices.ContainsFunc(byDoc[i], keep) {
				continue
			}
			d.Data = filtered(d.Data, byDoc[i], keep)
			d.Account, d.Region = place.Account, place.Region
			places[place].Documents = append(places[place].Documents, d)
		}
	}
	var out []Part
	for _, place := range slices.SortedFunc(maps.Keys(places), Place.compare) {
		out = append(out, *places[place])
	}
	return out
}

// emptyOf returns the part of an answer that says that there is nothing, nil where that can't
// be told.
func emptyOf(places map[Place]*Part, d *Document) *Part {
	var out []*Part
	for p, part := range places {
		if (d.Account == "" || d.Account == p.Account) && (d.Region == "" || d.Region == p.Region) {
			out = append(out, part)
		}
	}
	if len(out) != 1 {
		return nil
	}
	return out[0]
}

// filtered returns a document with those of its entries that keep keeps: the document itself
// where that is all of them.
func filtered(data []byte, entries []*entry, keep func(*entry) bool) []byte {
	if !slices.ContainsFunc(entries, func(e *entry) bool { return !keep(e) }) {
		return data
	}
	keys := map[string]json.RawMessage{}
	lists := map[string][]json.RawMessage{}
	// It was read before.
	_ = json.NewDecoder(bytes.NewReader(data)).Decode(&keys)
	for _, e := range entries {
		if e.n < 0 {
			if !keep(e) {
				delete(keys, e.key)
			}
			continue
		}
		if lists[e.key] == nil {
			lists[e.key] = []json.RawMessage{}
		}
		if keep(e) {
			lists[e.key] = append(lists[e.key], e.raw)
		}
	}
	for key, list := range lists {
		keys[key], _ = json.Marshal(list) // raw JSON that was read
	}
	out, _ := json.Marshal(keys)
	return out
}

// Combine returns the documents of parts without what stands in several of them: what one
// account shares with others is taken from the owner's part, and what has no owner, or whose
// owner's part is not there, from the first part that has it. Parts are in the order of
// preference. The error is a [*PlaceError], for a document that is no JSON object.
func Combine(parts []Part) ([]Document, error) {
	var docs []Document
	var of []int // the part of each document
	for n, p := range parts {
		for _, d := range p.Documents {
			d.Account, d.Region = p.Account, p.Region
			docs, of = append(docs, d), append(of, n)
		}
	}
	entries, err := readEntries(docs)
	if err != nil {
		return nil, err
	}
	winners := map[string]int{} // part by id
	owned := map[string]bool{}
	for _, e := range entries { // in the order of the parts
		_, there := winners[e.id]
		own := e.owner == docs[e.doc].Account
		if !there || own && !owned[e.id] {
			winners[e.id], owned[e.id] = of[e.doc], own
		}
	}
	keep := func(e *entry) bool {
		here := of[e.doc]
		if e.kind == "securitygrouprules" { // with their group
			for _, ref := range e.refs {
				if winner, ok := winners[ref]; ok {
					return winner == here
				}
			}
		}
		if e.id == "" {
			winner, ok := winners[e.whole]
			return e.whole == "" || !ok || winner == here
		}
		// Two that say to own it contradict each other, which LoadDocuments says.
		return winners[e.id] == here || owned[e.id] && e.owner == docs[e.doc].Account
	}
	byDoc := make([][]*entry, len(docs))
	for _, e := range entries {
		byDoc[e.doc] = append(byDoc[e.doc], e)
	}
	for i := range docs {
		docs[i].Data = filtered(docs[i].Data, byDoc[i], keep)
	}
	return docs, nil
}
