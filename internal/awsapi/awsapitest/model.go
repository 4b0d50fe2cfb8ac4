package awsapitest

import (
	"bufio"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"weir/internal/awsapi"
	"weir/internal/sharedtest"
)

// modelMember is a member as the table of AWS's model has it: "string {1..512; /[^:*]*/}" and the like, with "*" where it is required.
var (
	modelOperation = regexp.MustCompile(`^### (\w+)$`)
	modelMember    = regexp.MustCompile("^( *)- `(\\w+)`(\\*?): (.*)$")
	deprecated     = regexp.MustCompile(` \(deprecated\)$`)
)

// Model reads the members of a service's requests and answers from the table of AWS's models, by operation and path. The service is what
// its heading begins with, such as "Athena (".
func Model(t *testing.T, service string) (requests, responses map[string]map[string]string) {
	t.Helper()
	f, err := os.Open(sharedtest.Path(t, "spec", "analytics-api.md"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	requests, responses = map[string]map[string]string{}, map[string]map[string]string{}
	var into map[string]string
	var operation string
	var path []string
	here := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "## ") {
			here = strings.HasPrefix(line, "## "+service)
		}
		if !here {
			continue
		}
		if m := modelOperation.FindStringSubmatch(line); m != nil {
			operation = m[1]
			requests[operation], responses[operation] = map[string]string{}, map[string]string{}
		}
		switch {
		case line == "Request:":
			into = requests[operation]
		case strings.HasPrefix(line, "Response:"):
			into = responses[operation]
		}
		if m := modelMember.FindStringSubmatch(line); m != nil {
			path = append(path[:min(len(path), len(m[1])/2)], m[2])
			// Lengths without a least one begin at 0.
			into[strings.Join(path, ".")] = m[3] + strings.ReplaceAll(deprecated.ReplaceAllString(m[4], ""), "{..", "{0..")
		}
	}
	if len(requests) == 0 {
		t.Fatalf("the table has no service %s", service)
	}
	return requests, responses
}

// A Describer writes the members of our structures as the table of AWS's models has them.
type Describer struct {
	Shapes awsapi.Shapes
	// Names are AWS's names of structures by ours, where they differ in more than the first letter.
	Names map[string]string
	// Times are types of our own that are timestamps, beside awsapi.Time.
	Times []reflect.Type

	seen map[string]bool
}

// Describe returns the members of a structure by path. Those of a structure within it are there where it comes first, as in the table.
func (d Describer) Describe(typ reflect.Type) map[string]string {
	d.seen = map[string]bool{}
	into := map[string]string{}
	d.structure(into, "", typ)
	return into
}

func (d *Describer) structure(into map[string]string, path string, typ reflect.Type) {
	for f := range typ.Fields() {
		if f.Anonymous {
			d.structure(into, path, f.Type)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue // not of the API
		}
		at := strings.TrimPrefix(path+"."+name, ".")
		star := ""
		if f.Tag.Get("required") == "true" {
			star = "*"
		}
		into[at] = star + d.kind(into, at, f)
	}
}

// once describes a structure within another where it was not yet, and returns its name.
func (d *Describer) once(into map[string]string, at string, typ reflect.Type) string {
	name := d.Names[typ.Name()]
	if name == "" && typ.Name() != "" {
		name = strings.ToUpper(typ.Name()[:1]) + typ.Name()[1:]
	}
	if !d.seen[name] {
		d.seen[name] = true
		d.structure(into, at, typ)
	}
	return name
}

func (d *Describer) kind(into map[string]string, at string, f reflect.StructField) string {
	typ := direct(f.Type)
	bounds := d.constraint(f.Tag.Get("shape"))
	if typ == reflect.TypeFor[awsapi.Time]() || slices.Contains(d.Times, typ) {
		return "timestamp"
	}
	switch typ.Kind() {
	case reflect.String:
		return "string" + bounds
	case reflect.Bool:
		return "boolean" + bounds
	case reflect.Int32, reflect.Int:
		return "integer" + bounds
	case reflect.Int64:
		return "long" + bounds
	case reflect.Float64:
		return "double" + bounds
	case reflect.Map:
		value := "string" + d.constraint(f.Tag.Get("each"))
		switch typ.Elem().Kind() {
		case reflect.Slice:
			value = "[string]"
		case reflect.Float64:
			value = "double"
		}
		return "map<string" + d.constraint(f.Tag.Get("keys")) + "," + value + ">" + bounds
	case reflect.Struct:
		return d.once(into, at, typ) + bounds
	case reflect.Slice:
		elem := direct(typ.Elem())
		switch {
		case elem == reflect.TypeFor[awsapi.Time]():
			return "[timestamp]" + bounds
		case elem.Kind() == reflect.Struct:
			return "[" + d.once(into, at, elem) + "]" + bounds
		case elem.Kind() == reflect.Float64:
			return "[double]" + bounds
		}
		return "[string" + d.constraint(f.Tag.Get("each")) + "]" + bounds
	}
	panic(typ.String())
}

func direct(typ reflect.Type) reflect.Type {
	if typ.Kind() == reflect.Pointer {
		return typ.Elem()
	}
	return typ
}

// constraint returns a shape in the table's form.
func (d *Describer) constraint(name string) string {
	if name == "" {
		return ""
	}
	s := d.Shapes[name]
	if s.Enum != nil {
		return " {enum " + strings.Join(s.Enum, "|") + "}"
	}
	pattern := s.Pattern
	if s.Written != "" {
		pattern = s.Written
	}
	low, high := strconv.FormatInt(s.Min, 10), strconv.FormatInt(s.Max, 10)
	if s.Max == 0 {
		high = ""
	}
	switch {
	case pattern == "":
		return " {" + low + ".." + high + "}"
	case s.Min == 0 && s.Max == 0:
		return " {/" + pattern + "/}"
	}
	return " {" + low + ".." + high + "; /" + pattern + "/}"
}

// Like says what of an answer the model lacks: the members whose path or kind it has not. Constraints are of requests.
func Like(got, model map[string]string) []string {
	var out []string
	for path, kind := range got {
		want, ok := model[path]
		if !ok && shownBefore(path, model) {
			continue
		}
		if !ok || !sameKind(bare(kind), bare(want)) {
			out = append(out, path+" is "+strconv.Quote(kind)+", and in the model "+strconv.Quote(want))
		}
	}
	slices.Sort(out)
	return out
}

// shownBefore says whether a member is of a structure whose members the table does not repeat: it has shown them with the request.
func shownBefore(path string, model map[string]string) bool {
	parent := path[:max(strings.LastIndexByte(path, '.'), 0)]
	if _, there := model[parent]; !there {
		return false
	}
	for p := range model {
		if strings.HasPrefix(p, parent+".") {
			return false
		}
	}
	return true
}

// bare is a kind without constraints.
func bare(kind string) string {
	kind, _, _ = strings.Cut(strings.TrimPrefix(kind, "*"), " {")
	return strings.TrimSuffix(kind, "]")
}

// sameKind passes over the names of structures that have none, and how long an integer is.
func sameKind(ours, model string) bool {
	switch {
	case strings.HasPrefix(ours, "map<"):
		return strings.HasPrefix(model, "map<")
	case ours == "[" && strings.HasPrefix(model, "["):
		return true
	}
	return ours == model || ours == "long" && model == "integer" || ours == "integer" && model == "long"
}
