package netmodel

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
)

// Change is how a thing differs between two definitions.
type Change struct {
	// Kind is as [Count] names it.
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// What is [Came], [Went] or [Changed].
	What string `json:"what"`
	// Details say what changed, in the order of the thing's members.
	Details []Detail `json:"details,omitempty"`
}

// What became of a thing.
const (
	Came    = "came"
	Went    = "went"
	Changed = "changed"
)

// Detail is how a member of a thing differs: the elements that it lost and got, or its value
// before and after.
type Detail struct {
	Member string   `json:"member"`
	Went   []string `json:"went,omitempty"`
	Came   []string `json:"came,omitempty"`
}

// Diff returns what differs between two definitions, in the order of kinds and ids. The order
// of what has none, as a group's rules, is no difference.
func Diff(before, after *Network) []Change {
	var out []Change
	old := before.kinds()
	for i, k := range after.kinds() {
		ids := map[string]bool{}
		for _, key := range slices.Concat(old[i].things.MapKeys(), k.things.MapKeys()) {
			ids[key.String()] = true
		}
		for _, id := range slices.Sorted(maps.Keys(ids)) {
			a, b := old[i].things.MapIndex(reflect.ValueOf(id)), k.things.MapIndex(reflect.ValueOf(id))
			c := Change{Kind: k.name, ID: id, What: Changed}
			switch {
			case !a.IsValid():
				c.What, c.Name = Came, nameOf(b)
			case !b.IsValid():
				c.What, c.Name = Went, nameOf(a)
			default:
				c.Name = nameOf(b)
				if c.Details = details(a, b); len(c.Details) == 0 {
					continue
				}
			}
			out = append(out, c)
		}
	}
	return out
}

// nameOf returns the Name of a thing, where it has one.
func nameOf(v reflect.Value) string {
	if v = reflect.Indirect(v); v.Kind() == reflect.Struct {
		if name := v.FieldByName("Name"); name.IsValid() && name.Kind() == reflect.String {
			return name.String()
		}
	}
	return ""
}

// details compares two things of a type, member by member.
func details(a, b reflect.Value) []Detail {
	a, b = reflect.Indirect(a), reflect.Indirect(b)
	if a.Kind() != reflect.Struct {
		return difference("", a, b)
	}
	var out []Detail
	for i := range a.NumField() {
		f := a.Type().Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			out = append(out, details(a.Field(i), b.Field(i))...)
		} else if said := !a.Field(i).IsZero() && !b.Field(i).IsZero(); f.IsExported() && (said || f.Name != "Account" && f.Name != "Region") {
			// Whose a thing is does not change: one of the inputs only did not say it.
			out = append(out, difference(words(f.Name), a.Field(i), b.Field(i))...)
		}
	}
	return out
}

// difference compares a member of two things.
func difference(member string, a, b reflect.Value) []Detail {
	if reflect.DeepEqual(a.Interface(), b.Interface()) {
		return nil
	}
	old, now := elements(a), elements(b)
	went, came := without(old, now), without(now, old)
	if len(went) > 0 || len(came) > 0 {
		return []Detail{{member, apart(went, came), apart(came, went)}}
	}
	// Another order. The first of addresses is the primary one, and DNS is in a VPC's first
	// network.
	if _, ok := reflect.TypeAssert[[]netip.Addr](a); (ok || member == "CIDRs") && old[0].text != now[0].text {
		return []Detail{{"first of " + member, []string{old[0].text}, []string{now[0].text}}}
	}
	return nil
}

// element is an element of a list, a map's key and value, or a value.
type element struct {
	text string
	key  any // of a map
	of   any
}

// without returns the elements of a that b has not, each as often as a has it more often.
func without(a, b []element) []element {
	left := slices.Clone(b)
	var out []element
	for _, e := range a {
		at := slices.IndexFunc(left, func(o element) bool { return o.text == e.text && reflect.DeepEqual(o, e) })
		if at < 0 {
			out = append(out, e)
			continue
		}
		left = slices.Delete(left, at, at+1)
	}
	return out
}

// apart returns the texts of elements: all that there is to say of one whose text is that of
// another.
func apart(list, others []element) []string {
	var out []string
	for _, e := range list {
		if slices.ContainsFunc(others, func(o element) bool { return o.text == e.text }) {
			e.text = memberText(reflect.ValueOf(e.of))
		}
		out = append(out, e.text)
	}
	return out
}

// elements returns a member as one element for each of a list or map, one for a value, none
// for what is empty.
func elements(v reflect.Value) []element {
	var out []element
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			of := v.Index(i).Interface()
			out = append(out, element{Text(of), nil, of})
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			key, of := key.Interface(), v.MapIndex(key).Interface()
			out = append(out, element{Text(key) + " = " + Text(of), key, of})
		}
		slices.SortFunc(out, func(a, b element) int { return cmp.Compare(a.text, b.text) })
	default:
		if !v.IsZero() {
			out = append(out, element{Text(v.Interface()), nil, v.Interface()})
		}
	}
	return out
}

// elementTexts returns the texts of a member's elements.
func elementTexts(v reflect.Value) []string {
	var out []string
	for _, e := range elements(v) {
		out = append(out, e.text)
	}
	return out
}

// Text returns a value of a definition for people: a rule as "tcp:443 10.0.0.0/8 (sgr-1)", an
// entry as "100 allow tcp:443 10.0.0.0/8".
func Text(v any) string {
	switch v := v.(type) {
	case GroupRule:
		s := v.Traffic.String() + " " + v.Peer.String()
		if v.ID != "" {
			s += " (" + v.ID + ")"
		}
		if v.Description != "" {
			s += " " + fmt.Sprintf("%q", v.Description)
		}
		return s
	case ACLEntry:
		number := "*"
		if v.Number <= LastNumber {
			number = fmt.Sprint(v.Number)
		}
		action := map[bool]string{false: "deny", true: "allow"}[v.Allow]
		return strings.Join([]string{number, action, v.Traffic.String(), v.CIDR.String()}, " ")
	case string:
		return v
	case fmt.Stringer:
		return v.String()
	}
	return memberText(reflect.ValueOf(v))
}

// memberText returns a value that has no text of its own: of a struct, the members that are
// set.
func memberText(v reflect.Value) string {
	switch v = reflect.Indirect(v); v.Kind() {
	case reflect.Invalid:
		return ""
	case reflect.Struct:
		var out []string
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || v.Field(i).IsZero() {
				continue
			}
			s := strings.Join(elementTexts(v.Field(i)), ", ")
			if f.Type.Kind() == reflect.Bool {
				out = append(out, words(f.Name))
			} else if s != "" {
				out = append(out, words(f.Name)+" "+s)
			}
		}
		return cmp.Or(strings.Join(out, "; "), "-")
	case reflect.Slice, reflect.Map:
		return strings.Join(elementTexts(v), ", ")
	}
	out, err := json.Marshal(v.Interface())
	if err != nil {
		return fmt.Sprint(v.Interface())
	}
	return string(out)
}
