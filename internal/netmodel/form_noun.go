package netmodel

import (
	"net/netip"
	"reflect"
)

// formNoun names one thing of a type.
func formNoun(t reflect.Type) string { return words(t.Name()) }

// formType names what a value is of.
func formType(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[netip.Addr]():
		return "address"
	case reflect.TypeFor[netip.Prefix]():
		return "CIDR"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "number"
	}
	return "text"
}
