package netmodel

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// YAML returns the definition in the form that people write, one document for each account
// and region, which [Load] reads as the same definition. What says no account or region is in
// the document of its VPC, else in that of all others, if that is one. The error names what
// the form can't hold.
func (n *Network) YAML() ([]byte, error) {
	w := newFormWriter(n)
	var out []byte
	places := slices.SortedFunc(maps.Keys(w.things), Place.compare)
	for i, place := range places {
		if i > 0 {
			out = append(out, "---\n"...)
		}
		out = append(out, yamlText(w.document(place))...)
	}
	switch {
	case len(w.bad) > 0:
		return nil, errors.New("YAML can't hold " + strings.Join(set(w.bad), "; "))
	case len(places) == 0:
		return nil, errors.New("an empty network definition has no YAML")
	}
	return out, nil
}

// yamlText prints a node.
func yamlText(n *yaml.Node) []byte {
	out, err := yaml.Dump(n, yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err != nil {
		panic(fmt.Sprintf("YAML nodes can't be printed: %v", err)) // they are scalars, lists and mappings
	}
	return out
}

// formWriter writes a network.
type formWriter struct {
	all    *Network
	only   Place                       // of all things that say one, if it is one
	things map[Place]*Network          // by document
	ids    map[Place]map[string]string // section by id
	here   formPlace                   // the document
	ofHere map[string]string           // its ids
	at     string                      // the thing
	bad    []string
}

func newFormWriter(n *Network) *formWriter {
	w := &formWriter{all: n, things: map[Place]*Network{}, ids: map[Place]map[string]string{}}
	w.findOnly()
	for i := range formSections {
		s := &formSections[i]
		of := s.things(n)
		for _, key := range of.MapKeys() {
			place := w.placeOf(of.MapIndex(key))
			if w.things[place] == nil {
				own := newNetwork()
				w.things[place], w.ids[place] = &own, map[string]string{}
			}
			if was, ok := w.ids[place][key.String()]; ok {
				w.fail("%s, which is one of the %s and of the %s", key, was, s.key)
			}
			w.ids[place][key.String()] = s.key
			s.things(w.things[place]).SetMapIndex(key, of.MapIndex(key))
		}
	}
	return w
}

func (w *formWriter) fail(format string, args ...any) {
	w.bad = append(w.bad, fmt.Sprintf(format, args...))
}

// fieldText returns a field of a thing, "" where it is none of its texts.
func fieldText(thing reflect.Value, name string) string {
	if f := thing.Elem().FieldByName(name); f.IsValid() && f.Kind() == reflect.String {
		return f.String()
	}
	return ""
}

// placeOf returns whose a thing is: what it says, else what its VPC says, else where all
// others are. AWS's own prefix lists are with the others.
func (w *formWriter) placeOf(thing reflect.Value) Place {
	out := Place{fieldText(thing, "Account"), fieldText(thing, "Region")}
	if managed(out.Account) {
		out.Account = ""
	}
	for _, ref := range []string{"VPC", "Resource"} {
		if vpc := w.all.VPCs[fieldText(thing, ref)]; vpc != nil {
			out = Place{cmp.Or(out.Account, vpc.Account), cmp.Or(out.Region, vpc.Region)}
		}
	}
	out = Place{cmp.Or(out.Account, w.only.Account), cmp.Or(out.Region, w.only.Region)}
	// What is no account or region by AWS's rules a document can't say of all its things.
	if !formPlaces["account"].MatchString(out.Account) {
		out.Account = ""
	}
	if !formPlaces["region"].MatchString(out.Region) {
		out.Region = ""
	}
	return out
}

// findOnly finds the account and the region that all things have which say one.
func (w *formWriter) findOnly() {
	accounts, regions := map[string]bool{}, map[string]bool{}
	for i := range formSections {
		things := formSections[i].things(w.all)
		for _, key := range things.MapKeys() {
			accounts[fieldText(things.MapIndex(key), "Account")] = true
			regions[fieldText(things.MapIndex(key), "Region")] = true
		}
	}
	one := func(m map[string]bool) string {
		maps.DeleteFunc(m, func(k string, _ bool) bool { return managed(k) })
		for k := range m {
			if len(m) == 1 {
				return k
			}
		}
		return ""
	}
	w.only = Place{one(accounts), one(regions)}
}

// document returns the form of one account and region.
func (w *formWriter) document(place Place) *yaml.Node {
	w.here, w.ofHere = formPlace{w.things[place], place.Account, place.Region}, w.ids[place]
	root := &yaml.Node{Kind: yaml.MappingNode}
	if place.Account != "" {
		addKey(root, "account", scalarNode(place.Account))
	}
	if place.Region != "" {
		addKey(root, "region", scalarNode(place.Region))
	}
	for i := range formSections {
		s := &formSections[i]
		things := s.things(w.here.Network)
		section := &yaml.Node{Kind: yaml.MappingNode}
		keys := things.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
		for _, key := range keys {
			w.at = key.String()
			if w.at == "" {
				w.fail("one of the %s without an id", s.key)
			}
			addKey(section, w.at, w.thing(things.MapIndex(key)))
		}
		if len(keys) > 0 {
			addKey(root, s.key, section)
		}
	}
	return root
}

func addKey(to *yaml.Node, key string, value *yaml.Node) {
	to.Content = append(to.Content, scalarNode(key), value)
}

// scalarNode returns a text, in quotes where it would be read as something else.
func scalarNode(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	if n.Style&yaml.LiteralStyle != 0 { // a text of several lines
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// plainNode returns a number or a truth value, or what is like one.
func plainNode(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

// thing returns the mapping of what a pointer points to: what the form would find without
// being told is left out.
func (w *formWriter) thing(v reflect.Value) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode}
	t := v.Elem().Type()
	made := w.here.derived(v.Interface())
	always := slices.Concat(formNeeds[t], w.known(v.Interface(), made))
	routes, local := []Route(nil), true
	if table, ok := reflect.TypeAssert[*RouteTable](v); ok {
		routes, local = w.here.withoutLocalRoutes(table)
	}
	for _, f := range formFields(t) {
		field := v.Elem().Field(f.index)
		value, derived := made[f.name]
		place := f.name == "Account" || f.name == "Region"
		switch {
		case slices.Contains(always, f.key):
		case derived && reflect.DeepEqual(field.Interface(), value):
			continue
		case (!derived || place) && emptyField(field):
			continue
		}
		if f.key == "routes" && t == reflect.TypeFor[RouteTable]() {
			field = reflect.ValueOf(routes)
			if len(routes) == 0 {
				continue
			}
		}
		if allowed := formClosed[t.Name()+"."+f.key]; allowed != nil && field.String() != "" && !slices.Contains(allowed, field.String()) {
			w.fail("%s: %s %q", w.at, f.key, field.String())
		}
		addKey(out, f.key, w.value(field, f.key))
	}
	if !local {
		addKey(out, "local-routes", plainNode("false"))
	}
	if len(out.Content) == 0 {
		out.Style = yaml.FlowStyle
	}
	return out
}

// known returns the keys that must be written since their presence says that they are known,
// and tells what follows of them.
func (w *formWriter) known(thing any, made map[string]any) []string {
	switch v := thing.(type) {
	case *PrefixList:
		if !v.EntriesUnknown {
			return []string{"cidrs"}
		}
		if len(v.CIDRs) > 0 {
			w.fail("%s: CIDRs of a prefix list whose entries are unknown", v.ID)
		}
	case *TargetGroup:
		if v.TargetsKnown {
			return []string{"targets"}
		}
	case *Subnet:
		if region := regionOf(v.AZ); region != "" && region != v.Region {
			return []string{"region"}
		}
	case *NetworkACL:
		if v.Default {
			return []string{"subnets"}
		}
	case *TransitGatewayRouteTable:
		var keys []string
		if v.PropagationsKnown {
			keys = append(keys, "propagations")
		}
		if v.RoutesKnown != NoRoutes {
			made["RoutesKnown"] = SearchedRoutes
			keys = append(keys, "routes")
		}
		return keys
	}
	return nil
}

// emptyField reports whether a field says nothing.
func emptyField(v reflect.Value) bool { return absent(v) }

// value returns the node of a value. Key is that of the thing, which says the direction of
// rules.
func (w *formWriter) value(v reflect.Value, key string) *yaml.Node {
	switch of := v.Interface().(type) {
	case netip.Addr:
		if !of.IsValid() {
			return scalarNode("")
		}
		return scalarNode(of.String())
	case netip.Prefix:
		return scalarNode(of.String())
	case GroupRule:
		return w.groupRule(&of, key)
	case ACLEntry:
		return w.aclEntry(&of, key)
	case Route:
		return w.route(&of)
	case TransitGatewayRoute:
		return w.transitRoute(&of)
	}
	switch v.Kind() {
	case reflect.Pointer:
		return w.value(v.Elem(), key)
	case reflect.Struct:
		to := reflect.New(v.Type())
		to.Elem().Set(v)
		out := w.thing(to)
		out.Style = yaml.FlowStyle
		return out
	case reflect.Slice:
		out := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			out.Content = append(out.Content, w.value(v.Index(i), key))
		}
		if v.Len() == 0 || v.Type().Elem().Kind() == reflect.String || isText(v.Type().Elem()) {
			out.Style = yaml.FlowStyle
		}
		return out
	case reflect.Map:
		out := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(Text(a.Interface()), Text(b.Interface())) })
		for _, k := range keys {
			addKey(out, Text(k.Interface()), w.value(v.MapIndex(k), ""))
		}
		return out
	case reflect.Bool:
		return plainNode(strconv.FormatBool(v.Bool()))
	case reflect.Int:
		if v.Int() < 0 {
			w.fail("%s: %s %d", w.at, key, v.Int())
		}
		return plainNode(strconv.FormatInt(v.Int(), 10))
	}
	return scalarNode(v.String())
}

// isText reports whether values of a type are written as one text.
func isText(t reflect.Type) bool {
	return t == reflect.TypeFor[netip.Addr]() || t == reflect.TypeFor[netip.Prefix]()
}
