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
		if len(s.Statements) == 0 {
			t.Errorf("%s shows no statement of the document", s.Name)
		}
		for i, q := range s.Questions() {
			if len(s.Answer) == 0 && len(q.Answer) == 0 && len(q.Says) == 0 {
				t.Errorf("%s: no answer is expected to question %d", s.Name, i+1)
			}
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
	if _, err := Choose(all, []string{"none"}); !errors.Is(err, ErrNoScenario) || !strings.Contains(err.Error(), "; there are accept-without-answer, ") {
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
		{"tcp: 80, ", "", "a step is one of tcp, udp, ping, http, postgres, redis, rdp, on, stop, start, change"},
		{"tcp: 80, ", "tcp: 80, ping: true, ", "a step is one of tcp, udp, ping, "},
		{"then: answer", "then: maybe", `tcp:80 from client to web-a: then is "maybe"`},
		{"then: answer", "ping: true", "a step is one of tcp, udp, ping, "},
		{"question: SELECT 1\n", "", "it takes shows, traffic and question"},
		{"answer: [['1']]", "", "question 1: it takes an answer that has rows"},
		{"answer: [['1']]", "ask: [{sql: q, answer: [[a]], says-not: [b]}]", "question 1: says-not is of a command"},
		{"shows: x", "show: x", "line 1, column 1: no key show; there are shows, "},
		{"tcp: 80", "tcp: 99999", "99999 where a port from 0 to 65535 is expected"},
		{"tcp: 80", "tcp: 80, redis: 6379", "a step is one of tcp, udp, ping, "},
		{"tcp: 80", "http: 80, rdp: 81", "a step is one of tcp, udp, ping, "},
		{"tcp: 80", "http: 80", `http:80 from client to web-a: then is "answer"`},
		{"then: answer", "then: '503'", `then is "503"`},
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
	for _, tc := range []struct {
		step                            Step
		netns, source, destination, err string
	}{
		{Step{From: "client", To: "web-a"}, "weir-lab-internet", "203.0.113.10", "198.51.100.10", ""},
		{Step{From: "web-a", To: "app-a"}, "weir-lab-web-a", "10.0.1.10", "10.0.2.10", ""},
		{Step{From: "app-a", To: "site"}, "weir-lab-app-a", "10.0.2.10", "203.0.113.80", ""},
		{Step{From: "app-a", To: "files", Address: "10.1.1.11"}, "weir-lab-app-a", "10.0.2.10", "10.1.1.11", ""},
		{Step{From: "client", To: "web-a", Address: "10.0.1.10"}, "weir-lab-internet", "203.0.113.10", "198.51.100.10", ""},
		{Step{From: "client", To: "web-a", IPv6: true}, "weir-lab-internet", "2001:db8:ffff::10", "2001:db8:1:1::10", ""},
		{Step{From: "app-a", To: "web-a", IPv6: true, Address: "2001:db8:1:1::10"}, "weir-lab-app-a", "2001:db8:1:2::10", "2001:db8:1:1::10", ""},
		{Step{From: "client", To: "db-b"}, "", "", "", "db-b has no public address for 10.0.4.10"},
		{Step{From: "nobody", To: "web-a"}, "", "", "", "there is no host nobody"},
		{Step{From: "client", To: "nobody"}, "", "", "", "there is no host nobody"},
		{Step{From: "db-b", To: "web-a", IPv6: true}, "", "", "", "db-b has no IPv6 address"},
		{Step{From: "app-a", To: "files", Address: "10.1.1.12"}, "", "", "", `files has no such address "10.1.1.12"`},
		{Step{From: "app-a", To: "files", Address: "x"}, "", "", "", `files has no such address "x"`},
		{Step{From: "app-a", To: "web-a", Address: "2001:db8:1:1::10"}, "", "", "", "web-a has no such address"},
		{Step{From: "app-a", To: "site", Address: "10.1.1.10"}, "", "", "", "site is in the internet, and has no private address"},
	} {
		e, err := d.endsOf(tc.step)
		if tc.err != "" {
			if !errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s: %v", tc.step, err)
			}
			continue
		}
		if err != nil || e.netns != tc.netns || e.from.String() != tc.source || e.to.String() != tc.destination {
			t.Errorf("%s: %+v %v", tc.step, e, err)
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
	f.Add([]byte("shows: x\ntraffic: [{from: client, to: web-a, tcp: 80, then: answer}]\nquestion: SELECT 1\nanswer: [[a]]\n"))
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
