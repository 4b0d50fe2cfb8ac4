package netmodel

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// formTraffic are the keys of traffic, of which a rule has just one.
var formTraffic = []string{"tcp", "udp", "icmp", "icmpv6", "protocol"}

// ruleKeys reads a rule's keys: what it is about, and the others by get. Path is as
// SecurityGroup.ingress.
func (r *formReader) ruleKeys(n *yaml.Node, t *Traffic, others []string, get func(key string, v *yaml.Node) error) error {
	all, err := pairs(n, "a rule such as {tcp: 443, from: 10.0.0.0/8}")
	if err != nil {
		return err
	}
	*t = Traffic{Type: -1, Code: -1}
	about := ""
	for _, pair := range all {
		key := pair.key.Value
		switch {
		case slices.Contains(formTraffic, key):
			if about != "" {
				return bad(formAt(pair.key), "%s beside %s: a rule is about one of %s", key, about, strings.Join(formTraffic, ", "))
			}
			about = key
			var text string
			if text, err = r.text(pair.value); err == nil {
				err = parseTraffic(formAt(pair.value), key, text, t)
			}
		case slices.Contains(others, key):
			err = get(key, pair.value)
		case key == "from" || key == "to":
			err = bad(formAt(pair.key), "%s in the other direction: ingress comes from, egress goes to", key)
		default:
			err = unknownKey(pair.key, key, slices.Concat(formTraffic, others))
		}
		if err != nil {
			return err
		}
	}
	if about == "" {
		return bad(formAt(n), "a rule without one of %s; {protocol: all} is about everything", strings.Join(formTraffic, ", "))
	}
	return nil
}

// parseTraffic reads the value of a key of traffic: a port, ports as 1024-65535, or all; a
// type, a type and code as 3/4, or all; a protocol's number, or all.
func parseTraffic(at, key, text string, t *Traffic) error {
	switch key {
	case "tcp", "udp":
		t.Protocol = protocolNumbers[key]
		if text == "all" {
			t.From, t.To = 0, 65535
			return nil
		}
		low, high, ranged := strings.Cut(text, "-")
		if !ranged {
			high = low
		}
		from, err := strconv.ParseUint(strings.TrimSpace(low), 10, 31)
		to, err2 := strconv.ParseUint(strings.TrimSpace(high), 10, 31)
		if err != nil || err2 != nil {
			return bad(at, "%q is no port, no ports such as 1024-65535, and not all", text)
		}
		t.From, t.To, err = ports(at, int(from), int(to))
		return err
	case "icmp", "icmpv6":
		t.Protocol = protocolNumbers[key]
		if text == "all" {
			return nil
		}
		typ, code, coded := strings.Cut(text, "/")
		var err error
		if t.Type, err = strconv.Atoi(typ); err == nil && coded {
			t.Code, err = strconv.Atoi(code)
		}
		if err != nil {
			return bad(at, "%q is no type, no type and code such as 3/4, and not all", text)
		}
		return icmp(at, t.Type, t.Code)
	}
	if text == "all" {
		t.Protocol = AllProtocols
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 255 {
		return bad(at, "%q is no protocol: a number such as 47, or all; tcp, udp, icmp and icmpv6 are keys of their own", text)
	}
	if name, ok := protocolNames[n]; ok {
		return bad(at, "protocol %d is %s: write {%s: ...}", n, name, name)
	}
	t.Protocol = n
	return nil
}

// trafficText returns the key and the value that are read as the traffic.
func trafficText(t Traffic) (key, text string) {
	switch key = protocolNames[t.Protocol]; t.Protocol {
	case TCP, UDP:
		switch {
		case t.From == 0 && t.To == 65535:
			return key, "all"
		case t.From == t.To:
			return key, strconv.Itoa(int(t.From))
		}
		return key, fmt.Sprintf("%d-%d", t.From, t.To)
	case ICMP, ICMPv6:
		switch {
		case t.Type < 0 && t.Code < 0:
			return key, "all"
		case t.Code < 0:
			return key, strconv.Itoa(t.Type)
		}
		return key, fmt.Sprintf("%d/%d", t.Type, t.Code)
	case AllProtocols:
		return "protocol", key
	}
	return "protocol", strconv.Itoa(t.Protocol)
}

// peerKey returns the key of a rule's other side, by the direction that a path ends with.
func peerKey(path string) string {
	if strings.HasSuffix(path, ".egress") {
		return "to"
	}
	return "from"
}

func (r *formReader) groupRule(to *GroupRule, n *yaml.Node, path string) error {
	side := peerKey(path)
	var reference *yaml.Node
	err := r.ruleKeys(n, &to.Traffic, []string{side, "id", "description", "reference"}, func(key string, v *yaml.Node) error {
		text := ""
		var err error
		if key != "reference" {
			text, err = r.text(v)
		}
		switch {
		case err != nil:
			return err
		case key == "id":
			to.ID = text
		case key == "description":
			to.Description = text
		case key == "reference":
			reference = v
		default:
			to.Peer, err = r.peer(formAt(v), text)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case to.Peer == Peer{}:
		return bad(formAt(n), "a rule without %s", side)
	case to.Peer.Group == "" && reference != nil:
		return bad(formAt(reference), "a reference, and %s is no security group", to.Peer)
	case to.Peer.Group != "":
		if reference == nil {
			reference = &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column}
		}
		return r.thing(reflect.ValueOf(&to.Reference), reference)
	}
	return nil
}

// peer returns what a text names: a CIDR, or a security group or prefix list.
func (r *formReader) peer(at, text string) (Peer, error) {
	var out Peer
	switch section := r.ids[text]; {
	case section == "security-groups":
		return Peer{Group: text}, nil
	case section == "prefix-lists":
		return Peer{PrefixList: text}, nil
	case section != "":
		return out, bad(at, "%s is one of the %s, and not a security group or prefix list", text, section)
	case strings.HasPrefix(text, "sg-"):
		return Peer{Group: text}, nil
	case strings.HasPrefix(text, "pl-"):
		return Peer{PrefixList: text}, nil
	case !strings.ContainsAny(text, "/.:"):
		return out, bad(at, "%q is no CIDR, and no security group or prefix list of this file", text)
	}
	var err error
	out.CIDR, err = parseFormCIDR(at, text)
	return out, err
}

func (r *formReader) aclEntry(to *ACLEntry, n *yaml.Node, path string) error {
	side := peerKey(path)
	said := map[string]bool{}
	err := r.ruleKeys(n, &to.Traffic, []string{"number", "action", side}, func(key string, v *yaml.Node) error {
		said[key] = true
		switch key {
		case "number":
			if err := r.set(reflect.ValueOf(&to.Number).Elem(), v, ""); err != nil {
				return err
			}
			if to.Number < 1 || to.Number > LastNumber+2 { // what AWS shows of * is taken too: 32767, and 32768 of IPv6
				return bad(formAt(v), "an entry has a number of 1 to %d, and not %d", LastNumber, to.Number)
			}
			return nil
		case side:
			return r.prefix(&to.CIDR, v)
		}
		text, err := r.text(v)
		if err == nil && text != "allow" && text != "deny" {
			err = bad(formAt(v), "%q is neither allow nor deny", text)
		}
		to.Allow = text == "allow"
		return err
	})
	if err != nil {
		return err
	}
	for _, key := range []string{"number", "action", side} {
		if !said[key] {
			return bad(formAt(n), "an entry without %s", key)
		}
	}
	return nil
}

// formTargets are the kinds of targets by the sections that have them.
var formTargets = map[string]TargetKind{
	"internet-gateways": TargetInternetGateway, "egress-only-internet-gateways": TargetEgressOnlyInternetGateway,
	"nat-gateways": TargetNATGateway, "vpn-gateways": TargetVPNGateway, "transit-gateways": TargetTransitGateway,
	"vpc-peering-connections": TargetPeeringConnection, "vpc-endpoints": TargetVPCEndpoint, "network-interfaces": TargetInterface,
}

// targetPrefixes are the kinds of targets by how ids begin.
var targetPrefixes = map[string]TargetKind{
	"igw-": TargetInternetGateway, "vgw-": TargetVPNGateway, "vpce-": TargetVPCEndpoint, "eigw-": TargetEgressOnlyInternetGateway,
	"cagw-": TargetCarrierGateway, "lgw-": TargetLocalGateway, "nat-": TargetNATGateway, "tgw-": TargetTransitGateway,
	"pcx-": TargetPeeringConnection, "eni-": TargetInterface, "i-": TargetInstance,
}

// target returns what a text names, by the file's sections, else by how AWS's ids begin; the
// kind is "" where neither says.
func (r *formReader) target(text string) Target { return targetOf(r.ids, text) }

func targetOf(sections map[string]string, text string) Target {
	switch {
	case text == string(TargetLocal):
		return Target{Kind: TargetLocal}
	case text == string(TargetGone):
		return Target{Kind: TargetGone}
	}
	kind, ok := formTargets[sections[text]]
	if !ok {
		kind = targetPrefixes[text[:strings.IndexByte(text, '-')+1]]
	}
	t := Target{Kind: kind, ID: text}
	if kind == TargetInstance {
		t.Instance = text
	}
	return t
}

// destination reads where a route leads: a CIDR or a prefix list.
func (r *formReader) destination(n *yaml.Node, cidr *prefix, list *string) error {
	text, err := r.text(n)
	if err != nil {
		return err
	}
	if r.ids[text] == "prefix-lists" || strings.HasPrefix(text, "pl-") {
		*list = text
		return nil
	}
	*cidr, err = parseFormCIDR(formAt(n), text)
	return err
}

func (r *formReader) route(to *Route, n *yaml.Node) error {
	all, err := pairs(n, "a route such as {to: 0.0.0.0/0, via: igw-1}")
	if err != nil {
		return err
	}
	said := map[string]*yaml.Node{}
	keys := []string{"to", "via", "via-kind", "instance", "state", "origin"}
	for _, pair := range all {
		if !slices.Contains(keys, pair.key.Value) {
			return unknownKey(pair.key, pair.key.Value, keys)
		}
		said[pair.key.Value] = pair.value
	}
	if said["to"] == nil || said["via"] == nil {
		return bad(formAt(n), "a route has to and via")
	}
	if err := r.destination(said["to"], &to.CIDR, &to.PrefixList); err != nil {
		return err
	}
	via, err := r.text(said["via"])
	if err != nil {
		return err
	}
	to.Target = r.target(via)
	for _, f := range []struct {
		key string
		to  *string
	}{{"via-kind", (*string)(&to.Target.Kind)}, {"instance", &to.Target.Instance}} {
		if v := said[f.key]; v != nil {
			if *f.to, err = r.text(v); err != nil {
				return err
			}
		}
	}
	switch {
	case to.Target.Kind == "":
		return bad(formAt(said["via"]), "%q is nothing of this file that routes lead to: local, or the id of a gateway, peering connection, endpoint or ENI; via-kind says what else it is", via)
	case !slices.Contains(targetKinds, to.Target.Kind):
		return bad(formAt(said["via-kind"]), "%q is none of %s", to.Target.Kind, joined(targetKinds))
	}
	for field, value := range r.derived(to) {
		switch field {
		case "State":
			to.State = value.(string)
		case "Origin":
			to.Origin = value.(string)
		}
	}
	for _, f := range []struct {
		key     string
		to      *string
		allowed []string
	}{{"state", &to.State, routeStates}, {"origin", &to.Origin, nil}} {
		v := said[f.key]
		if v == nil {
			continue
		}
		if *f.to, err = r.text(v); err != nil {
			return err
		}
		if f.allowed != nil && !slices.Contains(f.allowed, *f.to) {
			return bad(formAt(v), "%q is none of active, blackhole, filtered", *f.to)
		}
	}
	return nil
}

var routeStates = []string{"", "active", "blackhole", "filtered"}

// targetKinds are all kinds of targets.
var targetKinds = []TargetKind{
	TargetLocal, TargetInternetGateway, TargetEgressOnlyInternetGateway, TargetNATGateway, TargetVPNGateway, TargetTransitGateway,
	TargetPeeringConnection, TargetVPCEndpoint, TargetInterface, TargetInstance, TargetCarrierGateway, TargetLocalGateway,
	TargetCoreNetwork, TargetODBNetwork, TargetAddress, TargetUnknown, TargetGone,
}

func joined[T ~string](list []T) string {
	var out []string
	for _, v := range list {
		out = append(out, string(v))
	}
	return strings.Join(out, ", ")
}

func (r *formReader) transitRoute(to *TransitGatewayRoute, n *yaml.Node) error {
	all, err := pairs(n, "a route such as {to: 10.0.0.0/8, via: [tgw-attach-1]}")
	if err != nil {
		return err
	}
	said := map[string]*yaml.Node{}
	keys := []string{"to", "via", "type", "state"}
	for _, pair := range all {
		if !slices.Contains(keys, pair.key.Value) {
			return unknownKey(pair.key, pair.key.Value, keys)
		}
		said[pair.key.Value] = pair.value
	}
	if said["to"] == nil {
		return bad(formAt(n), "a route without to")
	}
	if err := r.destination(said["to"], &to.CIDR, &to.PrefixList); err != nil {
		return err
	}
	if v := said["via"]; v != nil {
		if err := r.set(reflect.ValueOf(&to.Attachments).Elem(), v, ""); err != nil {
			return err
		}
	}
	made := r.derived(to)
	to.Type, to.State = made["Type"].(string), made["State"].(string)
	if v := said["state"]; v != nil {
		if to.State, err = r.text(v); err != nil {
			return err
		}
	}
	if v := said["type"]; v != nil {
		to.Type, err = r.text(v)
		if err == nil && to.Type != "static" && to.Type != "propagated" {
			err = bad(formAt(v), "%q is neither static nor propagated", to.Type)
		}
	}
	return err
}
