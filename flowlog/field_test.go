package flowlog_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

// awsField is what AWS's table of fields says of one.
type awsField struct {
	Name    string
	Version int
	Type    string
}

// awsRow is a row of the tables of fields in the notes on AWS's documentation:
// number, name, version, Parquet type.
var awsRow = regexp.MustCompile(`^\| (\d+) \| ([a-z0-9-]+) \| (\d+) \| (INT_32|INT_64|STRING) \|`)

// awsTables reads AWS's tables of VPC and of transit gateway fields.
func awsTables(t *testing.T) map[flowlog.Kind][]awsField {
	t.Helper()
	text, err := os.ReadFile(sharedtest.Path(t, "spec", "flow-logs.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[flowlog.Kind][]awsField{}
	var kind flowlog.Kind
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "## a.2 "):
			kind = flowlog.KindVPC
		case strings.HasPrefix(line, "## a.5 "):
			kind = flowlog.KindTGW
		case strings.HasPrefix(line, "## "):
			kind = 0
		}
		m := awsRow.FindStringSubmatch(line)
		if kind == 0 || m == nil {
			continue
		}
		if n, err := strconv.Atoi(m[1]); err != nil || n != len(out[kind])+1 {
			t.Fatalf("row %q comes as number %d", m[0], len(out[kind])+1)
		}
		version, err := strconv.Atoi(m[3])
		if err != nil {
			t.Fatal(err)
		}
		out[kind] = append(out[kind], awsField{m[2], version, m[4]})
	}
	return out
}

// TestTableIsAWS compares names, order, versions and types with AWS's tables.
func TestTableIsAWS(t *testing.T) {
	tables := awsTables(t)
	for kind, count := range map[flowlog.Kind]int{flowlog.KindVPC: 54, flowlog.KindTGW: 36} {
		t.Run(kind.String(), func(t *testing.T) {
			if len(tables[kind]) != count {
				t.Fatalf("%d rows read", len(tables[kind]))
			}
			var got []awsField
			for _, f := range flowlog.Fields(kind) {
				if !f.Own() {
					got = append(got, awsField{f.Name, f.Version, f.Type.String()})
				}
			}
			if diff := cmp.Diff(tables[kind], got); diff != "" {
				t.Errorf("fields (-AWS +table):\n%s", diff)
			}
		})
	}
}

// TestFieldsPerVersion counts the VPC fields up to each version, as AWS's
// documentation does.
func TestFieldsPerVersion(t *testing.T) {
	for version, want := range map[int]int{2: 14, 3: 21, 4: 25, 5: 29, 7: 39, 8: 40, 9: 41, 10: 42, 11: 54} {
		got := 0
		for _, f := range flowlog.Fields(flowlog.KindVPC) {
			if !f.Own() && f.Version <= version {
				got++
			}
		}
		if got != want {
			t.Errorf("%d fields up to version %d, want %d", got, version, want)
		}
	}
}

// TestLookup finds each field in all spellings that are seen, and in each kind
// that has it.
func TestLookup(t *testing.T) {
	for i := range flowlog.NumFields {
		f := flowlog.FieldByID(flowlog.FieldID(i))
		for _, name := range []string{f.Name, f.Column, strings.ToUpper(f.Name), strings.ToUpper(f.Column)} {
			if got, ok := flowlog.Lookup(name); !ok || got != f {
				t.Errorf("Lookup(%q) = %v, %v", name, got, ok)
			}
		}
		if !f.In(flowlog.KindVPC) && !f.In(flowlog.KindTGW) {
			t.Errorf("%s is in no kind", f.Name)
		}
		if f.Meaning == "" {
			t.Errorf("%s has no meaning", f.Name)
		}
	}
	if f, ok := flowlog.Lookup("src-addr"); ok {
		t.Errorf("Lookup(src-addr) = %v", f)
	}
}
