package tablefile

import (
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

func csvLayout(columns ...Column) Layout {
	return Layout{CSV: true, Separator: ',', Quote: '"', Escape: '\\', Columns: columns}
}

// TestCSV reads lines by the rules of OpenCSVSerde. What quotes within a field become is from Trino's tests of its reader, which compare it with Hive's.
func TestCSV(t *testing.T) {
	v := kind(types.Varchar)
	two := csvLayout(Column{"a", v}, Column{"b", v})
	typed := csvLayout(Column{"i", kind(types.Integer)}, Column{"t", kind(types.Timestamp)}, Column{"d", kind(types.Date)}, Column{"f", kind(types.Double)}, Column{"b", kind(types.Boolean)})
	with := func(l Layout, change func(*Layout)) Layout {
		change(&l)
		return l
	}
	tests := []struct {
		name, body string
		l          Layout
		want       [][]string
	}{
		{"plain", "x,y\nz,", two, [][]string{{"x", "y"}, {"z", ""}}},
		{"quotes", `"x, y","say ""hi"""`, two, [][]string{{"x, y", `say "hi"`}}},
		{"an escape", `"a\"b","c\\d\n"`, two, [][]string{{`a"b`, `c\dn`}}},
		{"a backslash without quotes", `10\24,b`, two, [][]string{{"1024", "b"}}},
		{"a missing field is NULL", "x", two, [][]string{{"x", "NULL"}}},
		{"an empty line is NULLs", "\nx,y", two, [][]string{{"NULL", "NULL"}, {"x", "y"}}},
		{"further fields are left out", `x,y,"z`, two, [][]string{{"x", "y"}}},
		{"a quote that does not end", `x,"y`, two, [][]string{{"x", "NULL"}}},
		{"quotes within a field", `a,bc"d"ef`, two, [][]string{{"a", `bc"d"ef`}}},
		{"a blank before a quote", `a, "b"`, two, [][]string{{"a", `b`}}},
		{"no NULL by text", `\N,NULL`, two, [][]string{{"N", "NULL"}}},
		{"blanks stay", " x , y ", two, [][]string{{" x ", " y "}}},
		{"other characters", "'x;y';\u00e9|'", with(two, func(l *Layout) { l.Separator, l.Quote, l.Escape = ';', '\'', '|' }), [][]string{{"x;y", "é'"}}},
		{"lines skipped", "name,cidr\nx,y", with(two, func(l *Layout) { l.SkipLines = 1 }), [][]string{{"x", "y"}}},
		{"types", `"18276","1579059880000","18276",1.5,TRUE`, typed, [][]string{{"18276", "1579059880000000", "18276", "1.5", "true"}}},
		{"NULL for what is no value", `,"soon","2026-01-01",x,yes`, with(typed, func(l *Layout) { l.NullForInvalid = true }), [][]string{{"NULL", "NULL", "NULL", "NULL", "NULL"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := read(t, tt.l, "s3://b/x.csv", tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, field := range []string{"", "1.0", "x", "2147483648"} {
		_, err := read(t, typed, "s3://b/x.csv", "1\n"+field+",1\n")
		e, ok := errors.AsType[*athenasql.Error](err)
		if !ok || e.Code != athenasql.CodeBadData || !strings.Contains(e.Message, "Error parsing field value '"+field+"' for field 0: For input string: ") || !strings.Contains(e.Message, "line 2 (s3://b/x.csv)") {
			t.Errorf("%q: %v", field, err)
		}
	}
}

// FuzzCSV reads what encoding/csv has written: without backslashes, which Go has no meaning for, it is what was written.
func FuzzCSV(f *testing.F) {
	f.Add("x", "y, z", `say "hi"`)
	f.Add(`"`, `""`, ` "a`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		all := a + b + c
		if !utf8.ValidString(all) || strings.ContainsAny(all, "\\\r\n\x00") {
			return
		}
		var text strings.Builder
		w := csv.NewWriter(&text)
		if err := w.Write([]string{a, b, c}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		l := csvLayout()
		var got []string
		if err := csvFields([]byte(strings.TrimSuffix(text.String(), "\n")), &l, 3, func(field []byte) error {
			got = append(got, string(field))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{a, b, c}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text.String(), diff)
		}
	})
}
