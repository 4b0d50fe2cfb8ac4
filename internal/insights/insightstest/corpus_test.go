package insightstest

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"regexp"
	"testing"

	"weir/internal/insights"
	"weir/internal/insights/lookup"
	"weir/internal/sharedtest"
)

// corpusWorld is a random world that has the lookup tables that examples name.
func corpusWorld(t testing.TB) *World {
	t.Helper()
	w := RandomWorld(rand.New(rand.NewPCG(21, 22)))
	for name, document := range map[string]string{
		"net_table":        "cidr,region,owner,datacenter\n10.0.0.0/8,eu,me,dc1\n",
		"network_services": "ip_address,port,service_name,owner\n10.0.0.1,22,ssh,me\n",
		"user_data":        "id,user_id,username,name,email,department\n1,1,a,Ann,a@example.com,x\n",
	} {
		table, err := lookup.Parse([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		w.Tables[name] = table
	}
	return w
}

// TestCorpusRuns runs the queries that people have, and the examples of AWS's guide: each is answered or refused with
// its place.
func TestCorpusRuns(t *testing.T) {
	queries := map[string]string{}
	corpus, err := os.ReadFile(sharedtest.Path(t, "corpus", "insights-queries.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^### (I\\d+)\n.*?^```\n(.*?)^```$").FindAllStringSubmatch(string(corpus), -1) {
		queries[m[1]] = m[2]
	}
	people := len(queries)
	raw, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "insights_queries_docs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var guide struct{ Queries []struct{ ID, Query string } }
	if err := json.Unmarshal(raw, &guide); err != nil {
		t.Fatal(err)
	}
	for _, q := range guide.Queries {
		queries[q.ID] = q.Query
	}
	w := corpusWorld(t)
	refused := 0
	for id, text := range queries {
		q, err := insights.Read(text, insights.CheckOptions{})
		if err != nil {
			refused++
			continue
		}
		if _, err := Reference(t.Context(), w, q); err != nil {
			t.Errorf("%s: %s: %v", id, text, err)
		}
	}
	// anomaly, and what is no query of this language: see the corpus test of package insights.
	if people < 49 || refused > 8 {
		t.Errorf("%d queries of people, %d of %d refused", people, refused, len(queries))
	}
}

// Whatever is accepted is answered, or refused with an error of the query.
func FuzzQueries(f *testing.F) {
	for _, c := range Cases(f) {
		f.Add(c.Text)
	}
	w := corpusWorld(f)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := insights.Read(text, insights.CheckOptions{})
		if err != nil {
			return
		}
		r, err := Reference(t.Context(), w, q)
		if err != nil {
			return
		}
		for _, row := range r.Rows {
			if len(row) != len(r.Columns) {
				t.Fatalf("%d values for %d columns", len(row), len(r.Columns))
			}
		}
	})
}
