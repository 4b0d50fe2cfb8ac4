package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"weir/flowlog"
)

// Check checks the plan and returns the columns of its result, without SQLType.
// An error wraps [ErrRefused] and names stage and expression.
func (p Plan) Check() ([]Column, error) {
	if err := p.checkScope(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	columns := p.Columns()
	for i := range columns {
		columns[i].SQLType = ""
	}
	for i, s := range p.Stages {
		out, err := stageColumns(s, columns)
		if err != nil {
			return nil, fmt.Errorf("%w: stage %d (%s): %w", ErrRefused, i+1, stageName(s), err)
		}
		columns = out
	}
	return columns, nil
}

// StageColumns checks one stage over the columns that go into it, and returns
// those that come out. Errors wrap [ErrRefused].
func StageColumns(s Stage, in []Column) ([]Column, error) {
	out, err := stageColumns(s, in)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrRefused, stageName(s), err)
	}
	return out, nil
}

// checkScope checks the plan's table and whether it has what the scope bounds.
func (p Plan) checkScope() error {
	if err := checkKind(p.Kind); err != nil {
		return err
	}
	if p.Named && p.Kind != flowlog.KindVPC {
		return errors.New("names are of VPC flow logs only")
	}
	if len(p.Scope.Interfaces) > 0 && !flowlog.FieldByID(flowlog.InterfaceID).In(p.Kind) {
		return errors.New("scope: transit gateway flow logs have no interface_id")
	}
	for _, t := range []time.Time{p.Scope.From, p.Scope.To} {
		if s := t.Unix(); s < firstSecond || s > lastSecond {
			return errors.New("scope: times are of the years 1 to 9999")
		}
	}
	for _, values := range [][]string{p.Scope.Accounts, p.Scope.Regions, p.Scope.Interfaces, p.Scope.FlowLogs} {
		for _, v := range values {
			if err := checkText(v); err != nil {
				return fmt.Errorf("scope: %q: %w", v, err)
			}
		}
	}
	return nil
}

// checkText refuses what no column holds and engines would cut or refuse.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("text is not UTF-8")
	}
	if strings.ContainsRune(s, 0) {
		return errors.New("text has a NUL character in it")
	}
	return nil
}

// checkKind says whether there is a table of the kind.
func checkKind(k flowlog.Kind) error {
	if k != flowlog.KindVPC && k != flowlog.KindTGW {
		return fmt.Errorf("no table of kind %d", k)
	}
	return nil
}

// stageName returns the stage's name as messages use it.
func stageName(s Stage) string {
	switch s.(type) {
	case *Filter:
		return "filter"
	case *Extend:
		return "extend"
	case *Aggregate:
		return "aggregate"
	case *Project:
		return "project"
	case *Sort:
		return "sort"
	case *Limit:
		return "limit"
	}
	return "unknown"
}

func stageColumns(s Stage, in []Column) ([]Column, error) {
	c := newCompiler(in)
	switch s := s.(type) {
	case *Filter:
		_, err := c.of(s.Where, boolean.types)
		return in, err
	case *Extend:
		added, err := c.named(s.Columns, anything.types)
		if err == nil && len(added) == 0 {
			err = errors.New("no columns")
		}
		if err != nil {
			return nil, err
		}
		return distinctColumns(slices.Concat(in, added))
	case *Project:
		out, err := c.named(s.Columns, anything.types)
		if err == nil && len(out) == 0 {
			err = errors.New("no columns")
		}
		if err != nil {
			return nil, err
		}
		return distinctColumns(out)
	case *Aggregate:
		return c.aggregate(s)
	case *Sort:
		return in, c.sort(s)
	case *Limit:
		if s.N < 0 {
			return nil, fmt.Errorf("%d rows", s.N)
		}
		return in, nil
	}
	return nil, fmt.Errorf("%T is no stage", s)
}

// named returns the columns of named expressions, each of one of the types.
func (c *compiler) named(list []Named, types typeSet) ([]Column, error) {
	var out []Column
	for _, n := range list {
		x, err := c.typed(n.Expr)
		if err == nil && !types.has(x.typ) {
			err = fault(n.Expr, fmt.Errorf("is %s, not %s", x.typ, types))
		}
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", &Ref{n.Name}, err)
		}
		out = append(out, Column{Name: n.Name, Type: x.typ})
	}
	return out, nil
}

// aggregate returns the columns of the groups.
func (c *compiler) aggregate(s *Aggregate) ([]Column, error) {
	out, err := c.named(s.By, scalar.types)
	if err != nil {
		return nil, err
	}
	for _, a := range s.Aggs {
		t, err := c.agg(a)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", &Ref{a.Name}, err)
		}
		out = append(out, Column{Name: a.Name, Type: t})
	}
	if len(out) == 0 {
		return nil, errors.New("no columns")
	}
	return distinctColumns(out)
}

// agg returns the type of an aggregate.
func (c *compiler) agg(a Agg) (Type, error) {
	if a.Where != nil {
		if _, err := c.of(a.Where, boolean.types); err != nil {
			return 0, err
		}
	}
	for _, row := range aggregateTable {
		if row.name != a.Func {
			continue
		}
		if row.takes == 0 {
			if a.Arg != nil {
				return 0, fmt.Errorf("%s takes no argument", a.Func)
			}
			return row.result, nil
		}
		if a.Arg == nil {
			return 0, fmt.Errorf("%s takes an argument", a.Func)
		}
		x, err := c.typed(a.Arg)
		if err != nil {
			return 0, err
		}
		if !row.takes.has(x.typ) {
			return 0, fault(a.Arg, fmt.Errorf("%s takes %s, not %s", a.Func, row.takes, x.typ))
		}
		if row.result == 0 {
			return x.typ, nil
		}
		return row.result, nil
	}
	return 0, fmt.Errorf("no aggregate %q", string(a.Func))
}

func (c *compiler) sort(s *Sort) error {
	if len(s.Keys) == 0 {
		return errors.New("no keys")
	}
	for _, k := range s.Keys {
		if _, err := c.of(k.Expr, scalar.types); err != nil {
			return err
		}
	}
	return nil
}

// distinctColumns returns the columns where their names can stand in one result.
// Names that differ in case only are refused too, since SQL does not tell them
// apart.
func distinctColumns(columns []Column) ([]Column, error) {
	seen := make(map[string]bool, len(columns))
	for _, c := range columns {
		if c.Name == "" || checkText(c.Name) != nil {
			return nil, fmt.Errorf("%q is no column name", c.Name)
		}
		key := strings.ToLower(c.Name)
		if seen[key] {
			return nil, fmt.Errorf("two columns are named %s", &Ref{c.Name})
		}
		seen[key] = true
	}
	return columns, nil
}
