package contributor

import (
	"fmt"
	"slices"

	"weir/flowlog"
)

// Fits says whether the rule can be evaluated on the records of a flow log with this LogFormat, and what does not fit: a rule for JSON, a
// position behind the last field, a name that is another field's, a field that is not there, a value or a comparison with a number where a field
// is a text. Names that are no fields of flow logs say nothing.
func (r *Rule) Fits(f flowlog.Format) error {
	_, err := r.in(f)
	return err
}

// resolve is in of a LogFormat as text. One that is empty, or can't be read, says nothing: then rules fit that do not name fields of flow logs.
func (r *Rule) resolve(logFormat string) (*Rule, error) {
	f, err := flowlog.ParseLogFormat(logFormat)
	switch {
	case err == nil:
		return r.in(f)
	case r.format == formatFlowLog:
		return nil, fmt.Errorf("the rule is for records of flow logs, and their LogFormat is not known")
	}
	return r, nil
}

// in returns the rule with the positions that its fields have in a LogFormat.
func (r *Rule) in(f flowlog.Format) (*Rule, error) {
	switch r.format {
	case formatJSON:
		return nil, fmt.Errorf("the rule is for JSON, and the log group has flow log records: LogFormat must be CLF")
	case formatFlowLog:
		placed := *r
		placed.keys, placed.filter, placed.distinct = slices.Clone(r.keys), slices.Clone(r.filter), slices.Clone(r.distinct)
		if r.value != nil {
			value := *r.value
			placed.value = &value
		}
		for _, fd := range placed.fields() {
			name, of := fd.label, ""
			if fd.name != nil {
				name, of = fd.name.address, ", which "+fd.label+" is of"
			}
			if fd.position = positionIn(f, name); fd.position == 0 {
				return nil, fmt.Errorf("the log group's LogFormat has no field %s%s", name, of)
			}
		}
		if r.direction != "" {
			placed.way = wayIn(f)
		}
		r = &placed
	}
	for _, fd := range r.fields() {
		if err := fd.fits(f); err != nil {
			return nil, err
		}
	}
	if r.value != nil && !isNumeric(f, r.value.position) {
		return nil, fmt.Errorf("ValueOf is %s, field %d of the log group's LogFormat, which is no number", f.Names()[r.value.position-1], r.value.position)
	}
	for i := range r.filter {
		if fl := &r.filter[i]; fl.compares() && !isNumeric(f, fl.position) {
			return nil, fmt.Errorf("%s compares numbers, and %s, field %d of the log group's LogFormat, is none", fl.op, f.Names()[fl.position-1], fl.position)
		}
	}
	return r, nil
}

// positionIn returns the position of a field, 0 where a format has not got it.
func positionIn(f flowlog.Format, name string) int { return slices.Index(f.Names(), name) + 1 }

func (fd *field) fits(f flowlog.Format) error {
	if fd.position > f.Len() {
		return fmt.Errorf("%s is field %d, and the log group's LogFormat has %d fields", fd.named(), fd.position, f.Len())
	}
	known, ok := flowlog.Lookup(fd.label)
	if at := f.Names()[fd.position-1]; ok && known.Name != at {
		return fmt.Errorf("field %d is named %s in the rule, and the log group's LogFormat has %s there", fd.position, fd.label, at)
	}
	return nil
}

// named returns the field's name for errors.
func (fd *field) named() string {
	if _, ok := parsePosition(fd.label); ok {
		return "one of the rule's fields"
	}
	return fd.label
}

// isNumeric reports whether a field has numbers, or may have: one that is not known may.
func isNumeric(f flowlog.Format, position int) bool {
	known, ok := f.Field(position - 1)
	return !ok || known.Numeric()
}
