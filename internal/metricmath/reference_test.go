package metricmath

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

//go:generate go test -run ^TestReference$ -update .

var update = flag.Bool("update", false, "rewrite the tables in docs/reference/metric-math.md")

// chosenMeanings are what was chosen where AWS says nothing of a function.
var chosenMeanings = map[string]string{
	"AVG":                 "of one series what is missing counts as 0, and periods are those of the time that is asked for",
	"DATAPOINT_COUNT":     "of an array: of how many series there is a point",
	"DIFF":                "the first point has none before it, and is dropped",
	"DIFF_TIME":           "the first point has none before it, and is dropped",
	"FILL":                "before the first point `REPEAT` and `LINEAR` fill nothing, nor does `LINEAR` behind the last",
	"FIRST":               "of an empty array: a series without points",
	"IF":                  "the forms that AWS lists",
	"INSIGHT_RULE_METRIC": "0 where nothing contributed",
	"LAST":                "of an empty array: a series without points",
	"MAX":                 "what is missing does not count; of a series without points there is none",
	"METRICS":             "refused where no Id has the text",
	"MIN":                 "what is missing does not count; of a series without points there is none",
	"RATE":                "the first point has none before it, and is dropped",
	"SEARCH":              "refused beyond 500 metrics; the period is a number, or that of the query",
	"SLICE":               "an array also of one; bounds are whole numbers, and those beyond the end are the end",
	"SORT":                "equal ones keep their order, those without points come last",
	"STDDEV":              "of all values that are there (divided by their number)",
	"SUM":                 "0 of a series without points",
	"TIME_SERIES":         "its period is that of the query, else of the metrics that the expression names, else of all metrics",
}

// TestReference checks that the tables of docs/reference/metric-math.md are those of the code; with -update it writes them.
func TestReference(t *testing.T) {
	const file = "../../docs/reference/metric-math.md"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(old)
	for name, table := range map[string]string{"functions": functionTable(t), "dynamic values": dynamicTable()} {
		begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->\n"
		before, rest, ok := strings.Cut(text, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no %q and %q", file, begin, end)
		}
		text = before + begin + table + end + after
	}
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(text, string(old)); diff != "" {
		t.Errorf("%s is not that of the code (-code +file; go generate ./internal/metricmath rewrites it):\n%s", file, diff)
	}
}

var callForm = regexp.MustCompile(`\b([A-Z][A-Z_0-9]*)\(`)

func functionTable(t *testing.T) string {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]map[string]bool{}
	for _, name := range scripts {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		called := map[string]bool{}
		for line := range strings.Lines(string(raw)) {
			if strings.HasPrefix(line, "?") {
				for _, m := range callForm.FindAllStringSubmatch(line, -1) {
					called[m[1]] = true
				}
			}
		}
		calls[strings.TrimSuffix(filepath.Base(name), ".txt")] = called
	}
	var b strings.Builder
	b.WriteString("| Function | Forms | How | Scripts |\n| --- | --- | --- | --- |\n")
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		f := functions[name]
		how := "as AWS says"
		switch {
		case f.refused != "":
			how = "refused: " + f.refused
		case chosenMeanings[name] != "":
			how = "chosen: " + chosenMeanings[name]
		}
		var forms, called []string
		for _, x := range f.forms {
			forms = append(forms, "`"+x.String()+"`")
		}
		for _, script := range slices.Sorted(maps.Keys(calls)) {
			if calls[script][name] {
				called = append(called, script)
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, strings.Join(forms, "<br>"), how, strings.Join(called, ", "))
	}
	return b.String()
}

func dynamicTable() string {
	var b strings.Builder
	b.WriteString("| Dynamic value | How |\n| --- | --- |\n")
	all := map[string]string{"LABEL": "taken", "PROP('Dim.name')": "taken"}
	for name := range dynamicValues {
		all[name] = "taken"
	}
	for name := range properties {
		all[name] = "taken"
	}
	for _, name := range refusedDynamic {
		all[name] = "refused"
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "| `${%s}` | %s |\n", name, all[name])
	}
	return b.String()
}
