package athenasql

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"weir/internal/sharedtest"
)

// placeholders are filled before the corpus is read.
var placeholders = strings.NewReplacer("${database}", "db", "${flow_table}", "t", "${lookback_days}", "7", "{TABLE_NAME}", "t", "{database}", "db",
	"{db}", "db", "{table}", "t", "<IP_ADDR_1>", "'10.0.0.1'", "<NAMED_SOURCE>", "'a'", "<IP_SUBNET_1>", "'10.0.0.0/8'",
	"<DATA_SOURCE>.<DATABASE>.<TABLE>", "awsdatacatalog.db.t", "<MONTH>", "'01'", "<YEAR>", "'2026'", "<INTERFACE_ID>", "'eni-1'")

// corpus returns the queries of the shared corpus by their names.
func corpus(t testing.TB) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(sharedtest.Path(t, "corpus", "athena-queries.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)\n### (A[0-9]+)\n.*?```sql\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		out[m[1]] = placeholders.Replace(m[2])
	}
	if len(out) < 58 {
		t.Fatalf("only %d queries", len(out))
	}
	return out
}

// guide returns the statements of Athena's User Guide by their names.
func guide(t testing.TB) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "athena_statements_docs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Statements []struct{ ID, SQL string } }
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, s := range doc.Statements {
		out[s.ID] = s.SQL
	}
	if len(out) < 9 {
		t.Fatalf("only %d statements", len(out))
	}
	return out
}

// TestCorpus reads the queries of others, prints them and reads them again.
func TestCorpus(t *testing.T) {
	texts := corpus(t)
	maps.Copy(texts, guide(t))
	for name, text := range texts {
		s, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
			continue
		}
		again, err := Parse(Print(s))
		if err != nil || !Equal(s, again) {
			t.Errorf("%s: printed it reads otherwise (%v)\n%s", name, err, Print(s))
		}
		checkSpans(t, name, text, s)
	}
}
