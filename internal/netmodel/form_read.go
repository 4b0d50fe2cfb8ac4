package netmodel

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// formReader reads one form into a part.
type formReader struct {
	formPlace
	part *part
	ids  map[string]string // section by id
	at   map[string]string // place by id
	open map[string]bool   // default network ACLs that say no subnets
}

// formAt returns a node's place.
func formAt(n *yaml.Node) string { return fmt.Sprintf("line %d, column %d", n.Line, n.Column) }

// formRoot returns the mapping that a form is, nil of an empty one.
func formRoot(data []byte) (*yaml.Node, error) {
	l, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, &badPlace{"", fmt.Errorf("cannot read YAML: %w", err), false}
	}
	var doc, more yaml.Node
	switch err := l.Load(&doc); {
	case errors.Is(err, io.EOF):
		return nil, bad("", "an empty file")
	case err != nil:
		return nil, yamlProblem(err)
	}
	switch err := l.Load(&more); {
	case err == nil:
		return nil, bad(formAt(&more), "a second document where one is expected")
	case !errors.Is(err, io.EOF):
		return nil, yamlProblem(err)
	}
	root := &doc
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, bad("", "an empty file")
	}
	if root.Kind != yaml.MappingNode {
		return nil, bad(formAt(root), "%s where the keys of a network definition are expected, such as vpcs", formKind(root))
	}
	return root, nil
}

// yamlFault is how the YAML library says what is wrong.
var yamlFault = regexp.MustCompile(`^go-yaml load error in \w+ (?:\([^)]*\) )?at (?:L[0-9]+\.C[0-9]+-)?L([0-9]+)\.C([0-9]+): (.*)$`)

// yamlProblem returns what the YAML library says, with its place.
func yamlProblem(err error) error {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	if m := yamlFault.FindStringSubmatch(text); m != nil {
		return bad("line "+m[1]+", column "+m[2], "no YAML: %s", m[3])
	}
	return bad("", "no YAML: %s", text)
}

// formKind names what a node is.
func formKind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if n.Tag == "!!null" {
		return "no value"
	}
	return fmt.Sprintf("%q", n.Value)
}

// formPair is a key of a mapping and its value.
type formPair struct{ key, value *yaml.Node }

// pairs returns what a mapping holds, each key once.
func pairs(n *yaml.Node, what string) ([]formPair, error) {
	if n.Kind != yaml.MappingNode {
		return nil, bad(formAt(n), "%s where %s is expected", formKind(n), what)
	}
	seen := map[string]*yaml.Node{}
	var out []formPair
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.Tag == "!!null" || k.Value == "" {
			return nil, bad(formAt(k), "%s where a key is expected", formKind(k))
		}
		if k.Tag == "!!merge" {
			return nil, bad(formAt(k), "merge keys (<<) are not supported: write it out")
		}
		if v.Kind == yaml.AliasNode {
			return nil, bad(formAt(v), "aliases (*%s) are not supported: write it out", v.Value)
		}
		if was := seen[k.Value]; was != nil {
			return nil, bad(formAt(k), "%s is there before, in line %d", k.Value, was.Line)
		}
		seen[k.Value] = k
		out = append(out, formPair{k, v})
	}
	return out, nil
}

// readForm reads a form into a part; whose it is the document says where the form does not.
// The error is a [*badPlace] at the line and column.
func readForm(p *part, d *Document) error {
	root, err := formRoot(d.Data)
	if err != nil {
		return err
	}
	r := formReader{formPlace: formPlace{&p.Network, d.Account, d.Region}, part: p, ids: map[string]string{}, at: p.at, open: map[string]bool{}}
	found, err := r.top(root)
	if err != nil {
		return err
	}
	for i := range formSections {
		s := &formSections[i]
		for _, pair := range found[s.key] {
			thing := reflect.New(s.of)
			if id := thing.Elem().FieldByName("ID"); id.IsValid() {
				id.SetString(pair.key.Value)
			}
			if err := r.thing(thing, pair.value); err != nil {
				return err
			}
			if b, ok := reflect.TypeAssert[*BlockPublicAccess](thing); ok && b.Account+"/"+b.Region != pair.key.Value {
				return bad(formAt(pair.key), "%s where the account and region are expected that it is of: %s/%s", pair.key.Value, b.Account, b.Region)
			}
			s.things(r.Network).SetMapIndex(reflect.ValueOf(pair.key.Value), thing)
		}
	}
	return r.finish()
}

// top reads the keys of the file, and returns the things of each section.
func (r *formReader) top(root *yaml.Node) (map[string][]formPair, error) {
	all, err := pairs(root, "a network definition")
	if err != nil {
		return nil, err
	}
	keys := []string{"account", "region"}
	for _, s := range formSections {
		keys = append(keys, s.key)
	}
	found := map[string][]formPair{}
	for _, pair := range all {
		key := pair.key.Value
		switch {
		case key == "account" || key == "region":
			to := map[string]*string{"account": &r.account, "region": &r.region}[key]
			if err := r.set(reflect.ValueOf(to).Elem(), pair.value, ""); err != nil {
				return nil, err
			}
			if want := formPlaces[key]; !want.MatchString(*to) {
				return nil, bad(formAt(pair.value), "%q is no %s", *to, map[string]string{"account": "account of 12 digits", "region": "region such as us-east-1"}[key])
			}
		case slices.Contains(keys, key):
			things, err := pairs(pair.value, "a mapping of ids to "+strings.ReplaceAll(key, "-", " "))
			if err != nil {
				return nil, err
			}
			for _, thing := range things {
				id := thing.key.Value
				if was, ok := r.ids[id]; ok {
					return nil, bad(formAt(thing.key), "%s is one of the %s too, at %s: ids are unique", id, was, r.at[id])
				}
				r.ids[id], r.at[id] = key, formAt(thing.key)
			}
			found[key] = things
		default:
			return nil, unknownKey(pair.key, key, keys)
		}
	}
	if len(all) == 0 {
		return nil, bad(formAt(root), "a network definition without things: %s...", strings.Join(keys[2:6], ", "))
	}
	return found, nil
}

// formPlaces are what accounts and regions look like.
var formPlaces = map[string]*regexp.Regexp{
	"account": regexp.MustCompile(`^[0-9]{12}$`), "region": regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`),
}

// unknownKey says that there is no such key, and which may have been meant.
func unknownKey(at *yaml.Node, key string, keys []string) error {
	if _, ok := answers[plainKey(key)]; ok && key != strings.ToLower(key) {
		return bad(formAt(at), "%s is a key of AWS's answers, which are read as JSON: --output json", key)
	}
	if near := nearest(key, keys); near != "" {
		return bad(formAt(at), "no key %s: did you mean %s?", key, near)
	}
	return bad(formAt(at), "no key %s; there are %s", key, strings.Join(keys, ", "))
}

// thing reads a mapping into what a pointer points to, and what it need not say.
func (r *formReader) thing(v reflect.Value, n *yaml.Node) error {
	t := v.Elem().Type()
	all, err := pairs(n, "the keys of "+formNoun(t))
	if err != nil {
		return err
	}
	fields := formFields(t)
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.key)
	}
	if t == reflect.TypeFor[RouteTable]() {
		keys = append(keys, "local-routes")
	}
	said := map[string]bool{}
	local := true
	for _, pair := range all {
		key := pair.key.Value
		i := slices.Index(keys, key)
		switch {
		case i < 0:
			return unknownKey(pair.key, key, keys)
		case i == len(fields):
			err = r.set(reflect.ValueOf(&local).Elem(), pair.value, "")
		default:
			err = r.set(v.Elem().Field(fields[i].index), pair.value, t.Name()+"."+key)
		}
		if err != nil {
			return err
		}
		said[key] = true
	}
	for _, key := range formNeeds[t] {
		if !said[key] {
			return bad(formAt(n), "no %s%s", key, formHints[t.Name()+"."+key])
		}
	}
	for field, value := range r.derived(v.Interface()) {
		if f := v.Elem().FieldByName(field); f.IsValid() && !said[formKey(field)] {
			f.Set(reflect.ValueOf(value))
		}
	}
	return r.known(v.Interface(), n, said, local)
}

// formHints say what to do where a key is missing.
var formHints = map[string]string{
	"SecurityGroup.egress": ": AWS makes a new security group with {protocol: all, to: 0.0.0.0/0}; write that, or [] where nothing is allowed out",
}

// known does what depends on which keys a thing has.
func (r *formReader) known(thing any, n *yaml.Node, said map[string]bool, local bool) error {
	switch v := thing.(type) {
	case *Subnet:
		if region := regionOf(v.AZ); region != "" && v.Region != "" && region != v.Region && !said["region"] {
			return bad(formAt(n), "%s is not in %s: a file is of one region, and a file may hold several documents, each behind a line ---", v.AZ, v.Region)
		}
	case *Interface:
		if !said["vpc"] && v.VPC == "" && v.Subnet != "" {
			return bad(formAt(n), "no vpc: it is needed where the subnet (%s) is not in this file", v.Subnet)
		}
		if v.MAC != "" {
			mac, err := parseMAC(formAt(n), v.MAC)
			if err != nil {
				return err
			}
			v.MAC = mac
		}
	case *PrefixList:
		v.EntriesUnknown = !said["cidrs"]
	case *TargetGroup:
		v.TargetsKnown = said["targets"]
	case *TransitGatewayRouteTable:
		v.PropagationsKnown = said["propagations"]
		if said["routes"] && !said["routes-known"] {
			v.RoutesKnown = SearchedRoutes
		}
	case *NetworkACL:
		if v.Default && !said["subnets"] {
			r.open[v.ID] = true
		}
		slices.Sort(v.Subnets)
		return checkEntries(v, n)
	case *RouteTable:
		if local {
			r.addLocalRoutes(v)
		}
	}
	return nil
}

// checkEntries returns a number that two entries of a network ACL have, and sorts them.
func checkEntries(a *NetworkACL, n *yaml.Node) error {
	for _, d := range []Direction{Ingress, Egress} {
		seen := map[int]bool{}
		entries := a.Entries(d)
		for _, e := range entries {
			if seen[e.Number] {
				return bad(formAt(n), "%s has two %s entries with number %d", a.ID, d, e.Number)
			}
			seen[e.Number] = true
		}
		slices.SortFunc(entries, func(x, y ACLEntry) int { return cmp.Compare(x.Number, y.Number) })
	}
	return nil
}

// finish tells subnets their network ACLs.
func (r *formReader) finish() error {
	r.defaultACLs(r.open)
	for id, a := range r.NetworkACLs {
		for _, s := range a.Subnets {
			if was, ok := r.part.acls[s]; ok && was != id {
				return bad(r.at[max(id, was)], "%s is associated with %s, and with %s", s, min(id, was), max(id, was))
			}
			r.part.acls[s] = id
		}
	}
	return nil
}

// set reads a node into a value, which path names as Type.key.
func (r *formReader) set(v reflect.Value, n *yaml.Node, path string) error {
	if n.Kind == yaml.AliasNode {
		return bad(formAt(n), "aliases (*%s) are not supported: write it out", n.Value)
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return bad(formAt(n), `no value; "" and [] say that there is none`)
	}
	switch to := v.Addr().Interface().(type) {
	case *netip.Addr:
		return r.addr(to, n)
	case *netip.Prefix:
		return r.prefix(to, n)
	case *GroupRule:
		return r.groupRule(to, n, path)
	case *ACLEntry:
		return r.aclEntry(to, n, path)
	case *Route:
		return r.route(to, n)
	case *TransitGatewayRoute:
		return r.transitRoute(to, n)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return r.set(v.Elem(), n, path)
	case reflect.Struct:
		return r.thing(v.Addr(), n)
	case reflect.Slice:
		return r.list(v, n, path)
	case reflect.Map:
		return r.mapping(v, n)
	}
	return scalar(v, n, path)
}

func (r *formReader) list(v reflect.Value, n *yaml.Node, path string) error {
	if n.Kind != yaml.SequenceNode {
		return bad(formAt(n), "%s where a list is expected", formKind(n))
	}
	for _, e := range n.Content {
		one := reflect.New(v.Type().Elem()).Elem()
		if err := r.set(one, e, path); err != nil {
			return err
		}
		v.Set(reflect.Append(v, one))
	}
	return nil
}

func (r *formReader) mapping(v reflect.Value, n *yaml.Node) error {
	all, err := pairs(n, "a mapping")
	if err != nil || len(all) == 0 {
		return err
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, pair := range all {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := r.set(key, pair.key, ""); err != nil {
			return err
		}
		if err := r.set(value, pair.value, ""); err != nil {
			return err
		}
		v.SetMapIndex(key, value)
	}
	return nil
}

// scalar reads a text, a number or a truth value. A text may look like a number, as an
// account does.
func scalar(v reflect.Value, n *yaml.Node, path string) error {
	if n.Kind != yaml.ScalarNode {
		return bad(formAt(n), "%s where a %s is expected", formKind(n), formType(v.Type()))
	}
	switch v.Kind() {
	case reflect.String:
		if allowed := formClosed[path]; allowed != nil && n.Value != "" && !slices.Contains(allowed, n.Value) {
			return bad(formAt(n), "%q is none of %s", n.Value, strings.Join(allowed, ", "))
		}
		v.SetString(n.Value)
		return nil
	case reflect.Bool:
		if n.Tag == "!!bool" {
			if b, err := strconv.ParseBool(n.Value); err == nil {
				v.SetBool(b)
				return nil
			}
		}
		return bad(formAt(n), "%q is neither true nor false", n.Value)
	}
	i, err := strconv.ParseInt(n.Value, 10, 32)
	if err != nil || i < 0 {
		return bad(formAt(n), "%q is no number", n.Value)
	}
	v.SetInt(i)
	return nil
}

// text returns a scalar's text.
func (r *formReader) text(n *yaml.Node) (string, error) {
	var s string
	err := r.set(reflect.ValueOf(&s).Elem(), n, "")
	return s, err
}

func (r *formReader) addr(to *netip.Addr, n *yaml.Node) error {
	text, err := r.text(n)
	if err != nil || text == "" {
		return err
	}
	*to, err = parseAddr(formAt(n), text)
	return err
}

func (r *formReader) prefix(to *netip.Prefix, n *yaml.Node) error {
	text, err := r.text(n)
	if err == nil {
		*to, err = parseFormCIDR(formAt(n), text)
	}
	return err
}

// parseFormCIDR reads a CIDR, with what to write where it is an address.
func parseFormCIDR(at, text string) (prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return prefix{}, bad(at, "%s is an address where a CIDR is expected: %s/%d", text, text, a.BitLen())
	}
	return parseAnyCIDR(at, text)
}
