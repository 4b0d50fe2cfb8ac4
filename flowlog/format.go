package flowlog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Format is the order of fields in a text record. The zero Format has none;
// make one with [ParseLogFormat], [ParseHeader] or [DefaultFormat].
type Format struct {
	kind  Kind
	names []string  // AWS's spelling
	ids   []FieldID // same length; meaningful where known is true
	known []bool
}

// DefaultFormat returns AWS's default format of a kind: the 14 version 2
// fields for VPC flow logs, all 36 for transit gateway flow logs.
func DefaultFormat(k Kind) Format {
	if k == KindTGW {
		return defaultTGW
	}
	return defaultVPC
}

var defaultVPC, defaultTGW Format

func init() {
	var vpc, tgw []string
	for _, f := range Fields(KindVPC) {
		if f.Version == 2 {
			vpc = append(vpc, f.Name)
		}
	}
	for _, f := range Fields(KindTGW) {
		if !f.Own() {
			tgw = append(tgw, f.Name)
		}
	}
	defaultVPC, _ = newFormat(vpc)
	defaultTGW, _ = newFormat(tgw)
}

// ParseLogFormat reads a format as EC2's LogFormat spells it ("${version}
// ${account-id} ..."), or as plain field names between spaces. Unknown fields
// are kept by name. It fails on no fields, on a field given twice, on one that
// is neither a name nor ${name}, and on fields of both kinds.
func ParseLogFormat(s string) (Format, error) {
	tokens := strings.Fields(s)
	names := make([]string, len(tokens))
	for i, t := range tokens {
		name := t
		if inner, ok := strings.CutPrefix(t, "${"); ok {
			if name, ok = strings.CutSuffix(inner, "}"); !ok {
				return Format{}, fmt.Errorf("flowlog: field %d of the log format: %q has no closing brace", i+1, clip(t))
			}
		}
		if !isName(name) {
			return Format{}, fmt.Errorf("flowlog: field %d of the log format: %q is no field name", i+1, clip(t))
		}
		names[i] = name
	}
	f, err := newFormat(names)
	if err != nil {
		return Format{}, fmt.Errorf("flowlog: log format: %w", err)
	}
	return f, nil
}

// ParseHeader reads the header line of a text object. It reports false where the
// line is no header: where a token is no field name, or where nothing marks the
// line as a flow log's (a known field that is no English word, or known fields
// only). Unknown names beside known ones are kept.
func ParseHeader(line string) (Format, bool) {
	f, is, err := parseHeader(line)
	return f, is && err == nil
}

// parseHeader reads a line that may be a header. is says that it is one; the error,
// why its fields make no format all the same.
func parseHeader(line string) (f Format, is bool, err error) {
	tokens := strings.Fields(line)
	known, marked := 0, false
	for _, t := range tokens {
		if !isName(t) {
			return Format{}, false, nil
		}
		if fd, ok := Lookup(t); ok {
			known++
			marked = marked || !isWord(fd.ID)
		}
	}
	if !marked && known < len(tokens) {
		return Format{}, false, nil
	}
	if f, err = newFormat(tokens); err != nil {
		// Prose about flow logs can name a field too, but not in most words.
		return Format{}, marked && 2*known > len(tokens), err
	}
	return f, true, nil
}

// isEvidence reports whether names show that they are those of a flow log's
// fields: one of them is known and no English word, or all are known.
func isEvidence(names []string) bool {
	marked, all := false, true
	for _, n := range names {
		f, ok := Lookup(n)
		all = all && ok
		marked = marked || ok && !isWord(f.ID)
	}
	return marked || all
}

// isWord reports whether a field's name is an English word too, so that it may
// stand in a line of prose.
func isWord(id FieldID) bool {
	switch id {
	case Version, Protocol, Packets, Bytes, Start, End, Action, TrafficType, Region:
		return true
	default:
		return false
	}
}

// isPlain reports whether the names alone leave no doubt: several, and most of them
// are known.
func (f Format) isPlain() bool {
	known := f.Len() - len(f.UnknownFields())
	return known > 2 && 2*known > f.Len()
}

// newFormat makes a format of field names in any spelling.
func newFormat(names []string) (Format, error) {
	if len(names) == 0 {
		return Format{}, errors.New("no fields")
	}
	f := Format{
		names: make([]string, len(names)),
		ids:   make([]FieldID, len(names)),
		known: make([]bool, len(names)),
	}
	seen := make(map[string]bool, len(names))
	var vpcOnly, tgwOnly string
	for i, n := range names {
		name := CanonicalName(n)
		if seen[name] {
			return Format{}, fmt.Errorf("field %s stands there twice", name)
		}
		seen[name] = true
		f.names[i] = name
		fd, ok := Lookup(name)
		if !ok {
			continue
		}
		if fd.Type == Map {
			return Format{}, fmt.Errorf("field %s has no text form", name)
		}
		f.ids[i], f.known[i] = fd.ID, true
		if !fd.In(KindTGW) {
			vpcOnly = name
		}
		if !fd.In(KindVPC) {
			tgwOnly = name
		}
	}
	if vpcOnly != "" && tgwOnly != "" {
		return Format{}, fmt.Errorf("field %s is of VPC flow logs only and %s of transit gateway flow logs only", vpcOnly, tgwOnly)
	}
	f.kind = KindVPC
	if tgwOnly != "" {
		f.kind = KindTGW
	}
	return f, nil
}

// isName reports whether a token can be a field's name: letters, digits,
// hyphens and underscores, beginning with a letter, and none of the words that
// records hold in places where a name could stand.
func isName(t string) bool {
	if t == "" || len(t) > 64 {
		return false
	}
	switch t {
	case "ACCEPT", "REJECT", "OK", "NODATA", "SKIPDATA":
		return false
	}
	if strings.EqualFold(t, "unknown") { // names are kept in lower case
		return false
	}
	for i := range len(t) {
		c := t[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '_'):
		default:
			return false
		}
	}
	return true
}

// Kind returns the kind of records that the format describes. A format of
// fields that both kinds have counts as VPC; see [Format.Shared].
func (f Format) Kind() Kind { return f.kind }

// Shared reports whether records of both kinds can have this format, because
// none of its fields belongs to one kind only.
func (f Format) Shared() bool {
	for i, k := range f.known {
		if fd := &fields[f.ids[i]]; k && (!fd.In(KindVPC) || !fd.In(KindTGW)) {
			return false
		}
	}
	return true
}

// withKind returns a shared format as one of kind k.
func (f Format) withKind(k Kind) Format {
	f.kind = k
	return f
}

// As returns the format as one of records of kind k, as the resource of a flow
// log tells: a format whose fields both kinds have does not tell it itself. It
// fails where a field belongs to the other kind only.
func (f Format) As(k Kind) (Format, error) {
	for i, known := range f.known {
		if known && !fields[f.ids[i]].In(k) {
			return Format{}, fmt.Errorf("flowlog: no %s flow log has the field %s", k, f.names[i])
		}
	}
	return f.withKind(k), nil
}

// With returns the format with further fields behind its own. It fails as
// [ParseLogFormat] does, but takes any name.
func (f Format) With(names ...string) (Format, error) {
	g, err := newFormat(slices.Concat(f.names, names))
	if err != nil {
		return Format{}, fmt.Errorf("flowlog: %w", err)
	}
	if g.Shared() {
		g.kind = f.kind
	}
	return g, nil
}

// Len returns the number of fields.
func (f Format) Len() int { return len(f.names) }

// Names returns the fields' names in AWS's spelling. The slice is a copy.
func (f Format) Names() []string { return slices.Clone(f.names) }

// Field returns the description of the i-th field, and false where the table
// does not know it.
func (f Format) Field(i int) (*Field, bool) {
	if !f.known[i] {
		return nil, false
	}
	return &fields[f.ids[i]], true
}

// UnknownFields returns the names of the fields that the table does not know.
func (f Format) UnknownFields() []string {
	var out []string
	for i, n := range f.names {
		if !f.known[i] {
			out = append(out, n)
		}
	}
	return out
}

// Has reports whether the format holds the field.
func (f Format) Has(id FieldID) bool { return f.index(id) >= 0 }

// index returns the place of the field in the format, or -1.
func (f Format) index(id FieldID) int {
	for i, k := range f.known {
		if k && f.ids[i] == id {
			return i
		}
	}
	return -1
}

// String returns the format as EC2's LogFormat spells it.
func (f Format) String() string {
	if len(f.names) == 0 {
		return ""
	}
	return "${" + strings.Join(f.names, "} ${") + "}"
}

// Header returns the header line of a text object, without a line end.
func (f Format) Header() string { return strings.Join(f.names, " ") }

// Equal reports whether both formats have the same fields in the same order.
func (f Format) Equal(g Format) bool { return slices.Equal(f.names, g.names) }

// RecordVersion returns what AWS writes into the version field of a record of
// this format: the highest version among the format's fields, which for the
// default format is 2 (VPC user guide, "version"). Unknown fields and weir's own
// do not count; a format without any AWS field gives 2.
func (f Format) RecordVersion() int {
	v := 2
	for i, k := range f.known {
		if k {
			v = max(v, fields[f.ids[i]].Version)
		}
	}
	return v
}
