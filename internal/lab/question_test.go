package lab

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testPlace is where the questions of tests are asked.
func testPlace() *place {
	return &place{dir: "/lab", data: "/lab/data", began: "1796029442", run: "1796029442", aws: &AWS{
		Endpoint: "http://127.0.0.1:1", S3: "http://127.0.0.1:2", Bucket: "b", LogGroup: "/g", Account: "111122223333", Region: "eu-west-1", CredentialsFile: "/lab/credentials", Receiver: "http://127.0.0.1:3/",
	}, patience: time.Minute}
}

// TestQuestionCommands has each kind of question be asked by the command that a person would use.
func TestQuestionCommands(t *testing.T) {
	for _, tc := range []struct {
		kind string
		q    Question
		want string
	}{
		{"sql", Question{SQL: "SELECT 1"}, "query|--data|/lab/data|--from|1796029442|SELECT 1"},
		{"athena", Question{Athena: "SELECT 1 WHERE start >= {began}"}, "athena|run|--data|/lab/data|SELECT 1 WHERE start >= 1796029442"},
		{"insights", Question{Insights: "limit 1"}, "logs|query|--data|/lab/data|--from|1796029442|limit 1"},
		{"insights", Question{Insights: "limit 1", Group: "{group}"}, "logs|query|--data|/lab/data|--from|1796029442|--group|/g|limit 1"},
		{"command", Question{Command: []string{"top", "srcaddr", "--from", "{began}"}, Says: []string{"x"}}, "top|srcaddr|--from|1796029442|--data|/lab/data"},
		{"messages", Question{Messages: "ssh-{run}"}, "lab|messages|--dir|/lab|--from|1796029442|ssh-1796029442"},
	} {
		if got := strings.Join(tc.q.command(testPlace()), "|"); got != tc.want || tc.q.Kind() != tc.kind || tc.q.check() != "" {
			t.Errorf("%s %s %s, want %s %s", tc.q.Kind(), got, tc.q.check(), tc.kind, tc.want)
		}
	}
}

func TestFill(t *testing.T) {
	const text = "{began} {run} {group} {account} {region} {bucket} {receiver} {other} {\"a\": {}}"
	if got := testPlace().fill(text); got != "1796029442 1796029442 /g 111122223333 eu-west-1 b http://127.0.0.1:3/ {other} {\"a\": {}}" {
		t.Error(got)
	}
	if diff := cmp.Diff([][]string{{"a-1796029442", "b"}, {}}, testPlace().fillRows([][]string{{"a-{run}", "b"}, {}})); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedQuestions(t *testing.T) {
	const good = "shows: x\ntraffic: [{from: client, to: web-a, tcp: 80, times: 3, then: answer}]\nask: [{insights: q, group: g, chart: bar}]\nanswer: [['1']]\nbefore: [[api, sns]]\nneeds: [s3]\n"
	s, err := ParseScenario("good", []byte(good))
	if err != nil || len(s.Questions()) != 1 || s.Traffic[0].String() != "3 times tcp:80 from client to web-a" {
		t.Fatalf("%+v %v", s, err)
	}
	for _, tc := range []struct{ from, to, want string }{
		{"insights: q", "insights: q, sql: s", "question 1: a question is one of sql, athena, insights, command and messages"},
		{"insights: q, group: g, chart: bar", "chart: bar", "question 1: a question is one of"},
		{"insights: q", "sql: q", "question 1: group is of insights"},
		{"chart: bar", "chart: pie", `question 1: chart is "pie", and none of line, bar`},
		{"insights: q, group: g", "messages: m", "question 1: what is drawn are the rows of sql, athena and insights"},
		{"insights: q, group: g, chart: bar", "command: [top]", "question 1: a command has says"},
		{"insights: q, group: g, chart: bar", "sql: q, says: [x]", "question 1: a command has says"},
		{"insights: q, group: g, chart: bar", "command: [top], says: [x], answer: [[a]]", "question 1: a command has says in place of an answer"},
		{"[{insights: q, group: g, chart: bar}]", "[]", "it takes shows, traffic and question"},
		{"before: [[api, sns]]", "before: [[]]", "a command has no words"},
		{"before: [[api, sns]]", "after: [[]]", "a command has no words"},
		{"needs: [s3]", "needs: [gcs]", `it needs "gcs"; there is s3`},
		{"times: 3", "times: -1", "times is at most 1000"},
		{"times: 3", "times: 1001", "times is at most 1000"},
		{"insights: q", "insight: q", "line 3, column 8: no key insight; there are sql, "},
	} {
		changed := strings.Replace(good, tc.from, tc.to, 1)
		if changed == good {
			t.Errorf("nothing has %q", tc.from)
		}
		if _, err := ParseScenario("bad", []byte(changed)); !errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.to, err, tc.want)
		}
	}
}

// TestQuestions has the old form be the first question.
func TestQuestions(t *testing.T) {
	s := Scenario{Question: "SELECT 1", Ask: []Question{{Athena: "SELECT 2"}}}
	var kinds []string
	for _, q := range s.Questions() {
		kinds = append(kinds, q.Kind())
	}
	if diff := cmp.Diff([]string{"sql", "athena"}, kinds); diff != "" {
		t.Error(diff)
	}
}
