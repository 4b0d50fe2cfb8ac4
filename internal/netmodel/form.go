package netmodel

import (
	"bytes"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// A form is a network definition that people write by hand, in YAML. It holds what [Network]
// holds: its sections are the maps of Network, by id, and the keys of a thing are the fields
// of its type, so that a new field is in the form, its schema and its reference at once.
//
// What a form does not say is not assumed, but for what AWS makes itself, what is said by
// where a thing is, and the state in which things work: derived is the list.

// formSection is a kind of things: a key of the form and a map of [Network].
type formSection struct {
	key   string
	index int          // of Network's field
	of    reflect.Type // the type of its things
}

// formKeys are the keys whose names the fields' names do not give.
var formKeys = map[string]string{
	"Interfaces": "network-interfaces", "PeeringConnections": "vpc-peering-connections", "AZID": "az-id", "IPv6": "ipv6",
}

// formKey returns the key of a field.
func formKey(field string) string {
	if key, ok := formKeys[field]; ok {
		return key
	}
	return strings.ToLower(strings.ReplaceAll(words(field), " ", "-"))
}

// formSections are the sections in their order.
var formSections = func() []formSection {
	var out []formSection
	t := reflect.TypeFor[Network]()
	for i := range t.NumField() {
		out = append(out, formSection{formKey(t.Field(i).Name), i, t.Field(i).Type.Elem().Elem()})
	}
	return out
}()

// things returns the section's map of a network.
func (s *formSection) things(n *Network) reflect.Value {
	return reflect.ValueOf(n).Elem().Field(s.index)
}

// formField is a key of a thing.
type formField struct {
	key   string
	name  string // of the Go field
	index int
}

// formLeft are fields that the form leaves out: the id is the thing's key, the others are
// found by what other things say, or by which keys are there.
var formLeft = map[reflect.Type][]string{
	reflect.TypeFor[VPC]():                      {"MainRouteTable"},
	reflect.TypeFor[Subnet]():                   {"RouteTable", "NetworkACL"},
	reflect.TypeFor[Interface]():                {"Role", "Resource"},
	reflect.TypeFor[PrefixList]():               {"EntriesUnknown"},
	reflect.TypeFor[TargetGroup]():              {"TargetsKnown"},
	reflect.TypeFor[TransitGatewayRouteTable](): {"PropagationsKnown"},
}

// formFields returns the keys of a type in the order of its fields.
func formFields(t reflect.Type) []formField {
	var out []formField
	for i := range t.NumField() {
		f := t.Field(i)
		_, keyed := formSectionOf(t)
		if f.Name == "ID" && keyed || slices.Contains(formLeft[t], f.Name) {
			continue
		}
		out = append(out, formField{formKey(f.Name), f.Name, i})
	}
	return out
}

// formSectionOf returns the section of a type's things.
func formSectionOf(t reflect.Type) (formSection, bool) {
	for _, s := range formSections {
		if s.of == t {
			return s, true
		}
	}
	return formSection{}, false
}

// formNeeds are the keys that must be there: what can't be left open, and what AWS would make
// otherwise than one expects.
var formNeeds = map[reflect.Type][]string{
	reflect.TypeFor[VPC]():                      {"cidrs"},
	reflect.TypeFor[Subnet]():                   {"vpc", "cidrs"},
	reflect.TypeFor[Interface]():                {"subnet"},
	reflect.TypeFor[SecurityGroup]():            {"vpc", "egress"},
	reflect.TypeFor[NetworkACL]():               {"vpc"},
	reflect.TypeFor[RouteTable]():               {"vpc"},
	reflect.TypeFor[TransitGatewayAttachment](): {"transit-gateway"},
	reflect.TypeFor[VPCEndpoint]():              {"vpc", "kind"},
	reflect.TypeFor[FlowLog]():                  {"resource"},
	reflect.TypeFor[Propagation]():              {"attachment"},
}

// formClosed are the values that keys may have, where AWS has no others.
var formClosed = map[string][]string{
	"VPC.block-public-access":                             {"off", "block-bidirectional", "block-ingress"},
	"Subnet.block-public-access":                          {"off", "block-bidirectional", "block-ingress"},
	"BlockPublicAccess.mode":                              {"off", "block-bidirectional", "block-ingress"},
	"BlockPublicAccessExclusion.mode":                     {"allow-bidirectional", "allow-egress"},
	"NATGateway.connectivity":                             {"public", "private"},
	"NATGateway.availability":                             {"zonal", "regional"},
	"TransitGatewayRouteTable.routes-known":               {"static", "some", "searched"},
	"TransitGatewayAttachment.appliance-mode":             {"enable", "disable"},
	"TransitGatewayAttachment.ipv6":                       {"enable", "disable"},
	"TransitGateway.ecmp":                                 {"enable", "disable"},
	"VPCEndpoint.kind":                                    {"Interface", "Gateway", "GatewayLoadBalancer", "Resource", "ServiceNetwork"},
	"LoadBalancer.kind":                                   {"application", "network", "gateway", "classic"},
	"TargetGroup.target-kind":                             {"instance", "ip", "lambda", "alb"},
	"FlowLog.traffic":                                     {"ACCEPT", "REJECT", "ALL"},
	"TransitGateway.security-group-referencing":           {"enable", "disable"},
	"TransitGatewayAttachment.security-group-referencing": {"enable", "disable"},
}

// isForm reports whether a document is in the YAML form: by its name's ending, else where it
// is no JSON object.
func isForm(name string, data []byte) bool {
	switch strings.ToLower(filepath.Ext(formPart.ReplaceAllString(name, ""))) {
	case ".yaml", ".yml":
		return true
	case ".json":
		return false
	}
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return line[0] != '{' && line[0] != '['
		}
	}
	return false
}

// formPart is what Documents adds to a file's name.
var formPart = regexp.MustCompile(`#[0-9]+$`)

// Documents returns the documents of a file: several of a YAML file that has several, each
// with empty lines in place of those before it, so that places are those of the file.
func Documents(name string, data []byte) []Document {
	if !isForm(name, data) {
		return []Document{{Name: name, Data: data}}
	}
	var starts []int // of lines that begin a document
	at, content := 0, false
	for line := range bytes.Lines(data) {
		begins := bytes.HasPrefix(line, []byte("---")) && (len(bytes.TrimSpace(line)) == 3 || line[3] == ' ' || line[3] == '\t')
		if begins && content {
			starts = append(starts, at)
		}
		text := bytes.TrimSpace(line)
		content = content || begins || len(text) > 0 && text[0] != '#' && text[0] != '%'
		at += len(line)
	}
	if len(starts) == 0 {
		return []Document{{Name: name, Data: data}}
	}
	var out []Document
	for i, from := range append([]int{0}, starts...) {
		to := len(data)
		if i < len(starts) {
			to = starts[i]
		}
		lines := bytes.Count(data[:from], []byte("\n"))
		out = append(out, Document{Name: fmt.Sprintf("%s#%d", name, i+1), Data: slices.Concat(bytes.Repeat([]byte("\n"), lines), data[from:to])})
	}
	return out
}
