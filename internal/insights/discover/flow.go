package discover

import (
	"strings"

	"weir/flowlog"
)

// A FlowField is a field of flow log records with its name in Insights.
type FlowField struct {
	Name string
	ID   flowlog.FieldID
}

// FlowFields returns all fields of flow log records with their names, in the order of flowlog's table, and behind them the
// other names that fields have. The caller must not change them.
func FlowFields() []FlowField { return flowFields }

var (
	flowFields []FlowField
	flowByName = map[string]flowlog.FieldID{}
	flowAnyway = map[string]flowlog.FieldID{}
)

func init() {
	for i := range flowlog.NumFields {
		f := flowlog.FieldByID(flowlog.FieldID(i))
		flowFields = append(flowFields, FlowField{FlowName(f.Name), f.ID})
	}
	// AWS's page of discovered fields lists these two where parseVPC's output has start and end.
	flowFields = append(flowFields, FlowField{"startTime", flowlog.Start}, FlowField{"endTime", flowlog.End})
	for _, f := range flowFields {
		flowByName[f.Name] = f.ID
		flowAnyway[folded(f.Name)] = f.ID
	}
}

// FlowName returns the name in Insights of a field of flow log records: its words in camel case, of which srcaddr, dstaddr,
// srcport and dstport are two each. account-id is accountId, pkt-srcaddr pktSrcAddr.
//
// Source: AWS, "Processors that you can use" (parseVPC), for the default format; the rest are names that tools ask for.
func FlowName(name string) string {
	var b strings.Builder
	for i, word := range strings.Split(flowlog.CanonicalName(name), "-") {
		if i > 0 {
			word = title(word)
		}
		for _, end := range []string{"addr", "port"} {
			if head, ok := strings.CutSuffix(word, end); ok && (strings.EqualFold(head, "src") || strings.EqualFold(head, "dst")) {
				word = head + title(end)
			}
		}
		b.WriteString(word)
	}
	return b.String()
}

func title(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// folded is a name without what tells its spellings apart: case, hyphens and underscores.
func folded(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

// LookupFlow finds a field of flow log records by its name in Insights. With anyCase it finds it in any case, and with
// hyphens or underscores between its words (src_addr, srcaddr), which AWS does not.
func LookupFlow(name string, anyCase bool) (flowlog.FieldID, bool) {
	id, ok := flowByName[name]
	if !ok && anyCase {
		id, ok = flowAnyway[folded(name)]
	}
	return id, ok
}
