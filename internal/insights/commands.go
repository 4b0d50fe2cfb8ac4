package insights

import (
	"fmt"
	"strings"
)

// A CommandForm is what is known of a command.
type CommandForm struct {
	// Name is its canonical spelling; Aliases are other names.
	Name    string
	Aliases []string
	// Syntax shows how it is written, Doc says what it does.
	Syntax, Doc string
	// Page is AWS's page that tells of it.
	Page string
	// Own says what weir does in its own way because AWS does not say how it does it; "" where nothing is.
	Own string
	// refused says why the command is not supported, "" where it is.
	refused string
	// parse reads the command; its name is read.
	parse func(p *parser, start int) Command
}

// Refused says why a command is not supported, "" where it is.
func (f *CommandForm) Refused() string { return f.refused }

var anomalyForm = CommandForm{
	Name:    "anomaly",
	Syntax:  "anomaly",
	Doc:     "Finds unusual patterns by machine learning.",
	Page:    "CWL_QuerySyntax-Anomaly",
	refused: "AWS finds anomalies by machine learning and does not say how; pattern and diff show what is new",
}

var relevantfieldsForm = CommandForm{
	Name:    "relevantfields",
	Syntax:  "relevantfields [field, ...] where condition",
	Doc:     "Finds fields that tell rows of a condition from others.",
	Page:    "CWL_QuerySyntax-RelevantFields",
	refused: "AWS does not say how it scores fields; stats ... by a field shows how rows are spread",
}

// commandForms are all commands but SOURCE. They are set when the program starts, because their parsers
// need them.
var commandForms []*CommandForm

func init() {
	commandForms = []*CommandForm{
		&fieldsForm, &displayForm, &filterForm, &filterIndexForm, &parseForm, &jsonForm, &statsForm, &sortForm, &limitForm, &dedupForm,
		&patternForm, &diffForm, &logcompareForm, &unnestForm, &expandForm, &lookupForm, &cidrlookupForm, &joinForm,
		&addtotalsForm, &accumForm, &autoregressForm, &filldownForm, &fillmissingForm, &sessionizeForm, &outlierForm,
		&countFrequentForm, &appendcolsForm, &unmaskForm, &estimateForm, &anomalyForm, &relevantfieldsForm,
	}
}

// Commands returns what is known of all commands, SOURCE first.
func Commands() []*CommandForm { return append([]*CommandForm{&sourceForm}, commandForms...) }

// sourceForm is of SOURCE, which is no step of a query.
var sourceForm = CommandForm{
	Name:   "SOURCE",
	Syntax: `SOURCE 'group' [START=time] [END=time] | SOURCE logGroups(...) | dataSource([...]) | logGroupTags([...])`,
	Doc:    "Chooses log groups in the query, where the request names none.",
	Page:   "CWL_QuerySyntax-Source",
}

// commandForm returns what is known of a command by one of its names, nil if there is none.
func commandForm(name string) *CommandForm {
	for _, f := range commandForms {
		if strings.EqualFold(f.Name, name) {
			return f
		}
		for _, alias := range f.Aliases {
			if strings.EqualFold(alias, name) {
				return f
			}
		}
	}
	return nil
}

// commandWord returns the spelling of a command's name that is printed.
func commandWord(name string) string { return strings.ToLower(name) }

// commandNames returns the names of all commands that are supported.
func commandNames() []string {
	var names []string
	for _, f := range commandForms {
		if f.refused == "" {
			names = append(names, f.Name)
			names = append(names, f.Aliases...)
		}
	}
	return names
}

// foreignCommands are commands of the other languages of CloudWatch Logs, and of SQL.
var foreignCommands = []string{"select", "with", "search", "eval", "rename", "rare", "top", "fillnull", "flatten", "describe", "explain", "trendline", "eventstats"}

// commandHint says what an unknown command may have meant.
func commandHint(name string) string {
	if strings.EqualFold(name, "source") {
		return "SOURCE stands at the beginning of a query"
	}
	for _, f := range foreignCommands {
		if strings.EqualFold(f, name) {
			return "this is another language (OpenSearch PPL or SQL); here a query is written in Logs Insights QL, such as: fields @timestamp, @message | limit 20"
		}
	}
	if near := nearest(name, commandNames()); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "commands are " + strings.Join(commandNames(), ", ")
}

// nearest returns the name that a mistyped one most likely means, or "": at most a third of it is wrong.
func nearest(name string, names []string) string {
	best, least := "", len(name)/3+1
	for _, n := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(n)); d < least {
			best, least = n, d
		}
	}
	return best
}

// distance returns how many letters have to be added, left out, changed or swapped with the next to make
// one word of another.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
