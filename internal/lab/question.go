package lab

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Question is what a scenario asks: one of SQL, Athena, Insights, Command and Messages.
type Question struct {
	// SQL is as weir query takes it, Athena is SQL of Amazon Athena, and Insights a query of CloudWatch Logs Insights.
	SQL      string `yaml:"sql" json:"sql,omitempty"`
	Athena   string `yaml:"athena" json:"athena,omitempty"`
	Insights string `yaml:"insights" json:"insights,omitempty"`
	// Group is the log group that Insights is asked of; "": that of the lake.
	Group string `yaml:"group" json:"group,omitempty"`
	// Command are the words of a command, without weir itself.
	Command []string `yaml:"command" json:"command,omitempty"`
	// Messages is the name of an alarm: the rows are the messages of it that the lab's receiver got, with the alarm's state and the source that has most of its log events.
	Messages string `yaml:"messages" json:"messages,omitempty"`
	// Answer are the rows; where a question has none, the scenario's. Says are texts that what a command prints has, in place of rows.
	Answer [][]string `yaml:"answer" json:"answer,omitempty"`
	Says   []string   `yaml:"says" json:"says,omitempty"`
	// SaysNot are texts that it has not.
	SaysNot []string `yaml:"says-not" json:"says_not,omitempty"`
	// Chart has the rows drawn, as line or bar, once they are as expected.
	Chart string `yaml:"chart" json:"chart,omitempty"`
}

// Kind returns which question it is, by the key that it has in a scenario.
func (q *Question) Kind() string {
	switch {
	case q.SQL != "":
		return "sql"
	case q.Athena != "":
		return "athena"
	case q.Insights != "":
		return "insights"
	case len(q.Command) > 0:
		return "command"
	}
	return "messages"
}

// check returns what is wrong with a question; "": nothing.
func (q *Question) check() string {
	kinds := 0
	for _, is := range []bool{q.SQL != "", q.Athena != "", q.Insights != "", len(q.Command) > 0, q.Messages != ""} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return "a question is one of sql, athena, insights, command and messages"
	case q.Group != "" && q.Insights == "":
		return "group is of insights"
	case (len(q.Command) > 0) != (len(q.Says) > 0):
		return "a command has says, which are texts, and nothing else has"
	case len(q.SaysNot) > 0 && len(q.Command) == 0:
		return "says-not is of a command"
	case len(q.Command) > 0 && q.Answer != nil:
		return "a command has says in place of an answer"
	case q.Chart != "" && !slices.Contains([]string{"line", "bar"}, q.Chart):
		return fmt.Sprintf("chart is %q, and none of line, bar", q.Chart)
	case q.Chart != "" && (len(q.Command) > 0 || q.Messages != ""):
		return "what is drawn are the rows of sql, athena and insights"
	}
	return ""
}

// Questions are all that a scenario asks: the old form's one first.
func (s *Scenario) Questions() []Question {
	if strings.TrimSpace(s.Question) == "" {
		return s.Ask
	}
	return append([]Question{{SQL: s.Question}}, s.Ask...)
}

// checkAsked returns what is wrong with what a scenario asks and what it needs for that.
func (s *Scenario) checkAsked() error {
	for i := range s.Ask {
		if why := s.Ask[i].check(); why != "" {
			return &misplaced{[]any{"ask", i}, fmt.Errorf("question %d: %s", i+1, why)}
		}
	}
	first := len(s.Questions()) - len(s.Ask) // of those in ask
	for i, q := range s.Questions() {
		if q.Kind() != "command" && len(q.Answer) == 0 && len(s.Answer) == 0 {
			path := []any{"question"}
			if i >= first {
				path = []any{"ask", i - first}
			}
			return &misplaced{path, fmt.Errorf("question %d: it takes an answer that has rows: no rows are what there is before records come", i+1)}
		}
	}
	for _, of := range []struct {
		key      string
		commands [][]string
	}{{"before", s.Before}, {"after", s.After}} {
		if i := slices.IndexFunc(of.commands, func(words []string) bool { return len(words) == 0 }); i >= 0 {
			return &misplaced{[]any{of.key, i}, errors.New("a command has no words")}
		}
	}
	for i, need := range s.Needs {
		if need != needS3 {
			return &misplaced{[]any{"needs", i}, fmt.Errorf("it needs %q; there is %s", need, needS3)}
		}
	}
	return nil
}

// command returns the words that ask a question of a lab, after the name of the program.
func (q *Question) command(p *place) []string {
	switch q.Kind() {
	case "sql":
		return []string{"query", "--data", p.data, "--from", p.began, p.fill(q.SQL)}
	case "athena":
		return []string{"athena", "run", "--data", p.data, p.fill(q.Athena)}
	case "insights":
		words := []string{"logs", "query", "--data", p.data, "--from", p.began}
		if q.Group != "" {
			words = append(words, "--group", p.fill(q.Group))
		}
		return append(words, p.fill(q.Insights))
	case "command":
		return p.weir(q.Command)
	}
	return []string{"lab", "messages", "--dir", p.dir, "--from", p.began, p.fill(q.Messages)}
}

// place is where a scenario is played, and when it began.
type place struct {
	dir, data string
	// began is when the window began in which it did, and run when it did itself, in seconds since the epoch. No two runs have the same run.
	began, run string
	aws        *AWS
	// every is how long windows are, and patience how long a command may take.
	every, patience time.Duration
}

// fill puts what a lab and a run have into a text: {began}, {run}, {group}, {account}, {region}, {bucket}, {receiver}.
func (p *place) fill(text string) string {
	return strings.NewReplacer(
		"{began}", p.began, "{run}", p.run, "{group}", p.aws.LogGroup, "{account}", p.aws.Account, "{region}", p.aws.Region,
		"{bucket}", p.aws.Bucket, "{receiver}", p.aws.Receiver,
	).Replace(text)
}

// fillRows fills rows.
func (p *place) fillRows(rows [][]string) (out [][]string) {
	for _, row := range rows {
		filled := make([]string, len(row))
		for i := range row {
			filled[i] = p.fill(row[i])
		}
		out = append(out, filled)
	}
	return out
}

// weir returns the words of a command of weir on the lab's data.
func (p *place) weir(words []string) []string {
	out := make([]string, 0, len(words)+2)
	for _, w := range words {
		out = append(out, p.fill(w))
	}
	return append(out, "--data", p.data)
}
