package flowlog_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

//go:generate go test -run ^TestReference$ -update .

var update = flag.Bool("update", false, "rewrite the tables in docs/reference/fields.md")

// TestReference checks that the tables of docs/reference/fields.md are those of
// the fields here; with -update it writes them.
func TestReference(t *testing.T) {
	const file = "../docs/reference/fields.md"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(old)
	for name, table := range map[string]string{
		"vpc":  fieldTable(flowlog.KindVPC, false),
		"tgw":  fieldTable(flowlog.KindTGW, false),
		"weir": fieldTable(flowlog.KindVPC, true),
	} {
		begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->\n"
		before, rest, ok := strings.Cut(text, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no %q and %q", file, begin, end)
		}
		text = before + begin + table + end + after
	}
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(text, string(old)); diff != "" {
		t.Errorf("%s is not that of the table (-table +file; go generate ./flowlog rewrites it):\n%s", file, diff)
	}
}

// fieldTable returns the table of AWS's fields of a kind, or of weir's own.
func fieldTable(kind flowlog.Kind, own bool) string {
	var s strings.Builder
	s.WriteString("| # | field | version | Parquet type | SQL column and type | unit | accepted | meaning |\n")
	s.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	n := 0
	for _, f := range flowlog.Fields(kind) {
		if f.Own() != own {
			continue
		}
		n++
		version := fmt.Sprint(f.Version)
		if own {
			version = ""
		}
		fmt.Fprintf(&s, "| %d | `%s` | %s | %s | `%s` %s | %s | %s | %s |\n",
			n, f.Name, version, "`"+f.Type.String()+"`", f.Column, f.Type.SQL(), f.Unit, accepted(f), f.Meaning)
	}
	return s.String()
}

// accepted says which values a field may have.
func accepted(f *flowlog.Field) string {
	switch {
	case f.Values != nil:
		return strings.Join(f.Values, ", ")
	case f.Addr:
		return "IPv4 or IPv6"
	case f.Type == flowlog.Map:
		return "names and texts"
	case f.Type == flowlog.Timestamp:
		return "a time"
	case !f.Numeric():
		return "text"
	case f.Max == 1<<63-1 || f.Max == 1<<31-1:
		return fmt.Sprintf("%d or more", f.Min)
	}
	return fmt.Sprintf("%d to %d", f.Min, f.Max)
}
