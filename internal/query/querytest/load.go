package querytest

import (
	"errors"
	"fmt"
	"strings"

	"weir/flowlog"
)

// load reads the records of a flow log's text, one batch under each header, and
// gives each record the hour and the region that the lake would know. It takes
// any combination of absent fields, also those that flowlog's decoder refuses in
// text: records from Parquet may have them.
func load(text string) ([]*flowlog.Batch, error) {
	var out []*flowlog.Batch
	var format flowlog.Format
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if f, ok := flowlog.ParseHeader(line); ok {
			format = f
			out = append(out, flowlog.NewBatch(f.Kind()))
			continue
		}
		if len(out) == 0 {
			return nil, errors.New("records stand without a header")
		}
		r := out[len(out)-1].Append()
		if err := set(r, format, strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		if err := complete(r); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	return out, nil
}

// set sets a record's fields from their texts.
func set(r flowlog.Record, format flowlog.Format, values []string) error {
	names := format.Names()
	if len(values) != len(names) {
		return fmt.Errorf("%d values under %d names", len(values), len(names))
	}
	for i, v := range values {
		var err error
		if f, known := format.Field(i); known {
			err = r.SetText(f.ID, v)
		} else {
			err = r.SetUnknown(names[i], v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// complete sets weir's own fields of a record where the text does not.
func complete(r flowlog.Record) error {
	if !r.Has(flowlog.WeirHour) {
		hour, ok := r.Int(flowlog.End)
		if !ok {
			hour, ok = r.Int(flowlog.Start)
		}
		if !ok {
			return errors.New("a record has neither weir-hour nor end nor start")
		}
		if err := r.SetInt(flowlog.WeirHour, hour); err != nil {
			return err
		}
	}
	if region, ok := r.Text(flowlog.Region); ok && !r.Has(flowlog.WeirRegion) {
		if err := r.SetText(flowlog.WeirRegion, region); err != nil {
			return fmt.Errorf("region: %w", err)
		}
	}
	return nil
}
