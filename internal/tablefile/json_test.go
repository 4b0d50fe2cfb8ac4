package tablefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// jsonLayout makes a layout of objects with columns a (string), n (bigint), b (boolean), d (double) and t (timestamp).
func jsonLayout(j JSON) Layout {
	return Layout{JSON: &j, Columns: []Column{
		{"a", kind(types.Varchar)}, {"n", kind(types.BigInt)}, {"b", kind(types.Boolean)}, {"d", kind(types.Double)}, {"t", kind(types.Timestamp)},
	}}
}

// TestJSON reads objects by the rules of both SerDes.
func TestJSON(t *testing.T) {
	hive, openx := jsonLayout(JSON{}), jsonLayout(JSON{OpenX: true})
	with := func(change func(*Layout)) Layout {
		l := jsonLayout(JSON{OpenX: true})
		change(&l)
		return l
	}
	tests := []struct {
		name, body string
		l          Layout
		want       [][]string
	}{
		{"Hive", `{"a":"x","n":1,"b":true,"d":2.5,"t":"1970-01-01 00:00:01"}` + "\n" + `{"n": 2, "more": {"a": [1, "]}"]}, "A":"y"}`, hive, [][]string{
			{"x", "1", "true", "2.5", "1000000"}, {"y", "2", "NULL", "NULL", "NULL"},
		}},
		{"Hive's texts of scalars", `{"a":1.50,"b":"TRUE"}` + "\n" + `{"a":true,"b":1}`, hive, [][]string{{"1.50", "NULL", "true", "NULL", "NULL"}, {"true", "NULL", "false", "NULL", "NULL"}}},
		{"Hive cuts fractions off", `{"n":1.9}` + "\n" + `{"n":-1.9e1}`, hive, [][]string{{"NULL", "1", "NULL", "NULL", "NULL"}, {"NULL", "-19", "NULL", "NULL", "NULL"}}},
		{"Hive's columns by number", `{"_col1":7,"_col9":8}`, hive, [][]string{{"NULL", "7", "NULL", "NULL", "NULL"}}},
		{"NULL", `{"a":null,"n":null,"b":null,"d":null,"t":null}` + "\n{}", hive, [][]string{{"NULL", "NULL", "NULL", "NULL", "NULL"}, {"NULL", "NULL", "NULL", "NULL", "NULL"}}},
		{"OpenX reads numbers in texts", `{"a":"-","n":"443","b":"no","d":"1e3","t":1}`, openx, [][]string{{"-", "443", "false", "1000", "1000000"}}},
		{"OpenX reads other bases", `{"n":"0x1F"}` + "\n" + `{"n":"010"}` + "\n" + `{"n":"09"}`, openx, [][]string{{"NULL", "31", "NULL", "NULL", "NULL"}, {"NULL", "8", "NULL", "NULL", "NULL"}, {"NULL", "9", "NULL", "NULL", "NULL"}}},
		{"OpenX writes numbers anew", `{"a":-0}` + "\n" + `{"a":1e5}` + "\n" + `{"a":1.10}` + "\n" + `{"a":123456789012345678901234567890}` + "\n" + `{"a":0.00000012}`, openx, [][]string{
			{"0", "NULL", "NULL", "NULL", "NULL"},
			{"1E+5", "NULL", "NULL", "NULL", "NULL"},
			{"1.10", "NULL", "NULL", "NULL", "NULL"},
			{"123456789012345678901234567890", "NULL", "NULL", "NULL", "NULL"},
			{"1.2E-7", "NULL", "NULL", "NULL", "NULL"},
		}},
		{"OpenX has the JSON of what lies within", `{"a": {"x": [ 1, null , "</a>\t\u00e9" ], "Y": { } } }`, openx, [][]string{{`{"x":[1,null,"<\/a>\té"],"Y":{}}`, "NULL", "NULL", "NULL", "NULL"}}},
		{"OpenX passes over what is no object", "\n# a comment\nplain", openx, [][]string{{"NULL", "NULL", "NULL", "NULL", "NULL"}, {"NULL", "NULL", "NULL", "NULL", "NULL"}, {"NULL", "NULL", "NULL", "NULL", "NULL"}}},
		{"names in any case", `{"A":"x","N":1}`, openx, [][]string{{"x", "1", "NULL", "NULL", "NULL"}}},
		{"names in one case", `{"A":"x","a":"y"}`, with(func(l *Layout) { l.JSON.CaseSensitive = true }), [][]string{{"y", "NULL", "NULL", "NULL", "NULL"}}},
		{"names of columns", `{"srcAddr":"x","n":1,"a":"other"}`, with(func(l *Layout) { l.JSON.Names = map[string]string{"a": "srcaddr"} }), [][]string{{"x", "1", "NULL", "NULL", "NULL"}}},
		{"dots in names", `{"src.addr":"x","n":1}` + "\n" + `{"src.addr":"x","src_addr":"y","src.ADDR":"z"}`, with(func(l *Layout) { l.JSON.Dots, l.Columns[0].Name = true, "src_addr" }), [][]string{
			{"x", "1", "NULL", "NULL", "NULL"}, {"y", "NULL", "NULL", "NULL", "NULL"},
		}},
		{"lines that end too early", `{"a":"x"` + "\n" + `{"a":tr` + "\n" + `{"n":1}`, with(func(l *Layout) { l.JSON.IgnoreMalformed = true }), [][]string{
			{"NULL", "NULL", "NULL", "NULL", "NULL"}, {"NULL", "NULL", "NULL", "NULL", "NULL"}, {"NULL", "1", "NULL", "NULL", "NULL"},
		}},
		{"NULL for what is no value", `{"n":"-","d":"x","t":"soon"}`, with(func(l *Layout) { l.NullForInvalid = true }), [][]string{{"NULL", "NULL", "NULL", "NULL", "NULL"}}},
		{"lines skipped", "header\n" + `{"n":1}`, with(func(l *Layout) { l.SkipLines = 1 }), [][]string{{"NULL", "1", "NULL", "NULL", "NULL"}}},
		{"escapes", `{"a":"\"\\\/\b\f\n\r\t\u00E9\ud83d\ude00\ud83d-"}`, hive, [][]string{{"\"\\/\b\f\n\r\té😀?-", "NULL", "NULL", "NULL", "NULL"}}},
		{"a text that is NULL in text tables", `{"a":"\\N"}`, hive, [][]string{{`\N`, "NULL", "NULL", "NULL", "NULL"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := read(t, tt.l, "s3://b/x.gz", gzipped(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestJSONRefused has lines that can't be read; each error has the line and the object.
func TestJSONRefused(t *testing.T) {
	hive, openx := jsonLayout(JSON{}), jsonLayout(JSON{OpenX: true})
	ignoring := jsonLayout(JSON{OpenX: true, IgnoreMalformed: true})
	tests := []struct {
		name, line, code, message, hint string
		l                               Layout
	}{
		{"a text for a number", `{"n":"443"}`, athenasql.CodeBadData, `Error parsing field value '443' for field 1: For input string: "443"`, "use.null.for.invalid.data", hive},
		{"an absent number of flow logs", `{"n":"-"}`, athenasql.CodeBadData, "Error parsing field value '-' for field 1", "", openx},
		{"an empty number", `{"n":""}`, athenasql.CodeBadData, "Error parsing field value '' for field 1", "", openx},
		{"a number that is too large", `{"n":9223372036854775808}`, athenasql.CodeBadData, "Error parsing", "", hive},
		{"an object for a text", `{"a":{}}`, athenasql.CodeBadData, "value must be a scalar", "OpenX", hive},
		{"an array for a number", `{"n":[1]}`, athenasql.CodeBadData, "can not be coerced to a BIGINT", "", openx},
		{"a line that is none", "plain", athenasql.CodeCursor, "Row is not a valid JSON Object", "", hive},
		{"an empty line", "", athenasql.CodeCursor, "Row is not a valid JSON Object", "", hive},
		{"a line that ends too early", `{"a":"x"`, athenasql.CodeCursor, "the line ends where , or } is expected", "one object of JSON", openx},
		{"two objects in a line", `{"n":1}{"n":2}`, athenasql.CodeCursor, "there is more behind the object at byte 8", "AppendDelimiterToRecord", ignoring},
		{"a name twice", `{"URL":1,"n":1,"N":2}`, athenasql.CodeCursor, `Duplicate key "N"`, "", openx},
		{"a name twice within", `{"a":{"x":1,"X":2}}`, athenasql.CodeCursor, `Duplicate key "X"`, "", openx},
		{"what OpenX would take", `{'a':'x'}`, athenasql.CodeCursor, "the name of a member in quotes is expected at byte 2", "more than JSON", ignoring},
		{"a list", `[1]`, athenasql.CodeCursor, "{ is expected at byte 1", "", openx},
		{"values too deep", `{"x":` + strings.Repeat("[", 501), athenasql.CodeCursor, "500 deep", "", openx},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(t, tt.l, "s3://b/x", "{}\n"+tt.line+"\n")
			e, ok := errors.AsType[*athenasql.Error](err)
			if !ok || e.Code != tt.code || !strings.Contains(e.Message, tt.message) || !strings.Contains(e.Hint, tt.hint) || !strings.Contains(e.Message, "in line 2 (s3://b/x)") {
				t.Errorf("%v; want %s %s", err, tt.code, tt.message)
			}
		})
	}
}

// TestReadColumns refuses fields that are no values of their types in columns that a query reads alone, also where an earlier process made the file.
func TestReadColumns(t *testing.T) {
	l := jsonLayout(JSON{OpenX: true})
	store := &memory{objects: map[string]string{"s3://b/x": `{"a":"x","n":"-","d":{}}` + "\n" + `{"a":"y","n":2,"d":1}`}}
	objects := []Object{{URL: "s3://b/x", Size: 50}}
	dir := t.TempDir()
	for range 2 {
		c, err := Open(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			read []string
			want string
		}{
			{[]string{}, ""}, {[]string{"a", "b"}, ""}, {[]string{"n"}, "value '-' for field 1"}, {[]string{"a", "d"}, "coerced to a DOUBLE"}, {nil, "value '-' for field 1"},
		} {
			l.Read = tt.read
			set, err := c.Files(t.Context(), store, l, objects)
			switch {
			case tt.want != "":
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "in line 1 (s3://b/x)") {
					t.Errorf("%v: %v", tt.read, err)
				}
				continue
			case err != nil:
				t.Fatal(tt.read, err)
			}
			want := [][]string{{"x", "NULL", "NULL", "NULL", "NULL"}, {"y", "2", "NULL", "1", "NULL"}}
			if diff := cmp.Diff(want, rowsOf(t, set.Files[0].Path)); diff != "" {
				t.Errorf("%v (-want +got):\n%s", tt.read, diff)
			}
			set.Release()
		}
	}
	// Made once; read again for each error.
	if n := store.opened.Load(); n != 1+2*3 {
		t.Errorf("the object was read %d times", n)
	}
}

// TestOpenXTimestamp reads times as Trino's OpenXJsonDeserializer does.
func TestOpenXTimestamp(t *testing.T) {
	for text, want := range map[string]int64{
		"1579059880":                 1579059880000000,
		"1579059880000":              1579059880000000,
		"1579059880.1239":            1579059880123000,
		"-1.5":                       -1500000,
		"2026-06-16 00:00:01":        1781568001000000,
		"2026-06-16T00:00:01Z":       1781568001000000,
		"2026-06-16t02:00:01+02:00":  1781568001000000,
		"2026-06-16T02:00:01.5+0200": 1781568001500000,
		"2026-06-16T00:00Z":          1781568000000000,
	} {
		if got, ok := openXTimestamp([]byte(text)); !ok || got != want {
			t.Errorf("%s: %d %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "x", "2026-06-16", "1e9", "1.x", ".", "2026-06-16T00:00:01+2", "99999999999999999999"} {
		if got, ok := openXTimestamp([]byte(text)); ok {
			t.Errorf("%s: %d", text, got)
		}
	}
}

// FuzzJSONLine compares the reading of a line with encoding/json's, and what is written anew with what was there.
func FuzzJSONLine(f *testing.F) {
	f.Add(`{"a":"x\u00e9\ud83d\ude00\n","n":[1,-2.5e+3,true,false,null,{}]}`)
	f.Add(`{"a":"\ud83d","a/":"</"}`)
	f.Add("[1,]")
	f.Add(`"\u12"`)
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.Count(text, "[")+strings.Count(text, "{") > 400 {
			return
		}
		j := &jsonLine{text: []byte(text)}
		v, err := j.value()
		valid := err == nil && j.peek() == 0 && j.at == len(text)
		if valid != json.Valid([]byte(text)) {
			t.Fatalf("valid: %v, %v at %d", valid, err, j.at)
		}
		var want any
		if !valid || json.Unmarshal([]byte(text), &want) != nil { // a number may be too large for it
			return
		}
		if s, ok := want.(string); ok {
			if strings.ReplaceAll(string(v.text), "\uFFFD", "?") != strings.ReplaceAll(s, "\uFFFD", "?") {
				t.Fatalf("%q; want %q", v.text, s)
			}
		}
		again, err := (&jsonLine{text: []byte(text)}).rewrite(nil, false)
		if err != nil {
			if !strings.Contains(err.Error(), "Duplicate key") {
				t.Fatal(err)
			}
			return
		}
		var got any
		if err := json.Unmarshal(bytes.ReplaceAll(again, []byte("\uFFFD"), []byte("?")), &got); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		if err := json.Unmarshal(bytes.ReplaceAll(marshaled(t, want), []byte("\uFFFD"), []byte("?")), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" && !strings.Contains(text, `\u`) {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func marshaled(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
