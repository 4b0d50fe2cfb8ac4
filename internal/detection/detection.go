package detection

import (
	"fmt"
	"slices"
	"strings"

	"weir/flowlog"
)

// A Detection is one that is ready.
type Detection struct {
	Name string
	// Finds says what it finds, in a few words; How what it counts, and what not, in a sentence or some.
	Finds, How string
	// Parameters are the numbers that it takes.
	Parameters []Parameter
	// Fields are those that the LogFormat of records must have.
	Fields []flowlog.FieldID
	// Of says of what it is.
	Of Of
	// NAT says that it is about the network interfaces of NAT gateways, which the network's definition tells.
	NAT bool
	// Names are those of addresses that it looks at, which must have been imported.
	Names Names

	build func(b *builder)
}

// Of is what a detection is of.
type Of int

const (
	// OfRecords is of the records of any log group of flow logs.
	OfRecords Of = iota
	// OfLake is of the records of the lake, which have weir's own fields.
	OfLake
	// OfFlowLogs is of flow logs as resources, whatever log group their records are in.
	OfFlowLogs
)

// Names are what is published about addresses.
type Names int

// What is published.
const (
	NoNames Names = iota
	Countries
	Services // of AWS
)

// String says what must be imported, "" for nothing.
func (n Names) String() string {
	switch n {
	case Countries:
		return "a list of countries"
	case Services:
		return "AWS's ip-ranges.json"
	}
	return ""
}

// A Unit is what a parameter counts.
type Unit int

// The units of parameters.
const (
	Count Unit = iota
	Bytes
	Seconds
	Factor
)

// A Parameter is a number that a detection takes.
type Parameter struct {
	Name, Meaning string
	Unit          Unit
	Default       float64
}

// Names of parameters.
const (
	Threshold = "threshold"
	Period    = "period"
	Times     = "factor"
)

// day is the longest period of an alarm, in seconds.
const day = 86400

// check says what is wrong with a value.
func (p *Parameter) check(v float64) error {
	whole := v == float64(int64(v))
	switch {
	case p.Unit == Seconds && (v < 60 || v > day || !whole || int64(v)%60 != 0):
		return fmt.Errorf("%s must be whole minutes, from 1 minute to 1 day", p.Name)
	case p.Unit == Factor && (v < 1 || v > 1e6):
		return fmt.Errorf("%s must be from 1 to 1000000", p.Name)
	case (p.Unit == Count || p.Unit == Bytes) && (v < 1 || v > 1<<53 || !whole):
		return fmt.Errorf("%s must be a whole number from 1 on", p.Name)
	}
	return nil
}

// All returns the detections, by what they are about. The slice is the caller's.
func All() []Detection { return slices.Clone(table) }

// Own returns what a detection takes that somebody wrote a rule for.
func Own(name string) *Detection {
	return &Detection{Name: name, Parameters: slices.Clone(ownParameters)}
}

// ByName returns a detection; false where there is none of that name.
func ByName(name string) (*Detection, bool) {
	i := slices.IndexFunc(table, func(d Detection) bool { return d.Name == name })
	if i < 0 {
		return nil, false
	}
	d := table[i]
	return &d, true
}

// Parameter returns a parameter, nil where the detection has none of that name.
func (d *Detection) Parameter(name string) *Parameter {
	i := slices.IndexFunc(d.Parameters, func(p Parameter) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Parameters[i]
}

// FieldNames returns the names of the fields that records must have.
func (d *Detection) FieldNames() []string {
	out := make([]string, len(d.Fields))
	for i, id := range d.Fields {
		out[i] = flowlog.FieldByID(id).Name
	}
	return out
}

// lacks returns the names of fields that a format has not got.
func (d *Detection) lacks(f flowlog.Format) []string {
	var out []string
	for _, name := range d.FieldNames() {
		if !slices.Contains(f.Names(), name) {
			out = append(out, name)
		}
	}
	return out
}

// values returns the value of each parameter: the given one, or the default.
func (d *Detection) values(given map[string]float64) (map[string]float64, error) {
	out := map[string]float64{}
	for _, p := range d.Parameters {
		out[p.Name] = p.Default
	}
	for name, v := range given {
		p := d.Parameter(name)
		if p == nil {
			var has []string
			for _, p := range d.Parameters {
				has = append(has, p.Name)
			}
			return nil, fmt.Errorf("%s has no %s: it takes %s", d.Name, name, strings.Join(has, ", "))
		}
		if err := p.check(v); err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, nil
}
