package athenasql

import "strings"

// reserved are the words that are no names unless they stand in double quotes.
// Source: Trino documentation, "Keywords and identifiers", "Reserved keywords". Athena's own list (User Guide, "Escape reserved keywords in
// queries") has FIRST and LAST too, which Trino's grammar takes as names.
var reserved = wordSet(`ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH
	CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE
	EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS JOIN JSON_ARRAY
	JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL ON
	OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN TRIM TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH`)

// special are words that are names and begin forms of their own too. The printer quotes them, so that a name stays one.
var special = wordSet(`ALL ARRAY CURRENT DOUBLE FINAL INTERVAL LATERAL LIMIT MATCH_RECOGNIZE OFFSET FETCH POSITION ROW ROWS RANGE GROUPS
	RUNNING SUBSTRING TABLESAMPLE TRY_CAST UNBOUNDED WINDOW IGNORE RESPECT OVER FILTER WITHIN AT PARTITION NULLS MEASURES PATTERN`)

// reservedInDDL are the words that need backticks in Hive's statements. The list of Athena's User Guide ("Reserved keywords to escape in
// DDL statements") is longer: what the guide's own statements use without backticks (date, start, time), and what Hive takes
// as a name although it is a keyword of SQL (KW_... in its rule sql11ReservedKeywordsUsedAsIdentifier), is taken here too.
var reservedInDDL = wordSet(`AND CASE CAST CHAR COLUMN CONF CONSTRAINT CROSS CURRENT DISTINCT DIV ELSE END EXCHANGE EXTENDED EXTRACT FLOOR
	FOLLOWING FOREIGN FROM FUNCTION HAVING IF INTERVAL JOIN LESS MACRO MAP MORE NOT ON ONLY OR OVER PARTIALSCAN PRECEDING PRECISION
	PRESERVE PRIMARY REDUCE REFERENCES REGEXP RLIKE ROLLBACK SELECT TABLESAMPLE THEN TRANSFORM UNBOUNDED UNIQUEJOIN UTC_TIMESTAMP
	VARCHAR WHEN WHERE WINDOW`)

func wordSet(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}
