package athenasql

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestForms holds each form of a query against its one printed form, which shows how it was read. A "" is the text itself.
func TestForms(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SELECT 1", ""},
		{"select ALL a, b c, d AS \"E\" from T;", "SELECT a, b AS c, d AS e\nFROM t"},
		{"SELECT DISTINCT *, t.*, a.b.* FROM t", "SELECT DISTINCT *, t.*, a.b.*\nFROM t"},
		{"SELECT a /* b; */ FROM t -- ; c", "SELECT a\nFROM t"},
		{"SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", "SELECT 1\nUNION\nSELECT 2\nINTERSECT\nSELECT 3"},
		{"(SELECT 1 UNION DISTINCT SELECT 2) INTERSECT ALL SELECT 3", "(SELECT 1 UNION SELECT 2)\nINTERSECT ALL\nSELECT 3"},
		{"SELECT 1 EXCEPT (SELECT 2 EXCEPT SELECT 3)", "SELECT 1\nEXCEPT\n(SELECT 2 EXCEPT SELECT 3)"},
		{"VALUES (1, 'a'), ROW(2, 'b')", "VALUES (1, 'a'), (2, 'b')"},
		{"VALUES 1, (2), ROW(ROW(3))", "VALUES (1), (2), ROW(ROW(3))"},
		{"TABLE db.t ORDER BY 1 DESC NULLS FIRST, 2 ASC NULLS LAST, 3", "TABLE db.t\nORDER BY 1 DESC NULLS FIRST, 2 NULLS LAST, 3"},
		{"SELECT 1 OFFSET 2 LIMIT ALL", "SELECT 1\nOFFSET 2 ROWS"},
		{"SELECT 1 OFFSET ? ROW LIMIT ?", "SELECT 1\nOFFSET ? ROWS\nLIMIT ?"},
		{"SELECT 1 FETCH NEXT ROW ONLY", "SELECT 1\nLIMIT 1"},
		{"SELECT 1 FETCH FIRST 5 ROWS WITH TIES", "SELECT 1\nFETCH FIRST 5 ROWS WITH TIES"},
		{"WITH a AS (SELECT 1), b (x) AS (WITH c AS (TABLE a) TABLE c) SELECT * FROM b", "WITH a AS (SELECT 1), b (x) AS (WITH c AS (TABLE a) TABLE c)\nSELECT *\nFROM b"},
		{"SELECT * FROM a, b AS x (y, z) JOIN c USING (i) CROSS JOIN d", "SELECT *\nFROM a, b AS x (y, z)\nINNER JOIN c USING (i)\nCROSS JOIN d"},
		{
			"SELECT * FROM a LEFT OUTER JOIN b RIGHT JOIN c ON 2 = 2 ON 1 = 1 NATURAL FULL OUTER JOIN d",
			"SELECT *\nFROM a\nLEFT JOIN (b RIGHT JOIN c ON 2 = 2) ON 1 = 1\nNATURAL FULL JOIN d",
		},
		{"SELECT * FROM ((SELECT 1) UNION SELECT 2) a, ((SELECT 1) b CROSS JOIN c), ((d))", "SELECT *\nFROM ((SELECT 1) UNION SELECT 2) AS a, (SELECT 1) AS b\nCROSS JOIN c, d"},
		{
			"SELECT * FROM t TABLESAMPLE BERNOULLI (10), (a CROSS JOIN b) AS x TABLESAMPLE SYSTEM (5)",
			"SELECT *\nFROM t TABLESAMPLE BERNOULLI (10), (a CROSS JOIN b) AS x TABLESAMPLE SYSTEM (5)",
		},
		{
			"SELECT * FROM UNNEST(a, b) WITH ORDINALITY u (x, y, n), LATERAL (SELECT 1), TABLE(sequence(1, 3))",
			"SELECT *\nFROM UNNEST(a, b) WITH ORDINALITY AS u (x, y, n), LATERAL (SELECT 1), TABLE(sequence(1, 3))",
		},
		{
			"SELECT a FROM t GROUP BY a, (b, c), (), ROLLUP (a, (b, c)), CUBE (), GROUPING SETS ((a, b), c, ())",
			"SELECT a\nFROM t\nGROUP BY a, (b, c), (), ROLLUP (a, (b, c)), CUBE (), GROUPING SETS ((a, b), c, ())",
		},
		{"SELECT a FROM t GROUP BY DISTINCT a HAVING count(*) > 1", "SELECT a\nFROM t\nGROUP BY DISTINCT a\nHAVING count(*) > 1"},
		{
			"SELECT sum(a) OVER w, rank() OVER (w ORDER BY b ROWS 2 PRECEDING) FROM t WINDOW w AS (PARTITION BY c), v AS (w)",
			"SELECT sum(a) OVER w, rank() OVER (w ORDER BY b ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)\nFROM t\nWINDOW w AS (PARTITION BY c), v AS (w)",
		},
		{
			"SELECT last_value(a) RESPECT NULLS OVER (RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), nth_value(a, 2) OVER (GROUPS BETWEEN CURRENT ROW AND 1 FOLLOWING)",
			"SELECT last_value(a) RESPECT NULLS OVER (RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), nth_value(a, 2) OVER (GROUPS BETWEEN CURRENT ROW AND 1 FOLLOWING)",
		},
		{"SELECT limit, offset, window, fetch FROM limit WHERE date = day LIMIT 10", "SELECT \"limit\", \"offset\", \"window\", \"fetch\"\nFROM \"limit\"\nWHERE date = day\nLIMIT 10"},
		{`SELECT "a""b", "Ü", _x, start, hour, region, type, year FROM "db-1"."t$partitions"`, "SELECT \"a\"\"b\", \"ü\", _x, start, hour, region, type, year\nFROM \"db-1\".\"t$partitions\""},
	} {
		checkForm(t, c.text, c.want)
	}
}

// TestExpressions does so for expressions.
func TestExpressions(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"NULL IS NULL AND true OR FALSE", "NULL IS NULL AND TRUE OR FALSE"},
		{"a OR b AND NOT c = d", ""},
		{"(a OR b) AND NOT (c AND d)", ""},
		{"a + b * c - d / e % f || g", ""},
		{"(a + b) * (c || d)", ""},
		{"a - (b - c) - d", ""},
		{"tcp_flags & 4 > 0 AND a & b + 1 = 2", ""}, // weir's own operator
		{"-a * +b - -1", ""},
		{"- - a", "- -a"},
		{"a != b", "a <> b"},
		{"(a = b) = c", ""},
		{"a IS NOT NULL AND b IS DISTINCT FROM c AND d IS NOT DISTINCT FROM e", ""},
		{"a BETWEEN 1 AND 2 AND b NOT BETWEEN c + 1 AND d", ""},
		{"a IN (1, 2) OR b NOT IN (SELECT 1) OR c IN ((SELECT 1)) OR d IN ((SELECT 1) UNION SELECT 2)", ""},
		{"a LIKE 'x%' AND b NOT LIKE 'y!_' ESCAPE '!'", ""},
		{"a = ANY (SELECT 1) OR b <> ALL (VALUES (1), (2)) OR c < SOME (TABLE t)", "a = ANY (SELECT 1) OR b <> ALL (VALUES (1), (2)) OR c < ANY (TABLE t)"},
		{"EXISTS (SELECT 1) AND (SELECT 1) = ((SELECT 2) + 1)", "EXISTS (SELECT 1) AND (SELECT 1) = (SELECT 2) + 1"},
		{"((SELECT 1) UNION SELECT 2)", ""},
		{"CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE 'z' END", ""},
		{"CASE WHEN a THEN b END", ""},
		{"CAST(a AS varchar(10))", ""},
		{"TRY_CAST(a AS decimal(10, 2))", ""},
		{"CAST(a AS DOUBLE PRECISION)", "CAST(a AS double)"},
		{"CAST(a AS timestamp(3) with time zone)", ""},
		{"CAST(a AS TIMESTAMP WITHOUT TIME ZONE)", "CAST(a AS timestamp)"},
		{"CAST(a AS time(6) with time zone)", ""},
		{"CAST(a AS interval year to month)", ""},
		{"CAST(a AS INTERVAL HOUR)", "CAST(a AS interval day to second)"},
		{"CAST(a AS ARRAY<MAP<varchar, bigint>>)", "CAST(a AS array(map(varchar, bigint)))"},
		{"CAST(a AS bigint ARRAY[3] ARRAY)", "CAST(a AS array(array(bigint)))"},
		{`CAST(a AS ROW(x bigint, "end" timestamp with time zone, y row(double precision), z time array))`, `CAST(a AS row(x bigint, "end" timestamp with time zone, y row(double), z array(time)))`},
		{"CAST(a AS row(bigint, varchar(5)))", ""},
		{"EXTRACT(DAY_OF_WEEK FROM a + b)", "EXTRACT(day_of_week FROM a + b)"},
		{"a AT TIME ZONE 'Asia/Tokyo' AT TIME ZONE INTERVAL '2' HOUR", ""},
		{"-a AT TIME ZONE 'UTC'", ""},
		{"INTERVAL '7' DAY", ""},
		{"interval - '1-2' year to month", "INTERVAL -'1-2' YEAR TO MONTH"},
		{"INTERVAL + '2 03:04:05.678' DAY TO SECOND", "INTERVAL '2 03:04:05.678' DAY TO SECOND"},
		{"interval - 1", `"interval" - 1`},
		{"DATE '2026-01-31' - interval '1' month", "date '2026-01-31' - INTERVAL '1' MONTH"},
		{"TIMESTAMP '2026-01-31 00:00:00 UTC' > TIME '10:00' OR IPADDRESS '::1' = JSON '{}'", "timestamp '2026-01-31 00:00:00 UTC' > time '10:00' OR ipaddress '::1' = json '{}'"},
		{"DOUBLE PRECISION '1.5'", "double '1.5'"},
		{"1 + 007 + 1.5 + .5 + 1. + 1e3 + 1.5E-10 + 1_000 + 0x1F + 0o17 + 0b101", "1 + 007 + 1.5 + .5 + 1. + 1e3 + 1.5E-10 + 1000 + 31 + 15 + 5"},
		{"'it''s' || U&'\\2603\\+01F600\\\\' || U&'!0041' UESCAPE '!'", "'it''s' || '☃😀\\' || 'A'"},
		{"X'65 68 3f'", "X'65683F'"},
		{
			"current_date > current_timestamp(3) AND localtime = localtimestamp AND current_time(0) = b AND current_user = current_schema || current_catalog",
			"current_date > current_timestamp(3) AND localtime = localtimestamp AND current_time(0) = b AND current_user = current_schema || current_catalog",
		},
		{"a[1]['x'].y.z[i + 1]", ""},
		{"(a).b", "a.b"},
		{"ROW(1, 2).x", ""},
		{"(1, 'a') = ROW(b, c)", "ROW(1, 'a') = ROW(b, c)"},
		{"ARRAY[1, ARRAY[], array]", `ARRAY[1, ARRAY[], "array"]`},
		{"count(*) + count() + count(DISTINCT a) + count(ALL b)", "count(*) + count() + count(DISTINCT a) + count(b)"},
		{"array_agg(a ORDER BY b DESC) FILTER (WHERE c > 1)", ""},
		{"LAG(a, 1) IGNORE NULLS OVER (PARTITION BY b ORDER BY c)", "lag(a, 1) IGNORE NULLS OVER (PARTITION BY b ORDER BY c)"},
		{"listagg(DISTINCT a, ',' ON OVERFLOW TRUNCATE '...' WITH COUNT) WITHIN GROUP (ORDER BY a, b DESC)", ""},
		{"listagg(a ON OVERFLOW ERROR) WITHIN GROUP (ORDER BY a) FILTER (WHERE b)", ""},
		{"listagg(a ON OVERFLOW TRUNCATE WITHOUT COUNT) WITHIN GROUP (ORDER BY a)", "listagg(a ON OVERFLOW TRUNCATE '...' WITHOUT COUNT) WITHIN GROUP (ORDER BY a)"},
		{"transform(a, x -> x + 1)", "transform(a, (x) -> x + 1)"},
		{"reduce(a, 0, (s, x) -> s + x, s -> s)", "reduce(a, 0, (s, x) -> s + x, (s) -> s)"},
		{"f(() -> 1)", ""},
		{"POSITION('a' IN b)", "strpos(b, 'a')"},
		{"SUBSTRING(a FROM 2 FOR 3) || substring(a, 2)", "substring(a, 2, 3) || substring(a, 2)"},
		{
			"TRIM(a) || TRIM(BOTH FROM a) || TRIM(LEADING 'x' FROM a) || TRIM(TRAILING FROM a) || TRIM('x' FROM a) || TRIM(a, 'x')",
			"trim(a) || trim(a) || ltrim(a, 'x') || rtrim(a) || trim(a, 'x') || trim(a, 'x')",
		},
		{"NORMALIZE(a) || normalize(a, nfkc)", "normalize(a) || normalize(a, NFKC)"},
		{"GROUPING(a, t.b)", ""},
		{"IF(a, b, c) + NULLIF(a, b) + COALESCE(a, b) + \"if\"(d) + date(e) + map(f, g) + format('%s', h)", "if(a, b, c) + nullif(a, b) + coalesce(a, b) + if(d) + date(e) + map(f, g) + format('%s', h)"},
		{"contains('10.0.0.0/8', CAST(srcaddr AS IPADDRESS))", "contains('10.0.0.0/8', CAST(srcaddr AS ipaddress))"},
		{"? + ?", ""},
	} {
		e, err := ParseExpr(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		want := c.want
		if want == "" {
			want = c.text
		}
		if diff := cmp.Diff(want, PrintExpr(e)); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
	}
}

// checkForm reads and prints a statement.
func checkForm(t *testing.T, text, want string) {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return
	}
	if want == "" {
		want = text
	}
	if diff := cmp.Diff(want, Print(s)); diff != "" {
		t.Errorf("%s: %s", text, diff)
	}
}

// TestStatements holds each form of the other statements against its printed form, and against its kind.
func TestStatements(t *testing.T) {
	for _, c := range []struct{ text, want, kind string }{
		{"SELECT 1", "", "DML SELECT"},
		{
			"CREATE EXTERNAL TABLE IF NOT EXISTS db.`My-T` (a INT COMMENT \"it's\", `end` array<map<string,struct<x:int COMMENT 'c',`y z`:decimal(10,2)>>>, c varchar(10), d double precision)\nCOMMENT 'hi'\nPARTITIONED BY (`date` date, 2020x string)\nROW FORMAT SERDE 'org.x.OpenCSVSerde' WITH SERDEPROPERTIES (\"quoteChar\" = \"\\\"\", 'separatorChar'='\\t')\nSTORED AS INPUTFORMAT 'in' OUTPUTFORMAT 'out'\nLOCATION 's3://b/p/'\nTBLPROPERTIES ('a'='b', \"c\"=\"d\");",
			"CREATE EXTERNAL TABLE IF NOT EXISTS db.`my-t` (\n  a int COMMENT 'it\\'s',\n  `end` array<map<string,struct<x:int,`y z`:decimal(10,2)>>>,\n  c varchar(10),\n  d double\n)\nCOMMENT 'hi'\nPARTITIONED BY (\n  date date,\n  `2020x` string\n)\nROW FORMAT SERDE 'org.x.OpenCSVSerde' WITH SERDEPROPERTIES ('quoteChar' = '\"', 'separatorChar' = '\\t')\nSTORED AS INPUTFORMAT 'in' OUTPUTFORMAT 'out'\nLOCATION 's3://b/p/'\nTBLPROPERTIES ('a' = 'b', 'c' = 'd')", "DDL CREATE_TABLE",
		},
		{
			"create external table t (a string) row format delimited fields terminated by '\\001' escaped by '\\\\' collection items terminated by '|' map keys terminated by ':' lines terminated by '\\n' null defined as '-' stored as TextFile location 's3://b/'",
			"CREATE EXTERNAL TABLE t (\n  a string\n)\nROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001' ESCAPED BY '\\\\' COLLECTION ITEMS TERMINATED BY '|' MAP KEYS TERMINATED BY ':' LINES TERMINATED BY '\\n' NULL DEFINED AS '-'\nSTORED AS TEXTFILE\nLOCATION 's3://b/'", "DDL CREATE_TABLE",
		},
		{
			"CREATE EXTERNAL TABLE t (a string) STORED AS PARQUET WITH SERDEPROPERTIES ('a' = 'b') LOCATION 's3://b/'",
			"CREATE EXTERNAL TABLE t (\n  a string\n)\nSTORED AS PARQUET\nWITH SERDEPROPERTIES ('a' = 'b')\nLOCATION 's3://b/'", "DDL CREATE_TABLE",
		},
		{"CREATE TABLE db.t WITH (format = 'PARQUET', partitioned_by = ARRAY['y']) AS SELECT 1 AS y WITH NO DATA", "CREATE TABLE db.t WITH (format = 'PARQUET', partitioned_by = ARRAY['y']) AS\nSELECT 1 AS y\nWITH NO DATA", "DML CREATE_TABLE_AS_SELECT"},
		{"CREATE TABLE IF NOT EXISTS t AS (SELECT 1) WITH DATA", "CREATE TABLE IF NOT EXISTS t AS\n(SELECT 1)", "DML CREATE_TABLE_AS_SELECT"},
		{"CREATE VIEW \"my-v\" AS SELECT 1", "CREATE VIEW \"my-v\" AS\nSELECT 1", "DDL CREATE_VIEW"},
		{"CREATE OR REPLACE VIEW db.v AS WITH a AS (SELECT 1) TABLE a", "CREATE OR REPLACE VIEW db.v AS\nWITH a AS (SELECT 1)\nTABLE a", "DDL CREATE_VIEW"},
		{"CREATE SCHEMA IF NOT EXISTS `my-db` COMMENT 'c' LOCATION 's3://b/' WITH DBPROPERTIES ('a'='b')", "CREATE DATABASE IF NOT EXISTS `my-db` COMMENT 'c' LOCATION 's3://b/' WITH DBPROPERTIES ('a' = 'b')", "DDL CREATE_DATABASE"},
		{"DROP TABLE IF EXISTS `a-b`.t", "", "DDL DROP_TABLE"},
		{"DROP VIEW \"v\"", "DROP VIEW v", "DDL DROP_VIEW"},
		{"DROP SCHEMA db CASCADE", "DROP DATABASE db CASCADE", "DDL DROP_DATABASE"},
		{"DROP DATABASE IF EXISTS db RESTRICT", "DROP DATABASE IF EXISTS db", "DDL DROP_DATABASE"},
		{
			"ALTER TABLE t ADD IF NOT EXISTS PARTITION (`date`='2026-01-31', n=-1) LOCATION 's3://b/' PARTITION (date=DATE '2026-02-01')",
			"ALTER TABLE t ADD IF NOT EXISTS PARTITION (date = '2026-01-31', n = -1) LOCATION 's3://b/' PARTITION (date = date '2026-02-01')", "DDL ALTER_TABLE_ADD_PARTITION",
		},
		{"ALTER TABLE t DROP IF EXISTS PARTITION (a < '1'), PARTITION (b != 2.5)", "ALTER TABLE t DROP IF EXISTS PARTITION (a < '1'), PARTITION (b <> 2.5)", "DDL ALTER_TABLE_DROP_PARTITION"},
		{"ALTER TABLE t PARTITION (a='1') RENAME TO PARTITION (a=\"2\")", "ALTER TABLE t PARTITION (a = '1') RENAME TO PARTITION (a = '2')", "DDL ALTER_TABLE_RENAME_PARTITION"},
		{"ALTER TABLE t PARTITION (a='1') SET LOCATION 's3://b/'", "ALTER TABLE t PARTITION (a = '1') SET LOCATION 's3://b/'", "DDL ALTER_TABLE_SET_LOCATION"},
		{"ALTER TABLE db.t SET LOCATION 's3://b/'", "", "DDL ALTER_TABLE_SET_LOCATION"},
		{"ALTER TABLE t SET TBLPROPERTIES ('a'='b')", "ALTER TABLE t SET TBLPROPERTIES ('a' = 'b')", "DDL ALTER_TABLE_SET_TBLPROPERTIES"},
		{"ALTER TABLE t ADD COLUMNS (a int COMMENT 'c', b string)", "ALTER TABLE t ADD COLUMNS (\n  a int COMMENT 'c',\n  b string\n)", "DDL ALTER_TABLE_ADD_COLUMNS"},
		{"MSCK REPAIR TABLE db.t", "", "DDL MSCK_REPAIR_TABLE"},
		{"SHOW SCHEMAS IN AwsDataCatalog LIKE 'a*'", "SHOW DATABASES LIKE 'a*'", "UTILITY SHOW_DATABASES"},
		{"SHOW TABLES FROM AwsDataCatalog.db 'a.*|b'", "SHOW TABLES IN db LIKE 'a.*|b'", "UTILITY SHOW_TABLES"},
		{"SHOW VIEWS LIKE 'v*'", "", "UTILITY SHOW_VIEWS"},
		{"SHOW COLUMNS FROM t IN db", "SHOW COLUMNS IN db.t", "UTILITY SHOW_COLUMNS"},
		{"SHOW PARTITIONS `t`", "SHOW PARTITIONS t", "UTILITY SHOW_PARTITIONS"},
		{"SHOW CREATE TABLE db.t", "", "UTILITY SHOW_CREATE_TABLE"},
		{"SHOW CREATE VIEW v", "", "UTILITY SHOW_CREATE_VIEW"},
		{"SHOW TBLPROPERTIES t(\"a\")", "SHOW TBLPROPERTIES t ('a')", "UTILITY SHOW_TBLPROPERTIES"},
		{"SHOW FUNCTIONS LIKE 'x%'", "", "UTILITY SHOW_FUNCTIONS"},
		{"SHOW CATALOGS", "", "UTILITY SHOW_CATALOGS"},
		{"DESC EXTENDED db.t PARTITION (a='1') b", "DESCRIBE EXTENDED db.t PARTITION (a = '1') b", "UTILITY DESCRIBE_TABLE"},
		{"DESCRIBE FORMATTED t", "", "UTILITY DESCRIBE_TABLE"},
		{"DESCRIBE formatted", "DESCRIBE `formatted`", "UTILITY DESCRIBE_TABLE"},
		{"EXPLAIN (TYPE DISTRIBUTED, FORMAT JSON) SELECT 1", "EXPLAIN (FORMAT JSON, TYPE DISTRIBUTED) SELECT 1", "UTILITY EXPLAIN"},
		{"EXPLAIN ANALYZE VERBOSE (SELECT 1)", "", "UTILITY EXPLAIN"},
		{"UNLOAD (SELECT 1) TO 's3://b/' WITH (format = 'PARQUET', compression = 'gzip')", "", "DML UNLOAD"},
		{"PREPARE p FROM SELECT a FROM t WHERE b = ?", "PREPARE p FROM SELECT a\nFROM t\nWHERE b = ?", "UTILITY PREPARE"},
		{"EXECUTE p USING 1, DATE '2026-01-31', -5", "EXECUTE p USING 1, date '2026-01-31', -5", "DML EXECUTE"},
		{"EXECUTE IMMEDIATE 'SELECT ?' USING 1", "", "DML EXECUTE"},
		{"DEALLOCATE PREPARE p", "", "UTILITY DEALLOCATE_PREPARE"},
		{"INSERT INTO t VALUES (1)", "INSERT", "DML INSERT"},
		{"DELETE FROM t;", "DELETE", "DML DELETE"},
		{"GRANT SELECT ON t TO u", "GRANT", "DDL GRANT"},
	} {
		checkForm(t, c.text, c.want)
		s, err := Parse(c.text)
		if err != nil {
			continue
		}
		if kind, sub := KindOf(s); string(kind)+" "+sub != c.kind {
			t.Errorf("%s: is %s %s, want %s", c.text, kind, sub, c.kind)
		}
	}
}
