package filter

import (
	"time"

	"weir/flowlog"
	"weir/internal/query"
)

// Options says what a filter is about. The zero value is VPC flow logs, times in
// UTC, and no unknown fields.
type Options struct {
	// Kind is the table in question; 0 means VPC flow logs.
	Kind flowlog.Kind
	// Zone is the zone of times that are written without one; nil means UTC.
	Zone *time.Location
	// Unknown reports whether a field that weir does not know is there in the
	// lake, by its name in AWS's spelling (lower case, hyphens); nil means that
	// none is. A field addr or port cannot be named, as these words mean both
	// ends.
	Unknown func(name string) bool
	// Names says that there are the columns of names ([query.NameColumns]), which of VPC flow
	// logs can be named like fields: interface-name.
	Names bool
	// Delivered says that the records come as they were delivered, so that the
	// fields that the lake derives are refused.
	Delivered bool
}

// withDefaults returns the options with everything set that has a default.
func (o Options) withDefaults() Options {
	if o.Kind == 0 {
		o.Kind = flowlog.KindVPC
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return o
}

// Parse returns the condition that a filter says. It is true for a record just
// where the filter is; elsewhere it is false or, in SQL's logic, absent. Negations
// stand at single comparisons only, so that an engine can use the others to leave
// files out. An error is an [*Error].
func Parse(text string, o Options) (query.Expr, error) {
	n, err := parse(text, o)
	if err != nil {
		return nil, err
	}
	return n.expr(true), nil
}

// parse returns the tree of a filter.
func parse(text string, o Options) (node, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{options: o.withDefaults(), tokens: tokens}
	n, err := p.whole()
	if err != nil {
		return nil, err
	}
	return n, nil
}
