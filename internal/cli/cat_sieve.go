package cli

import (
	"slices"
	"time"

	"weir/flowlog"
	"weir/internal/filter"
	"weir/internal/query"
)

// sieve lets the records pass that --where and the scope ask for.
type sieve struct {
	scope  query.Scope
	scoped bool
	where  map[flowlog.Kind]func(flowlog.Record) (bool, error) // nil: no filter
	// unknown are the fields in the filter that weir does not know. refused is
	// why the filter is wrong where no file's header names them; unmet tells.
	unknown []string
	refused error
}

// newSieve compiles the filter for the kinds of records that it fits. What the
// files hold is not known yet, so that any name may be a field that weir does not
// know; where no header names it, it was mistyped, and unmet says so.
func newSieve(where string, scope query.Scope, zone *time.Location) (sieve, error) {
	s := sieve{scope: scope, scoped: !scope.IsZero()}
	if where == "" {
		return s, nil
	}
	s.where = map[flowlog.Kind]func(flowlog.Record) (bool, error){}
	var first error
	for _, kind := range []flowlog.Kind{flowlog.KindVPC, flowlog.KindTGW} {
		o := filter.Options{Kind: kind, Zone: zone, Delivered: true}
		e, err := filter.Parse(where, o)
		if err != nil {
			err = at(err, where)
			var names []string
			o.Unknown = func(name string) bool {
				if _, ok := flowlog.Lookup(name); ok {
					return false // a field of the other kind
				}
				names = append(names, name)
				return true
			}
			if first == nil {
				first = err
			}
			if e, _ = filter.Parse(where, o); e == nil {
				continue
			}
			s.unknown, s.refused = append(s.unknown, names...), err
		}
		if s.where[kind], err = query.CompileWhere(e, kind); err != nil {
			return s, err
		}
	}
	if len(s.where) == 0 {
		return s, first
	}
	return s, nil
}

// through returns the records of a batch that are asked for.
func (s *sieve) through(b *flowlog.Batch, st *flowlog.Stats, in input) (*flowlog.Batch, error) {
	s.unknown = slices.DeleteFunc(s.unknown, func(name string) bool { return slices.Contains(st.UnknownFields, name) })
	if !s.scoped && s.where == nil {
		return b, nil
	}
	filled := fillOwn(b, in)
	out := flowlog.NewBatch(b.Kind())
	meets := s.where[b.Kind()]
	if s.where != nil && meets == nil {
		return out, nil // the filter has fields that this kind lacks
	}
	for r := range b.Records() {
		if !s.scope.Holds(r) {
			continue
		}
		if meets != nil {
			if ok, err := meets(r); err != nil {
				return nil, err
			} else if !ok {
				continue
			}
		}
		out.AppendFrom(r)
	}
	clearOwn(out, filled)
	return out, nil
}

// unmet returns the error of a filter with a field that no file had.
func (s *sieve) unmet() error {
	if len(s.unknown) == 0 {
		return nil
	}
	return s.refused
}

// fillOwn fills weir's own fields of a batch as the lake would, where the file
// itself has none, so that a filter means the same in both. It returns those that
// it filled: they are not the file's, and not written.
func fillOwn(b *flowlog.Batch, in input) []flowlog.FieldID {
	own := []flowlog.FieldID{flowlog.WeirHour, flowlog.WeirObject, flowlog.WeirFlowLogID, flowlog.WeirLogOwner, flowlog.WeirRegion}
	nums, texts := map[flowlog.FieldID][]int64{}, map[flowlog.FieldID]*flowlog.TextColumn{}
	for _, id := range own {
		nums[id], texts[id] = b.Nums(id), b.Texts(id)
	}
	in.ref.Complete(b) // a record without any time lies in no span of time
	var filled []flowlog.FieldID
	for _, id := range own {
		switch c := texts[id]; {
		case c != nil:
			c.Codes = padded(c.Codes, b.Len(), 0)
			b.SetTexts(id, c)
		case nums[id] != nil:
			b.SetNums(id, padded(nums[id], b.Len(), flowlog.Absent))
		default:
			filled = append(filled, id)
		}
	}
	return filled
}

// padded returns a column as long as its batch: it may end before the records
// that lack the field.
func padded[T any](column []T, n int, absent T) []T {
	for len(column) < n {
		column = append(column, absent)
	}
	return column
}

// clearOwn takes out again what fillOwn filled.
func clearOwn(b *flowlog.Batch, filled []flowlog.FieldID) {
	for _, id := range filled {
		if id == flowlog.WeirHour {
			b.SetNums(id, nil)
		} else {
			b.SetTexts(id, nil)
		}
	}
}
