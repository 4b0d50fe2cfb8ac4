package insights_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"weir/internal/insights"
	"weir/internal/sharedtest"
)

// same compares queries without their places.
var same = cmp.Options{cmpopts.IgnoreTypes(insights.Span{})}

// printsBack checks that what is printed of a query reads as the same.
func printsBack(t *testing.T, text string, q *insights.Query) {
	t.Helper()
	printed := q.String()
	again, err := insights.ParseQuery(printed)
	if err != nil {
		t.Fatalf("%s\nis printed as\n%s\n%v", text, printed, err)
	}
	if diff := cmp.Diff(q, again, same); diff != "" {
		t.Errorf("%s\nis printed as\n%s\nwhich is another query (-first +printed):\n%s", text, printed, diff)
	}
	if again.String() != printed {
		t.Errorf("%s\nis printed as\n%s\nand then as\n%s", text, printed, again)
	}
}

// notThisLanguage are the examples of AWS's guide that are no query of this language, or not as printed:
// prose, OpenSearch PPL, an address without quotes, \n outside of quotes, an invalid reference, and what is
// not supported. The value is where the fault is.
var notThisLanguage = map[string]string{
	"q-002": "a", "q-004": "=", "q-006": "=", "q-007": "=", "q-014": "anomaly", "q-049": ":", "q-079": `\`, "q-101": "@message",
}

// TestGuide reads the example queries of AWS's guide.
func TestGuide(t *testing.T) {
	raw, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "insights_queries_docs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct{ Queries []struct{ ID, Query string } }
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Queries) < 64 {
		t.Fatalf("only %d queries", len(vectors.Queries))
	}
	for _, v := range vectors.Queries {
		t.Run(v.ID, func(t *testing.T) {
			place, refused := notThisLanguage[v.ID]
			q, err := insights.ParseQuery(v.Query)
			if !refused {
				if err != nil {
					t.Fatal(report(err, v.Query))
				}
				printsBack(t, v.Query, q)
				return
			}
			if err == nil {
				t.Skip("later")
			}
			t.Log(report(err, v.Query))
			if diff := cmp.Diff(place, placeOf(err, v.Query)); diff != "" {
				t.Errorf("place (-want +got):\n%s%s", diff, report(err, v.Query))
			}
		})
	}
}

// TestCorpus reads queries that people have over flow logs.
func TestCorpus(t *testing.T) {
	raw, err := os.ReadFile(sharedtest.Path(t, "corpus", "insights-queries.md"))
	if err != nil {
		t.Fatal(err)
	}
	queries := regexp.MustCompile("(?s)### (I\\d+)\n.*?```\n(.*?)\n```").FindAllStringSubmatch(string(raw), -1)
	if len(queries) < 49 {
		t.Fatalf("only %d queries", len(queries))
	}
	for _, m := range queries {
		t.Run(m[1], func(t *testing.T) {
			q, err := insights.ParseQuery(m[2])
			if err != nil {
				t.Fatal(report(err, m[2]))
			}
			printsBack(t, m[2], q)
		})
	}
}

func report(err error, text string) string {
	e, ok := err.(*insights.Error)
	if !ok {
		return "not an insights.Error: " + err.Error()
	}
	return e.Report(text)
}

// placeOf returns the part of the text in which the fault is.
func placeOf(err error, text string) string {
	e, ok := err.(*insights.Error)
	if !ok {
		return "not an insights.Error"
	}
	return text[e.Start:e.End]
}
