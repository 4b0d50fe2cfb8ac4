package athena

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

// modelMember is a member as the model has it: "string {1..512; /[^:*]*/}" and the like, with "*" where it is required.
var (
	modelOperation = regexp.MustCompile(`^### (\w+)$`)
	modelMember    = regexp.MustCompile("^( *)- `(\\w+)`(\\*?): (.*)$")
)

// notInTable are operations that AWS's model has and the table lacks. The SDK's snapshots have them (sdk_test.go).
var notInTable = []string{"BatchGetPreparedStatement", "TagResource", "UntagResource", "UpdateNamedQuery", "UpdatePreparedStatement"}

// model reads the members of Athena's requests and answers, by operation and path.
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
	here := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "## ") {
			here = strings.HasPrefix(line, "## Athena")
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
			into[strings.Join(path, ".")] = m[3] + strings.ReplaceAll(m[4], "{..", "{0..")
		}
	}
	return requests, responses
}

// TestRequestsAreTheModels compares each request with AWS's model: names, types, what is required, lengths, ranges, patterns and enums. All
// operations of the table are answered.
func TestRequestsAreTheModels(t *testing.T) {
	requests, _ := model(t)
	operations := newServer(t, "", nil).api.operations()
	want := append(slices.Collect(maps.Keys(requests)), notInTable...)
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(operations))); diff != "" {
		t.Fatal(diff)
	}
	for name, want := range requests {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			describeType(got, "", operations[name].In)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnswersAreTheModels compares the members of each answer with AWS's model. An answer may lack some.
func TestAnswersAreTheModels(t *testing.T) {
	_, responses := model(t)
	operations := newServer(t, "", nil).api.operations()
	for name, want := range responses {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			describeType(got, "", operations[name].Out)
			if len(got) == 0 && len(want) > 0 {
				t.Error("it has no members")
			}
			for path, kind := range got {
				model, ok := want[path]
				bare, _, _ := strings.Cut(strings.TrimPrefix(model, "*"), " {")
				kind, _, _ = strings.Cut(strings.TrimPrefix(kind, "*"), " {")
				if strings.HasPrefix(kind, "map<") {
					kind, bare = "map<", bare[:min(4, len(bare))]
				}
				if strings.HasPrefix(kind, "[string") {
					kind, bare = "[string", bare[:min(7, len(bare))]
				}
				if !ok || kind != bare {
					t.Errorf("%s is %q, and in the model %q", path, kind, model)
				}
			}
		})
	}
}

// named are our names of structures where the model's is another: those that requests and answers have in common, or that this room has another
// use for.
var named = map[string]string{
	"queryExecutionStatistics": "QueryExecutionStatistics", "workGroupDetails": "WorkGroup", "namedQueryDetails": "NamedQuery",
	"preparedStatementDetails": "PreparedStatement", "unprocessedQueryExecutionID": "UnprocessedQueryExecutionId",
	"unprocessedNamedQueryID": "UnprocessedNamedQueryId",
}

func typeName(typ reflect.Type) string {
	if name, ok := named[typ.Name()]; ok {
		return name
	}
	return strings.ToUpper(typ.Name()[:1]) + typ.Name()[1:]
}

// describeType writes the members of a struct as the model's table has them.
func describeType(into map[string]string, path string, typ reflect.Type) {
	for f := range typ.Fields() {
		if f.Anonymous {
			describeType(into, path, f.Type)
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
		into[at] = star + kindOf(into, at, f)
	}
}

func kindOf(into map[string]string, at string, f reflect.StructField) string {
	typ := f.Type
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	bounds := constraint(f.Tag.Get("shape"))
	if typ == reflect.TypeFor[seconds]() {
		return "timestamp"
	}
	switch typ.Kind() {
	case reflect.String:
		return "string" + bounds
	case reflect.Bool:
		return "boolean" + bounds
	case reflect.Int32:
		return "integer" + bounds
	case reflect.Int64:
		return "long" + bounds
	case reflect.Map:
		if typ.Elem().Kind() == reflect.Slice {
			return "map<string,[string]>"
		}
		return "map<string" + constraint(f.Tag.Get("keys")) + ",string" + constraint(f.Tag.Get("each")) + ">" + bounds
	case reflect.Struct:
		describeType(into, at, typ)
		return typeName(typ)
	case reflect.Slice:
		if typ.Elem().Kind() == reflect.Struct {
			// The table shows the members of a structure once.
			if !strings.HasSuffix(at, "PartitionKeys") {
				describeType(into, at, typ.Elem())
			}
			return "[" + typeName(typ.Elem()) + "]" + bounds
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
	pattern := s.Pattern
	if s.Written != "" {
		pattern = s.Written
	}
	low, high := strconv.FormatInt(s.Min, 10), strconv.FormatInt(s.Max, 10)
	if s.Max == 0 {
		high = ""
	}
	switch {
	case s.Min == 0 && s.Max == 0:
		return " {/" + pattern + "/}"
	case pattern != "":
		return " {" + low + ".." + high + "; /" + pattern + "/}"
	}
	return " {" + low + ".." + high + "}"
}
