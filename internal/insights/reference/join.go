package reference

import (
	"fmt"
	"strings"

	"weir/internal/insights"
)

// MaxJoinKeys is how many different keys the right side of a join may have.
//
// Source: AWS, "join".
const MaxJoinKeys = 50_000

// join puts beside each row those of another query whose keys are equal, in their order. Absent keys are equal to nothing.
// With type=left a row without any stays alone.
//
// Source: AWS, "join".
func (r *run) join(c *insights.Join) error {
	inner, err := start(r.ctx, c.Right, r.env, true)
	if err != nil {
		return err
	}
	if err := inner.all(c.Right.Commands); err != nil {
		return err
	}
	r.also(inner)
	right := map[string][]*Row{}
	if err := inner.each(func(row *Row) {
		if k, ok := joinKey(row, c.On, false); ok {
			right[k] = append(right[k], row)
		}
	}); err != nil {
		return err
	}
	if len(right) > MaxJoinKeys {
		return &insights.Error{Span: c.Span, Message: fmt.Sprintf("the right side of the join has %d different keys: at most %d are allowed", len(right), MaxJoinKeys), Hint: "filter it before"}
	}
	var out []*Row
	err = r.each(func(row *Row) {
		k, ok := joinKey(row, c.On, true)
		var found []*Row
		if ok {
			found = right[k]
		}
		if len(found) == 0 && c.Left {
			found = []*Row{nil}
		}
		for _, other := range found {
			if r.tooMany(out) {
				return
			}
			next := r.clone(row)
			next.alias, next.name, next.right = c.LeftAlias, c.RightAlias, other
			out = append(out, next)
		}
	})
	r.rows = out
	return err
}

// joinKey returns the key of a row on one side of a join; false where a part of it is absent.
func joinKey(row *Row, on []insights.JoinKey, left bool) (string, bool) {
	var b strings.Builder
	for _, k := range on {
		f := k.Right
		if left {
			f = k.Left
		}
		s, ok := equalKey(row.get(f.Parts))
		if !ok {
			return "", false
		}
		fmt.Fprintf(&b, "%d:%s", len(s), s)
	}
	return b.String(), true
}
