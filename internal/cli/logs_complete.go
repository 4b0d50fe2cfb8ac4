package cli

import (
	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
)

// completeInsights completes a query at its end: commands, functions and fields.
func completeInsights(_ *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, s := range insights.Complete(text, len(text), insights.CompleteOptions{Fields: knownFields()}) {
		out = append(out, cobra.CompletionWithDesc(text[:s.From]+s.Text+text[s.To:], s.Doc))
	}
	return out, directive
}

// knownFields returns the fields of events of flow logs.
func knownFields() []insights.KnownName {
	var out []insights.KnownName
	for _, name := range discover.SystemFields {
		out = append(out, insights.KnownName{Name: name})
	}
	for _, f := range discover.FlowFields() {
		out = append(out, insights.KnownName{Name: f.Name, Doc: flowlog.FieldByID(f.ID).Meaning})
	}
	return out
}
