package filterpattern

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

func load(t testing.TB, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// TestVectors runs the patterns of AWS's guide and of peers.
func TestVectors(t *testing.T) {
	var vectors []struct {
		ID, Pattern, Outcome string
		Match                []string
		NoMatch              []string `json:"no_match"`
	}
	load(t, "filter_patterns.json", &vectors)
	if len(vectors) < 45 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			p, err := Parse(v.Pattern)
			if v.Outcome == "reject" {
				if err == nil {
					t.Fatalf("%s is taken", v.Pattern)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", v.Pattern, err)
			}
			again := reparse(t, p)
			for _, q := range []*Pattern{p, again} {
				for _, m := range v.Match {
					if !q.Matches(m) {
						t.Errorf("%s does not match %s", q, m)
					}
				}
				for _, m := range v.NoMatch {
					if q.Matches(m) {
						t.Errorf("%s matches %s", q, m)
					}
				}
			}
		})
	}
}

// TestCloudTrail runs the metric filters of the CIS benchmark, and others, over real CloudTrail events.
func TestCloudTrail(t *testing.T) {
	raw, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "cloudtrail_events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	events := strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
	var vectors []struct {
		ID, Pattern string
		Lines       []int `json:"matching_line_numbers_0_based"`
	}
	load(t, "json_patterns_on_cloudtrail.json", &vectors)
	if len(vectors) < 15 || len(events) < 103 {
		t.Fatalf("only %d vectors and %d events", len(vectors), len(events))
	}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			p := parse(t, v.Pattern)
			got := []int{}
			for i, e := range events {
				if p.Matches(e) {
					got = append(got, i)
				}
			}
			if diff := cmp.Diff(v.Lines, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", v.Pattern, diff)
			}
			reparse(t, p)
		})
	}
}

func parse(t testing.TB, text string) *Pattern {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// reparse reads what the pattern prints, which must print the same again.
func reparse(t testing.TB, p *Pattern) *Pattern {
	t.Helper()
	q := parse(t, p.String())
	if q.String() != p.String() || q.Kind() != p.Kind() || q.Regexes() != p.Regexes() {
		t.Errorf("%s became %s", p, q)
	}
	return q
}
