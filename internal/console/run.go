package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"weir/internal/query"
)

// run runs a plan for a request and returns its rows, at most maxRows.
func (c *console) run(ctx context.Context, r *request, p query.Plan, maxRows int64) (out [][]any, err error) {
	rows, err := c.Engine.Run(ctx, p, query.Limits{Timeout: requestTimeout, MaxRows: maxRows})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if stale := query.StaleOf(rows); stale.Any() {
		r.stale.Store(&stale)
	}
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, append([]any(nil), row...))
	}
}

// integer is a whole number as the API writes it.
type integer int64

// maxExact is the largest integer up to which a browser's numbers are exact.
const maxExact = 1 << 53

// MarshalJSON writes a number, or text where a browser would round the number.
func (n integer) MarshalJSON() ([]byte, error) {
	text := strconv.FormatInt(int64(n), 10)
	if n > maxExact || n < -maxExact {
		text = `"` + text + `"`
	}
	return []byte(text), nil
}

// plus returns a sum, or an error where it does not fit: a sum is exact or refused.
func (n integer) plus(m integer) (integer, error) {
	if m > 0 && n > math.MaxInt64-m || m < 0 && n < math.MinInt64-m {
		return 0, fmt.Errorf("%w: a sum does not fit into 64 bits", query.ErrLimit)
	}
	return n + m, nil
}

// sumOf returns the number of an aggregate's column. No value sums up to 0: a
// group whose records all lack their bytes has no bytes to show.
func sumOf(v any) integer {
	n, _ := v.(int64)
	return integer(n)
}

// jsonValue returns a value of a row as the API writes it: nil, a number or text.
// Times become seconds since the epoch.
func jsonValue(v any) any {
	switch v := v.(type) {
	case int64:
		return integer(v)
	case time.Time:
		return integer(v.Unix())
	}
	return v
}

// counts are the sums of some records.
type counts struct {
	Bytes   integer `json:"bytes"`
	Packets integer `json:"packets"`
	Records integer `json:"records"`
}

// countAggs are the aggregates of counts, in the order in which countsOf reads
// them.
func countAggs() []query.Agg {
	return []query.Agg{byBytes.agg(), byPackets.agg(), byRecords.agg()}
}

// countsOf reads the columns of countAggs.
func countsOf(row []any) counts {
	return counts{Bytes: sumOf(row[0]), Packets: sumOf(row[1]), Records: sumOf(row[2])}
}

// of returns the sum of a measure.
func (c counts) of(m measure) integer {
	switch m {
	case byPackets:
		return c.Packets
	case byRecords:
		return c.Records
	case byBytes:
	}
	return c.Bytes
}

// plus returns the sums of both.
func (c counts) plus(d counts) (counts, error) {
	var errs [3]error
	c.Bytes, errs[0] = c.Bytes.plus(d.Bytes)
	c.Packets, errs[1] = c.Packets.plus(d.Packets)
	c.Records, errs[2] = c.Records.plus(d.Records)
	return c, errors.Join(errs[:]...)
}
