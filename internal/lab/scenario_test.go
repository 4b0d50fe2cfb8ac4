package lab

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// TestScenarios has each scenario be one of the default lab.
func TestScenarios(t *testing.T) {
	all, err := Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 5 {
		t.Errorf("%d scenarios", len(all))
	}
	statement := regexp.MustCompile(`^D([1-9]|1[0-9]|2[0-3])$`)
	for _, s := range all {
		checkSteps(t, &s)
		if len(s.Statements) == 0 || len(s.Answer) == 0 {
			t.Errorf("%s: %v %v", s.Name, s.Statements, s.Answer)
		}
		for _, st := range s.Statements {
			if !statement.MatchString(st) {
				t.Errorf("%s: %q is no statement of the document", s.Name, st)
			}
		}
		if chosen, err := Choose(all, []string{s.Name}); err != nil || len(chosen) != 1 || chosen[0].Name != s.Name {
			t.Errorf("%v %v", chosen, err)
		}
	}
	if _, err := Choose(all, []string{"none"}); !errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), "; there are accept-without-answer, ") {
		t.Error(err)
	}
}

// TestDocumented has each scenario in the table of docs/howto/build-a-lab.md, and no others.
func TestDocumented(t *testing.T) {
	all, err := Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/howto/build-a-lab.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, s := range all {
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", s.Name, strings.Join(s.Statements, ", "), s.Shows))
	}
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedScenarios(t *testing.T) {
	const good = "shows: x\ntraffic: [{from: client, to: web-a, tcp: 80, then: answer}]\nquestion: SELECT 1\nanswer: [['1']]\n"
	if _, err := ParseScenario("good", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ from, to, want string }{
		{"tcp: 80, ", "", "a step is one of tcp, udp, ping, on, stop, start, change"},
		{"tcp: 80, ", "tcp: 80, ping: true, ", "a step is one of tcp, udp, ping, on, stop, start, change"},
		{"then: answer", "then: maybe", `tcp:80 from client to web-a: then is "maybe"`},
		{"then: answer", "ping: true", "a step is one of tcp, udp, ping, on, stop, start, change"},
		{"question: SELECT 1\n", "", "it takes shows, traffic and question"},
		{"shows: x", "show: x", "field show not found"},
		{"tcp: 80", "tcp: 99999", "99999"},
	} {
		_, err := ParseScenario("bad", []byte(strings.Replace(good, tc.from, tc.to, 1)))
		if !errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.to, err, tc.want)
		}
	}
}

// TestEnds has who is asked by which address.
func TestEnds(t *testing.T) {
	d := defaultLab(t)
	for _, tc := range []struct{ from, to, netns, source, destination, err string }{
		{"client", "web-a", "weir-lab-internet", "203.0.113.10", "198.51.100.10", ""},
		{"web-a", "app-a", "weir-lab-web-a", "10.0.1.10", "10.0.2.10", ""},
		{"app-a", "site", "weir-lab-app-a", "10.0.2.10", "203.0.113.80", ""},
		{"client", "db-b", "", "", "", "db-b has no public address"},
		{"nobody", "web-a", "", "", "", "there is no host nobody"},
		{"client", "nobody", "", "", "", "there is no host nobody"},
	} {
		e, err := d.endsOf(Step{From: tc.from, To: tc.to})
		if tc.err != "" {
			if !errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s to %s: %v", tc.from, tc.to, err)
			}
			continue
		}
		if err != nil || e.netns != tc.netns || e.from.String() != tc.source || e.to.String() != tc.destination {
			t.Errorf("%s to %s: %+v %v", tc.from, tc.to, e, err)
		}
	}
}

func TestParseRows(t *testing.T) {
	got, err := parseRows("a,b\n1,\n\"x,y\",2\n")
	if diff := cmp.Diff([][]string{{"1", "-"}, {"x,y", "2"}}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if got, err := parseRows("a,b\n"); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
}

// FuzzScenario has what is taken be whole.
func FuzzScenario(f *testing.F) {
	f.Add([]byte("shows: x\ntraffic: [{from: client, to: web-a, tcp: 80, then: answer}]\nquestion: SELECT 1\n"))
	f.Add([]byte("shows: x\ntraffic: [{from: a, to: b, ping: true, then: nothing}]\nquestion: q\nanswer: [[a, '-']]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseScenario("f", data)
		if err != nil {
			if !errors.Is(err, ErrScenario) {
				t.Error(err)
			}
			return
		}
		for _, step := range s.Traffic {
			if err := step.check(); err != nil || (step.Then == "") != step.changes() {
				t.Errorf("%+v: %v", step, err)
			}
		}
	})
}
