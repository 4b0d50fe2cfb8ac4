package insights

import (
	"slices"
	"strings"

	"weir/internal/insights/value"
)

// A Completion is something that could stand in a query at a place.
type Completion struct {
	// Text is to be put in place of the bytes From to To of the query.
	Text     string
	From, To int
	Kind     CompletionKind
	// Doc says what it means, in a few words or a sentence; "" where Text says it all.
	Doc string
}

// CompletionKind is the kind of a completion.
type CompletionKind string

// The kinds of completions.
const (
	CompleteCommand  CompletionKind = "command"
	CompleteKeyword  CompletionKind = "keyword"
	CompleteFunction CompletionKind = "function"
	CompleteField    CompletionKind = "field"
	CompleteTable    CompletionKind = "table" // a lookup table
	CompleteGroup    CompletionKind = "group" // a log group
)

// A KnownName is something that the caller knows by name.
type KnownName struct{ Name, Doc string }

// CompleteOptions are what completions know of the data.
type CompleteOptions struct {
	// Fields are those of events; names that the query itself defines are known without.
	Fields       []KnownName
	LookupTables []KnownName
	LogGroups    []KnownName
}

// Complete returns what could stand at a byte offset of a query: all that begins with what of a word is
// there already, in any case. It returns nothing where the text before can't be continued, in texts and
// comments, and where anything could stand, such as a number.
func Complete(text string, at int, o CompleteOptions) []Completion {
	at = max(0, min(at, len(text)))
	c := completer{options: o, from: begunAt(text[:at]), to: at}
	c.begun = text[c.from:at]
	for c.begun != "" && c.to < len(text) && inName(text[c.to]) {
		c.to++
	}
	c.call = c.to == len(text) || text[c.to] != '('
	p := c.read(text[:c.from])
	if p == nil {
		return nil
	}
	seen := map[want]bool{}
	for _, w := range p.tried {
		if !seen[w] {
			seen[w] = true
			c.offer(p, w)
		}
	}
	slices.SortStableFunc(c.out, func(a, b Completion) int { return kindOrder[a.Kind] - kindOrder[b.Kind] })
	return c.out
}

// kindOrder is the order in which kinds are offered.
var kindOrder = map[CompletionKind]int{
	CompleteCommand: 0, CompleteTable: 1, CompleteGroup: 1, CompleteField: 2, CompleteKeyword: 3, CompleteFunction: 4,
}

// begunAt returns where the word begins that ends with the text: a name, or one in backticks that has no
// end yet.
func begunAt(text string) int {
	if strings.Count(text, "`")%2 == 1 {
		return strings.LastIndexByte(text, '`')
	}
	from := len(text)
	for from > 0 && (inName(text[from-1]) || text[from-1] == '.') {
		from--
	}
	return from
}

// completer collects completions.
type completer struct {
	options  CompleteOptions
	begun    string // what of the word is there
	from, to int
	// call says that functions bring their parenthesis.
	call bool
	out  []Completion
}

// read parses the text before the word, and returns the parser if it came to the end of it, and that is
// in no comment.
func (c *completer) read(before string) *parser {
	var p *parser
	_ = guard(func() { // most texts before a word are no whole query
		p = newParser(before)
		p.query(false)
	})
	if p == nil || p.tok.kind != endToken {
		return nil
	}
	blank := before[p.end():] // white space and comments
	if strings.Contains(blank[strings.LastIndexByte(blank, '\n')+1:], "#") {
		return nil
	}
	return p
}

// add adds a completion if it begins with what is there.
func (c *completer) add(kind CompletionKind, text, doc string) {
	begun := strings.TrimPrefix(c.begun, "`")
	name := strings.TrimPrefix(text, "`")
	if len(begun) <= len(name) && strings.EqualFold(name[:len(begun)], begun) {
		c.out = append(c.out, Completion{text, c.from, c.to, kind, doc})
	}
}

// offer adds what could stand.
func (c *completer) offer(p *parser, w want) {
	switch w.kind {
	case wantCommand:
		for _, f := range commandForms {
			if f.refused != "" {
				continue
			}
			c.add(CompleteCommand, f.Name, f.Doc)
		}
	case wantWord:
		kind, doc := CompleteKeyword, ""
		if w.text == "source" {
			kind, doc = CompleteCommand, sourceForm.Doc
		}
		c.add(kind, keyword(w.text), doc)
	case wantOperator:
		if isLetter(w.text[0]) {
			c.add(CompleteKeyword, w.text, "")
		}
	case wantExpr:
		c.offerFields(p)
		for _, f := range value.Funcs() {
			c.function(f.Name, f.Signature+": "+f.Doc)
		}
	case wantAggregate:
		for _, a := range aggregates {
			c.function(a.Name, a.Signature+": "+a.Doc)
		}
	case wantField:
		c.offerFields(p)
	case wantTable:
		for _, t := range c.options.LookupTables {
			c.add(CompleteTable, quoteName(t.Name), t.Doc)
		}
	case wantGroup:
		for _, g := range c.options.LogGroups {
			c.add(CompleteGroup, quote(g.Name), g.Doc)
		}
	case wantSign:
		if name, ok := strings.CutSuffix(w.text, "("); ok && name != "" {
			c.function(name, "")
		}
	case wantNewName, wantText, wantRegex, wantNumber, wantPeriod: // anything can stand there
	}
}

// keyword returns the spelling of a word that is offered.
func keyword(word string) string {
	switch word {
	case "source", "start", "end":
		return strings.ToUpper(word)
	}
	return word
}

func (c *completer) function(name, doc string) {
	if c.call {
		name += "("
	}
	c.add(CompleteFunction, name, doc)
}

// offerFields adds the fields that are known where the query ends.
func (c *completer) offerFields(p *parser) {
	k := &checker{}
	for i, command := range p.current.Commands {
		_ = guard(func() { // what is wrong before defines nothing
			k.before, k.after = p.current.Commands[:i], p.current.Commands[i+1:]
			command.check(k)
		})
	}
	var names []string
	for name := range k.scope.names {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c.add(CompleteField, quoteName(name), "")
	}
	if k.scope.closed {
		return
	}
	for _, f := range c.options.Fields {
		if !k.scope.names[f.Name] {
			c.add(CompleteField, quoteName(f.Name), f.Doc)
		}
	}
}
