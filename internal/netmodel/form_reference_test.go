package netmodel

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

//go:generate go test -run ^TestFormReference$ -update .

var update = flag.Bool("update", false, "rewrite the schema and the tables of docs/reference/network-yaml.md")

// TestFormReference checks that the schema and the tables in docs/reference are those of the
// types; with -update it writes them.
func TestFormReference(t *testing.T) {
	const schema, reference = "../../docs/reference/network.schema.json", "../../docs/reference/network-yaml.md"
	compare(t, schema, string(FormSchema()))
	old, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- begin keys -->\n", "<!-- end keys -->\n"
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no %q and %q", reference, begin, end)
	}
	compare(t, reference, before+begin+formTables()+end+after)
}

func compare(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not that of the types (-types +file; go generate ./internal/netmodel rewrites it):\n%s", file, diff)
	}
}

// formTables returns a table for each section and each type below it.
func formTables() string {
	var s strings.Builder
	var inner []reflect.Type
	for _, section := range formSections {
		fmt.Fprintf(&s, "### `%s`\n\n%s.\n\n", section.key, strings.ToUpper(formAbout[section.key][:1])+formAbout[section.key][1:])
		formTable(&s, section.of, &inner)
	}
	for i := 0; i < len(inner); i++ {
		fmt.Fprintf(&s, "### %s\n\n", formNoun(inner[i]))
		formTable(&s, inner[i], &inner)
	}
	return s.String()
}

func formTable(s *strings.Builder, t reflect.Type, inner *[]reflect.Type) {
	s.WriteString("| key | value | what |\n| --- | --- | --- |\n")
	for _, f := range formFields(t) {
		of := t.Field(f.index).Type
		if e := element0(of); e.Kind() == reflect.Struct && strings.HasPrefix(formType(e), "mapping") && !slices.Contains(*inner, e) {
			*inner = append(*inner, e)
		}
		value := formType(of)
		if allowed := formClosed[t.Name()+"."+f.key]; allowed != nil {
			value = "`" + strings.Join(allowed, "`, `") + "`"
		}
		if slices.Contains(formNeeds[t], f.key) {
			value += "; needed"
		}
		fmt.Fprintf(s, "| `%s` | %s | %s |\n", f.key, value, aboutKey(t, f.key))
	}
	if t == reflect.TypeFor[RouteTable]() {
		fmt.Fprintf(s, "| `local-routes` | true or false | %s |\n", formAbout["RouteTable.local-routes"])
	}
	s.WriteString("\n")
}

// element0 returns the type of a list's elements, or of what a pointer points to.
func element0(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// TestFormAbout checks that what is said of keys is said of keys that there are.
func TestFormAbout(t *testing.T) {
	known := map[string]bool{"RouteTable.local-routes": true, "rule.peer": true, "transit.via": true, "from": true, "to": true, "via": true, "via-kind": true, "origin": true, "number": true, "action": true, "id": true, "reference": true}
	for _, key := range formTraffic {
		known[key] = true
	}
	var visit func(of reflect.Type)
	visit = func(of reflect.Type) {
		for _, f := range formFields(of) {
			path := of.Name() + "." + f.key
			if known[path] {
				continue
			}
			known[path], known[f.key] = true, true
			if e := element0(of.Field(f.index).Type); e.Kind() == reflect.Struct && strings.HasPrefix(formType(e), "mapping") {
				visit(e)
			}
		}
	}
	for _, s := range formSections {
		known[s.key] = true
		if formAbout[s.key] == "" {
			t.Errorf("nothing is said of %s", s.key)
		}
		visit(s.of)
	}
	for key := range formAbout {
		if !known[key] {
			t.Errorf("%s is no key", key)
		}
	}
	for path := range formClosed {
		if !known[path] {
			t.Errorf("%s is no key", path)
		}
	}
}
