package contributor

import (
	"fmt"

	"weir/flowlog"
)

// Fits says whether the rule can be evaluated on the records of a flow log with this LogFormat, and what does not fit: a rule for JSON, a
// position behind the last field, a name that is another field's, a value or a comparison with a number where a field is a text. Names that
// are no fields of flow logs say nothing.
func (r *Rule) Fits(f flowlog.Format) error {
	if r.json {
		return fmt.Errorf("the rule is for JSON, and the log group has flow log records: LogFormat must be CLF")
	}
	for _, fd := range r.fields() {
		if err := fd.fits(f); err != nil {
			return err
		}
	}
	if r.value != nil && !isNumeric(f, r.value.position) {
		return fmt.Errorf("ValueOf is %s, field %d of the log group's LogFormat, which is no number", f.Names()[r.value.position-1], r.value.position)
	}
	for i := range r.filter {
		if fl := &r.filter[i]; fl.compares() && !isNumeric(f, fl.position) {
			return fmt.Errorf("%s compares numbers, and %s, field %d of the log group's LogFormat, is none", fl.op, f.Names()[fl.position-1], fl.position)
		}
	}
	return nil
}

// fitsText is Fits of a LogFormat as text. One that is empty, or can't be read, says nothing.
func (r *Rule) fitsText(logFormat string) error {
	f, err := flowlog.ParseLogFormat(logFormat)
	if err != nil {
		return nil //nolint:nilerr // nothing is known of the records then
	}
	return r.Fits(f)
}

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
