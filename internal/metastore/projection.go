package metastore

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/athenasql/types"
)

// projection is what makes the partitions of a table out of its properties (Athena User Guide, "Use partition projection with Amazon Athena",
// "Set up partition projection", "Supported types for partition projection").
type projection struct {
	keys []projectedKey
	// template is storage.location.template cut at its keys: texts and keys take turns, and a text is first and last.
	texts []string
	uses  []int // indexes of keys
}

// projectedKey is a key of a projection.
type projectedKey struct {
	Column
	typ types.Type
	// values returns the key's values at a time, each as text that its type reads; nil where they must be given (injected).
	values func(now time.Time) []string
	// place returns a value as it stands in a location; nil: as it is.
	place func(value string) string
}

// projectionError is what is wrong with a property.
type projectionError struct {
	key, text, hint string
}

// Error returns what is wrong.
func (e *projectionError) Error() string { return e.text }

// maxProjected bounds the values of one key: more can't be meant.
const maxProjected = 10_000_000

// Projected reports whether the table's partitions are made of its properties: those that were added count for nothing then.
func (t *Table) Projected() bool {
	v, _ := property(t.Properties, "projection.enabled")
	return strings.EqualFold(strings.TrimSpace(v), "true")
}

// projection reads the table's properties; nil where projection is off. values replaces those of injected keys.
func (t *Table) projection(pinned map[string][]string) (*projection, error) {
	if v, ok := property(t.Properties, "projection.enabled"); ok && !t.Projected() && !strings.EqualFold(strings.TrimSpace(v), "false") {
		return nil, &projectionError{"projection.enabled", fmt.Sprintf("projection.enabled is %q: true or false is expected", v), ""}
	}
	if !t.Projected() {
		return nil, nil
	}
	if len(t.Keys) == 0 {
		return nil, &projectionError{"projection.enabled", "projection is enabled on a table without partition keys", "PARTITIONED BY names the keys"}
	}
	p := &projection{}
	for _, k := range t.Keys {
		key, err := t.projectedKey(k, pinned[k.Name])
		if err != nil {
			return nil, err
		}
		p.keys = append(p.keys, key)
	}
	if err := t.unknownKeys(); err != nil {
		return nil, err
	}
	return p, p.template(t)
}

// unknownKeys refuses properties of projection that are of no key or of no known name: a slip in them would go unseen.
func (t *Table) unknownKeys() error {
	for _, p := range t.Properties {
		rest, ok := cutPrefixFold(p.Key, "projection.")
		if !ok || strings.EqualFold(rest, "enabled") {
			continue
		}
		known := slices.ContainsFunc(t.Keys, func(k Column) bool {
			name, ok := cutPrefixFold(rest, k.Name+".")
			return ok && slices.Contains([]string{"type", "values", "range", "interval", "interval.unit", "digits", "format"}, strings.ToLower(name))
		})
		if !known {
			var names []string
			for _, k := range t.Keys {
				names = append(names, k.Name)
			}
			return &projectionError{p.Key, p.Key + " is of no partition key, or of no property that projection has", "the keys are " + strings.Join(names, ", ")}
		}
	}
	return nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// keyProperties are the properties of one key.
type keyProperties struct {
	t   *Table
	key string
}

func (k keyProperties) name(of string) string { return "projection." + k.key + "." + of }

// get returns a property, without the white space around it.
func (k keyProperties) get(of string) (string, bool) {
	v, ok := property(k.t.Properties, k.name(of))
	return strings.TrimSpace(v), ok
}

func (k keyProperties) wrong(of, format string, args ...any) error {
	return &projectionError{key: k.name(of), text: k.name(of) + " " + fmt.Sprintf(format, args...)}
}

// number returns a positive number, or what counts where nothing is said.
func (k keyProperties) number(of string, otherwise int64) (int64, error) {
	v, ok := k.get(of)
	if !ok {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 1 {
		return 0, k.wrong(of, "is %q: a positive whole number is expected", v)
	}
	return n, nil
}

// pair returns the two parts of a range.
func (k keyProperties) pair() (from, to string, err error) {
	v, ok := k.get("range")
	if !ok {
		return "", "", k.wrong("range", "is missing")
	}
	parts := strings.Split(v, ",")
	if len(parts) != 2 {
		return "", "", k.wrong("range", "is %q: two values with a comma between are expected", v)
	}
	return strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1]), nil
}

// projectedKey reads the properties of a key. pinned are the values that the query's condition gives it.
func (t *Table) projectedKey(c Column, pinned []string) (projectedKey, error) {
	typ, err := parseHive(c.Type)
	if err != nil {
		return projectedKey{}, err
	}
	key := projectedKey{Column: c, typ: typ}
	props := keyProperties{t, c.Name}
	kind, ok := props.get("type")
	if !ok {
		return key, &projectionError{
			key: "projection.enabled", text: props.name("type") + " is missing: each partition key has a type of projection",
			hint: "the types are enum, integer, date and injected",
		}
	}
	switch strings.ToLower(kind) {
	case "enum":
		err = props.enum(&key)
	case "integer":
		err = props.integer(&key)
	case "date":
		err = props.date(&key)
	case "injected":
		if pinned != nil {
			values := injected(pinned, typ)
			key.values = func(time.Time) []string { return values }
		}
	default:
		err = &projectionError{props.name("type"), fmt.Sprintf("%s is %q", props.name("type"), kind), "the types are enum, integer, date and injected"}
	}
	return key, err
}

// injected returns the values that a condition gives, each once. What is no value of the key's type has no partition.
func injected(pinned []string, t types.Type) []string {
	out := []string{}
	for _, v := range pinned {
		if v, err := kept(v, t); err == nil && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// enum takes the values as they are listed: white space is part of them.
func (k keyProperties) enum(key *projectedKey) error {
	v, ok := property(k.t.Properties, k.name("values"))
	if !ok || v == "" {
		return k.wrong("values", "is missing")
	}
	values := strings.Split(v, ",")
	for i, value := range values {
		if slices.Contains(values[:i], value) {
			return k.wrong("values", "has %q twice", value)
		}
		if err := fits(value, key.typ); err != nil {
			return k.wrong("values", "has %q, which is no %s", value, key.Type)
		}
	}
	key.values = func(time.Time) []string { return values }
	return nil
}

// integer makes the numbers of a range.
func (k keyProperties) integer(key *projectedKey) error {
	if !key.typ.IsText() && !key.typ.IsInteger() {
		return k.wrong("type", "is integer, but the key is a %s", key.Type)
	}
	from, to, err := k.pair()
	if err != nil {
		return err
	}
	low, err1 := strconv.ParseInt(from, 10, 64)
	high, err2 := strconv.ParseInt(to, 10, 64)
	if err1 != nil || err2 != nil || low > high {
		return k.wrong("range", "is %q: two whole numbers are expected, the smaller one first", from+","+to)
	}
	step, err := k.number("interval", 1)
	if err != nil {
		return err
	}
	digits, err := k.number("digits", 0)
	if err != nil {
		return err
	}
	if digits > 18 {
		return k.wrong("digits", "is %d: more than a number has", digits)
	}
	count := uint64(high-low)/uint64(step) + 1
	if count > maxProjected {
		return k.wrong("range", "has %d values", count)
	}
	shown := int(digits)
	if key.typ.IsInteger() {
		// The value is the number; its digits are of the location alone.
		shown = 0
		key.place = func(value string) string {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return value
			}
			return padded(n, int(digits))
		}
		for _, bound := range []int64{low, high} {
			if fits(strconv.FormatInt(bound, 10), key.typ) != nil {
				return k.wrong("range", "has %d, which is no %s", bound, key.Type)
			}
		}
	}
	key.values = func(time.Time) []string { return numbers(low, int(count), step, shown) }
	return nil
}

// numbers returns so many numbers.
func numbers(low int64, count int, step int64, digits int) []string {
	out := make([]string, count)
	for i := range out {
		out[i] = padded(low+int64(i)*step, digits)
	}
	return out
}

// padded writes a number with at least so many digits.
func padded(n int64, digits int) string {
	sign := ""
	if n < 0 {
		sign = "-"
	}
	text := strings.TrimPrefix(strconv.FormatInt(n, 10), "-")
	return sign + strings.Repeat("0", max(0, digits-len(text))) + text
}

// fits reports whether a text is a value of a partition key's type.
func fits(value string, t types.Type) error {
	bits := map[types.Kind]int{types.TinyInt: 8, types.SmallInt: 16, types.Integer: 32, types.BigInt: 64}
	var err error
	switch t.Kind {
	case types.TinyInt, types.SmallInt, types.Integer, types.BigInt:
		_, err = strconv.ParseInt(value, 10, bits[t.Kind])
	case types.Real, types.Double, types.Decimal:
		var f float64
		if f, err = strconv.ParseFloat(value, 64); err == nil && (math.IsInf(f, 0) || math.IsNaN(f)) && t.Kind == types.Decimal {
			err = strconv.ErrRange
		}
	case types.Boolean:
		if value != "true" && value != "false" {
			err = strconv.ErrSyntax
		}
	case types.Date:
		_, err = time.Parse(time.DateOnly, value)
	case types.Timestamp:
		_, err = time.Parse(time.DateTime, value)
	}
	return err
}

// locationTemplate is the property that says where the partitions of a projection lie.
const locationTemplate = "storage.location.template"

// template reads storage.location.template, or makes Hive's layout below the table's location.
func (p *projection) template(t *Table) error {
	const name = locationTemplate
	text, ok := property(t.Properties, name)
	if !ok {
		text = t.Location
		for _, k := range t.Keys {
			text += k.Name + "=${" + k.Name + "}/"
		}
	}
	text = strings.TrimSpace(text)
	if scheme, _, ok := strings.Cut(text, "://"); !ok || scheme != "s3" && scheme != "file" {
		return &projectionError{name, fmt.Sprintf("%s is %q: it does not begin with s3://BUCKET/", name, text), ""}
	}
	text = strings.TrimRight(text, "/") + "/"
	used := map[int]bool{}
	for {
		before, rest, ok := strings.Cut(text, "${")
		if !ok {
			p.texts = append(p.texts, text)
			break
		}
		key, after, ok := strings.Cut(rest, "}")
		if !ok {
			return &projectionError{name, name + " has a ${ without }", ""}
		}
		at := slices.IndexFunc(t.Keys, func(k Column) bool { return strings.EqualFold(k.Name, key) })
		if at < 0 {
			return &projectionError{
				name, fmt.Sprintf("%s has ${%s}, which is no partition key", name, key),
				"put the value there, or add the key to PARTITIONED BY with its type of projection",
			}
		}
		p.texts, p.uses = append(p.texts, before), append(p.uses, at)
		used[at] = true
		text = after
	}
	for i, k := range t.Keys {
		if !used[i] {
			return &projectionError{name, fmt.Sprintf("%s has no ${%s}: each partition key stands in it", name, k.Name), ""}
		}
	}
	return nil
}

// location returns where the partition with these values lies.
func (p *projection) location(values []string) string {
	var b strings.Builder
	for i, text := range p.texts {
		b.WriteString(text)
		if i < len(p.uses) {
			key := &p.keys[p.uses[i]]
			value := values[p.uses[i]]
			if key.place != nil {
				value = key.place(value)
			}
			b.WriteString(value)
		}
	}
	return b.String()
}
