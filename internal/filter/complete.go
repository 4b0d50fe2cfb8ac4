package filter

import (
	"strconv"
	"strings"

	"weir/flowlog"
)

// Completion is something that could stand in a filter at a place.
type Completion struct {
	// Text is to be put in place of the bytes From to To of the filter.
	Text     string
	From, To int
	Kind     CompletionKind
	// About says what it means, in a few words or a sentence; "" where Text says
	// it all.
	About string
}

// CompletionKind is the kind of a completion.
type CompletionKind string

// The kinds of completions.
const (
	CompleteField    CompletionKind = "field"
	CompleteOperator CompletionKind = "operator"
	CompleteValue    CompletionKind = "value"
	CompleteWord     CompletionKind = "word" // and, or, not, ...
)

// Complete returns what could stand at a byte offset of a filter: all that begins
// with what of a word is there already, in any case. It returns nothing where the
// text before cannot be continued, and where anything could stand, such as a
// number.
func Complete(text string, offset int, o Options) []Completion {
	offset = max(0, min(offset, len(text)))
	tokens, err := lex(text[:offset])
	if err != nil {
		return nil
	}
	c := completer{options: o.withDefaults(), from: offset, to: offset}
	if n := len(tokens); n > 1 && tokens[n-2].kind == wordToken && tokens[n-2].to == offset {
		last := tokens[n-2]
		c.begun, c.from = last.text, last.from
		tokens = append(tokens[:n-2], token{from: last.from, to: last.from})
	}
	if rest := strings.IndexFunc(text[offset:], endsWord); rest >= 0 && c.begun != "" {
		c.to += rest
	} else if c.begun != "" {
		c.to = len(text)
	}
	p := &parser{options: c.options, tokens: tokens}
	if _, err := p.whole(); err != nil && err.Offset < c.from {
		return nil
	}
	c.offer(p.want)
	return c.out
}

// completer collects completions.
type completer struct {
	options  Options
	begun    string // what of the word is there
	from, to int
	out      []Completion
}

// add adds a completion if it begins with what is there.
func (c *completer) add(kind CompletionKind, text, begun, about string) {
	if len(begun) <= len(text) && strings.EqualFold(text[:len(begun)], begun) {
		c.out = append(c.out, Completion{text, c.from, c.to, kind, about})
	}
}

// offer adds what could stand.
func (c *completer) offer(w want) {
	switch w.kind {
	case wantField:
		for _, name := range c.options.fieldNames() {
			c.add(CompleteField, name, flowlog.CanonicalName(c.begun), about(name))
		}
		for _, word := range w.words {
			c.add(CompleteWord, word, c.begun, "")
		}
	case wantOperator:
		for _, op := range operatorsOf(w.on) {
			c.add(CompleteOperator, op, c.begun, "")
		}
	case wantValue, wantItem:
		c.offerValues(w.on)
	case wantNothing:
	case wantWords:
		for _, word := range w.words {
			c.add(CompleteWord, word, c.begun, "")
		}
	}
}

// about says what a field name means.
func about(name string) string {
	if f, ok := flowlog.Lookup(name); ok {
		return f.Meaning
	}
	if c, ok := lookupName(name); ok {
		return c.Meaning()
	}
	return "Either end: src" + name + " or dst" + name + "."
}

// offerValues adds the words that stand for values of a target.
func (c *completer) offerValues(on target) {
	f := on.fields[0]
	names := map[class][]flowlog.NamedNumber{portClass: flowlog.Services(), protocolClass: flowlog.Protocols()}[f.class]
	for _, n := range names {
		c.add(CompleteValue, n.Name, c.begun, strconv.FormatInt(n.Number, 10))
	}
	if names == nil {
		for _, word := range f.words() {
			c.add(CompleteValue, word, c.begun, "")
		}
	}
}
