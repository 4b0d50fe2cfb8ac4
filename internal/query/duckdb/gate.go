package duckdb

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"weir/flowlog"
	"weir/internal/athenasql/function"
	"weir/internal/insights/compile"
	"weir/internal/query"
)

// The gate lets one SELECT pass that reads weir's tables, and refuses all that
// could read files or settings or write. DuckDB's own parser makes the tree that
// is searched, so that gate and engine can't read a text differently.

// tableFunctions are the table functions that read nothing.
var tableFunctions = []string{"range", "generate_series", "unnest"}

// tableList names the tables in messages.
const tableList = "vpc_flow_logs, tgw_flow_logs, named_vpc_flow_logs and network_interfaces"

// forbiddenFunctions are functions that reach outside the query: the
// environment, settings, logs, other texts of SQL.
var forbiddenFunctions = []string{
	"getenv", "write_log", "current_setting", "getvariable", "nextval", "currval", "set_config",
	"json_execute_serialized_sql", "json_serialize_plan", "read_text", "read_blob", "parse_filename",
	"query", "query_table", "glob", "sniff_csv", "pragma_table_info",
	"sleep_ms", "pg_sleep", // hold a thread, and end for no timeout
	interfaceFunction, holderFunction, rangeFunction,
}

// admitted is a query that passed the gate.
type admitted struct {
	tables  []flowlog.Kind // that it reads
	columns []string       // of them that it may read; nil: any
	filters bool           // some condition may let files be passed over

	named      bool               // it asks for the named table
	names      []query.NameColumn // and may for these columns of it
	asked      []query.NameColumn // and does for these
	interfaces bool               // it asks for interfacesTable
	namesAt    int                // where it asks for either

	countries   bool // it calls countryFunction
	countriesAt int  // where
}

// gate checks the text of a query.
func (e *Engine) gate(ctx context.Context, text string) (admitted, error) {
	var out admitted
	g := &gate{text: text, reserved: e.reserved, ctes: map[string]bool{}, tables: map[flowlog.Kind]bool{}, grown: 1, widest: 1}
	if err := g.checkText(); err != nil {
		return out, err
	}
	var tree string
	if err := e.db.QueryRowContext(ctx, "SELECT json_serialize_sql("+quote(text)+")::VARCHAR").Scan(&tree); err != nil {
		return out, named(err, false)
	}
	var parsed struct {
		Error      bool              `json:"error"`
		Type       string            `json:"error_type"`
		Message    string            `json:"error_message"`
		Position   json.RawMessage   `json:"position"`
		Statements []json.RawMessage `json:"statements"`
	}
	if err := json.Unmarshal([]byte(tree), &parsed); err != nil {
		// DuckDB writes an infinite number as JSON has none.
		return out, g.refuse(0, "the query can't be read: is a number in it out of range?", "")
	}
	if parsed.Error {
		if parsed.Type == "not implemented" {
			return out, g.refuse(0, "only one SELECT is taken here", "other statements could change or read what is not a flow log")
		}
		var at int
		_ = json.Unmarshal([]byte(strings.Trim(string(parsed.Position), `"`)), &at)
		return out, g.refuse(at, parsed.Message, "")
	}
	if n := len(parsed.Statements); n != 1 {
		return out, g.refuse(0, fmt.Sprintf("one SELECT is taken here, and these are %d", n), "")
	}
	var root any
	if err := json.Unmarshal(parsed.Statements[0], &root); err != nil {
		return out, fmt.Errorf("cannot read DuckDB's tree of the query: %w", err)
	}
	g.collectCTEs(root)
	if err := g.check(root); err != nil {
		return out, err
	}
	for _, k := range kinds {
		if g.tables[k] {
			out.tables = append(out.tables, k)
		}
	}
	n := newNames()
	n.collect(root)
	out.filters = n.filters
	out.named, out.interfaces, out.namesAt = g.named, g.interfaces, g.namesAt
	out.countries, out.countriesAt = g.countries, g.countriesAt
	out.names, out.columns = nameColumnsOf(n.columns(), g.named)
	if g.named {
		out.asked = n.asked()
	}
	return out, nil
}

// gate is the search of one tree.
type gate struct {
	text     string
	reserved map[string]bool // names of DuckDB's own tables, in lower case
	ctes     map[string]bool
	tables   map[flowlog.Kind]bool
	// named and interfaces say that it asks for the named table and for interfacesTable, and
	// namesAt where; countries that it calls countryFunction, and countriesAt where.
	named, interfaces, countries bool
	namesAt, countriesAt         int
	// grown is what the query's calls multiply a value's size by, widest the size
	// that they give one (growth.go).
	grown, widest int64
}

// checkText refuses bytes that no text has. DuckDB would end the text at a NUL.
func (g *gate) checkText() error {
	for i, r := range g.text {
		if r == 0 {
			return g.refuse(i, "the query has a NUL character in it", "chr(0) is one, in SQL")
		}
		if _, n := utf8.DecodeRuneInString(g.text[i:]); r == utf8.RuneError && n == 1 {
			return g.refuse(i, "the query is not UTF-8 text", "")
		}
	}
	return nil
}

// refuse returns the error of a place in the text.
func (g *gate) refuse(at int, message, hint string) error {
	return &query.TextError{Offset: max(0, min(at, len(g.text))), Message: message, Hint: hint}
}

// place returns the place of a node in the text.
func place(node map[string]any) int {
	if at, ok := node["query_location"].(float64); ok && at < 1<<40 {
		return int(at)
	}
	return 0
}

// collectCTEs notes the names of common table expressions.
func (g *gate) collectCTEs(node any) {
	switch node := node.(type) {
	case []any:
		for _, n := range node {
			g.collectCTEs(n)
		}
	case map[string]any:
		if cte, ok := node["cte_map"].(map[string]any); ok {
			entries, _ := cte["map"].([]any)
			for _, e := range entries {
				if entry, ok := e.(map[string]any); ok {
					if name, ok := entry["key"].(string); ok {
						g.ctes[strings.ToLower(name)] = true
					}
				}
			}
		}
		for _, n := range node {
			g.collectCTEs(n)
		}
	}
}

// check refuses what may not be in the tree at and below a node.
func (g *gate) check(node any) error {
	switch node := node.(type) {
	case []any:
		for _, n := range node {
			if err := g.check(n); err != nil {
				return err
			}
		}
	case map[string]any:
		if err := g.checkNode(node); err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(node)) { // so that the same text has the same error
			if err := g.check(node[key]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkNode refuses a node that may not be there.
func (g *gate) checkNode(node map[string]any) error {
	typ, _ := node["type"].(string)
	switch typ {
	case "BASE_TABLE":
		return g.checkTable(node)
	case "TABLE_FUNCTION":
		function, _ := node["function"].(map[string]any)
		name, _ := function["function_name"].(string)
		if !slices.Contains(tableFunctions, strings.ToLower(name)) {
			return g.refuse(place(node), "the table function "+name+" is not allowed here",
				"the tables are "+tableList+"; range, generate_series and unnest are allowed")
		}
		function["type"] = "" // its rows are a stream, and no value that grows
	case "SHOW_REF":
		kind, _ := node["show_type"].(string)
		if kind != "DESCRIBE" && kind != "SUMMARY" || node["query"] == nil {
			return g.refuse(place(node), "only DESCRIBE and SUMMARIZE of weir's tables are taken here", "weir query 'DESCRIBE vpc_flow_logs'")
		}
	case "VALUE_PARAMETER":
		return g.refuse(place(node), "parameters are not taken here", "write the value in its place")
	case "FUNCTION", "WINDOW_AGGREGATE":
		name, _ := node["function_name"].(string)
		lower := strings.ToLower(name)
		if slices.Contains(forbiddenFunctions, lower) || strings.HasPrefix(lower, compile.FnPrefix) || strings.HasPrefix(lower, function.NativePrefix) {
			return g.refuse(place(node), "the function "+name+" is not allowed here", "")
		}
		if lower == countryFunction {
			g.countries, g.countriesAt = true, place(node)
		}
		return g.checkGrowth(lower, node)
	case "ARRAY_TYPE_INFO":
		size, _ := node["size"].(float64)
		return g.grow(node, int64(size)) // NULL has that many elements too
	}
	return nil
}

// checkTable refuses a table that is not weir's.
func (g *gate) checkTable(node map[string]any) error {
	name, _ := node["table_name"].(string)
	schema, _ := node["schema_name"].(string)
	catalog, _ := node["catalog_name"].(string)
	lower := strings.ToLower(name)
	if schema == "" && catalog == "" {
		for _, k := range kinds {
			if lower == query.TableName(k) {
				g.tables[k] = true
				return nil
			}
		}
		switch lower {
		case query.NamedTable(flowlog.KindVPC):
			g.tables[flowlog.KindVPC], g.named, g.namesAt = true, true, place(node)
			return nil
		case interfacesTable:
			g.interfaces, g.namesAt = true, place(node)
			return nil
		}
		// A name of a common table expression that looks like a file could be
		// taken for the file outside of the expression's reach.
		if g.ctes[lower] && g.reserved[lower] {
			return g.refuse(place(node), "DuckDB has a table "+name+" of its own", "give the query in WITH another name")
		}
		if g.ctes[lower] && !strings.ContainsAny(lower, `./\:*?`) {
			return nil
		}
	}
	full := name
	for _, part := range []string{schema, catalog} {
		if part != "" {
			full = part + "." + full
		}
	}
	return g.refuse(place(node), "no table "+full+" here", "the tables are "+tableList)
}
