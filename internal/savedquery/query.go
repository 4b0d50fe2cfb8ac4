package savedquery

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"weir/flowlog"
)

// DefaultTable is the table that queries read where nothing else is said.
const DefaultTable = "vpc_flow_logs"

// Parameter is what a query must be told before it can run.
type Parameter string

// The parameters. Their values are IPv4 or IPv6 addresses.
const (
	Source      Parameter = "source address"
	Destination Parameter = "destination address"
)

// Query is a saved query.
type Query struct {
	// Name is AWS's.
	Name string
	// Description says in one sentence what the query finds.
	Description string
	// Fields are the fields that its records must have; AWS offers a query only where the flow log has them.
	Fields []flowlog.FieldID
	// Parameter is what it must be told, "" for nothing. No query has two.
	Parameter Parameter
	// Note says where its two texts can differ in what they find, "" where they can't.
	Note string

	athena, insights string // with the places {table}, {time} and {address}
}

// Fill is what stands in the places of a query.
type Fill struct {
	// Table is what Athena reads, "table" or "database.table"; "" is [DefaultTable].
	Table string
	// Source and Destination are the values of the parameters. Where the one that the query has is "", its place is left to
	// be filled: by "?" in SQL (an execution parameter), by words in the language of Logs Insights, which has no parameters.
	Source, Destination string
	// From and To bound the records' start in SQL, From inclusive, To exclusive; zero does not. Logs Insights is told the time
	// beside the query.
	From, To time.Time
}

// All returns the saved queries by name. The caller must not change them.
func All() []*Query { return queries }

// Find returns the query of a name, in any case, and whether there is one.
func Find(name string) (*Query, bool) {
	for _, q := range queries {
		if strings.EqualFold(q.Name, name) {
			return q, true
		}
	}
	return nil, false
}

// Athena returns the query in Athena's SQL. It fails where the table is no name or the address none.
func (q *Query) Athena(f Fill) (string, error) {
	table, err := tableName(f.Table)
	if err != nil {
		return "", err
	}
	address, err := q.address(f)
	if err != nil {
		return "", err
	}
	if address == "" {
		address = "?"
	} else {
		address = "'" + address + "'"
	}
	bounds := ""
	if !f.From.IsZero() {
		bounds += "\n  AND start >= " + strconv.FormatInt(ceilSecond(f.From), 10)
	}
	if !f.To.IsZero() {
		bounds += "\n  AND start < " + strconv.FormatInt(ceilSecond(f.To), 10)
	}
	return strings.NewReplacer("{table}", table, "{time}", bounds, "{address}", address).Replace(q.athena), nil
}

// Insights returns the query in the language of Logs Insights. It fails where the address is none.
func (q *Query) Insights(f Fill) (string, error) {
	address, err := q.address(f)
	if err != nil {
		return "", err
	}
	if address == "" {
		address = "<" + string(q.Parameter) + ">"
	}
	return strings.ReplaceAll(q.insights, "{address}", `"`+address+`"`), nil
}

// address returns the value of the query's parameter as flow logs spell addresses, "" where it is open.
func (q *Query) address(f Fill) (string, error) {
	text := ""
	for _, p := range []struct {
		is   Parameter
		text string
	}{{Source, f.Source}, {Destination, f.Destination}} {
		switch {
		case p.text == "":
		case q.Parameter != p.is:
			return "", fmt.Errorf("%s takes no %s", q.Name, p.is)
		default:
			text = p.text
		}
	}
	if text == "" {
		return "", nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return "", fmt.Errorf("the %s %q is no IPv4 or IPv6 address", q.Parameter, text)
	}
	return a.String(), nil
}

// ceilSecond returns the first whole second that is not before a time.
func ceilSecond(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// plainName is a name that needs no quotes in Trino's SQL, where it is not one of its reserved words.
var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// tableName returns the name of a table as SQL: parts that are not plain are quoted.
func tableName(text string) (string, error) {
	if text == "" {
		return DefaultTable, nil
	}
	parts := strings.Split(text, ".")
	if len(parts) > 3 {
		return "", fmt.Errorf("%q is no table: it is table, database.table or catalog.database.table", text)
	}
	for i, p := range parts {
		switch {
		case p == "":
			return "", fmt.Errorf("%q is no table: a part of the name is empty", text)
		case strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f }):
			return "", fmt.Errorf("%q is no table: a name has no control characters", text)
		case !plainName.MatchString(p) || reserved[p]:
			parts[i] = `"` + strings.ReplaceAll(p, `"`, `""`) + `"`
		}
	}
	return strings.Join(parts, "."), nil
}

// reserved are the words that are no names without quotes in Trino's SQL.
//
// Source: Trino documentation, "Keywords and identifiers"; Athena User Guide, "Escape reserved keywords in queries".
var reserved = words(`alter and as between by case cast constraint create cross cube current_catalog current_date current_path current_role
current_schema current_time current_timestamp current_user deallocate delete describe distinct drop else end escape except execute exists
extract false first for from full group grouping having in inner insert intersect into is join json_array json_exists json_object
json_query json_table json_value last left like listagg localtime localtimestamp natural normalize not null on or order outer prepare
recursive right rollup select skip table then trim true uescape union unnest using values when where with`)

// words returns the words of a text as a set.
func words(text string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		out[w] = true
	}
	return out
}
