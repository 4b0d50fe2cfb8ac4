package metastore

import (
	"fmt"
	"strings"

	"weir/internal/athenasql/types"
	"weir/internal/tablefile"
)

// json sets how the JSON SerDes read lines (Athena User Guide, "Hive JSON SerDe" and "OpenX JSON SerDe").
func (t *Table) json(l *tablefile.Layout) error {
	l.JSON = &tablefile.JSON{OpenX: strings.EqualFold(t.SerDe, openXSerDe)}
	flag := func(key string) bool {
		v, _ := property(t.SerDeProperties, key)
		return strings.EqualFold(v, "true")
	}
	if !l.JSON.OpenX {
		if flag(ignoreMalformed) {
			return fmt.Errorf("%s is not supported with %s: %s has it", literal(ignoreMalformed), hcatalogSerDe, openXSerDe)
		}
		return t.skip(l)
	}
	l.JSON.IgnoreMalformed, l.JSON.Dots = flag(ignoreMalformed), flag("dots.in.keys")
	_, said := property(t.SerDeProperties, "case.insensitive")
	l.JSON.CaseSensitive = said && !flag("case.insensitive")
	for _, p := range t.SerDeProperties {
		if column, ok := strings.CutPrefix(p.Key, "mapping."); ok {
			if l.JSON.Names == nil {
				l.JSON.Names = map[string]string{}
			}
			l.JSON.Names[column] = p.Value
		}
	}
	return t.skip(l)
}

const ignoreMalformed = "ignore.malformed.json"

// csv sets how OpenCSVSerde takes lines apart (Athena User Guide, "Open CSV SerDe for processing CSV"). Of each character's text the first counts, and an escape that is a double
// quote is a backslash, as in Hive.
func (t *Table) csv(l *tablefile.Layout) error {
	l.CSV, l.Separator, l.Quote, l.Escape = true, ',', '"', '\\'
	for key, to := range map[string]*byte{"separatorChar": &l.Separator, "quoteChar": &l.Quote, "escapeChar": &l.Escape} {
		v, _ := property(t.SerDeProperties, key)
		if v == "" {
			continue
		}
		if *to = v[0]; v[0] > '~' {
			return fmt.Errorf("%s is %q: weir takes a character of ASCII", key, v)
		}
	}
	if l.Escape == '"' {
		l.Escape = '\\'
	}
	if l.Separator == 0 || l.Separator == l.Quote || l.Separator == l.Escape || l.Quote == l.Escape && l.Quote != 0 {
		return fmt.Errorf("separatorChar %q, quoteChar %q and escapeChar %q differ from each other, and separatorChar is not 0", l.Separator, l.Quote, l.Escape)
	}
	for _, c := range l.Columns {
		switch c.Type.Kind {
		case types.Varchar, types.Boolean, types.Integer, types.BigInt, types.Double, types.Date, types.Timestamp:
		default:
			return fmt.Errorf("column %s: a table of OpenCSVSerde with columns of %s is not supported: string, boolean, int, bigint, double, date and timestamp are", c.Name, c.Type.Hive())
		}
	}
	return t.skip(l)
}
