package duckdb

import (
	"math/rand/v2"
	"os"
	"regexp"
	"testing"

	"weir/internal/insights"
	"weir/internal/insights/insightstest"
	"weir/internal/sharedtest"
)

// TestInsightsCorpus runs queries that people wrote, and compares with the reference.
func TestInsightsCorpus(t *testing.T) {
	text, err := os.ReadFile(sharedtest.Path(t, "corpus", "insights-queries.md"))
	if err != nil {
		t.Fatal(err)
	}
	e := newEventEngine(t)
	g := &queryGenerator{rand.New(rand.NewPCG(9, 9))} //nolint:gosec // a test
	w := randomEvents(t, g, 120)
	asked := 0
	for _, block := range regexp.MustCompile("(?s)```\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		q, err := insights.Read(block[1], insights.CheckOptions{})
		if err != nil {
			continue // package insights says what is refused
		}
		asked++
		want, wantErr := insightstest.Reference(t.Context(), w, q)
		got, err := e.ask(t.Context(), w, q)
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%s: error %v, want %v", block[1], err, wantErr)
			continue
		}
		if err != nil {
			continue
		}
		if err := sameResult(want, got); err != nil {
			t.Errorf("%s: %v", block[1], err)
		}
	}
	if asked < 40 {
		t.Errorf("%d queries were read", asked)
	}
}
