package duckdb

import (
	"fmt"
	"strings"
	"testing"

	"weir/internal/insights"
	"weir/internal/query"
)

// TestInsightsOfLongSQL asks short queries whose SQL would be long or deep, as their names or operands stand in it
// more than once, and whose answers are those of the reference.
func TestInsightsOfLongSQL(t *testing.T) {
	e := hoursEngine(t)
	var doubling strings.Builder
	doubling.WriteString("fields bytes + 0 as a0")
	for i := range 40 {
		fmt.Fprintf(&doubling, " | fields a%d + a%[1]d as a%d", i, i+1)
	}
	nested := "bytes"
	for range 60 {
		nested = "(" + nested + ` = "x")`
	}
	for _, c := range []struct{ name, text, want string }{
		{"names in names", doubling.String() + " | stats sum(a40)", fmt.Sprint(int64(10*300) << 40)},
		{"comparisons of comparisons", "filter " + nested + " | stats count(*)", "0"},
		{"a long sum", "fields " + strings.Repeat("bytes+", 1500) + "1 as a | stats sum(a)", "4500010"},
		{"a long or", "filter " + strings.Repeat("bytes=1 or ", 800) + "bytes=300 | stats count(*)", "10"},
		{"a long and", "filter not (" + strings.Repeat("bytes=300 and ", 600) + "bytes=1) | stats count(*)", "10"},
		{"many columns", "stats count(*) as c0" + manyColumns(300) + " | display c0, c299", "10"},
		{"many filters", strings.Repeat("filter bytes > 1 | ", 500) + "stats count(*)", "10"},
	} {
		in := &InsightsInput{End: 1 << 42, Now: 1 << 42, Lake: []LakeGroup{{Name: "g"}}}
		got, err := e.Insights(t.Context(), readInsights(t, c.text), in, query.Limits{})
		if err != nil {
			t.Errorf("%s: %.500v", c.name, err)
			continue
		}
		if got.Rows[0][0].String() != c.want || got.RecordsMatched != 10 && c.want != "0" {
			t.Errorf("%s: %v of %v records, want %s", c.name, got.Rows, got.RecordsMatched, c.want)
		}
	}
	if _, err := insights.Read("filter "+strings.Repeat("not ", 1000)+"a", insights.CheckOptions{}); err == nil {
		t.Error("1,000 negations in each other are taken")
	}
}

func manyColumns(n int) string {
	var s strings.Builder
	for i := 1; i < n; i++ {
		fmt.Fprintf(&s, ", sum(bytes+%d) as c%d", i, i)
	}
	return s.String()
}
