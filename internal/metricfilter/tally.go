package metricfilter

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"weir/internal/filterpattern"
	"weir/internal/metricstore"
)

// tallyKey is what is summed up: a filter's, a minute's, with some values of dimensions, joined.
type tallyKey struct {
	filter     int
	minute     int64 // since the epoch
	backfilled bool
	dimensions string
}

// tally is values, and how often each came. Most filters have one value only, which is kept without a map.
type tally struct {
	dimensions []filterpattern.Extracted
	value      float64
	count      float64
	others     map[float64]float64
}

func (t *tally) add(value, count float64) {
	switch {
	case t.count == 0 || t.value == value:
		t.value = value
		t.count += count
	case t.others == nil:
		t.others = map[float64]float64{value: count}
	default:
		t.others[value] += count
	}
}

// values returns the values, ascending, and their counts.
func (t *tally) values() (values, counts []float64) {
	if t.others == nil {
		return []float64{t.value}, []float64{t.count}
	}
	all := maps.Clone(t.others)
	all[t.value] += t.count
	values = slices.Sorted(maps.Keys(all))
	for _, v := range values {
		counts = append(counts, all[v])
	}
	return values, counts
}

// tally returns the tally of a key, which is made where it is not there.
func (f *Filters) tally(i int, minute int64, backfilled bool, dimensions []filterpattern.Extracted) *tally {
	key := tallyKey{filter: i, minute: minute, backfilled: backfilled, dimensions: joined(dimensions)}
	if f.last != nil && f.lastKey == key {
		return f.last
	}
	t := f.tallies[key]
	if t == nil {
		t = &tally{}
		for _, d := range dimensions { // the message is not kept for the values in it
			t.dimensions = append(t.dimensions, filterpattern.Extracted{Name: d.Name, Value: strings.Clone(d.Value)})
		}
		key.dimensions = joined(t.dimensions)
		f.tallies[key] = t
	}
	f.lastKey, f.last = key, t
	return t
}

// joined returns the values of dimensions as one text. A filter's dimensions are always the same, so their names are not needed.
func joined(dimensions []filterpattern.Extracted) string {
	switch len(dimensions) {
	case 0:
		return ""
	case 1:
		return dimensions[0].Value
	}
	var b []byte
	for _, d := range dimensions {
		b = append(binary.AppendUvarint(b, uint64(len(d.Value))), d.Value...)
	}
	return string(b)
}

// data returns the tallies as data.
func (f *Filters) data() []metricstore.Datum {
	keys := slices.SortedFunc(maps.Keys(f.tallies), func(a, b tallyKey) int {
		return cmp.Or(cmp.Compare(a.filter, b.filter), cmp.Compare(a.minute, b.minute), strings.Compare(a.dimensions, b.dimensions), compareBools(a.backfilled, b.backfilled))
	})
	out := make([]metricstore.Datum, 0, len(keys))
	for _, key := range keys {
		t, c := f.tallies[key], f.filters[key.filter]
		d := metricstore.Datum{
			Metric: metricstore.Metric{Namespace: c.Transformation.MetricNamespace, Name: c.Transformation.MetricName},
			Time:   key.minute * minuteMillis, Unit: c.unit, Resolution: 60, Backfilled: key.backfilled,
		}
		for _, dim := range t.dimensions {
			d.Dimensions = append(d.Dimensions, metricstore.Dimension{Name: dim.Name, Value: dim.Value})
		}
		d.Values, d.Counts = t.values()
		out = append(out, d)
	}
	return out
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
