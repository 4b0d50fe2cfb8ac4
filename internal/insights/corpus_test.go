package insights_test

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
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

// checks checks that a query is read, is printed as the same and means something.
func checks(t *testing.T, text string) *insights.Query {
	t.Helper()
	q, err := insights.ParseQuery(text)
	if err != nil {
		t.Fatal(report(err, text))
	}
	printsBack(t, text, q)
	before := q.String()
	resolved, err := insights.Resolve(q, insights.CheckOptions{})
	if err != nil {
		t.Fatal(report(err, text))
	}
	if diff := cmp.Diff(before, q.String()); diff != "" {
		t.Errorf("it was changed (-before +after):\n%s", diff)
	}
	plain := &insights.Query{Commands: slices.DeleteFunc(slices.Clone(resolved.Commands), func(c insights.Command) bool { return c.Name() == "stats" })}
	plain.Walk(func(x insights.Expr) {
		if call, ok := x.(*insights.Call); ok {
			if _, ok := insights.LookupAggregate(call.Func); ok && !strings.Contains(text, "SOURCE") {
				t.Errorf("the aggregate %s stands outside of stats", call)
			}
		}
	})
	again, err := insights.Resolve(resolved, insights.CheckOptions{})
	if err != nil {
		t.Fatalf("resolved, it is refused: %s", report(err, text))
	}
	if diff := cmp.Diff(resolved, again); diff != "" {
		t.Errorf("what is resolved is resolved to another query (-first +second):\n%s", diff)
	}
	return resolved
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
			if !refused {
				checks(t, v.Query)
				return
			}
			_, err := insights.Read(v.Query, insights.CheckOptions{})
			if err == nil {
				t.Fatal("it was read")
			}
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
			checks(t, m[2])
		})
	}
}

func report(err error, text string) string {
	var e *insights.Error
	if !errors.As(err, &e) {
		return "not an insights.Error: " + err.Error()
	}
	return e.Report(text)
}

// placeOf returns the part of the text in which the fault is.
func placeOf(err error, text string) string {
	var e *insights.Error
	if !errors.As(err, &e) {
		return "not an insights.Error"
	}
	return text[e.Start:e.End]
}
