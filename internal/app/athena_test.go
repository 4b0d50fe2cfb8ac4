package app

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
	"weir/internal/awsapi/athena"
	"weir/internal/query"
)

// smallFlows are some records of one day.
func smallFlows() []corpusFlow {
	var out []corpusFlow
	for _, f := range corpusFlows() {
		if f.value("date") == "2024-01-10" && f.account == "111122223333" && f.region == "us-east-1" {
			out = append(out, f)
		}
	}
	return out
}

// smallLake is a data directory with these records in its lake.
func smallLake(t *testing.T) (*Local, []corpusFlow) {
	t.Helper()
	flows, text := smallFlows(), t.TempDir()
	writeText(t, text, flows)
	s, err := OpenLocal(t.Context(), LocalOptions{Data: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := s.Open(t.Context(), OpenRequest{Sources: []string{text}, All: true}, nil); err != nil {
		t.Fatal(err)
	}
	return s, flows
}

// TestAthenaRefuses refuses statements that write elsewhere or read what is no table, with Athena's codes.
func TestAthenaRefuses(t *testing.T) {
	s, _ := smallLake(t)
	for _, tc := range []struct{ name, text, code, hint string }{
		{"copy", "COPY vpc_flow_logs TO '/tmp/x'", athenasql.CodeNotSupported, ""},
		{"attach", "ATTACH '/etc/passwd' AS x", athenasql.CodeNotSupported, ""},
		{"pragma", "PRAGMA database_list", athenasql.CodeNotSupported, ""},
		{"set", "SET memory_limit = '1TB'", athenasql.CodeNotSupported, ""},
		{"several", "SELECT 1; DROP TABLE vpc_flow_logs", athenasql.CodeSyntax, ""},
		{"file function", "SELECT * FROM read_csv('/etc/passwd')", athenasql.CodeSyntax, ""},
		{"file function as a table function", "SELECT * FROM TABLE(read_text('/etc/passwd'))", athenasql.CodeNotSupported, ""},
		{"file as a table", `SELECT * FROM "/etc/passwd"`, athenasql.CodeTableNotFound, ""},
		{"DuckDB's tables", "SELECT * FROM duckdb_settings", athenasql.CodeTableNotFound, ""},
		{"DuckDB's function", "SELECT getenv('HOME')", athenasql.CodeFunctionNotFound, ""},
		{"a native", "SELECT trino_ip('10.0.0.1')", athenasql.CodeFunctionNotFound, ""},
		{"insert", "INSERT INTO vpc_flow_logs VALUES (1)", athenasql.CodeNotSupported, "CREATE TABLE"},
		{"delete", "DELETE FROM vpc_flow_logs", athenasql.CodeNotSupported, ""},
		{"unload", "UNLOAD (SELECT 1 AS a) TO 's3://bucket/x/' WITH (format = 'PARQUET')", athenasql.CodePermission, "--athena-output"},
		{"unload to a folder", "UNLOAD (SELECT 1 AS a) TO 'file:///tmp/x/' WITH (format = 'PARQUET')", athenasql.CodePermission, "--athena-output"},
		{"elsewhere", "CREATE TABLE default.t WITH (external_location = 's3://bucket/x/') AS SELECT 1 AS a", athenasql.CodePermission, "--athena-output"},
		{"unknown table", "SELECT * FROM vpc_flow_log", athenasql.CodeTableNotFound, "vpc_flow_logs"},
		{"unknown column", "SELECT srcadr FROM vpc_flow_logs", athenasql.CodeColumnNotFound, "srcaddr"},
		{"unknown database", "SELECT * FROM wier.vpc_flow_logs", athenasql.CodeSchemaNotFound, ""},
		{"the lake's table", "DROP TABLE vpc_flow_logs", "", ""},
		{"prepared", "EXECUTE q", athenasql.CodeNotSupported, "EXECUTE IMMEDIATE"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := athenaTexts(t, s, "", tc.text)
			e, ok := errors.AsType[*athenasql.Error](err)
			if !ok || tc.code != "" && e.Code != tc.code || !strings.Contains(e.Hint, tc.hint) {
				t.Errorf("%v (hint %q), want %s with a hint of %q", err, hintOf(err), tc.code, tc.hint)
			}
		})
	}
}

func hintOf(err error) string {
	if e, ok := errors.AsType[*athenasql.Error](err); ok {
		return e.Hint
	}
	return ""
}

// TestAthenaPartitionThatIsNot gives no rows and reads nothing.
func TestAthenaPartitionThatIsNot(t *testing.T) {
	s, _ := smallLake(t)
	result, err := s.Athena(t.Context(), AthenaRequest{Text: "SELECT count(*) FROM vpc_flow_logs WHERE date = DATE '2031-01-01'"})
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	row, err := result.Next()
	if err != nil || row[0] != int64(0) || result.Statistics.BytesScanned != 0 || result.Statistics.Files != 0 {
		t.Errorf("%v, %v, %+v", row, err, result.Statistics)
	}
}

// TestAthenaLimits refuses what would scan too much before it runs, and ends what gives too much.
func TestAthenaLimits(t *testing.T) {
	s, _ := smallLake(t)
	_, err := s.Athena(t.Context(), AthenaRequest{Text: "SELECT srcaddr FROM vpc_flow_logs", MaxBytes: 10})
	if !errors.Is(err, query.ErrLimit) || !errors.Is(cutoff(err), athena.ErrCutoff) {
		t.Error(err)
	}
	result, err := s.Athena(t.Context(), AthenaRequest{Text: "SELECT srcaddr FROM vpc_flow_logs", MaxRows: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	for err == nil {
		_, err = result.Next()
	}
	if !errors.Is(err, query.ErrLimit) || result.Statistics.Rows != 2 {
		t.Error(err, result.Statistics.Rows)
	}
}

// TestAthenaMakesTables keeps the rows of a query as a table that later queries read.
func TestAthenaMakesTables(t *testing.T) {
	s, flows := smallLake(t)
	ask := func(text string) [][]string {
		t.Helper()
		rows, _, err := athenaTexts(t, s, "default", text)
		if err != nil {
			t.Fatal(text, err, hintOf(err), errors.Unwrap(err))
		}
		return rows
	}
	ask(`CREATE TABLE talkers WITH (format = 'PARQUET', write_compression = 'SNAPPY') AS
		SELECT srcaddr, sum(bytes) AS bytes, CAST(1.5 AS decimal(5,2)) AS d FROM weir.vpc_flow_logs GROUP BY srcaddr`)
	want := group(ptrs(flows), func(f *corpusFlow) []string { return []string{f.value("srcaddr")} }, func(k []string, g []*corpusFlow) []string {
		return []string{strings.ReplaceAll(k[0], "-", null), sum(g, bytesOf)}
	})
	a := corpusAnswer{rows: want, order: []sortKey{{0, false, false}}}
	if err := a.check(ask("SELECT srcaddr, bytes FROM talkers ORDER BY srcaddr")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([][]string{{"1.50"}}, ask("SELECT d FROM talkers LIMIT 1")); diff != "" {
		t.Error(diff)
	}
	ask(`CREATE TABLE parts WITH (partitioned_by = ARRAY['action']) AS SELECT srcaddr, action FROM weir.vpc_flow_logs WHERE action IS NOT NULL`)
	if diff := cmp.Diff([][]string{{"action=ACCEPT"}, {"action=REJECT"}}, ask("SHOW PARTITIONS parts")); diff != "" {
		t.Error(diff)
	}
	if got, want := ask("SELECT count(*) FROM parts WHERE action = 'REJECT'"), ask("SELECT count(*) FROM weir.vpc_flow_logs WHERE action = 'REJECT'"); !cmp.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, _, err := athenaTexts(t, s, "default", "CREATE TABLE talkers AS SELECT 1 AS a"); err == nil || !strings.Contains(err.Error(), "TABLE_ALREADY_EXISTS") {
		t.Error(err)
	}
	ask("CREATE TABLE IF NOT EXISTS talkers AS SELECT 1 AS a")
	for _, x := range []string{"now()", "ARRAY[1]", "X'00'", "NULL", "CAST('10.0.0.1' AS ipaddress)"} {
		if _, _, err := athenaTexts(t, s, "default", "CREATE TABLE t AS SELECT "+x+" AS a"); err == nil || !strings.Contains(err.Error(), "NOT_SUPPORTED") {
			t.Error(x, err)
		}
	}
}

func ptrs(flows []corpusFlow) []*corpusFlow {
	out := make([]*corpusFlow, len(flows))
	for i := range flows {
		out[i] = &flows[i]
	}
	return out
}

// TestAthenaUnload writes rows where the server allows, and nowhere else.
func TestAthenaUnload(t *testing.T) {
	s, _ := smallLake(t)
	folder := t.TempDir()
	var err error
	if s.athenaOutput, err = newAthenaOutput(AthenaOutput{Places: []string{folder}}, ""); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/tmp", filepath.Join(folder, "out")); err != nil {
		t.Fatal(err)
	}
	const rows = `(SELECT * FROM (VALUES (1, 'a', DATE '2026-01-31', true, ARRAY['x']), (2, NULL, NULL, NULL, NULL)) t(n, s, d, b, l))`
	for _, tc := range []struct{ name, format, want string }{
		{"json", "format = 'JSON'", `{"n":1,"s":"a","d":"2026-01-31","b":true,"l":["x"]}` + "\n" + `{"n":2}` + "\n"},
		{"text", "format = 'TEXTFILE', field_delimiter = ','", "1,a,2026-01-31,true,[x]\n" + `2,\N,\N,\N,\N` + "\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := "UNLOAD " + rows + " TO 'file://" + folder + "/" + tc.name + "/' WITH (" + tc.format + ")"
			if _, _, err := athenaTexts(t, s, "", text); err != nil {
				t.Fatal(err)
			}
			if got := unzipped(t, filepath.Join(folder, tc.name)); got != tc.want {
				t.Errorf("%s\nwant\n%s", got, tc.want)
			}
			if _, _, err := athenaTexts(t, s, "", text); err == nil || !strings.Contains(err.Error(), "not empty") {
				t.Error(err)
			}
		})
	}
	for _, to := range []string{"file:///etc/x/", "file://" + folder + "/../x/", "file://" + folder + "/out/x/", "file://" + folder + "x/", "s3://b/x/"} {
		if _, _, err := athenaTexts(t, s, "", "UNLOAD "+rows+" TO '"+to+"' WITH (format = 'JSON')"); err == nil {
			t.Errorf("it wrote to %s", to)
		}
	}
	if _, _, err := athenaTexts(t, s, "", "UNLOAD (SELECT 1 AS a) TO 'file://"+folder+"/p' WITH (format = 'PARQUET', compression = 'ZSTD')"); err != nil {
		t.Error(err)
	}
}

// unzipped returns the text of the one file of a folder.
func unzipped(t *testing.T, folder string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	file, err := os.Open(names[0])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAthenaExplains says what would be read.
func TestAthenaExplains(t *testing.T) {
	s, _ := smallLake(t)
	for _, tc := range []struct{ text, want string }{
		{"EXPLAIN SELECT srcaddr FROM vpc_flow_logs WHERE date = DATE '2031-01-01'", "files: 0 of"},
		{"EXPLAIN SELECT srcaddr FROM vpc_flow_logs", "TableScan[table = awsdatacatalog:weir:vpc_flow_logs]\n    columns: srcaddr\n    files: 3 of 3"},
		{"EXPLAIN ANALYZE SELECT count(*) FROM vpc_flow_logs", "Queried: 1 rows"},
		{"EXPLAIN (TYPE VALIDATE) SELECT 1", "true"},
		{"EXECUTE IMMEDIATE 'SELECT ? || ?' USING 'a', 'b'", "ab"},
	} {
		rows, _, err := athenaTexts(t, s, "", tc.text)
		if err != nil {
			t.Error(tc.text, err)
			continue
		}
		var got []string
		for _, r := range rows {
			got = append(got, r[0])
		}
		if !strings.Contains(strings.Join(got, "\n"), tc.want) {
			t.Errorf("%s: %s\nwant %s", tc.text, strings.Join(got, "\n"), tc.want)
		}
	}
	if _, _, err := athenaTexts(t, s, "", "EXPLAIN (FORMAT JSON) SELECT 1"); err == nil || !strings.Contains(err.Error(), "NOT_SUPPORTED") {
		t.Error(err)
	}
}

// TestAthenaOverSocket gives the same rows, statistics and errors through a server.
func TestAthenaOverSocket(t *testing.T) {
	s, _ := smallLake(t)
	server := httptest.NewServer(rpcHandler(t.Context(), s, "v"))
	defer server.Close()
	remote := &Remote{version: "v", client: &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}}}}
	registerWire()
	for _, text := range []string{
		"SELECT * FROM vpc_flow_logs ORDER BY start, srcport",
		"SELECT 1.25, DATE '2026-01-31', TIMESTAMP '2026-01-31 01:02:03', ARRAY[1, NULL], MAP(ARRAY['a'], ARRAY[2.5]), CAST(ROW(1, 'x') AS ROW(a bigint, b varchar)), NULL, X'00ff', uuid() IS NULL, 1e300",
		"SELECT DECIMAL '12345678901234567890123456789012345678', CAST('::1' AS ipaddress), INTERVAL '1' DAY, true, TINYINT '1', REAL '1.5'",
		"SHOW TABLES", "SELECT count(*) FROM vpc_flow_logs WHERE 1 = 0",
	} {
		want, names, err := athenaTexts(t, s, "", text)
		if err != nil {
			t.Fatal(text, err)
		}
		got, gotNames, err := athenaTexts(t, remote, "", text)
		if err != nil {
			t.Fatal(text, err)
		}
		if diff := cmp.Diff(want, got) + cmp.Diff(names, gotNames); diff != "" {
			t.Errorf("%s (-local +remote):\n%s", text, diff)
		}
	}
	_, _, err := athenaTexts(t, remote, "", "SELECT srcadr FROM vpc_flow_logs")
	e, ok := errors.AsType[*athenasql.Error](err)
	if !ok || e.Code != athenasql.CodeColumnNotFound || e.Line != 1 || e.Column != 8 || !strings.Contains(e.Hint, "srcaddr") {
		t.Error(err)
	}
	databases, err := remote.AthenaDatabases(t.Context())
	if err != nil || len(databases) == 0 {
		t.Error(databases, err)
	}
}

// TestPackAthena packs values that gob can't send.
func TestPackAthena(t *testing.T) {
	type decimal struct {
		Width, Scale uint8
		Value        *big.Int
	}
	packed := packAthena([]any{decimal{10, 2, big.NewInt(-125)}, nil, &wireMap{Names: []any{"k"}, Elems: []any{nil}}, [16]byte{1}})
	list, ok := unpackAthena(packed).([]any)
	if !ok {
		t.Fatalf("%T", packed)
	}
	var got []string
	for i, typ := range []types.Type{{Kind: types.Decimal, Precision: 10, Scale: 2}, {}, types.MapOf(varcharType, varcharType), {Kind: types.UUID}} {
		text, ok := types.Text(list[i], typ)
		if !ok {
			text = null
		}
		got = append(got, text)
	}
	if diff := cmp.Diff([]string{"-1.25", null, "{k=null}", "01000000-0000-0000-0000-000000000000"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestAthenaMakesPartitions keeps each row that a table is made of, whatever a partition key's value is, and makes no more partitions than it may.
func TestAthenaMakesPartitions(t *testing.T) {
	s, _ := smallLake(t)
	ask := func(text string) ([][]string, error) {
		rows, _, err := athenaTexts(t, s, "default", text)
		return rows, err
	}
	if _, err := ask(`CREATE TABLE odd WITH (partitioned_by = ARRAY['k']) AS
		SELECT * FROM (VALUES (1, 'a'), (2, 'a/../../b'), (3, '../a'), (4, 'a%2Fb'), (5, 'a?b#c'), (6, NULL), (7, '.'), (8, 'é b')) t (n, k)`); err != nil {
		t.Fatal(err)
	}
	got, err := ask("SELECT n, k FROM odd ORDER BY n")
	want := [][]string{{"1", "a"}, {"2", "a/../../b"}, {"3", "../a"}, {"4", "a%2Fb"}, {"5", "a?b#c"}, {"6", null}, {"7", "."}, {"8", "é b"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := ask(`CREATE TABLE two WITH (partitioned_by = ARRAY['a', 'b']) AS SELECT * FROM (VALUES (1, 'x', 1), (2, 'x', 2), (3, 'y', 1)) t (n, a, b)`); err != nil {
		t.Error(err)
	}
	if got, err := ask("SELECT sum(n) FROM two"); err != nil || !cmp.Equal(got, [][]string{{"6"}}) {
		t.Error(got, err)
	}
	for text, code := range map[string]string{
		"SELECT 1 AS n, '' AS k": "NOT_SUPPORTED",
		"SELECT 1 AS n, a * 100 + b AS k FROM UNNEST(sequence(1, 20)) t (a), UNNEST(sequence(1, 60)) u (b)": "HIVE_TOO_MANY_OPEN_PARTITIONS",
	} {
		if _, err := ask("CREATE TABLE refused WITH (partitioned_by = ARRAY['k']) AS " + text); err == nil || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := ask("SELECT * FROM refused"); err == nil || !strings.Contains(err.Error(), "TABLE_NOT_FOUND") {
			t.Errorf("%s: the table is there: %v", text, err)
		}
	}
	folders, err := os.ReadDir(madeTables(s.lake.Data()))
	if err != nil || len(folders) != 2 {
		t.Errorf("folders of tables: %v %v", folders, err)
	}
}

// TestAthenaRegexTable reads flow logs by a regular expression, as older guides of AWS do.
func TestAthenaRegexTable(t *testing.T) {
	s, _ := smallLake(t)
	dir := t.TempDir()
	text := "version account-id interface-id srcaddr\n2 123456789010 eni-1235b8ca123456789 172.31.16.139\n2 123456789010 eni-1235b8ca123456789 -\nbad line\n"
	if err := os.WriteFile(filepath.Join(dir, "a.log"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	athenaLines(t, s, `CREATE EXTERNAL TABLE default.r (version int, account string, interfaceid string, sourceaddress string, missing int)
		ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
		WITH SERDEPROPERTIES ("input.regex" = "^([^ ]+)\\s+([0-9]+)\\s+([^ ]+)\\s+([^ ]+)$")
		LOCATION 'file://`+filepath.ToSlash(dir)+`/'`)
	got := athenaLines(t, s, "SELECT version, account, sourceaddress, coalesce(missing, 7), count(*) FROM default.r WHERE version IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 3 DESC")
	if diff := cmp.Diff([]string{"2 123456789010 172.31.16.139 7 1", "2 123456789010 - 7 1"}, got); diff != "" {
		t.Error(diff)
	}
	if got := athenaLines(t, s, "SELECT count(*) FROM default.r"); !cmp.Equal(got, []string{"4"}) { // with the header and the bad line
		t.Error(got)
	}
}

// TestAthenaInformationSchema asks the tables about tables.
func TestAthenaInformationSchema(t *testing.T) {
	s, _ := smallLake(t)
	if got := athenaLines(t, s, "SELECT count(*) FROM information_schema.views"); !cmp.Equal(got, []string{"0"}) {
		t.Errorf("there are views: %v", got)
	}
	athenaLines(t, s, "CREATE EXTERNAL TABLE default.o (a int COMMENT 'how many', b string) PARTITIONED BY (k date) LOCATION 's3://bucket/o/'")
	athenaLines(t, s, "CREATE VIEW default.v AS SELECT a, count(*) AS n FROM default.o GROUP BY a")
	for text, want := range map[string][]string{
		"SELECT schema_name FROM information_schema.schemata ORDER BY 1":                                                  {"default", "weir"},
		"SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'default' ORDER BY table_name": {"o BASE TABLE", "v VIEW"},
		"SELECT count(*) FROM awsdatacatalog.information_schema.tables WHERE table_name = 'vpc_flow_logs'":                {"1"},
		"SELECT table_catalog, view_definition FROM information_schema.views":                                             {"awsdatacatalog SELECT a, count(*) AS n FROM default.o GROUP BY a"},
		"SELECT table_name, column_name, ordinal_position, is_nullable, data_type, coalesce(comment, '-'), coalesce(extra_info, '-') FROM information_schema.columns WHERE table_schema = 'default' ORDER BY 1, 3": {
			"o a 1 YES integer how many -", "o b 2 YES varchar - -", "o k 3 YES date - partition key", "v a 1 YES integer - -", "v n 2 YES bigint - -",
		},
		"SELECT data_type FROM information_schema.columns WHERE table_schema = 'weir' AND table_name = 'vpc_flow_logs' AND column_name IN ('bytes', 'srcaddr') ORDER BY 1": {"bigint", "varchar"},
	} {
		if diff := cmp.Diff(want, athenaLines(t, s, text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	if _, _, err := athenaTexts(t, s, "", "SELECT * FROM information_schema.tables_of"); err == nil || !strings.Contains(err.Error(), athenasql.CodeTableNotFound) {
		t.Error(err)
	}
	if _, _, err := athenaTexts(t, s, "", "CREATE DATABASE information_schema"); err == nil || !strings.Contains(err.Error(), "AlreadyExists") {
		t.Error(err)
	}
	if _, _, err := athenaTexts(t, s, "", "CREATE EXTERNAL TABLE information_schema.x (a int) LOCATION 's3://b/x/'"); err == nil {
		t.Error("a table of information_schema was made")
	}
}

// TestBoundFolder ends what writes more than it may.
func TestBoundFolder(t *testing.T) {
	folder := t.TempDir()
	ctx, ended := boundFolder(t.Context(), folder, 10, 0)
	if err := os.WriteFile(filepath.Join(folder, "f"), make([]byte, 11), 0o600); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if err := ended(ctx.Err()); err == nil || !strings.Contains(err.Error(), "EXCEEDED_LIMIT") {
		t.Error(err)
	}
	_, ended = boundFolder(t.Context(), folder, 11, 0)
	if err := ended(nil); err != nil {
		t.Error(err)
	}
	_, ended = boundFolder(t.Context(), folder, 10, 0)
	if err := ended(nil); err == nil {
		t.Error("what was written at last is not seen")
	}
}

// TestAthenaShowsPartitions lists the partitions of the lake's own tables as those of others.
func TestAthenaShowsPartitions(t *testing.T) {
	s, _ := smallLake(t)
	for text, want := range map[string][]string{
		"SHOW PARTITIONS vpc_flow_logs":      {"date=2024-01-10"},
		"SHOW PARTITIONS test_table_vpclogs": {"accid=111122223333/region=us-east-1/day=2024%2F01%2F10"},
		"SHOW PARTITIONS tgw_flow_logs":      nil,
	} {
		if diff := cmp.Diff(want, athenaLines(t, s, text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestAthenaHiddenColumns says of each row which object it is of, where a query asks for it by name alone.
func TestAthenaHiddenColumns(t *testing.T) {
	s, _ := smallLake(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"k=1/a b.log": "1\n2\n", "k=1/b.log": "3\n", "k=2/c.log": "40\n"} {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := "file://" + filepath.ToSlash(dir) + "/"
	athenaLines(t, s, "CREATE EXTERNAL TABLE default.o (a int) PARTITIONED BY (k int) LOCATION '"+at+"'")
	athenaLines(t, s, "MSCK REPAIR TABLE default.o")
	for text, want := range map[string][]string{
		`SELECT * FROM default.o ORDER BY a LIMIT 1`:                                                   {"1 1"},
		`SELECT a, k, "$path" FROM default.o ORDER BY a`:                                               {"1 1 " + at + "k=1/a b.log", "2 1 " + at + "k=1/a b.log", "3 1 " + at + "k=1/b.log", "40 2 " + at + "k=2/c.log"},
		`SELECT "$path", o."$file_size", count(*) FROM default.o WHERE k = 1 GROUP BY 1, 2 ORDER BY 1`: {at + "k=1/a b.log 4 2", at + "k=1/b.log 2 1"},
		`SELECT count(*) FROM default.o WHERE "$path" LIKE '%/b.log'`:                                  {"1"},
		`EXPLAIN SELECT a FROM default.o WHERE "$path" LIKE '%/b.log'`: {
			"TableScan[table = awsdatacatalog:default:o]", "    columns: a, $path", "    partitions: 2 of 2", "    files: 1 of 1, bytes: 2 of 2",
		},
		`SELECT sum(a) FROM default.o WHERE "$file_size" = 2 OR k = 2`:                     {"43"},
		`SELECT "$path" FROM default.o WHERE k = 3`:                                        nil,
		`SELECT count(DISTINCT "$path") > 0, count("$path") = count(*) FROM vpc_flow_logs`: {"true true"},
	} {
		if diff := cmp.Diff(want, athenaLines(t, s, text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for k, want := range map[string]string{"1": "partitions: 1 of 2\n    files: 2 of 2", "3": "partitions: 0 of 2\n    files: 0 of 0"} {
		if got := strings.Join(athenaLines(t, s, "EXPLAIN SELECT a FROM default.o WHERE k = "+k), "\n"); !strings.Contains(got, want) {
			t.Errorf("k = %s:\n%s\nwant %s", k, got, want)
		}
	}
	if _, _, err := athenaTexts(t, s, "", `SELECT "$bucket" FROM default.o`); err == nil || !strings.Contains(err.Error(), athenasql.CodeColumnNotFound) {
		t.Error(err)
	}
}

// TestAthenaSharedFiles tells the rows of many small objects apart, and those of two partitions at one place.
func TestAthenaSharedFiles(t *testing.T) {
	s, _ := smallLake(t)
	dir := t.TempDir()
	for i := range 200 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d", i)), fmt.Appendf(nil, "%d\n%d\n", i, i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := "file://" + filepath.ToSlash(dir) + "/"
	athenaLines(t, s, "CREATE EXTERNAL TABLE default.o (a int) PARTITIONED BY (k int) LOCATION '"+at+"'")
	athenaLines(t, s, "ALTER TABLE default.o ADD PARTITION (k = 1) LOCATION '"+at+"' PARTITION (k = 2) LOCATION '"+at+"'")
	for text, want := range map[string][]string{
		`SELECT count(*), count(DISTINCT a), count(DISTINCT "$path"), count_if("$path" = '` + at + `' || lpad(CAST(a AS varchar), 3, '0')) FROM default.o WHERE k = 2`: {"400 200 200 400"},
		`SELECT k, count(*), sum(a), count_if("$path" LIKE '%/' || lpad(CAST(a AS varchar), 3, '0')), sum("$file_size") FROM default.o GROUP BY k ORDER BY k`:          {"1 400 39800 400 2760", "2 400 39800 400 2760"},
	} {
		if diff := cmp.Diff(want, athenaLines(t, s, text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
