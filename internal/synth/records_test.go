package synth

import (
	"bytes"
	"context"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/flowlog"
)

// small returns a day with few records in few objects, for tests that read them
// all.
func small() Config {
	c := DefaultConfig()
	c.Records, c.ObjectsPerSlot = 40_000, 1
	return c
}

// wide returns the format of all VPC fields.
func wide(t testing.TB) flowlog.Format {
	t.Helper()
	var names []string
	for _, f := range flowlog.Fields(flowlog.KindVPC) {
		if !f.Own() {
			names = append(names, f.Name)
		}
	}
	f, err := flowlog.ParseLogFormat(strings.Join(names, " "))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// collect makes all objects of a configuration.
func collect(t testing.TB, c Config) ([]Object, Summary) {
	t.Helper()
	var objects []Object
	s, err := Generate(context.Background(), c, func(o Object) error {
		objects = append(objects, o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return objects, s
}

// decode calls see for each record of an object, and fails where a line is bad.
func decode(t testing.TB, o Object, see func(flowlog.Record)) {
	t.Helper()
	d, err := flowlog.NewDecoder(bytes.NewReader(o.Content), flowlog.Options{})
	if err != nil {
		t.Fatalf("%s: %v", o.Key, err)
	}
	for {
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", o.Key, err)
		}
		for r := range b.Records() {
			see(r)
		}
	}
	if s := d.Stats(); s.Bad > 0 {
		t.Fatalf("%s: %v", o.Key, s.BadLines[0])
	}
}

// each calls see for each record of a configuration and returns the summary.
func each(t testing.TB, c Config, see func(Object, flowlog.Record)) Summary {
	t.Helper()
	objects, s := collect(t, c)
	for _, o := range objects {
		decode(t, o, func(r flowlog.Record) { see(o, r) })
	}
	return s
}

// text returns a field's text, "" where it is absent.
func text(r flowlog.Record, f flowlog.FieldID) string {
	s, _ := r.Text(f)
	return s
}

// num returns a field's number, 0 where it is absent.
func num(r flowlog.Record, f flowlog.FieldID) int64 {
	n, _ := r.Int(f)
	return n
}

// question is the part of weir's filter language that the stories use: terms
// joined by "and", each "field [not] op value".
type question []term

type term struct {
	not       bool
	field     *flowlog.Field
	op, value string
}

// parseQuestion reads a question.
func parseQuestion(t testing.TB, s string) question {
	t.Helper()
	var q question
	for part := range strings.SplitSeq(s, " and ") {
		words := strings.Fields(part)
		var x term
		if len(words) > 1 && words[1] == "not" {
			x.not, words = true, slices.Delete(words, 1, 2)
		}
		f, ok := flowlog.Lookup(words[0])
		if len(words) != 3 || !ok {
			t.Fatalf("cannot read %q", part)
		}
		x.field, x.op, x.value = f, words[1], words[2]
		q = append(q, x)
	}
	return q
}

// matches reports whether a record answers the question. An absent field answers
// nothing.
func (q question) matches(r flowlog.Record) bool {
	for _, x := range q {
		v, ok := r.Text(x.field.ID)
		if !ok || x.holds(v) == x.not {
			return false
		}
	}
	return true
}

// holds reports whether a value satisfies the term without its "not".
func (x term) holds(v string) bool {
	switch x.op {
	case "=":
		return v == x.value
	case "in":
		return netip.MustParsePrefix(x.value).Contains(netip.MustParseAddr(v))
	}
	a, _ := strconv.ParseInt(v, 10, 64)
	b, err := strconv.ParseInt(x.value, 10, 64)
	if err != nil {
		panic(err)
	}
	return x.op == "<" && a < b || x.op == ">" && a > b
}

// hour is the shortest configuration.
func hour(records int64) Config {
	c := DefaultConfig()
	c.Duration, c.Records = time.Hour, records
	return c
}
