package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"weir/flowlog"
)

// athenaWords are the words that statements are begun and put together with.
var athenaWords = strings.Fields(`SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT DISTINCT AND OR NOT IN BETWEEN LIKE IS NULL CASE WHEN THEN ELSE END
JOIN LEFT CROSS ON USING UNION ALL WITH AS DESC ASC UNNEST INTERVAL DATE TIMESTAMP CAST EXPLAIN SHOW TABLES DATABASES COLUMNS PARTITIONS DESCRIBE
CREATE EXTERNAL TABLE VIEW DROP MSCK REPAIR ALTER UNLOAD count sum avg min max approx_distinct approx_percentile count_if date_trunc
from_unixtime to_unixtime date_format date_parse day_of_week current_date current_timestamp regexp_like split_part contains coalesce`)

// completeAthena completes the last word of a statement: keywords and common functions, columns of flow logs, and tables behind FROM and JOIN.
func (c *cli) completeAthena(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	at := strings.LastIndexFunc(text, func(r rune) bool {
		return r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) + 1
	before, word := text[:at], strings.ToLower(text[at:])
	var out []string
	offer := func(name, about string) {
		if strings.HasPrefix(strings.ToLower(name), word) {
			out = append(out, cobra.CompletionWithDesc(before+name, about))
		}
	}
	words := strings.Fields(strings.ToUpper(before))
	if len(words) > 0 && (words[len(words)-1] == "FROM" || words[len(words)-1] == "JOIN") {
		for _, name := range c.athenaTableNames(cmd.Context()) {
			offer(name, "")
		}
		return out, directive
	}
	if word == "" && len(words) > 0 {
		return nil, directive // all there is helps nobody
	}
	for _, w := range athenaWords {
		offer(w, "")
	}
	for _, f := range flowlog.Fields(flowlog.KindVPC) {
		if !f.Own() {
			offer(f.Column, f.Meaning)
		}
	}
	return out, directive
}
