package logs

import (
	"bufio"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// modelMember is a member as the model has it: "string {1..512; /[^:*]*/}" and the like, with "*" where
// it is required.
var (
	modelOperation = regexp.MustCompile(`^### (\w+)$`)
	modelMember    = regexp.MustCompile("^( *)- `(\\w+)`(\\*?): (.*)$")
	deprecated     = regexp.MustCompile(` \(deprecated\)$`)
)

// model reads the members of requests and answers, by operation and path.
func model(t *testing.T) (requests, responses map[string]map[string]string) {
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
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "## Athena") {
			break
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
	return requests, responses
}

// TestRequestsAreTheModels compares each request with AWS's model: names, types, what is required, lengths,
// ranges, patterns and enums.
func TestRequestsAreTheModels(t *testing.T) {
	requests, _ := model(t)
	s := newServer(t, nil)
	for _, name := range slices.Sorted(maps.Keys(s.api.operations())) {
		want, ok := requests[name]
		if !ok {
			if name != "DescribeDestinations" { // which the table lacks
				t.Errorf("the model has no %s", name)
			}
			continue
		}
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			describe(got, "", s.api.operations()[name].In)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnswersAreTheModels compares the members of each answer with AWS's model. An answer may lack some.
func TestAnswersAreTheModels(t *testing.T) {
	_, responses := model(t)
	s := newServer(t, nil)
	for _, name := range slices.Sorted(maps.Keys(s.api.operations())) {
		want, ok := responses[name]
		out := s.api.operations()[name].Out
		if !ok || out == nil || out.NumField() == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			describe(got, "", out)
			for path, kind := range got {
				model, ok := want[path]
				if name == "GetQueryResults" && path == "results" {
					kind = "[[ResultField]]" // written as JSON
				}
				// Structures that are empty lists have no name; numbers that the model calls long may be small.
				bare, _, _ := strings.Cut(strings.TrimPrefix(model, "*"), " {")
				if i := strings.Index(kind, " {"); i >= 0 {
					kind = kind[:i]
				}
				if !ok || !sameKind(kind, bare) {
					t.Errorf("%s is %q, and in the model %q", path, kind, model)
				}
			}
		})
	}
}

func sameKind(ours, model string) bool {
	ours, model = strings.TrimPrefix(ours, "*"), strings.TrimPrefix(model, "*")
	if strings.HasPrefix(ours, "map<") {
		return strings.HasPrefix(model, "map<")
	}
	if strings.HasPrefix(ours, "[") && strings.HasPrefix(model, "[") {
		return strings.HasPrefix(ours, "[string") == strings.HasPrefix(model, "[string")
	}
	return ours == model || ours == "long" && model == "integer" || ours == "integer" && model == "long"
}

// describe writes the members of a struct as the model's table has them.
func describe(into map[string]string, path string, typ reflect.Type) {
	for f := range typ.Fields() {
		if f.Anonymous {
			describe(into, path, f.Type)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := strings.TrimPrefix(path+"."+name, ".")
		star := ""
		if f.Tag.Get("required") == "true" {
			star = "*"
		}
		into[at] = star + kindOf(into, at, f)
	}
}

func kindOf(into map[string]string, at string, f reflect.StructField) string {
	typ := f.Type
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	bounds := constraint(f.Tag.Get("shape"))
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
		return "map<string" + constraint(f.Tag.Get("keys")) + ",string" + constraint(f.Tag.Get("each")) + ">" + bounds
	case reflect.Struct:
		describe(into, at, typ)
		return strings.ToUpper(typ.Name()[:1]) + typ.Name()[1:]
	case reflect.Slice:
		elem := typ.Elem()
		if elem.Kind() == reflect.Pointer {
			elem = elem.Elem()
		}
		if elem.Kind() == reflect.Struct {
			describe(into, at, elem)
			return "[" + strings.ToUpper(elem.Name()[:min(1, len(elem.Name()))]) + elem.Name()[min(1, len(elem.Name())):] + "]" + bounds
		}
		return "[string" + constraint(f.Tag.Get("each")) + "]" + bounds
	}
	panic(typ.String())
}

// constraint returns a shape in the table's form.
func constraint(name string) string {
	if name == "" {
		return ""
	}
	s := shapes[name]
	if s.Enum != nil {
		return " {enum " + strings.Join(s.Enum, "|") + "}"
	}
	low, high := strconv.FormatInt(s.Min, 10), strconv.FormatInt(s.Max, 10)
	if s.Max == 0 {
		high = ""
	}
	out := low + ".." + high
	if s.Pattern != "" {
		out += "; /" + s.Pattern + "/"
	}
	return " {" + out + "}"
}
