package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	duck "github.com/duckdb/duckdb-go/v2"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
)

// Names are told by functions that the views call: those of an interface by
// weir_interface(id, at, names, column), those of an address by weir_holder(addr, id, at,
// names, column). names is a number under which the session holds them. DuckDB computes a
// function of one column and constants once for each text of a dictionary, so that a view
// gives the time as a constant wherever it can: a join with a table of names took three
// times as long as the question without it.
const (
	interfaceFunction = "weir_interface"
	holderFunction    = "weir_holder"
	rangeFunction     = "weir_range" // weir_range(addr, names, column)
)

// countryFunction is a function of an address that queries may call: country(addr). It is a
// macro of rangeFunction with the session's names.
const countryFunction = "country"

// interfacesTable is the table of what is known of ENIs.
const interfacesTable = "network_interfaces"

// mostCases is how many times of change a view tells apart before it gives functions the
// time of each record.
const mostCases = 8

// interfaceColumns are the columns of interfacesTable that no record has.
var interfaceColumns = []string{"assumed", "valid_from", "valid_to", "addresses"}

// registerNames adds the functions to a connection, and so to all.
func (e *Engine) registerNames(conn *sql.Conn) error {
	text, number := duck.TYPE_VARCHAR, duck.TYPE_BIGINT
	for name, f := range map[string]ipFunc{
		interfaceFunction: {[]duck.Type{text, number, number, number}, text, e.interfaceNames},
		holderFunction:    {[]duck.Type{text, text, number, number, number}, text, e.holderNames},
		rangeFunction:     {[]duck.Type{text, number, number}, text, e.rangeNames},
	} {
		if err := duck.RegisterScalarUDF(conn, name, f); err != nil {
			return fmt.Errorf("function %s: %w", name, err)
		}
	}
	return nil
}

// interfaceNames is weir_interface.
func (e *Engine) interfaceNames(in *duck.DataChunk, out result) error {
	names, column, err := e.nameArgs(in, 2)
	if names == nil || err != nil {
		return err
	}
	at, err := numberArg(in, 1)
	if err != nil {
		return err
	}
	var last *query.InterfaceSpan
	return setTexts(in, out, func(row int, id string) (string, bool) {
		if last == nil || last.ID != id || !last.Holds(at[row]) {
			last = names.Interface(id, at[row])
		}
		value := column.Value(last)
		return value, value != ""
	})
}

// holderNames is weir_holder.
func (e *Engine) holderNames(in *duck.DataChunk, out result) error {
	ids, err := textArg(in, 1)
	if err != nil {
		return err
	}
	names, column, err := e.nameArgs(in, 3)
	if names == nil || err != nil {
		return err
	}
	at, err := numberArg(in, 2)
	if err != nil {
		return err
	}
	h := holders{names: names}
	var fault error
	err = setTexts(in, out, func(row int, addr string) (string, bool) {
		id, valid, err := ids.GetValueBorrowed(row)
		if err != nil || !valid {
			fault = err
			return "", false
		}
		value := column.Value(h.of(id, at[row], addr))
		return value, value != ""
	})
	if fault != nil {
		return fault
	}
	return err
}

// holders finds the ENIs that have addresses, and knows the last one: the lake's records are
// in the order of addresses, and those of both ends of a flow lie beside each other.
type holders struct {
	names     *query.Names
	from, to  int64 // in which nothing changes
	recorders [2]*query.InterfaceSpan
	vpc, addr string
	holder    *query.InterfaceSpan
}

// of returns the ENI that has an address in the VPC of the recorder; nil: none.
func (h *holders) of(id string, at int64, addr string) *query.InterfaceSpan {
	if at < h.from || at >= h.to {
		*h = holders{names: h.names}
		h.from, h.to = h.names.Steady(at)
	}
	recorder := h.recorders[0]
	if recorder == nil || recorder.ID != id {
		if recorder = h.recorders[1]; recorder == nil || recorder.ID != id {
			if recorder = h.names.Interface(id, at); recorder == nil {
				return nil
			}
		}
		h.recorders = [2]*query.InterfaceSpan{recorder, h.recorders[0]}
	}
	if h.addr != addr || h.vpc != recorder.VPC {
		h.holder = h.names.Holder(recorder, at, addr)
		h.vpc, h.addr = recorder.VPC, strings.Clone(addr) // addr is DuckDB's
	}
	return h.holder
}

// rangeNames is weir_range.
func (e *Engine) rangeNames(in *duck.DataChunk, out result) error {
	names, column, err := e.nameArgs(in, 1)
	if names == nil || err != nil {
		return err
	}
	return setTextsOf(in, out, func(addr string) (string, bool) {
		value := names.OfAddress(column, addr)
		return value, value != ""
	})
}

// nameArgs returns the names that the i-th argument and the column that the next one say. The
// names are nil where there is no row.
func (e *Engine) nameArgs(in *duck.DataChunk, i int) (*query.Names, query.NameColumn, error) {
	if in.GetSize() == 0 {
		return nil, 0, nil
	}
	as, err := numberArg(in, i)
	if err != nil {
		return nil, 0, err
	}
	column, err := numberArg(in, i+1)
	if err != nil {
		return nil, 0, err
	}
	names, ok := e.sessions.Load(as[0])
	if !ok {
		return nil, 0, fmt.Errorf("no names %d", as[0])
	}
	return names.(*query.Names), query.NameColumn(column[0]), nil //nolint:forcetypeassert,gosec // as takeNames and nameExprs put them in
}

// takeNames holds the names of now for the session. It fails with [query.ErrNoNames],
// [query.ErrNoRanges] or [query.ErrNoCountries] where they lack what is asked for.
func (s *session) takeNames(ctx context.Context, e *Engine, q *request) error {
	asked := slices.Clone(q.askedNames)
	if q.interfaces {
		asked = append(asked, query.InterfaceName)
	}
	if q.countries {
		asked = append(asked, query.SrcCountry)
	}
	var from query.NameSource
	for _, c := range slices.Concat(asked, q.nameColumns) {
		from |= c.From()
	}
	names := query.NewNames(nil, nil)
	if e.names != nil {
		var err error
		if names, err = e.names(ctx, from); err != nil {
			return err
		}
	}
	for _, c := range asked {
		if err := names.Lacks(c); err != nil {
			return err
		}
	}
	if q.written && q.anyName { // "*" is what there is
		q.nameColumns = slices.DeleteFunc(q.nameColumns, func(c query.NameColumn) bool { return names.Lacks(c) != nil })
	}
	s.names, s.namesAs = names, e.lastNames.Add(1)
	e.sessions.Store(s.namesAs, names)
	s.release = func() { e.sessions.Delete(s.namesAs) }
	if !q.countries {
		return nil
	}
	_, err := s.conn.ExecContext(ctx, fmt.Sprintf("CREATE OR REPLACE TEMP MACRO %s(addr) AS %s(addr, %d, %d)", countryFunction, rangeFunction, s.namesAs, query.SrcCountry))
	if err != nil {
		return fmt.Errorf("cannot make the function %s: %w", countryFunction, parseError(err, 0))
	}
	return nil
}

// namedView makes the view of the named table over that of the records, of files.
func (s *session) namedView(ctx context.Context, files []lake.DataFile, only []query.NameColumn) error {
	columns := append([]string{"*"}, s.nameExprs(files, only)...)
	text := "CREATE OR REPLACE TEMP VIEW " + ident(query.NamedTable(flowlog.KindVPC)) + " AS SELECT " + strings.Join(columns, ", ") +
		" FROM " + ident(query.TableName(flowlog.KindVPC))
	if _, err := s.conn.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("cannot name the lake's records: %w", parseError(err, 0))
	}
	return nil
}

// nameExprs returns the columns of names of records in files.
func (s *session) nameExprs(files []lake.DataFile, only []query.NameColumn) []string {
	low, high, time := recordTimes(files, s.scope)
	var out []string
	for _, c := range only {
		e := ""
		switch {
		case s.names.Lacks(c) != nil:
			e = "CAST(NULL AS VARCHAR)"
		case c.From() == query.FromRegistry:
			e = fmt.Sprintf("%s(%s, %s)", query.PortName, flowlog.FieldByID(c.Of()).Column, flowlog.FieldByID(flowlog.Protocol).Column)
		case c.From() != query.FromDefinition:
			e = fmt.Sprintf("%s(%s, %d, %d)", rangeFunction, flowlog.FieldByID(c.Of()).Column, s.namesAs, c)
		case c.Of() == flowlog.InterfaceID:
			e = s.interfaceExpr(c, low, high, time)
		default:
			e = fmt.Sprintf("%s(%s, interface_id, %s, %d, %d)", holderFunction, flowlog.FieldByID(c.Of()).Column, time, s.namesAs, c)
		}
		out = append(out, e+" AS "+ident(c.String()))
	}
	return out
}

// interfaceExpr returns a column of the interface that recorded, for times from low to high.
func (s *session) interfaceExpr(c query.NameColumn, low, high int64, time string) string {
	call := func(at string) string {
		return fmt.Sprintf("%s(interface_id, %s, %d, %d)", interfaceFunction, at, s.namesAs, c)
	}
	changes := slices.DeleteFunc(s.names.Changes(c), func(at int64) bool { return at <= low || at > high })
	switch {
	case len(changes) == 0:
		return call(strconv.FormatInt(high, 10))
	case len(changes) > mostCases:
		return call(time)
	}
	var text strings.Builder
	text.WriteString("CASE")
	for _, at := range changes {
		fmt.Fprintf(&text, " WHEN %s < %d THEN %s", time, at, call(strconv.FormatInt(at-1, 10)))
	}
	return text.String() + " ELSE " + call(strconv.FormatInt(changes[len(changes)-1], 10)) + " END"
}

// recordTimes returns bounds of the times of records in files and the scope, both inclusive,
// and the time of a record in SQL.
func recordTimes(files []lake.DataFile, scope query.Scope) (low, high int64, time string) {
	column := `"start"`
	low, high = math.MaxInt64-1, -math.MaxInt64
	for i := range files {
		stats, ok := files[i].Columns["start"]
		first, isFirst := stats.Min.(int64)
		last, isLast := stats.Max.(int64)
		if !ok || !isFirst || !isLast || files[i].LacksStart() {
			low, high = -math.MaxInt64, math.MaxInt64-1
			column = `coalesce("start", CAST(floor(epoch_us(weir_hour) / 1000000) AS BIGINT))`
			break
		}
		low, high = min(low, first), max(high, last)
	}
	if !scope.From.IsZero() {
		low = max(low, ceilUnix(scope.From))
	}
	if !scope.To.IsZero() {
		high = min(high, ceilUnix(scope.To)-1)
	}
	return low, max(low, high), column
}

// interfaceTable makes the table of what is known of ENIs.
func (s *session) interfaceTable(ctx context.Context) error {
	columns := []string{"interface_id VARCHAR"}
	var told []query.NameColumn
	for _, c := range query.NameColumns() {
		if c.Of() == flowlog.InterfaceID {
			told = append(told, c)
			columns = append(columns, c.String()+" VARCHAR")
		}
	}
	columns = append(columns, "assumed BOOLEAN", "valid_from BIGINT", "valid_to BIGINT", "addresses VARCHAR[]")
	if _, err := s.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP TABLE "+interfacesTable+" ("+strings.Join(columns, ", ")+")"); err != nil {
		return fmt.Errorf("cannot list the interfaces: %w", parseError(err, 0))
	}
	s.listed = true
	return s.conn.Raw(func(conn any) error {
		appender, err := duck.NewAppender(conn.(*duck.Conn), "temp", "main", interfacesTable) //nolint:forcetypeassert // it is that driver's
		if err != nil {
			return fmt.Errorf("cannot list the interfaces: %w", err)
		}
		for _, span := range s.names.Spans() {
			if err = appender.AppendRow(interfaceRow(&span, told)...); err != nil {
				break
			}
		}
		if closed := appender.Close(); err == nil {
			err = closed
		}
		return err
	})
}

// interfaceRow returns a row of interfacesTable.
func interfaceRow(s *query.InterfaceSpan, told []query.NameColumn) []driver.Value {
	row := []driver.Value{s.ID}
	for _, c := range told {
		var value any
		if v := c.Value(s); v != "" {
			value = v
		}
		row = append(row, value)
	}
	var from, to any
	if s.From != math.MinInt64 {
		from = s.From
	}
	if s.To != math.MaxInt64 {
		to = s.To
	}
	addresses := []string{}
	for _, a := range s.Addresses {
		addresses = append(addresses, a.String())
	}
	return append(row, s.Assumed, from, to, addresses)
}
