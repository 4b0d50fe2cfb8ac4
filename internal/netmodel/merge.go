package netmodel

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// newNetwork returns a definition of nothing.
func newNetwork() Network {
	var n Network
	v := reflect.ValueOf(&n).Elem()
	for _, field := range v.Fields() {
		field.Set(reflect.MakeMap(field.Type()))
	}
	return n
}

// put adds what an answer says of a thing. Two answers of one file may be of the same.
func put[T any](p *part, at, key string, all map[string]*T, id string, v *T, with func(a, b *T) (*T, bool)) error {
	if err := p.note(at, key, id); err != nil {
		return err
	}
	if was := all[id]; was != nil {
		both, ok := with(was, v)
		if !ok {
			return bad(at, "%s is described before, and otherwise", id)
		}
		v = both
	}
	all[id] = v
	return nil
}

// merge adds another definition; the answers of a thing that several calls describe are
// put together. What it takes is copied, since the files are joined again where one of them
// is left out.
func (n *Network) merge(o *Network, at map[string]string) *badPlace {
	for _, err := range []*badPlace{
		mergeAll(n.VPCs, o.VPCs, at, same), mergeAll(n.Subnets, o.Subnets, at, same),
		mergeAll(n.Interfaces, o.Interfaces, at, (*Interface).with),
		mergeAll(n.SecurityGroups, o.SecurityGroups, at, same), mergeAll(n.NetworkACLs, o.NetworkACLs, at, same),
		mergeAll(n.PrefixLists, o.PrefixLists, at, (*PrefixList).with),
		mergeAll(n.RouteTables, o.RouteTables, at, same),
		mergeAll(n.InternetGateways, o.InternetGateways, at, same),
		mergeAll(n.EgressOnlyInternetGateways, o.EgressOnlyInternetGateways, at, same),
		mergeAll(n.NATGateways, o.NATGateways, at, same), mergeAll(n.VPNGateways, o.VPNGateways, at, same),
		mergeAll(n.ElasticIPs, o.ElasticIPs, at, same), mergeAll(n.PeeringConnections, o.PeeringConnections, at, same),
		mergeAll(n.VPCEndpoints, o.VPCEndpoints, at, same), mergeAll(n.EndpointServices, o.EndpointServices, at, same),
		mergeAll(n.TransitGateways, o.TransitGateways, at, same),
		mergeAll(n.TransitGatewayAttachments, o.TransitGatewayAttachments, at, (*TransitGatewayAttachment).with),
		mergeAll(n.TransitGatewayRouteTables, o.TransitGatewayRouteTables, at, (*TransitGatewayRouteTable).with),
		mergeAll(n.LoadBalancers, o.LoadBalancers, at, (*LoadBalancer).with), mergeAll(n.Listeners, o.Listeners, at, same),
		mergeAll(n.ListenerRules, o.ListenerRules, at, same), mergeAll(n.TargetGroups, o.TargetGroups, at, (*TargetGroup).with),
		mergeAll(n.Resources, o.Resources, at, same), mergeAll(n.SubnetGroups, o.SubnetGroups, at, same),
		mergeAll(n.FlowLogs, o.FlowLogs, at, same),
		mergeAll(n.BlockPublicAccess, o.BlockPublicAccess, at, same),
		mergeAll(n.BlockPublicAccessExclusions, o.BlockPublicAccessExclusions, at, same),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func mergeAll[T any](to, from map[string]*T, at map[string]string, with func(a, b *T) (*T, bool)) *badPlace {
	for _, id := range slices.Sorted(maps.Keys(from)) {
		v := clone(from[id])
		if was := to[id]; was != nil {
			both, ok := with(was, v)
			if !ok {
				return contradiction(at[id], id)
			}
			v = both
		}
		to[id] = v
	}
	return nil
}

func clone[T any](p *T) *T {
	c := *p
	return &c
}

// same is for what only one call describes: two answers must be equal.
func same[T any](a, b *T) (*T, bool) { return a, reflect.DeepEqual(a, b) }

// fill is for what several calls describe, each in a part: what one leaves out the other
// may say. It reports false where both say something else.
func fill[T any](a, b *T) (*T, bool) {
	out := clone(a)
	to, from := reflect.ValueOf(out).Elem(), reflect.ValueOf(b).Elem()
	for i := range to.NumField() {
		t, f := to.Field(i), from.Field(i)
		switch {
		case absent(f):
		case absent(t):
			t.Set(f)
		case !reflect.DeepEqual(t.Interface(), f.Interface()):
			return nil, false
		}
	}
	return out, true
}

func absent(v reflect.Value) bool {
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		return v.Len() == 0
	}
	return v.IsZero()
}

// with returns what two descriptions say of an interface. It reports false where they
// contradict each other in what decides about packets.
func (i *Interface) with(o *Interface) (*Interface, bool) {
	ok := slices.Equal(i.Addresses, o.Addresses) && slices.Equal(sorted(i.Groups), sorted(o.Groups))
	x, y := *i, *o
	// describe-instances has less to say than describe-network-interfaces.
	for _, pair := range [][2]*string{
		{&x.Name, &y.Name},
		{&x.Description, &y.Description},
		{&x.Type, &y.Type},
		{&x.Status, &y.Status},
		{&x.Requester, &y.Requester},
		{&x.MAC, &y.MAC},
	} {
		if *pair[0] == "" {
			*pair[0] = *pair[1]
		}
		*pair[1] = *pair[0]
	}
	if len(x.Prefixes) == 0 {
		x.Prefixes = y.Prefixes
	}
	if len(x.Public) == 0 {
		x.Public = y.Public
	}
	y.Addresses, y.Groups, y.Prefixes, y.Public = nil, nil, nil, nil
	out, filled := fill(&x, &y)
	return out, ok && filled
}

// fileName returns the name of the file, without folder and ending.
func (p *part) fileName() string {
	name := filepath.Base(p.name)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// text returns a member of the file's document, "" where it is not there or no text.
func (p *part) text(member string) string {
	var text string
	if json.Unmarshal(p.document[member], &text) != nil {
		return ""
	}
	return text
}

// isTrue reports whether a member of the file's document is true.
func (p *part) isTrue(member string) bool { return string(p.document[member]) == "true" }
