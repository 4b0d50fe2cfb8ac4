package reference

import (
	"encoding/csv"
	"regexp"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// GlobPattern returns the regular expression of a glob of parse: it is searched, each * is as short as can be, and one at the
// end takes the rest. Its groups are the stars.
func GlobPattern(glob string) string {
	parts := strings.Split(glob, "*")
	var b strings.Builder
	b.WriteString("(?s)")
	for i, p := range parts {
		b.WriteString(regexp.QuoteMeta(p))
		switch {
		case i == len(parts)-1:
		case i == len(parts)-2 && parts[i+1] == "":
			b.WriteString("(.*)")
		default:
			b.WriteString("(.*?)")
		}
	}
	return b.String()
}

// parse takes fields out of a text. A row whose text does not match stays, and its fields are absent.
func (r *run) parse(c *insights.Parse) error {
	of := c.Field
	if of == nil {
		of = &insights.Field{Span: c.Span, Parts: partsOf("@message")}
	}
	if err := r.prepare(of, false); err != nil {
		return err
	}
	var take func(v value.Value) [][]value.Value
	switch c.Kind {
	case insights.ParseGlob, insights.ParseRegex:
		text := c.Text
		if c.Kind == insights.ParseGlob {
			text = GlobPattern(text)
		}
		re, err := value.CompileRegex(text)
		if err != nil {
			return &insights.Error{Span: c.Span, Message: err.Error(), Hint: "the syntax is RE2's"}
		}
		groups := namedGroups(re, c.As)
		take = func(v value.Value) [][]value.Value { return matches(re, groups, v, c.Multi) }
	case insights.ParseLogfmt:
		take = func(v value.Value) [][]value.Value { return single(v, parseLogfmt) }
	case insights.ParseCSV:
		take = func(v value.Value) [][]value.Value {
			return single(v, func(s string) []value.Value { return parseCSV(s, len(c.As)) })
		}
	case insights.ParseJSON:
		take = func(v value.Value) [][]value.Value { return [][]value.Value{{jsonAt(v, c.Text)}} }
	default:
		return &insights.Error{Span: c.Span, Message: "there is no such form of parse"}
	}
	names := c.Names()
	var out []*Row
	err := r.each(func(row *Row) {
		v := r.eval(of, row)
		if f := plainField(of); f != nil && c.Kind == insights.ParseJSON {
			v = row.part(f.Parts)
		}
		if r.tooMany(out) {
			return
		}
		found := take(v)
		if len(found) == 0 {
			found = [][]value.Value{make([]value.Value, len(names))}
		}
		for i, values := range found {
			next := row
			if i < len(found)-1 {
				next = r.clone(row)
			}
			for j, name := range names {
				r.set(next, name, values[j])
			}
			out = append(out, next)
		}
	})
	r.rows = out
	return err
}

// namedGroups returns the groups of a regular expression that become fields: those with a name, or as many as names are given.
func namedGroups(re *regexp.Regexp, as []string) []int {
	var groups []int
	for i, name := range re.SubexpNames() {
		if as != nil && i > 0 && i <= len(as) || as == nil && name != "" {
			groups = append(groups, i)
		}
	}
	return groups
}

// matches returns the groups of the first match, or of all.
func matches(re *regexp.Regexp, groups []int, v value.Value, all bool) [][]value.Value {
	s, ok := v.Text()
	if !ok {
		return nil
	}
	most := 1
	if all {
		most = -1
	}
	var out [][]value.Value
	for _, m := range re.FindAllStringSubmatchIndex(s, most) {
		values := make([]value.Value, len(groups))
		for i, g := range groups {
			if m[2*g] >= 0 {
				values[i] = value.Text(s[m[2*g]:m[2*g+1]])
			}
		}
		out = append(out, values)
	}
	return out
}

func single(v value.Value, parse func(string) []value.Value) [][]value.Value {
	s, ok := v.Text()
	if !ok {
		return nil
	}
	if values := parse(s); values != nil {
		return [][]value.Value{values}
	}
	return nil
}

// parseCSV reads the first record of a text (RFC 4180). Columns that it does not have are absent; nil where it is no record.
func parseCSV(s string, columns int) []value.Value {
	r := csv.NewReader(strings.NewReader(s))
	r.FieldsPerRecord = -1
	record, err := r.Read()
	if err != nil {
		return nil
	}
	values := make([]value.Value, columns)
	for i := range min(columns, len(record)) {
		values[i] = value.Text(record[i])
	}
	return values
}

// parseLogfmt reads a text in logfmt: words that are key=value, key="value" with escapes, or a key alone, which is true. Of
// equal keys the last counts. nil where the text is none: a quote that is not closed, a word that begins with = or a quote.
func parseLogfmt(s string) []value.Value {
	var keys []string
	values := []value.Value{}
	place := map[string]int{}
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" {
			return []value.Value{value.Map(keys, values)}
		}
		end := strings.IndexAny(s, " \t\r\n=\"")
		if end < 0 {
			end = len(s)
		}
		key, v := s[:end], value.Bool(true)
		s = s[end:]
		if key == "" || strings.HasPrefix(s, `"`) {
			return nil
		}
		if rest, ok := strings.CutPrefix(s, "="); ok {
			var text string
			if text, s, ok = logfmtValue(rest); !ok {
				return nil
			}
			v = value.Text(text)
		}
		if i, twice := place[key]; twice {
			values[i] = v
			continue
		}
		place[key] = len(keys)
		keys, values = append(keys, key), append(values, v)
	}
}

// logfmtValue reads a value from the beginning of a text.
func logfmtValue(s string) (text, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, " \t\r\n")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			rest = s[i+1:]
			return b.String(), rest, rest == "" || strings.ContainsRune(" \t\r\n", rune(rest[0]))
		case c == '\\' && i+1 < len(s):
			i++
			if at := strings.IndexByte("nrt", s[i]); at >= 0 {
				b.WriteByte("\n\r\t"[at])
			} else {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// jsonAt returns what a path leads to in a map or a list, or in the JSON document that a text is.
func jsonAt(v value.Value, path string) value.Value {
	if s, ok := v.Text(); ok {
		v, _ = value.ParseJSON(s)
	}
	for part := range strings.SplitSeq(path, ".") {
		v = v.Step(part)
	}
	return v
}
