package duckdb

import (
	"fmt"
	"math"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/query"
	"weir/internal/rollup"
)

// compilePlan returns the plan, which passed its check, as one SELECT over the views; over
// that of a rollup, which answers it, where one is given.
func compilePlan(p query.Plan, r *rollup.Rollup) (string, error) {
	c := &compiler{from: ident(query.TableName(p.Kind)), columns: map[string]bool{}, types: p.Columns()}
	if p.Named {
		c.from = ident(query.NamedTable(p.Kind))
	}
	if r != nil {
		c.from, c.rolled = ident(rollupView), true
	}
	for _, col := range c.types {
		c.columns[col.Name] = true
		c.order = append(c.order, col.Name)
	}
	for _, s := range p.Stages {
		if err := c.stage(s); err != nil {
			return "", err
		}
		types, err := query.StageColumns(s, c.types)
		if err != nil {
			return "", err
		}
		c.types = types
	}
	return c.statement(), nil
}

// compiler builds a SELECT stage by stage. Stages that fit into one SELECT go
// there; where one does not, what is built becomes a subquery.
type compiler struct {
	from    string
	order   []string        // the columns in order
	columns map[string]bool // table columns that are still as they were
	types   []query.Column  // the columns that the next stage sees
	selects []string        // "expr AS name", nil: all of order
	where   []string
	group   []string
	sort    []string
	limit   int64
	limited bool
	rolled  bool // rows are of a rollup: each stands for a number of records
}

// statement returns what is built.
func (c *compiler) statement() string {
	var s strings.Builder
	s.WriteString("SELECT ")
	if c.selects == nil {
		for i, name := range c.order {
			if i > 0 {
				s.WriteString(", ")
			}
			s.WriteString(ident(name))
		}
	} else {
		s.WriteString(strings.Join(c.selects, ", "))
	}
	s.WriteString(" FROM " + c.from)
	if len(c.where) > 0 {
		s.WriteString(" WHERE " + strings.Join(c.where, " AND "))
	}
	if len(c.group) > 0 {
		s.WriteString(" GROUP BY " + strings.Join(c.group, ", "))
	}
	if len(c.sort) > 0 {
		s.WriteString(" ORDER BY " + strings.Join(c.sort, ", "))
	}
	if c.limited {
		s.WriteString(" LIMIT " + strconv.FormatInt(c.limit, 10))
	}
	return s.String()
}

// wrap makes what is built a subquery.
func (c *compiler) wrap() {
	*c = compiler{from: "(" + c.statement() + ")", order: c.order, columns: c.columns, types: c.types}
}

// stage adds a stage.
func (c *compiler) stage(s query.Stage) error {
	switch s := s.(type) {
	case *query.Filter:
		if c.selects != nil || c.limited || len(c.sort) > 0 {
			c.wrap()
		}
		e, err := c.expr(s.Where)
		c.where = append(c.where, e)
		return err
	case *query.Extend:
		return c.project(s.Columns, true)
	case *query.Project:
		return c.project(s.Columns, false)
	case *query.Aggregate:
		return c.aggregate(s)
	case *query.Sort:
		if c.limited || c.selects != nil || len(c.sort) > 0 {
			c.wrap()
		}
		for _, k := range s.Keys {
			if _, constant := k.Expr.(*query.Literal); constant {
				continue // orders nothing, and DuckDB refuses it
			}
			e, err := c.expr(k.Expr)
			if err != nil {
				return err
			}
			if k.Desc {
				e += " DESC"
			}
			c.sort = append(c.sort, e+" NULLS LAST")
		}
		return nil
	case *query.Limit:
		if c.limited {
			c.wrap()
		}
		c.limit, c.limited = s.N, true
		return nil
	}
	return fmt.Errorf("%w: no stage %T", query.ErrRefused, s)
}

// project adds columns, or leaves just them.
func (c *compiler) project(columns []query.Named, keep bool) error {
	if c.selects != nil || len(c.sort) > 0 || c.limited {
		c.wrap()
	}
	var selects, order []string
	if keep {
		for _, name := range c.order {
			selects = append(selects, ident(name))
		}
		order = append(order, c.order...)
	}
	kept := map[string]bool{}
	if keep {
		for name := range c.columns {
			kept[name] = true
		}
	}
	for _, n := range columns {
		e, err := c.expr(n.Expr)
		if err != nil {
			return err
		}
		selects = append(selects, e+" AS "+ident(n.Name))
		order = append(order, n.Name)
		ref, same := n.Expr.(*query.Ref)
		kept[n.Name] = same && ref.Name == n.Name && c.columns[n.Name]
	}
	c.selects, c.order, c.columns = selects, order, kept
	return nil
}

// aggregate adds an aggregation.
func (c *compiler) aggregate(s *query.Aggregate) error {
	if c.selects != nil || len(c.sort) > 0 || c.limited {
		c.wrap()
	}
	var selects, order, group []string
	kept := map[string]bool{}
	for i, n := range s.By {
		e, err := c.expr(n.Expr)
		if err != nil {
			return err
		}
		selects = append(selects, e+" AS "+ident(n.Name))
		order = append(order, n.Name)
		group = append(group, strconv.Itoa(i+1))
		ref, same := n.Expr.(*query.Ref)
		kept[n.Name] = same && ref.Name == n.Name && c.columns[n.Name]
	}
	for _, a := range s.Aggs {
		if c.rolled && (a.Func == query.CountRows || a.Func == query.Count) {
			e, err := c.countRolled(a)
			if err != nil {
				return err
			}
			selects = append(selects, e+" AS "+ident(a.Name))
			order = append(order, a.Name)
			continue
		}
		e := "count(*)"
		if a.Func != query.CountRows {
			arg, err := c.expr(a.Arg)
			if err != nil {
				return err
			}
			if e, err = aggregate(a.Func, arg); err != nil {
				return err
			}
		}
		if a.Where != nil {
			where, err := c.expr(a.Where)
			if err != nil {
				return err
			}
			e += " FILTER (WHERE " + where + ")"
		}
		selects = append(selects, e+" AS "+ident(a.Name))
		order = append(order, a.Name)
	}
	c.selects, c.order, c.group, c.columns = selects, order, group, kept
	c.wrap() // later stages see the groups
	return nil
}

// countRolled returns the number of records that rows of a rollup stand for.
func (c *compiler) countRolled(a query.Agg) (string, error) {
	e := "sum(" + rollup.Records + ")"
	var and []string
	if a.Func == query.Count {
		arg, err := c.expr(a.Arg)
		if err != nil {
			return "", err
		}
		and = append(and, "("+arg+") IS NOT NULL")
	}
	if a.Where != nil {
		where, err := c.expr(a.Where)
		if err != nil {
			return "", err
		}
		and = append(and, where)
	}
	if len(and) > 0 {
		e += " FILTER (WHERE " + strings.Join(and, " AND ") + ")"
	}
	return "CAST(coalesce(" + e + ", 0) AS BIGINT)", nil
}

// aggregate returns the call of an aggregate function.
func aggregate(f query.AggFunc, arg string) (string, error) {
	switch f {
	case query.Count, query.Sum, query.Min, query.Max, query.Avg:
		return string(f) + "(" + arg + ")", nil
	case query.CountDistinct:
		return "count(DISTINCT " + arg + ")", nil
	}
	return "", fmt.Errorf("%w: no aggregate %s", query.ErrRefused, f)
}

// expr returns an expression in SQL.
func (c *compiler) expr(e query.Expr) (string, error) {
	switch e := e.(type) {
	case *query.Ref:
		return ident(e.Name), nil
	case *query.Literal:
		return literal(e.Value)
	case *query.Call:
		return c.call(e)
	}
	return "", fmt.Errorf("%w: no expression %T", query.ErrRefused, e)
}

// literal returns a constant in SQL.
func literal(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "NULL", nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		if v == math.MinInt64 {
			return "(-9223372036854775807 - 1)", nil // DuckDB reads the number before the sign
		}
		return strconv.FormatInt(v, 10), nil
	case float64:
		return "CAST(" + quote(strconv.FormatFloat(v, 'g', -1, 64)) + " AS DOUBLE)", nil
	case string:
		return quote(v), nil
	case time.Time:
		return "make_timestamp(" + strconv.FormatInt(v.UnixMicro(), 10) + ")", nil
	}
	return "", fmt.Errorf("%w: no constant of type %T", query.ErrRefused, v)
}

// call returns a call in SQL.
func (c *compiler) call(e *query.Call) (string, error) {
	args := make([]string, len(e.Args))
	for i, a := range e.Args {
		s, err := c.expr(a)
		if err != nil {
			return "", err
		}
		args[i] = s
	}
	switch e.Func {
	case query.Eq, query.Lt, query.Le, query.Gt, query.Ge:
		return "(" + args[0] + " " + string(e.Func) + " " + args[1] + ")", nil
	case query.Ne:
		return "(" + args[0] + " <> " + args[1] + ")", nil
	case query.And, query.Or:
		return "(" + strings.Join(args, " "+strings.ToUpper(string(e.Func))+" ") + ")", nil
	case query.Not:
		return "(NOT " + args[0] + ")", nil
	case query.IsAbsent:
		return "(" + args[0] + " IS NULL)", nil
	case query.In:
		return "(" + args[0] + " IN (" + strings.Join(args[1:], ", ") + "))", nil
	case query.Coalesce, query.Contains, query.StartsWith, query.Lower, query.IPClass:
		return string(e.Func) + "(" + strings.Join(args, ", ") + ")", nil
	case query.Matches:
		return matches(e, args)
	case query.IPIn:
		return c.ipIn(e, args)
	case query.PortName:
		return c.portName(e, args)
	case query.MapGet:
		return "(" + args[0] + "[" + args[1] + "])", nil
	}
	return c.arithmetic(e, args)
}

// portName returns the name of a port. What is a sum may have more than 64 bits, and is no
// port then.
func (c *compiler) portName(e *query.Call, args []string) (string, error) {
	for i := range args {
		if ref, isRef := e.Args[i].(*query.Ref); isRef && c.columns[ref.Name] {
			continue
		}
		args[i] = "TRY_CAST(" + args[i] + " AS BIGINT)"
	}
	return string(e.Func) + "(" + strings.Join(args, ", ") + ")", nil
}

// arithmetic returns a call that computes with numbers or times. Arguments are
// cast, since DuckDB computes with 32 bits where a column has 32.
func (c *compiler) arithmetic(e *query.Call, args []string) (string, error) {
	t, err := query.TypeOf(e, c.types)
	if err != nil {
		return "", err
	}
	as := "BIGINT"
	switch {
	case t == query.Float:
		as = "DOUBLE"
	case e.Func == query.Epoch:
		as = "TIMESTAMP"
	}
	if e.Func == query.IPPrefix {
		return "ip_prefix(" + args[0] + ", CAST(" + args[1] + " AS BIGINT))", nil
	}
	for i := range args {
		args[i] = "CAST(" + args[i] + " AS " + as + ")"
	}
	switch e.Func {
	case query.Add, query.Sub, query.Mul:
		return "(" + args[0] + " " + string(e.Func) + " " + args[1] + ")", nil
	case query.Div:
		return "(" + args[0] + " / nullif(" + args[1] + ", 0))", nil
	case query.Mod:
		return "(" + args[0] + " % nullif(" + args[1] + ", 0))", nil
	case query.Bin:
		return fmt.Sprintf("(%[1]s - ((%[1]s %% %[2]s) + %[2]s) %% %[2]s)", args[0], args[1]), nil
	case query.Epoch:
		return "CAST(floor(epoch_us(" + args[0] + ") / 1000000) AS BIGINT)", nil
	case query.ToTime:
		return fmt.Sprintf("CASE WHEN %[1]s IS NULL THEN NULL WHEN %[1]s BETWEEN %[2]d AND %[3]d THEN make_timestamp(%[1]s * 1000000) "+
			"ELSE error('a time outside the years 1 to 9999') END", args[0], minTime, maxTime), nil
	}
	return "", fmt.Errorf("%w: no function %s", query.ErrRefused, e.Func)
}

// minTime and maxTime bound times, in seconds since the epoch: the first second of
// the year 1 and the last of the year 9999.
const (
	minTime = -62135596800
	maxTime = 253402300799
)

// matches returns a test for a regular expression, in the spelling that DuckDB's
// RE2 knows too: Go's is newer.
func matches(e *query.Call, args []string) (string, error) {
	lit, ok := e.Args[1].(*query.Literal)
	if !ok {
		return "", fmt.Errorf("%w: the regular expression is no constant", query.ErrRefused)
	}
	pattern, ok := lit.Value.(string)
	if !ok {
		return "CAST(NULL AS BOOLEAN)", nil
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", fmt.Errorf("%w: %w", query.ErrRefused, err)
	}
	return "regexp_matches(" + args[0] + ", " + quote(re.String()) + ")", nil
}

// ipIn returns a test for a network. On an address column of the table a
// condition is added that lets DuckDB pass files and row groups over.
func (c *compiler) ipIn(e *query.Call, args []string) (string, error) {
	in := "ip_in(" + args[0] + ", " + args[1] + ")"
	ref, ok := e.Args[0].(*query.Ref)
	if !ok || !c.columns[ref.Name] {
		return in, nil
	}
	f, ok := flowlog.Lookup(ref.Name)
	lit, isLit := e.Args[1].(*query.Literal)
	if !ok || !f.Addr || !isLit {
		return in, nil
	}
	text, isText := lit.Value.(string)
	if !isText {
		return in, nil
	}
	cidr, err := query.ParseCIDR(text)
	if err != nil {
		return "", fmt.Errorf("%w: %w", query.ErrRefused, err)
	}
	if within := addressRange(args[0], cidr); within != "" {
		return "(" + within + " AND " + in + ")", nil
	}
	return in, nil
}
