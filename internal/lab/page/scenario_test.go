package page

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/lab"
)

// aRecord returns a record of web-a's with a source port, and what is another each time.
func aRecord(port, packets, start, flags string) []string {
	return strings.Fields("5 111122223333 eni-web-a 203.0.113.10 10.0.1.10 " + port + " 80 6 " + packets + " 60 " + start + " " + start + " ACCEPT OK " + flags + " ingress - -")
}

func recorded(rows ...[]string) *lab.Recorded {
	return &lab.Recorded{Of: "network interfaces", Rows: rows, Fields: strings.Fields("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags flow-direction weir-reject-stage weir-reject-rule")}
}

func TestMerge(t *testing.T) {
	steps := []lab.Step{{From: "client", To: "web-a", TCP: 40000}}
	got := merge(recorded(
		aRecord("41000", "1", "1796039807", "2"), aRecord("42000", "2", "1796039809", "3"), // others each time
		aRecord("80", "1", "1796039807", "2"), aRecord("40000", "1", "1796039807", "2"), // the port of a server, and that of a step
	), steps)
	const rest = " 80 6 1 60 START END ACCEPT OK 2 ingress - -"
	want := "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags flow-direction weir-reject-stage weir-reject-rule\n" +
		"5 111122223333 eni-web-a 203.0.113.10 10.0.1.10 40000" + rest + "\n" +
		"5 111122223333 eni-web-a 203.0.113.10 10.0.1.10 80" + rest + "\n" +
		"5 111122223333 eni-web-a 203.0.113.10 10.0.1.10 PORT" + rest + "  # and 1 more\n"
	if diff := cmp.Diff("```records\n"+want+"```\n", recordBlock(recorded().Fields, got)); diff != "" {
		t.Error(diff)
	}
}

func TestSame(t *testing.T) {
	page := func(rows ...[]string) string {
		return "# a\n\n" + recordBlock(recorded().Fields, merge(recorded(rows...), nil)) + "\nend\n"
	}
	one := page(aRecord("41000", "1", "1796039807", "2"))
	for _, tc := range []struct {
		name  string
		other string
		want  bool
	}{
		{"itself", one, true},
		{"another time, port, size and flags", page(aRecord("55000", "7", "1796099999", "3")), true},
		{"two windows", page(aRecord("41000", "1", "1796039807", "2"), aRecord("41000", "1", "1796039867", "1")), true},
		{"another server", page(aRecord("443", "1", "1796039807", "2")), false},
		{"another action", strings.Replace(one, "ACCEPT", "REJECT", 1), false},
		{"one more", page(aRecord("41000", "1", "1796039807", "2"), aRecord("443", "1", "1796039807", "2")), false},
		{"another text before", strings.Replace(one, "# a", "# b", 1), false},
		{"another text behind", strings.Replace(one, "end", "eNd", 1), false},
		{"no records", "# a\n\nend\n", false},
	} {
		if got := Same(one, tc.other); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

// defaultLab reads the definition of the default lab.
func defaultLab(t *testing.T) *lab.Definition {
	t.Helper()
	dir := t.TempDir()
	if err := lab.CopyDefinition("", dir); err != nil {
		t.Fatal(err)
	}
	d, err := lab.ReadDefinition(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestScenario writes a page of a default scenario, with an answer that none gave.
func TestScenario(t *testing.T) {
	d := defaultLab(t)
	r := &lab.Result{
		Scenario: lab.Scenario{
			Name: "two", Shows: "Two steps.", Statements: []string{"D9", "D12"}, Question: "SELECT 1\n", Answer: [][]string{{"a", "-"}, {"b", "1"}},
			Ask:     []lab.Question{{Athena: "SELECT 2"}, {Insights: "stats count(*)", Group: "{group}", Answer: [][]string{{"3"}}}, {Command: []string{"why", "a", "b"}, Says: []string{"because"}, SaysNot: []string{"nobody knows"}}, {Messages: "alarm-{run}", Answer: [][]string{{"ALARM"}}}},
			Traffic: []lab.Step{{From: "client", To: "web-a", TCP: 80}, {From: "client", To: "web-a", TCP: 80}, {From: "web-b", To: "db-b", Ping: true}, {From: "nobody", To: "db-b", TCP: 1}},
		},
		Became: []string{"answer", "refused", "nothing"},
		Labs:   []*lab.Definition{d, d, d, d},
	}
	got := Scenario(r, []lab.Recorded{*recorded(aRecord("41000", "1", "1796039807", "2"))}, "/labs/1")
	golden := filepath.Join("testdata", "two.md")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// TestOwnScenario writes a page of a scenario of one's own, which lies beside nothing of weir's and was run in a lab of another folder.
func TestOwnScenario(t *testing.T) {
	d := defaultLab(t)
	r := &lab.Result{
		Scenario: lab.Scenario{Name: "ticket", File: "course/ticket.yaml", Shows: "What the ticket says.", Question: "SELECT 1", Answer: [][]string{{"1"}}, Traffic: []lab.Step{{From: "client", To: "web-a", TCP: 80}}},
		Became:   []string{"answer"},
		Labs:     []*lab.Definition{d},
	}
	got := Scenario(r, nil, "/labs/1")
	for _, want := range []string{"# ticket\n", "\nWhat the ticket says.\n\n## Who", "sudo weir lab run course/ticket.yaml --dir /labs/1\n", "sudo weir why 203.0.113.10 10.0.1.10:80 --data /labs/1/data\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	for _, not := range []string{"](", "internal/lab/scenarios", "make lab-pages", lab.DefaultDir, "Statements"} {
		if strings.Contains(got, not) {
			t.Errorf("%q in %s", not, got)
		}
	}
	r.Statements = []string{"lesson 3", "D9"}
	if got := Scenario(r, nil, lab.DefaultDir); !strings.Contains(got, "\nStatements: lesson 3, D9.\n") || !strings.Contains(got, "sudo weir lab run course/ticket.yaml\n") {
		t.Error(got)
	}
}
