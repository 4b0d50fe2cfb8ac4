package netmodel

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// Count is how many things of a kind a definition has.
type Count struct {
	// Kind is the name of many, as "security groups".
	Kind string `json:"kind"`
	N    int    `json:"count"`
}

// Counts returns how many things of each kind there are, those of which there are none
// included.
func (n *Network) Counts() []Count {
	var out []Count
	for _, k := range n.kinds() {
		out = append(out, Count{k.name, k.things.Len()})
	}
	return out
}

// Kind returns the kind of a thing by its id, as [Count] names it, and the thing; "" and nil
// where there is none. The thing is a pointer to a type of this package.
func (n *Network) Kind(id string) (string, any) {
	for _, k := range n.kinds() {
		if v := k.things.MapIndex(reflect.ValueOf(id)); v.IsValid() {
			return k.name, v.Interface()
		}
	}
	return "", nil
}

// IDs returns the ids of all things in order.
func (n *Network) IDs() []string {
	ids := map[string]bool{}
	for _, k := range n.kinds() {
		for _, key := range k.things.MapKeys() {
			ids[key.String()] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// kind is the things of one type, a map by id.
type kind struct {
	name   string
	things reflect.Value
}

// kinds returns the maps of the definition in the order of its fields, so that a new one is
// counted and compared as soon as it is there.
func (n *Network) kinds() []kind {
	v := reflect.ValueOf(n).Elem()
	var out []kind
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Type.Kind() == reflect.Map && f.Type.Key().Kind() == reflect.String {
			out = append(out, kind{words(f.Name), v.Field(i)})
		}
	}
	return out
}

// words returns a Go name as words: "NetworkACLs" is "network ACLs".
func words(name string) string {
	var out []string
	runes := []rune(name)
	from := 0
	for i := 1; i <= len(runes); i++ {
		// A word begins with a capital behind a small letter, or before one that no plural's
		// s is.
		if i < len(runes) {
			next := i+1 < len(runes) && unicode.IsLower(runes[i+1]) && !(runes[i+1] == 's' && (i+2 == len(runes) || unicode.IsUpper(runes[i+2])))
			if !unicode.IsUpper(runes[i]) || unicode.IsUpper(runes[i-1]) && !next {
				continue
			}
		}
		word := string(runes[from:i])
		if len(word) < 2 || !unicode.IsUpper(rune(word[1])) {
			word = strings.ToLower(word)
		}
		out, from = append(out, word), i
	}
	return strings.Join(out, " ")
}
