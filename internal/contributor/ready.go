package contributor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
)

// A ReadyRule is a rule that weir has ready for flow logs of any LogFormat with its fields.
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

// ReadyDefinition returns the definition of a ready rule for a log group whose records have a LogFormat, for [Store.Put]. Its schema is
// weir's own, so that it counts values of any size. Interfaces are ids of network interfaces, for a rule that is about some. It fails on an
// unknown name, on a field that the format has not, and on interfaces that are missing or too many.
func ReadyDefinition(name, group string, f flowlog.Format, interfaces []string) (string, error) {
	i := slices.IndexFunc(readyRules, func(r ReadyRule) bool { return r.Name == name })
	if i < 0 {
		var names []string
		for _, r := range readyRules {
			names = append(names, r.Name)
		}
		return "", fmt.Errorf("%q is no ready rule; they are %s", name, strings.Join(names, ", "))
	}
	r := readyRules[i]
	if r.OfInterfaces != (len(interfaces) > 0) {
		if r.OfInterfaces {
			return "", fmt.Errorf("%s needs the ids of the network interfaces it is about", name)
		}
		return "", fmt.Errorf("%s is not about particular network interfaces", name)
	}
	d := readyDefinition{f: f, Schema: schemaText{WeirSchema, 1}, LogGroupNames: []string{group}, LogFormat: "CLF", Fields: map[string]string{}, AggregateOn: "Count"}
	if err := d.fill(&r, interfaces); err != nil {
		return "", fmt.Errorf("%s can't be made for this log group: %w", name, err)
	}
	text, err := json.Marshal(d)
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
	f             flowlog.Format
	Schema        schemaText
	LogGroupNames []string
	LogFormat     string
	Fields        map[string]string
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

func (d *readyDefinition) fill(r *ReadyRule, interfaces []string) error {
	c := &d.Contribution
	for _, id := range r.keys {
		name, err := d.field(id)
		if err != nil {
			return err
		}
		c.Keys = append(c.Keys, name)
	}
	if r.sums {
		name, err := d.field(r.value)
		if err != nil {
			return err
		}
		c.ValueOf, d.AggregateOn = name, "Sum"
	}
	// Records of NODATA and SKIPDATA have no traffic: their keys are "-".
	c.Filters = []map[string]any{{"Match": c.Keys[0], "NotIn": []string{"-"}}}
	if r.refused {
		name, err := d.field(flowlog.Action)
		if err != nil {
			return err
		}
		c.Filters = append(c.Filters, map[string]any{"Match": name, "In": []string{"REJECT"}})
	}
	if r.OfInterfaces {
		name, err := d.field(flowlog.InterfaceID)
		if err != nil {
			return err
		}
		c.Filters = append(c.Filters, map[string]any{"Match": name, "In": interfaces})
	}
	return nil
}

// field returns the name of a field, once its position is among Fields.
func (d *readyDefinition) field(id flowlog.FieldID) (string, error) {
	name := flowlog.FieldByID(id).Name
	i := slices.Index(d.f.Names(), name)
	if i < 0 {
		return "", fmt.Errorf("its LogFormat has no field %s", name)
	}
	d.Fields[strconv.Itoa(i+1)] = name
	return name, nil
}
