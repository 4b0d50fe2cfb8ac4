package contributor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"weir/flowlog"
)

// A ReadyRule is a rule that weir has ready for flow logs of any LogFormat with its fields. [ReadyDefinition] makes one that is kept of it.
type ReadyRule struct {
	Name, Meaning string
	// OfInterfaces says that it is about some network interfaces, which must be named.
	OfInterfaces bool

	keys    []flowlog.FieldID
	value   flowlog.FieldID // with sums
	sums    bool
	refused bool // of refused records only
}

// Keys returns the fields whose values are the contributors. The slice is the caller's.
func (r *ReadyRule) Keys() []flowlog.FieldID { return slices.Clone(r.keys) }

// Sums returns the field whose values are summed; false where records are counted.
func (r *ReadyRule) Sums() (flowlog.FieldID, bool) { return r.value, r.sums }

// OfRefused says that refused records alone count.
func (r *ReadyRule) OfRefused() bool { return r.refused }

// readyRules are all, by what they are about.
var readyRules = []ReadyRule{
	{Name: "top-sources-by-bytes", Meaning: "source addresses that sent most bytes", keys: []flowlog.FieldID{flowlog.SrcAddr}, value: flowlog.Bytes, sums: true},
	{Name: "top-sources-by-records", Meaning: "source addresses with most records", keys: []flowlog.FieldID{flowlog.SrcAddr}},
	{Name: "top-sources-by-rejects", Meaning: "source addresses with most rejected records", keys: []flowlog.FieldID{flowlog.SrcAddr}, refused: true},
	{Name: "top-destinations-by-bytes", Meaning: "destination addresses that were sent most bytes", keys: []flowlog.FieldID{flowlog.DstAddr}, value: flowlog.Bytes, sums: true},
	{Name: "top-destinations-by-records", Meaning: "destination addresses with most records", keys: []flowlog.FieldID{flowlog.DstAddr}},
	{Name: "top-destinations-by-rejects", Meaning: "destination addresses with most rejected records", keys: []flowlog.FieldID{flowlog.DstAddr}, refused: true},
	{
		Name: "top-nat-gateway-talkers", Meaning: "source and destination addresses with most bytes at the interfaces of NAT gateways", OfInterfaces: true,
		keys: []flowlog.FieldID{flowlog.SrcAddr, flowlog.DstAddr}, value: flowlog.Bytes, sums: true,
	},
	{Name: "top-refused-ports", Meaning: "protocols and destination ports with most rejected records", keys: []flowlog.FieldID{flowlog.Protocol, flowlog.DstPort}, refused: true},
}

// ReadyRules returns the ready rules. The slice is the caller's.
func ReadyRules() []ReadyRule { return slices.Clone(readyRules) }

// ReadyDefinition returns the definition of a ready rule for the records of a log group, for [Store.Put]. Its schema is weir's own and its LogFormat FlowLog, so that it counts
// values of any size, and records of all formats that have its fields. Interfaces are ids of network interfaces, for a rule that is about some. It fails on an unknown name,
// and on interfaces that are missing or too many.
func ReadyDefinition(name, group string, interfaces []string) (string, error) {
	i := slices.IndexFunc(readyRules, func(r ReadyRule) bool { return r.Name == name })
	if i < 0 {
		var names []string
		for _, r := range readyRules {
			names = append(names, r.Name)
		}
		return "", fmt.Errorf("%q is no ready rule; they are %s", name, strings.Join(names, ", "))
	}
	r := &readyRules[i]
	if r.OfInterfaces != (len(interfaces) > 0) {
		if r.OfInterfaces {
			return "", fmt.Errorf("%s needs the ids of the network interfaces it is about", name)
		}
		return "", fmt.Errorf("%s is not about particular network interfaces", name)
	}
	text, err := json.Marshal(r.definition(group, interfaces))
	if err != nil {
		return "", err
	}
	if _, err := ParseRule(text); err != nil {
		return "", fmt.Errorf("%s can't be made for this log group: %w", name, err)
	}
	return string(text), nil
}

// readyDefinition is the JSON of a rule.
type readyDefinition struct {
	Schema        schemaText
	LogGroupNames []string
	LogFormat     string
	Contribution  contributionText
	AggregateOn   string
}

type schemaText struct {
	Name    string
	Version int
}

type contributionText struct {
	Keys    []string
	ValueOf string `json:",omitempty"`
	Filters []map[string]any
}

func (r *ReadyRule) definition(group string, interfaces []string) *readyDefinition {
	d := &readyDefinition{Schema: schemaText{WeirSchema, 1}, LogGroupNames: []string{group}, LogFormat: formatFlowLog, AggregateOn: "Count"}
	c := &d.Contribution
	for _, id := range r.keys {
		c.Keys = append(c.Keys, flowlog.FieldByID(id).Name)
	}
	if r.sums {
		c.ValueOf, d.AggregateOn = flowlog.FieldByID(r.value).Name, "Sum"
	}
	filter := func(match, op string, texts ...string) {
		c.Filters = append(c.Filters, map[string]any{"Match": match, op: texts})
	}
	filter(c.Keys[0], opNotIn, "-") // records of NODATA and SKIPDATA have no traffic
	if r.refused {
		filter(flowlog.FieldByID(flowlog.Action).Name, opIn, "REJECT")
	}
	if r.OfInterfaces {
		filter(flowlog.FieldByID(flowlog.InterfaceID).Name, opIn, interfaces...)
	}
	return d
}
