package athena

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/athenasql"
)

// cells returns the rows of an answer as texts, NULL as nil.
func cells(out object) [][]any {
	var all [][]any
	for _, r := range got(out, "ResultSet", "Rows").([]any) {
		var row []any
		for _, d := range r.(object)["Data"].([]any) {
			row = append(row, d.(object)["VarCharValue"])
		}
		all = append(all, row)
	}
	return all
}

// TestPages reads a result in pages of several sizes: the header is the first row and counts, and rows come once.
func TestPages(t *testing.T) {
	s := newServer(t, "", nil)
	for _, n := range []int{0, 1, 2, 998, 999, 1000, 2500} {
		id := s.run(fmt.Sprint("rows ", n))["QueryExecutionId"]
		want := [][]any{{"n", "t"}}
		for i := range n {
			row := []any{fmt.Sprint(i), fmt.Sprint("row ", i)}
			if i%2 == 1 {
				row[1] = nil
			}
			want = append(want, row)
		}
		for _, size := range []int{0, 1, 3, 1000} {
			if n > 100 && size > 0 && size < 1000 {
				size = 497
			}
			in := object{"QueryExecutionId": id}
			if size > 0 {
				in["MaxResults"] = size
			}
			var rows [][]any
			for {
				out := s.ok("GetQueryResults", in)
				page := cells(out)
				if size > 0 && len(page) > size || len(page) > 1000 {
					t.Errorf("a page has %d rows", len(page))
				}
				if out["UpdateCount"] != 0.0 || got(out, "ResultSet", "ResultSetMetadata", "ColumnInfo", 1, "Name") != "t" {
					t.Errorf("got %v", out)
				}
				rows = append(rows, page...)
				if in["NextToken"] = out["NextToken"]; in["NextToken"] == nil {
					break
				}
			}
			if diff := cmp.Diff(want, rows); diff != "" {
				t.Errorf("%d rows in pages of %d: %s", n, size, diff)
			}
		}
	}
}

// TestResultTokens refuses tokens that are not of a query's results.
func TestResultTokens(t *testing.T) {
	s := newServer(t, "", nil)
	first, second := s.run("rows 5")["QueryExecutionId"], s.run("rows 5")["QueryExecutionId"]
	token := s.ok("GetQueryResults", object{"QueryExecutionId": first, "MaxResults": 2})["NextToken"]
	for _, in := range []object{
		{"QueryExecutionId": second, "NextToken": token},
		{"QueryExecutionId": first, "NextToken": "x"},
		{"QueryExecutionId": first, "NextToken": token.(string)[:10]},
		{"QueryExecutionId": first, "QueryResultType": "DATA_MANIFEST"},
		{"QueryExecutionId": first, "MaxResults": 1001},
		{"QueryExecutionId": first, "MaxResults": 0},
	} {
		if got := s.refused("GetQueryResults", in); !strings.HasPrefix(got, "InvalidRequestException INVALID_INPUT: ") {
			t.Errorf("%v: %s", in, got)
		}
	}
	if out := cells(s.ok("GetQueryResults", object{"QueryExecutionId": first, "NextToken": token, "MaxResults": 1, "QueryResultType": "DATA_ROWS"})); len(out) != 1 || out[0][0] != "1" {
		t.Errorf("got %v", out)
	}
}

// TestColumns compares columns and values of each type.
func TestColumns(t *testing.T) {
	s := newServer(t, "", nil)
	out := s.ok("GetQueryResults", object{"QueryExecutionId": s.run("values")["QueryExecutionId"]})
	rows := cells(out)
	var lines []string
	for i, c := range got(out, "ResultSet", "ResultSetMetadata", "ColumnInfo").([]any) {
		c := c.(object)
		if c["CatalogName"] != "hive" || c["SchemaName"] != "" || c["TableName"] != "" || c["Label"] != c["Name"] || c["Nullable"] != "UNKNOWN" || rows[0][i] != c["Name"] {
			t.Errorf("got %v", c)
		}
		lines = append(lines, fmt.Sprintf("%v %v %v %v %v: %q", c["Name"], c["Type"], c["Precision"], c["Scale"], c["CaseSensitive"], rows[1][i]))
	}
	want := []string{
		`b boolean 0 0 false: "true"`,
		`i8 tinyint 3 0 false: "1"`,
		`i16 smallint 5 0 false: "2"`,
		`i32 integer 10 0 false: "3"`,
		`i64 bigint 19 0 false: "4"`,
		`r float 17 0 false: "1.5"`,
		`d double 17 0 false: "1.0E7"`,
		`dec decimal 10 2 false: "12.30"`,
		`s varchar 2.147483647e+09 0 true: "ä\n"`,
		`s3 varchar 3 0 true: "abc"`,
		`c char 2 0 true: "x "`,
		`bin varbinary 1.073741824e+09 0 false: "01 ff"`,
		`date date 0 0 false: "2026-01-31"`,
		`ts timestamp 3 0 false: "2026-01-31 12:00:00.000"`,
		`tz timestamp with time zone 3 0 false: "2026-01-31 12:00:00.000 UTC"`,
		`a array 0 0 false: "[1, null]"`,
		`ip ipaddress 0 0 false: "10.0.0.1"`,
		`quote varchar 2.147483647e+09 0 true: "a \"quoted\", one"`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

// TestTexts reads the results of statements that are no SELECT: they have no header.
func TestTexts(t *testing.T) {
	s := newServer(t, "", nil)
	out := s.ok("GetQueryResults", object{"QueryExecutionId": s.run("show")["QueryExecutionId"]})
	if diff := cmp.Diff([][]any{{"a\tb"}, {"c"}}, cells(out)); diff != "" {
		t.Error(diff)
	}
	info := got(out, "ResultSet", "ResultSetMetadata", "ColumnInfo", 0)
	if got(info, "Type") != "string" || got(info, "Precision") != 0.0 || got(info, "CaseSensitive") != false || out["UpdateCount"] != 0.0 {
		t.Errorf("got %v", out)
	}
	out = s.ok("GetQueryResults", object{"QueryExecutionId": s.run("create")["QueryExecutionId"]})
	if diff := cmp.Diff(object{"ResultSet": object{"Rows": []any{}, "ResultSetMetadata": object{"ColumnInfo": []any{}}}}, out); diff != "" {
		t.Error(diff)
	}
	out = s.ok("GetQueryResults", object{"QueryExecutionId": s.run("ctas")["QueryExecutionId"]})
	if out["UpdateCount"] != 7.0 || len(cells(out)) != 0 || got(out, "ResultSet", "ResultSetMetadata", "ColumnInfo", 0, "Name") != "rows" {
		t.Errorf("got %v", out)
	}
}

// TestOutput compares the objects that are written to an output location.
func TestOutput(t *testing.T) {
	s := newServer(t, "", nil)
	metadata := func(id string) string { return "\n$" + id }
	for _, tt := range []struct {
		text, location, name, want string
		metadata                   bool
	}{
		{"rows 2", "s3://out", ".csv", "\"n\",\"t\"\n\"0\",\"row 0\"\n\"1\",\n", true},
		{"rows 0", "s3://out/a/b//", ".csv", "\"n\",\"t\"\n", true},
		{"values", "s3://out/", ".csv", "\"b\",\"i8\",\"i16\",\"i32\",\"i64\",\"r\",\"d\",\"dec\",\"s\",\"s3\",\"c\",\"bin\",\"date\",\"ts\",\"tz\",\"a\",\"ip\",\"quote\"\n" +
			"\"true\",\"1\",\"2\",\"3\",\"4\",\"1.5\",\"1.0E7\",\"12.30\",\"ä\n\",\"abc\",\"x \",\"01 ff\",\"2026-01-31\",\"2026-01-31 12:00:00.000\"," +
			"\"2026-01-31 12:00:00.000 UTC\",\"[1, null]\",\"10.0.0.1\",\"a \"\"quoted\"\", one\"\n", true},
		{"show", "s3://out/", ".txt", "a\tb\nc", true},
		{"create", "s3://out/", ".txt", "", false},
	} {
		e := s.ended(s.ok("StartQueryExecution", object{"QueryString": tt.text, "ResultConfiguration": object{
			"OutputLocation": tt.location, "EncryptionConfiguration": object{"EncryptionOption": "SSE_S3"}, "ExpectedBucketOwner": "111122223333",
			"AclConfiguration": object{"S3AclOption": "BUCKET_OWNER_FULL_CONTROL"},
		}})["QueryExecutionId"].(string))
		id := e["QueryExecutionId"].(string)
		location := strings.TrimRight(tt.location, "/") + "/" + id + tt.name
		if got(e, "Status", "State") != "SUCCEEDED" || got(e, "ResultConfiguration", "OutputLocation") != location || e["ManagedQueryResultsConfiguration"] != nil {
			t.Errorf("%s: %v", tt.text, e)
		}
		content, there := s.output.objects[location]
		if diff := cmp.Diff(tt.want, content); diff != "" || !there {
			t.Errorf("%s: %v %s", tt.text, there, diff)
		}
		content, there = s.output.objects[location+".metadata"]
		if there != tt.metadata || there && !strings.HasPrefix(content, metadata(id)) {
			t.Errorf("%s: metadata %q", tt.text, content)
		}
		o := s.output.options[location]
		if !o.Encrypt || o.BucketOwner != "111122223333" || !o.OwnerFullControl || !strings.HasSuffix(o.ContentType, "/octet-stream") {
			t.Errorf("options %+v", o)
		}
		s.ok("GetQueryResults", object{"QueryExecutionId": id})
	}
	e := s.ended(s.ok("StartQueryExecution", object{"QueryString": "ctas", "ResultConfiguration": object{"OutputLocation": "s3://out/x"}})["QueryExecutionId"].(string))
	location := fmt.Sprint("s3://out/x/tables/", e["QueryExecutionId"])
	if _, there := s.output.objects[location+".metadata"]; !there || got(e, "ResultConfiguration", "OutputLocation") != location {
		t.Errorf("got %v", e)
	}
	e = s.ended(s.ok("StartQueryExecution", object{"QueryString": "rows 1", "ResultConfiguration": object{"OutputLocation": "s3://out/full/"}})["QueryExecutionId"].(string))
	if got(e, "Status", "State") != "FAILED" || got(e, "Status", "AthenaError", "ErrorType") != 401.0 || !strings.HasSuffix(got(e, "Status", "StateChangeReason").(string), ".csv: no space left") {
		t.Errorf("got %v", e["Status"])
	}
}

// TestPrintedColumns has the columns that Athena tells of statements that print lines: a row has one cell, whatever they are.
func TestPrintedColumns(t *testing.T) {
	s := newServer(t, "", nil)
	out := s.ok("GetQueryResults", object{"QueryExecutionId": s.run("lines")["QueryExecutionId"]})
	var names []string
	for _, c := range got(out, "ResultSet", "ResultSetMetadata", "ColumnInfo").([]any) {
		names = append(names, fmt.Sprint(got(c, "Name"), " ", got(c, "Type"), " ", got(c, "Precision"), " ", got(c, "CaseSensitive")))
	}
	if diff := cmp.Diff([]string{"col_name string 0 false", "data_type string 0 false", "comment string 0 false"}, names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]any{{"n\tint\t"}}, cells(out)); diff != "" {
		t.Error(diff)
	}
	for sub, want := range map[string]string{"SHOW_TBLPROPERTIES": "prpt_name string, prpt_value string", "SHOW_CREATE_VIEW": "create view varchar", "SHOW_VIEWS": "views varchar", "SHOW_TABLES": "a string"} {
		var names []string
		for _, c := range told(Statement{athenasql.Utility, sub}, describe(athenasql.Utility, []Column{{"a", varchar}})) {
			names = append(names, c.Name+" "+c.Type)
		}
		if got := strings.Join(names, ", "); got != want {
			t.Errorf("%s: %s", sub, got)
		}
	}
}

// TestManifest has the objects that UNLOAD wrote listed beside the place of a result, and nothing where there is no such place.
func TestManifest(t *testing.T) {
	s := newServer(t, "", nil)
	unloaded := func(text, location string) object {
		return s.ended(s.ok("StartQueryExecution", object{"QueryString": text, "ResultConfiguration": object{"OutputLocation": location}})["QueryExecutionId"].(string))
	}
	for text, want := range map[string]string{"unload 2": "s3://out/k=0/x\ns3://out/k=1/x\n", "unload 0": ""} {
		e := unloaded(text, "s3://out/r")
		location := fmt.Sprintf("s3://out/r/%s-manifest.csv", e["QueryExecutionId"])
		content, there := s.output.objects[location]
		if !there || content != want || got(e, "Statistics", "DataManifestLocation") != location {
			t.Errorf("%s: %q %v", text, content, e)
		}
		if _, there := s.output.objects[fmt.Sprintf("s3://out/r/%s.csv", e["QueryExecutionId"])]; there {
			t.Errorf("%s: there is a result", text)
		}
	}
	for _, e := range []object{s.run("unload 2"), unloaded("rows 1", "s3://out/r")} {
		if got(e, "Status", "State") != "SUCCEEDED" || got(e, "Statistics", "DataManifestLocation") != nil {
			t.Errorf("got %v", e)
		}
	}
	if e := unloaded("unload 1", "s3://out/full/"); got(e, "Status", "State") != "FAILED" || !strings.HasSuffix(got(e, "Status", "StateChangeReason").(string), "-manifest.csv: no space left") {
		t.Errorf("got %v", e["Status"])
	}
}

// TestMetadataFile reads the file as the parser does of which its form is known.
func TestMetadataFile(t *testing.T) {
	raw := metadataFile("id", []columnInfo{{Catalog: "hive", Name: "n", Label: "m", Type: "decimal", Precision: 38, Scale: 200, CaseSensitive: true}})
	want := []byte("\n\x02id" + // 1: the id
		"\x22\x1e" + // 4: a column of 30 bytes
		"\n\x04hive" + "\x22\x01n" + "\x2a\x01m" + "\x32\x07decimal" + "\x38\x26" + "\x40\xc8\x01" + "\x48\x03" + "\x50\x01")
	if diff := cmp.Diff(want, raw); diff != "" {
		t.Error(diff)
	}
}

// TestLongRows ends pages early where rows are long, and refuses a row that is too long.
func TestLongRows(t *testing.T) {
	s := newServer(t, "", nil)
	id := got(s.run("long 5000000"), "QueryExecutionId")
	var sizes []int
	for in := (object{"QueryExecutionId": id}); ; {
		page := s.ok("GetQueryResults", in)
		sizes = append(sizes, len(got(page, "ResultSet", "Rows").([]any)))
		if in["NextToken"] = page["NextToken"]; in["NextToken"] == nil {
			break
		}
	}
	if !slices.Equal(sizes, []int{3, 1}) { // the names and two rows, and one
		t.Errorf("pages of %v rows", sizes)
	}
	e := s.run("long 33554432")
	if reason, _ := got(e, "Status", "StateChangeReason").(string); got(e, "Status", "State") != "FAILED" || !strings.Contains(reason, "row 1 of the result has 33554433 bytes") {
		t.Errorf("a row that is too long: %v", got(e, "Status"))
	}
}
