package contributor

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"weir/internal/filterpattern"
)

// Schemas of rules.
const (
	// CloudWatchSchema is that of AWS's rules.
	CloudWatchSchema = "CloudWatchLogRule"
	// WeirSchema is that of weir's own rules, which have more: see docs/reference/weir-log-rules.md.
	WeirSchema = "WeirLogRule"
)

// Limits of AWS.
const (
	maxDefinition = 8192
	maxKeys       = 4
	maxFilters    = 4
	maxTexts      = 10
	// maxWeirFilters and maxDistinct are limits of weir's own rules.
	maxWeirFilters = 16
	maxDistinct    = 4
	// maxKeyBytes is where the value of a key is cut off: "Keys larger than 1 KB are truncated to 1KB".
	maxKeyBytes = 1024
	// largest is the greatest value, and without its sign the least, that AWS's rules count.
	largest = 1e9
)

// A Rule says what contributes. It does not change and is safe for concurrent use.
type Rule struct {
	schema string
	groups []groupPattern
	format string // formatJSON and the like
	sums   bool   // else it counts
	keys   []field
	value  *field // nil: each event contributes 1
	filter []filter
	// distinct are the fields whose distinct combinations count; nil: events count.
	distinct []field
	// direction is the one of records that count, "" for any.
	direction string
	// country and service are one of the fields of each kind of names that the rule looks at, "" for none.
	country, service string
	// way is what tells directions, in a rule that was resolved.
	way way
}

// LogFormats of rules. The last is that of weir's own: fields are named as in the LogFormat of flow logs, wherever they stand in records.
const (
	formatJSON    = "JSON"
	formatCLF     = "CLF"
	formatFlowLog = "FlowLog"
)

// A field is one of events: a position in a line, or what a selector leads to in JSON.
type field struct {
	label    string // as the rule names it
	position int    // counted from 1; 0: selector, or a field of flow logs whose place is not known
	selector *filterpattern.Selector
	name     *namedEnd // not nil: what is published about the address at the position
}

// String returns the field in one form, however a rule names it.
func (f *field) String() string {
	if f.selector != nil {
		return f.selector.String()
	}
	if f.position == 0 {
		return f.label
	}
	return "field " + strconv.Itoa(f.position)
}

// Schema returns the rule's schema as DescribeInsightRules shows it: CloudWatchLogRule/1.
func (r *Rule) Schema() string { return r.schema + "/1" }

// LogFormat returns JSON, CLF or, of weir's own rules, FlowLog.
func (r *Rule) LogFormat() string { return r.format }

// KeyLabels returns the names of the keys. The slice is the caller's.
func (r *Rule) KeyLabels() []string {
	out := make([]string, len(r.keys))
	for i := range r.keys {
		out[i] = r.keys[i].label
	}
	return out
}

// AggregationStatistic returns what reports say of the rule: SampleCount where it counts (seen), Sum where it sums,
// Distinct where it counts what is distinct.
func (r *Rule) AggregationStatistic() string {
	if r.distinct != nil {
		return Distinct
	}
	if r.sums {
		return Sum
	}
	return SampleCount
}

// skipsLarge reports whether values beyond 1e9 do not count.
func (r *Rule) skipsLarge() bool { return r.schema == CloudWatchSchema }

// counting returns what the rule counts, in one form: rules that differ in their log groups or in names only count the same.
func (r *Rule) counting() string {
	parts := []string{r.schema, r.LogFormat(), r.AggregationStatistic()}
	for i := range r.keys {
		parts = append(parts, "key", r.keys[i].String())
	}
	if r.value != nil {
		parts = append(parts, "value", r.value.String())
	}
	for i := range r.distinct {
		parts = append(parts, "distinct", r.distinct[i].String())
	}
	if r.direction != "" {
		parts = append(parts, "direction", r.direction)
	}
	var filters []string
	for i := range r.filter {
		filters = append(filters, r.filter[i].String())
	}
	slices.Sort(filters) // they are joined by and
	text, err := json.Marshal(append(parts, filters...))
	if err != nil {
		panic(err) // texts can be written
	}
	return string(text)
}

// A groupPattern is an element of LogGroupNames or LogGroupARNs.
type groupPattern struct {
	name    string
	prefix  bool   // names begin with it
	account string // "" where it is no ARN, * for any
	region  string
}

// Matches reports whether a log group of this server is one of the rule's.
func (r *Rule) Matches(group string) bool {
	return slices.ContainsFunc(r.groups, func(g groupPattern) bool {
		if g.prefix {
			return strings.HasPrefix(group, g.name)
		}
		return group == g.name
	})
}

// foreign returns the first log group ARN that is of another account or region than the server's.
func (r *Rule) foreign(account, region string) (groupPattern, bool) {
	i := slices.IndexFunc(r.groups, func(g groupPattern) bool {
		return g.account != "" && (g.account != "*" && g.account != account || g.region != region)
	})
	if i < 0 {
		return groupPattern{}, false
	}
	return r.groups[i], true
}
