package filter

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"weir/flowlog"
	"weir/internal/query"
)

// class is what kind of values a field takes in a filter.
type class uint8

const (
	textClass     class = iota
	closedClass         // text of a closed list
	addrClass           // text: an address
	numberClass         // whole numbers
	portClass           // numbers with service names
	protocolClass       // numbers with protocol names
	bytesClass          // numbers with units
	epochClass          // times, held as seconds since the epoch
	timeClass           // times
	mapClass            // no values: only absent or present
)

// ordered reports whether values of the class are before and after each other.
func (c class) ordered() bool { return c >= numberClass && c <= timeClass }

// times reports whether values of the class are times.
func (c class) times() bool { return c == epochClass || c == timeClass }

// textual reports whether fields of the class hold text.
func (c class) textual() bool { return c <= addrClass }

// field is a field that a filter can name.
type field struct {
	name   string         // in AWS's spelling
	about  *flowlog.Field // nil for a name, and a field that weir does not know
	column query.Expr
	class  class
}

// target is what stands left of an operator: one field, or both ends. All fields
// are of one class.
type target struct {
	name   string
	fields []field
}

func (t target) class() class { return t.fields[0].class }

// eitherEnd are the names that stand for two fields.
var eitherEnd = []struct {
	name string
	ends [2]flowlog.FieldID
}{
	{"addr", [2]flowlog.FieldID{flowlog.SrcAddr, flowlog.DstAddr}},
	{"port", [2]flowlog.FieldID{flowlog.SrcPort, flowlog.DstPort}},
}

// newField returns a field of the table.
func newField(f *flowlog.Field) field {
	return field{f.Name, f, &query.Ref{Name: f.Column}, classOf(f)}
}

// nameField returns a column of names as a field.
func nameField(c query.NameColumn) field {
	f := field{name: spelled(c), column: c.Expr(), class: textClass}
	if f.column == nil {
		f.column = &query.Ref{Name: c.String()}
	}
	return f
}

// spelled returns the name of a column of names in AWS's spelling of fields.
func spelled(c query.NameColumn) string { return flowlog.CanonicalName(c.String()) }

// lookupName finds the column of names that a word names.
func lookupName(word string) (query.NameColumn, bool) {
	return query.LookupName(flowlog.ColumnName(word))
}

// unknownField returns a field that weir does not know, by its name in AWS's
// spelling.
func unknownField(name string) field {
	unknown := &query.Ref{Name: flowlog.FieldByID(flowlog.WeirUnknown).Column}
	get := &query.Call{Func: query.MapGet, Args: []query.Expr{unknown, &query.Literal{Value: name}}}
	return field{name: name, column: get, class: textClass}
}

func classOf(f *flowlog.Field) class {
	switch {
	case f.Addr:
		return addrClass
	case f.ID == flowlog.SrcPort || f.ID == flowlog.DstPort:
		return portClass
	case f.ID == flowlog.Protocol:
		return protocolClass
	case f.ID == flowlog.Bytes:
		return bytesClass
	case f.Type == flowlog.Timestamp:
		return timeClass
	case f.Type == flowlog.Map:
		return mapClass
	case f.Epoch:
		return epochClass
	case f.Numeric():
		return numberClass
	case f.Values != nil:
		return closedClass
	}
	return textClass
}

// words returns the words that stand for values of the field, as they are typed.
func (f field) words() []string {
	switch {
	case f.class == portClass:
		return namesOf(flowlog.Services())
	case f.class == protocolClass:
		return namesOf(flowlog.Protocols())
	case f.about == nil:
		return nil
	case f.class == closedClass:
		return f.about.Values
	}
	return usualWords[f.about.ID]
}

func namesOf(names []flowlog.NamedNumber) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n.Name
	}
	return out
}

// fieldNames returns the names that can stand as target, in the table's order.
func (o Options) fieldNames() []string {
	var out []string
	for _, f := range flowlog.Fields(o.Kind) {
		if o.has(f) {
			out = append(out, f.Name)
		}
	}
	for _, e := range eitherEnd {
		out = append(out, e.name)
	}
	for _, c := range query.NameColumns() {
		if o.named(c) {
			out = append(out, spelled(c))
		}
	}
	return out
}

// target finds what a word names.
func (o Options) target(word string) (target, bool) {
	name := flowlog.CanonicalName(word)
	for _, e := range eitherEnd {
		if e.name == name {
			src, dst := flowlog.FieldByID(e.ends[0]), flowlog.FieldByID(e.ends[1])
			return target{e.name, []field{newField(src), newField(dst)}}, true
		}
	}
	if f, ok := flowlog.Lookup(name); ok && o.has(f) {
		return target{f.Name, []field{newField(f)}}, true
	}
	if c, ok := lookupName(name); ok && o.named(c) {
		f := nameField(c)
		return target{f.name, []field{f}}, true
	}
	if isName(name) && o.Unknown != nil && o.Unknown(name) {
		return target{name, []field{unknownField(name)}}, true
	}
	return target{}, false
}

// has reports whether the records have a field of the table.
func (o Options) has(f *flowlog.Field) bool { return f.In(o.Kind) && !(o.Delivered && f.Derived) }

// named reports whether a column of names can be named: what a record itself tells always.
func (o Options) named(c query.NameColumn) bool {
	return c.Expr() != nil || o.Names && o.Kind == flowlog.KindVPC
}

// isName reports whether a text has the form of field names.
func isName(s string) bool {
	for i, c := range s {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '-' || c == '_')) {
			return false
		}
	}
	return s != ""
}

// noField says that a word where a field should be names none.
func (o Options) noField(word string) (message, hint string) {
	if f, ok := flowlog.Lookup(word); ok && f.In(o.Kind) {
		return f.Name + " is found out by the lake", "take the files in, and ask weir top or weir query"
	} else if ok {
		return fmt.Sprintf("%s flow logs have no %s", kindName(o.Kind), f.Name), fmt.Sprintf("%s flow logs have it", kindName(otherKind(o.Kind)))
	}
	if c, ok := lookupName(word); ok && !o.Names {
		return spelled(c) + " comes from " + c.From().String() + ", and not from the records", "take the files in, and ask weir top or weir query"
	} else if ok {
		return "transit gateway flow logs have no " + spelled(c), "VPC flow logs have it"
	}
	message = fmt.Sprintf("no field %q", word)
	_, addrErr := netip.ParseAddr(word)
	_, cidrErr := netip.ParsePrefix(word)
	switch near := nearest(flowlog.CanonicalName(word), o.fieldNames()); {
	case addrErr == nil:
		return message, "a comparison begins with a field: addr = " + word
	case cidrErr == nil:
		return message, "a comparison begins with a field: addr in " + word
	case near != "":
		return message, fmt.Sprintf("did you mean %s?", near)
	case !isName(word):
		return message, "a comparison begins with a field, such as dstport = 22"
	}
	return message, ""
}

func kindName(k flowlog.Kind) string {
	if k == flowlog.KindTGW {
		return "transit gateway"
	}
	return "VPC"
}

func otherKind(k flowlog.Kind) flowlog.Kind { return flowlog.KindVPC + flowlog.KindTGW - k }

// nearest returns the candidate that is nearest to a word by typing errors, or ""
// where none is near.
func nearest(word string, candidates []string) string {
	const most = 64 // longer than any name
	if len(word) > most {
		return ""
	}
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance counts the letters that must be typed, removed, changed or swapped with
// their neighbour to make b of a.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range t {
		rows[0][j+1] = j + 1
	}
	for i := range s {
		for j := range t {
			change := rows[i][j]
			if s[i] != t[j] {
				change++
			}
			d := min(change, rows[i][j+1]+1, rows[i+1][j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				d = min(d, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = d
		}
	}
	return rows[len(s)][len(t)]
}

// fold returns the one of the words that a text is, in any case.
func fold(text string, words []string) (string, bool) {
	i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, text) })
	if i < 0 {
		return "", false
	}
	return words[i], true
}
