package metastore

import (
	"fmt"
	"strings"

	"weir/internal/athenasql"
)

// Codes of errors that statements of Hive's DDL have in Athena, whose texts are Hive's: "FAILED: SemanticException [Error 10001]: ...".
const (
	codeFailed     = "FAILED"
	codeConstraint = "CONSTRAINT_VIOLATION"
)

// semantic is an error of Hive's analysis; number is Hive's, 0 for none.
func semantic(number int, format string, args ...any) *athenasql.Error {
	text := fmt.Sprintf(format, args...)
	if number > 0 {
		text = fmt.Sprintf("[Error %d]: %s", number, text)
	}
	return &athenasql.Error{Code: codeFailed, Message: "SemanticException " + text}
}

// execution is an error of Hive's metastore, by the name of its exception.
func execution(exception, format string, args ...any) *athenasql.Error {
	return &athenasql.Error{
		Code: codeFailed,
		Message: "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. " + exception + "(message:" +
			fmt.Sprintf(format, args...) + ")",
	}
}

// tableNotFound says that there is no such table, and which could be meant.
func tableNotFound(name string, others []string) *athenasql.Error {
	e := semantic(10001, "Table not found %s", name)
	if near := nearest(name, others); near != "" {
		return e.WithHint("did you mean " + near + "?")
	}
	return e
}

func databaseNotFound(name string) *athenasql.Error {
	return semantic(10072, "Database does not exist: %s", name)
}

// nearest returns the name that differs least from one that is not there, in a third of its letters at most; "" where none is near.
func nearest(name string, others []string) string {
	best, least := "", len(name)/3+1
	for _, o := range others {
		if d := distance(name, o); d < least {
			best, least = o, d
		}
	}
	return best
}

// distance is how many letters must be changed, added or left out to make one name the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost = min(last, row[j], row[j+1]) + 1
			}
			last, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// backtick writes a name as Hive's DDL has it.
func backtick(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
