package athenasql

import (
	"errors"
	"strings"
	"testing"
)

// TestErrors holds what is said of what is wrong: the error, and the hint behind a bar.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want, hint string }{
		{"SELECT foo(DISTINCT ,1)", "SYNTAX_ERROR: line 1:21: mismatched input ','. Expecting: <expression>", ""},
		{"SELECT grouping(a+2) FROM x", "SYNTAX_ERROR: line 1:18: mismatched input '+'. Expecting: ')', ',', '.'", ""},
		{"SELECT end\nFROM t", "SYNTAX_ERROR: line 1:8: mismatched input 'end'. Expecting: '*', 'ALL', 'DISTINCT', <expression>", `END is a reserved word: as a name it stands in double quotes, "end"`},
		{"SELECT a, FROM t", "SYNTAX_ERROR: line 1:11: mismatched input 'FROM'. Expecting: '*', <expression>", "a comma too many stands before"},
		{"SELECT a FROM `t`", "SYNTAX_ERROR: line 1:15: backquoted identifiers are not supported; use double quotes to quote identifiers", `write "t"`},
		{"SELECT a FROM t LIMIT 10 OFFSET 5", "SYNTAX_ERROR: line 1:26: mismatched input 'OFFSET'. Expecting: <EOF>", "OFFSET stands before LIMIT: OFFSET n LIMIT m"},
		{"SELECT a FROM 2020_logs", "SYNTAX_ERROR: line 1:15: identifiers must not start with a digit; surround the identifier with double quotes", `write "2020_logs"`},
		{"SELECT now() - INTERVAL 7 DAY", "SYNTAX_ERROR: line 1:25: mismatched input '7'. Expecting: '+', '-', <string>", "the number stands in quotes: INTERVAL '7' DAY"},
		{"SELECT 1;\nSELECT 2", "SYNTAX_ERROR: line 1:9: Only one sql statement is allowed. Got: SELECT 1;\nSELECT 2", "run the statements one after the other"},
		{"fields @timestamp | limit 5", "SYNTAX_ERROR: line 1:1: mismatched input 'fields'. Expecting: <query>", insightsHint},
		{"COPY t TO 'x'", "NOT_SUPPORTED: line 1:1: COPY is not supported", "UNLOAD writes the rows of a query to a folder"},
		{"WITH RECURSIVE a AS (SELECT 1) SELECT 1", "NOT_SUPPORTED: line 1:6: WITH RECURSIVE is not supported", ""},
		{
			"SELECT a FROM t WHERE b = 'x' SELECT 1", "SYNTAX_ERROR: line 1:31: mismatched input 'SELECT'. Expecting: '%', '*', '+', '-', '.', '/', 'AND', 'AT', 'EXCEPT', 'FETCH', 'GROUP', 'HAVING', 'INTERSECT', 'LIMIT', 'OFFSET', 'OR', 'ORDER', 'UNION', 'WINDOW', '[', '||', <EOF>",
			"another statement begins here: run the statements one after the other",
		},
		{"select *\nfrom x\nfrom", "SYNTAX_ERROR: line 3:1: mismatched input 'from'. Expecting: ',', '.', 'AS', 'CROSS', 'EXCEPT', 'FETCH', 'FULL', 'GROUP', 'HAVING', 'INNER', 'INTERSECT', 'JOIN', 'LEFT', 'LIMIT', 'NATURAL', 'OFFSET', 'ORDER', 'RIGHT', 'TABLESAMPLE', 'UNION', 'WHERE', 'WINDOW', <EOF>, <identifier>", ""},
		{"select * from foo where @what", "SYNTAX_ERROR: line 1:25: mismatched input '@'. Expecting: <expression>", "there are no variables: parameters are ?"},
		{"", "SYNTAX_ERROR: line 1:1: mismatched input '<EOF>'. Expecting: <query>", ""},
		{" \n -- nothing", "SYNTAX_ERROR: line 2:12: mismatched input '<EOF>'. Expecting: <query>", ""},
		{"SELECT \"\" FROM t", "SYNTAX_ERROR: line 1:8: Zero-length delimited identifier not allowed", ""},
		{"SELECT CAST(a AS decimal())", "SYNTAX_ERROR: line 1:26: mismatched input ')'. Expecting: <integer>, <type>", ""},
		{"SELECT é FROM t", "SYNTAX_ERROR: line 1:8: mismatched input 'é'. Expecting: '*', 'ALL', 'DISTINCT', <expression>", ""},
		{"SELECT 'é', end", "SYNTAX_ERROR: line 1:13: mismatched input 'end'. Expecting: '*', <expression>", `END is a reserved word: as a name it stands in double quotes, "end"`},
		{"SELECT X'1'", "SYNTAX_ERROR: line 1:8: Binary literal must contain an even number of digits", ""},
		{"SELECT X'1g'", "SYNTAX_ERROR: line 1:8: Binary literal can only contain hexadecimal digits", ""},
		{"SELECT U&'\\00'", `SYNTAX_ERROR: line 1:8: Incomplete escape sequence: \00`, ""},
		{"SELECT 1 /* x", "SYNTAX_ERROR: line 1:10: the comment that begins here has no end", "write */ behind it"},
		{"SELECT a FROM t MATCH_RECOGNIZE (PATTERN (A))", "NOT_SUPPORTED: line 1:17: MATCH_RECOGNIZE is not supported", ""},
		{"SELECT json_value(a, 'lax $.b')", "NOT_SUPPORTED: line 1:8: JSON_VALUE is not supported", "use json_extract or json_extract_scalar"},
		{"SELECT a FROM t FOR TIMESTAMP AS OF now()", "NOT_SUPPORTED: line 1:17: FOR TIMESTAMP AS OF is not supported", "there are no Iceberg tables here"},
		{"CREATE TABLE t (a int) LOCATION 's3://b/'", "NOT_SUPPORTED: line 1:1: CREATE TABLE of columns is not supported", "write CREATE EXTERNAL TABLE for a table over files, or CREATE TABLE name AS query; there are no Iceberg tables to write to"},
		{"CREATE TABLE `db`.`t` (a int)", "NOT_SUPPORTED: line 1:1: CREATE TABLE of columns is not supported", "write CREATE EXTERNAL TABLE for a table over files, or CREATE TABLE name AS query; there are no Iceberg tables to write to"},
		{"CREATE TABLE `t` AS SELECT 1", "SYNTAX_ERROR: line 1:14: backquoted identifiers are not supported; use double quotes to quote identifiers", `write "t"`},
		{"CREATE EXTERNAL TABLE t LOCATION 's3://b/'", "NOT_SUPPORTED: line 1:25: a table without a list of columns is not supported", "write the columns behind the name: (a string, ...)"},
		{"CREATE EXTERNAL TABLE t (a int, end bigint)", "SYNTAX_ERROR: line 1:33: mismatched input 'end'. Expecting: <identifier>", "END is a reserved word: as a name it stands in backticks, `end`"},
		{"CREATE EXTERNAL TABLE \"t\" (a int)", "SYNTAX_ERROR: line 1:23: mismatched input '\"t\"'. Expecting: <identifier>", "in this statement a name stands in backticks: `t`"},
		{"CREATE EXTERNAL TABLE _t (a int)", "SYNTAX_ERROR: line 1:23: mismatched input '_t'. Expecting: <identifier>", "a name that begins with an underscore stands in backticks, `_t`"},
		{"CREATE EXTERNAL TABLE a-b (a int)", "SYNTAX_ERROR: line 1:24: mismatched input '-'. Expecting: '.'", "a name with a hyphen stands in backticks"},
		{"CREATE EXTERNAL TABLE t (a int) CLUSTERED BY (a) INTO 3 BUCKETS", "NOT_SUPPORTED: line 1:33: CLUSTERED BY is not supported", ""},
		{
			"CREATE EXTERNAL TABLE t (a int) TBLPROPERTIES ('a'='b') LOCATION 's3://b/'", "SYNTAX_ERROR: line 1:57: mismatched input 'LOCATION'. Expecting: <EOF>",
			"the order of the clauses is COMMENT, PARTITIONED BY, ROW FORMAT, STORED AS, WITH SERDEPROPERTIES, LOCATION, TBLPROPERTIES, each once",
		},
		{"CREATE EXTERNAL TABLE t (a int,)", "SYNTAX_ERROR: line 1:32: mismatched input ')'. Expecting: <identifier>", "a comma too many stands before"},
		{"CREATE EXTERNAL TABLE t (a array(int))", "SYNTAX_ERROR: line 1:33: mismatched input '('. Expecting: '<'", "in this statement it is written array<...>"},
		{"ALTER TABLE t ADD PARTITION (d=2026-01-31)", "SYNTAX_ERROR: line 1:36: mismatched input '-'. Expecting: ')', ','", "a value that is no number stands in single quotes"},
		{"ALTER TABLE t ADD PARTITION (d='1'), PARTITION (d='2')", "SYNTAX_ERROR: line 1:36: mismatched input ','. Expecting: 'LOCATION', 'PARTITION', <EOF>", "partitions follow each other without commas"},
		{"ALTER TABLE t REPLACE COLUMNS (a int)", "NOT_SUPPORTED: line 1:15: ALTER TABLE REPLACE COLUMNS is not supported", "a table over files can be dropped and created again: its files stay"},
		{"SHOW TABLES IN other.db", "CATALOG_NOT_FOUND: line 1:16: Catalog 'other' does not exist", "the only catalog is AwsDataCatalog"},
		{"SHOW x", "SYNTAX_ERROR: line 1:6: mismatched input 'x'. Expecting: 'CATALOGS', 'COLUMNS', 'CREATE', 'DATABASES', 'FUNCTIONS', 'PARTITIONS', 'SCHEMAS', 'TABLES', 'TBLPROPERTIES', 'VIEWS'", ""},
		{"EXPLAIN SHOW TABLES", "NOT_SUPPORTED: line 1:9: SHOW within another statement is not supported", ""},
		{"ATTACH 'x.db'", "NOT_SUPPORTED: line 1:1: ATTACH is not supported", ""},
		{"SELECT 'a", "SYNTAX_ERROR: line 1:8: the text that begins here has no end", "write ' behind it; inside, a quote is written twice"},
		{strings.Repeat("(", 5000), "SYNTAX_ERROR: line 1:501: the statement is nested too deep: at most 500 levels", ""},
	} {
		_, err := Parse(c.text)
		if err == nil {
			t.Errorf("%s: no error", c.text)
			continue
		}
		if e := placed(t, err); e.Error() != c.want || e.Hint != c.hint {
			t.Errorf("%s\n got %s | %s\nwant %s | %s", c.text, e, e.Hint, c.want, c.hint)
		}
	}
}

// placed returns an error as the one of the package that it must be.
func placed(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%T is no *Error: %v", err, err)
	}
	return e
}

// TestHints holds what is said to those who come from other languages.
func TestHints(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SELECT a::int", "a cast is CAST(x AS type), or TRY_CAST for NULL where it fails"},
		{"SELECT a FROM t WHERE b ILIKE 'x'", "write lower(x) LIKE '...', with the pattern in lower case"},
		{"SELECT a FROM t WHERE b NOT ILIKE 'x'", "write lower(x) LIKE '...', with the pattern in lower case"},
		{"SELECT a FROM t WHERE b RLIKE 'x'", "write regexp_like(x, 'pattern')"},
		{"SELECT a FROM t WHERE b ~ 'x'", "write regexp_like(x, 'pattern')"},
		{"SELECT a FROM t WHERE b == 'x'", "equal is ="},
		{"SELECT a FROM t WHERE b && c", "write AND"},
		{"SELECT a FROM t WHERE !b", "write NOT"},
		{"SELECT a FROM t WHERE b => 1", "write >="},
		{"SELECT a FROM t WHERE b =< 1", "write <="},
		{"SELECT a FROM t WHERE b <=> c", "write a IS NOT DISTINCT FROM b"},
		{"SELECT a FROM t WHERE b NOT NULL", "write x IS NOT NULL"},
		{"SELECT a FROM t WHERE 1 < b < 3", "comparisons do not follow each other: put one in parentheses, or write AND"},
		{"SELECT a | 4", "write bitwise_or(a, b)"},
		{"SELECT a ^ 4", "write bitwise_xor(a, b), or power(a, b)"},
		{"SELECT a << 4", "write bitwise_left_shift(a, n)"},
		{"SELECT a >> 4", "write bitwise_right_shift(a, n)"},
		{"SELECT a ->> '$.b'", "a member of JSON is json_extract_scalar(j, '$.name')"},
		{"SELECT a[1:2]", "a part of an array is slice(a, start, length)"},
		{"SELECT a FROM t LIMIT 5, 10", "write OFFSET 5 LIMIT n"},
		{"SELECT TOP 10 a FROM t", "write LIMIT 10 at the end"},
		{"SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1", "put the window function in a subquery, and its condition in WHERE around it"},
		{"SELECT * EXCEPT (a) FROM t", "name the columns one by one"},
		{"SELECT DISTINCT ON (a) b FROM t", "SELECT DISTINCT ON is PostgreSQL's: use max_by, or row_number() OVER (...) in a subquery"},
		{"SELECT a AS 'b' FROM t", "a name stands in double quotes, or in none"},
		{"SELECT a FROM 's3://b/'", "a table is a name, in double quotes where it has other signs; files are read through CREATE EXTERNAL TABLE"},
		{"SELECT a FROM read_parquet('x')", "a function that makes rows is TABLE(name(...)) or UNNEST(...); files are read through CREATE EXTERNAL TABLE"},
		{"SELECT a FROM my-table", "a name with a hyphen stands in double quotes"},
		{"SELECT a FROM t$partitions", `parameters are ?; a name with a $ stands in double quotes: "t$partitions"`},
		{"SELECT a FROM <table>", "a placeholder stands here: put the value in its place"},
		{"SELECT a FROM {table}", "a placeholder stands here: put the value in its place"},
		{"SELECT a FROM ${table}", "a placeholder stands here: put the value in its place"},
		{"CREATE EXTERNAL TABLE ${table} (a int)", "a placeholder stands here: put the value in its place"},
		{"SELECT a FROM t AND b = 1", "the first condition stands behind WHERE"},
		{"SELECT a FROM t WHERE b IN ('x'\n'y')", "a comma or an operator is missing between two texts"},
		{"SELECT a FROM %s", "a placeholder stands here: put the value in its place"},
		{"SELECT a FROM t LATERAL VIEW explode(b) c AS d", "write CROSS JOIN UNNEST(x) AS t (y)"},
		{"SELECT a FROM t JOIN u WHERE b", "a join has ON or USING; one of all rows with all is CROSS JOIN"},
		{"SELECT CASE WHEN a THEN b FROM t", "the CASE has no END"},
		{"SELECT count(a FROM t", "a parenthesis is open"},
		{"SELECT a) FROM t", "a parenthesis closes here that none opens"},
		{"SELECT (a)) ", "a parenthesis closes here that none opens"},
		{"SELECT a FORM t", "FROM?"},
		{"SELECT FROM t", "the columns stand between SELECT and FROM; all of them are *"},
		{"SELECT a FROM t GROUP BY a, ORDER BY a", "a comma too many stands before"},
		{"SELECT group FROM t", `GROUP is a reserved word: as a name it stands in double quotes, "group"`},
		{"SELECT t.end FROM t", `END is a reserved word: as a name it stands in double quotes, "end"`},
		{"SELECT now() - INTERVAL '7' days", "write DAY, without s"},
		{"SELECT now() - INTERVAL '7' week", "there are no weeks: INTERVAL '7' DAY"},
		{"SELECT now() - INTERVAL '7 days'", "the unit stands behind the quotes: INTERVAL '7' DAY"},
		{"SELECT a FROM t WHERE b = “x”", "names stand in straight double quotes, texts in straight single ones: 'text'"},
		{"SELECT lag(a IGNORE NULLS) OVER ()", "IGNORE NULLS stands behind the parentheses: lag(x) IGNORE NULLS OVER (...)"},
		{"SET x = 1", "there are no settings to set"},
		{"PRAGMA x", ""},
	} {
		_, err := Parse(c.text)
		if err == nil {
			t.Errorf("%s: no error", c.text)
			continue
		}
		if e := placed(t, err); e.Hint != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.text, e, e.Hint, c.want)
		}
	}
}
