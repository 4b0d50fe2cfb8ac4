package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"weir/flowlog"
	"weir/internal/query"
)

// Engine runs plans over records in memory.
type Engine struct {
	records map[flowlog.Kind][]record
	names   *query.Names
}

// record is a record with its row of the table.
type record struct {
	flowlog.Record
	row []any
}

var _ query.Engine = (*Engine)(nil)

// New returns an engine over the records of the batches, which must not change
// from now on.
func New(batches ...*flowlog.Batch) *Engine {
	e := &Engine{map[flowlog.Kind][]record{}, query.NewNames(nil, nil)}
	for _, b := range batches {
		columns := query.TableColumns(b.Kind())
		for r := range b.Records() {
			e.records[b.Kind()] = append(e.records[b.Kind()], record{r, rowOf(r, columns)})
		}
	}
	return e
}

// Name gives the engine the names that plans over named tables ask for.
func (e *Engine) Name(n *query.Names) { e.names = n }

// Run runs the plan to its end before it returns. MaxBytes does not bound, since
// no file is read.
func (e *Engine) Run(ctx context.Context, p query.Plan, l query.Limits) (query.Rows, error) {
	columns, err := p.Check()
	if err != nil {
		return nil, err
	}
	ctx, stop := withTimeout(ctx, l.Timeout)
	t, err := e.run(ctx, p)
	if err == nil && l.MaxRows > 0 && int64(len(t.rows)) > l.MaxRows {
		err = fmt.Errorf("%w: the result has more than %d rows", query.ErrLimit, l.MaxRows)
	}
	if err != nil {
		stop()
		return nil, err
	}
	return &rows{ctx: ctx, stop: stop, columns: columns, rows: t.rows}, nil
}

// withTimeout bounds a context, where d is above 0. The cause of its end then says
// which limit it was.
func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, d, fmt.Errorf("%w: the query took longer than %s", query.ErrLimit, d))
}

// Explain counts the records of the plan's table. There are no files.
func (e *Engine) Explain(_ context.Context, p query.Plan) (query.Cost, error) {
	if _, err := p.Check(); err != nil {
		return query.Cost{}, err
	}
	return query.Cost{Columns: p.Reads(), Records: int64(len(e.records[p.Kind]))}, nil
}

// run reads the scope's records and puts them through the stages.
func (e *Engine) run(ctx context.Context, p query.Plan) (*table, error) {
	for _, c := range p.AskedNames() {
		if err := e.names.Lacks(c); err != nil {
			return nil, fmt.Errorf("%w: %w", query.ErrRefused, err)
		}
	}
	t := &table{ctx: ctx, columns: p.Columns()}
	for _, r := range e.records[p.Kind] {
		if err := t.tick(); err != nil {
			return nil, err
		}
		if !p.Scope.Holds(r.Record) {
			continue
		}
		row := r.row
		if p.Named {
			row = slices.Concat(row, e.namesOf(r.Record))
		}
		t.rows = append(t.rows, row)
	}
	for _, s := range p.Stages {
		if err := t.apply(s); err != nil {
			return nil, err
		}
	}
	return t, context.Cause(ctx)
}

// namesOf returns the columns of names of a record.
func (e *Engine) namesOf(r flowlog.Record) []any {
	columns := query.NameColumns()
	out := make([]any, len(columns))
	at, timed := r.Int(flowlog.Start)
	if !timed {
		at, timed = r.Int(flowlog.WeirHour)
	}
	id, _ := r.Text(flowlog.InterfaceID) // none is named ""
	recorder := e.names.Interface(id, at)
	for i, c := range columns {
		switch c.From() {
		case query.FromRegistry:
			port, hasPort := r.Int(c.Of())
			protocol, hasProtocol := r.Int(flowlog.Protocol)
			if name, ok := flowlog.PortName(port, protocol); ok && hasPort && hasProtocol {
				out[i] = name
			}
			continue
		case query.FromRanges, query.FromCountries:
			addr, _ := r.Text(c.Of())
			if e.names.Lacks(c) == nil {
				if value := e.names.OfAddress(c, addr); value != "" {
					out[i] = value
				}
			}
			continue
		}
		of := recorder
		if c.Of() != flowlog.InterfaceID {
			addr, _ := r.Text(c.Of())
			of = e.names.Holder(recorder, at, addr)
		}
		if value := c.Value(of); timed && value != "" {
			out[i] = value
		}
	}
	return out
}

// rowOf returns a record as row of its table.
func rowOf(r flowlog.Record, columns []query.Column) []any {
	row := make([]any, len(columns))
	for i, c := range columns {
		row[i] = query.RecordValue(r, c.Name)
	}
	return row
}
