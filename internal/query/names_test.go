package query

import (
	"math"
	"testing"

	"weir/flowlog"
	"weir/internal/rollup"
)

// TestRolls says for which times a name that changes at some times is one in each minute.
func TestRolls(t *testing.T) {
	minute := &rollup.Rollup{Unit: 60}
	named := func(at ...int64) *Names {
		var spans []InterfaceSpan
		from := int64(math.MinInt64)
		for i, to := range append(at, math.MaxInt64) {
			spans = append(spans, InterfaceSpan{ID: "eni-1", From: from, To: to, Name: string(rune('a' + i)), Role: "instance"})
			from = to
		}
		return NewNames(spans, nil)
	}
	always := [2]int64{-math.MaxInt64, math.MaxInt64 - 1}
	for _, tt := range []struct {
		name   string
		at     []int64
		c      NameColumn
		within [2]int64
		want   bool
	}{
		{"never", nil, InterfaceName, always, true},
		{"at a whole minute", []int64{600}, InterfaceName, always, true},
		{"within a minute", []int64{601}, InterfaceName, always, false},
		{"another column", []int64{601}, InterfaceRole, always, true},
		{"before all records", []int64{601}, InterfaceName, [2]int64{660, 900}, true},
		{"before all records, in the minute of the first", []int64{601}, InterfaceName, [2]int64{602, 900}, false},
		{"behind all records", []int64{601}, InterfaceName, [2]int64{0, 600}, true},
		{"with the last record", []int64{601}, InterfaceName, [2]int64{0, 601}, false},
		{"several", []int64{600, 660, 721}, InterfaceName, [2]int64{0, 700}, true},
		{"before the epoch", []int64{-61}, InterfaceName, [2]int64{-100, 0}, false},
		{"before the epoch, at a whole minute", []int64{-60}, InterfaceName, [2]int64{-100, 0}, true},
		{"of an address", []int64{601}, SrcCountry, always, true},
	} {
		if got := named(tt.at...).Rolls(tt.c, minute, tt.within[0], tt.within[1]); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestRolledNames says which rollups answer for which names.
func TestRolledNames(t *testing.T) {
	for _, c := range NameColumns() {
		p := Plan{Kind: flowlog.KindVPC, Named: true, Stages: []Stage{
			&Aggregate{By: []Named{{"x", &Ref{c.String()}}}, Aggs: []Agg{{Name: "n", Func: CountRows}}},
		}}
		if _, err := p.Check(); err != nil {
			t.Fatal(err)
		}
		want := int32(0)
		switch {
		case c.Of() == flowlog.InterfaceID:
			want = 1
		case c == SrcService || c == SrcRegion || c == SrcCountry:
			want = 2
		}
		got := int32(0)
		if r := p.Rollup(); r != nil {
			got = r.ID
		}
		if got != want {
			t.Errorf("%s is answered by rollup %d, want %d", c, got, want)
		}
	}
}

// TestCountingOfNames counts once where a name is of the traffic, whoever recorded it.
func TestCountingOfNames(t *testing.T) {
	for _, c := range NameColumns() {
		want := Once
		if c.From() == FromDefinition {
			want = PerInterface
		}
		e := c.Expr()
		if e == nil {
			e = &Ref{c.String()}
		}
		if got := CountingOf(flowlog.KindVPC, Scope{}, e); got != want {
			t.Errorf("%s is counted %s, want %s", c, got, want)
		}
	}
}
