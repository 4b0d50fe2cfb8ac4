package page

import (
	"fmt"
	"strings"

	"weir/internal/lab"
)

// asked writes what a scenario asks, and the answers that it got, which are those of its file. What stands in braces there is another each time.
func asked(b *strings.Builder, s *lab.Scenario) {
	all := s.Questions()
	b.WriteString("\n## What is asked\n")
	for i := range all {
		q := &all[i]
		same := q.Answer == nil && i > 0
		switch q.Kind() {
		case "sql":
			fmt.Fprintf(b, "\nSQL, as `weir query` takes it:\n\n```sql\n%s\n```\n", strings.TrimSpace(q.SQL))
		case "athena":
			fmt.Fprintf(b, "\nSQL of Amazon Athena, as `weir athena run` and Athena's clients take it:\n\n```sql\n%s\n```\n", strings.TrimSpace(q.Athena))
		case "insights":
			group := ""
			if q.Group != "" {
				group = fmt.Sprintf(", of the log group `%s`", q.Group)
			}
			fmt.Fprintf(b, "\nCloudWatch Logs Insights, as `weir logs query` and StartQuery take it%s:\n\n```text\n%s\n```\n", group, strings.TrimSpace(q.Insights))
		case "messages":
			fmt.Fprintf(b, "\nWhich messages of the alarm `%s` have come, with its state and the source of most log events: `weir lab messages`.\n", q.Messages)
		case "command":
			fmt.Fprintf(b, "\nA command of weir, which says so, among other things:\n\n```text\n$ weir %s\n%s\n```\n", strings.Join(q.Command, " "), strings.Join(q.Says, "\n"))
			if len(q.SaysNot) > 0 {
				b.WriteString("\nAnd it does not say:\n\n```text\n")
				for _, text := range q.SaysNot {
					fmt.Fprintf(b, "%q\n", text)
				}
				b.WriteString("```\n")
			}
			continue
		}
		if same && len(s.Answer) > 0 {
			b.WriteString("\nThe answer is the same.\n")
			continue
		}
		rows := q.Answer
		if rows == nil {
			rows = s.Answer
		}
		b.WriteString("\n```text\n")
		for _, row := range rows {
			b.WriteString(strings.Join(row, " ") + "\n")
		}
		b.WriteString("```\n")
	}
}
