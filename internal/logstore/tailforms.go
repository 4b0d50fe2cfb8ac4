package logstore

import (
	"iter"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"

	"weir/flowlog"
)

// A TailEvent is an event of a snapshot's tail, with its form: see [File].
type TailEvent struct {
	Event
	Form int32
}

// blockForms are the forms of a block's events for the LogFormat of a number; 0: none.
type blockForms struct {
	number int64
	forms  []int32
}

// formsOf returns the forms of a block's events, which are found once for each LogFormat.
func (b *block) formsOf(number int64, f flowlog.Format) []int32 {
	if have := b.forms.Load(); have != nil && have.number == number {
		return have.forms
	}
	var r rows
	for c := b.cursor(); ; {
		if more, err := c.next(); !more || err != nil {
			break
		}
		r.message = append(r.message, parquet.ByteArray(c.message))
	}
	r.form = slices.Grow(r.form, len(r.message))[:len(r.message)]
	r.fillForms(number, f)
	b.forms.Store(&blockForms{number, r.form})
	return r.form
}

// TailForms yields the events within the bounds that are in no file, Put by Put, with their forms.
func (p *Snapshot) TailForms() iter.Seq[TailEvent] {
	return func(yield func(TailEvent) bool) {
		for _, b := range p.tail {
			forms := b.formsOf(p.number, p.format)
			for i, c := 0, b.cursor(); ; i++ {
				if more, err := c.next(); !more || err != nil {
					break
				}
				if c.at < p.From || c.at >= p.To {
					continue
				}
				if !yield(TailEvent{b.event(p.Group, b.stream, &c), forms[i]}) {
					return
				}
			}
		}
	}
}

// readable returns a group's LogFormat and its number; 0 where it has none, or one that this weir can't read.
// The caller holds mu.
func (s *Store) readable(g *group) (int64, flowlog.Format) {
	if g.format > 0 && s.formats[g.format-1].err == nil {
		return g.format, s.formats[g.format-1].format
	}
	return 0, flowlog.Format{}
}
