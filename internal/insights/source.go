package insights

import (
	"strconv"
	"strings"
	"time"

	"weir/internal/insights/value"
)

// Source chooses log groups in the query: SOURCE 'g', SOURCE "g" START=... END=..., or
// SOURCE logGroups(...), dataSource(...), logGroupTags(...).
type Source struct {
	Span
	// Groups are names, identifiers or ARNs of log groups; nil where a function chooses.
	Groups []string
	// Start and End bound the time where they are not nil: absolute milliseconds since the epoch, or
	// relative to when the query starts.
	Start, End *SourceTime
	// LogGroups, DataSources and Tags are the functions, nil where they are not there.
	LogGroups   *SourceLogGroups
	DataSources []string
	Tags        []SourceTag
}

// SourceTime is a time of SOURCE.
type SourceTime struct {
	Relative bool  // Millis is added to the time at which the query starts
	Millis   int64 // milliseconds since the epoch, or a distance
	Text     string
}

// SourceLogGroups are the arguments of logGroups(): nil members do not bound.
type SourceLogGroups struct {
	NamePrefixes, Accounts, Classes []string
}

// SourceTag is a filter of logGroupTags(): a value may have * and, in front, !.
type SourceTag struct {
	Key    string
	Values []string
}

// Limits of SOURCE.
//
// Source: AWS, "SOURCE". For names it has none; 50 log groups is the limit of StartQuery.
const (
	maxGroups      = 50
	maxPrefixes    = 5
	maxAccounts    = 20
	maxDataSources = 10
	maxTags        = 5
	maxTagValues   = 5
)

// source reads SOURCE if it comes; several with | between name a log group each.
func (p *parser) source() *Source {
	if !p.seesWord("source") {
		return nil
	}
	s := &Source{}
	start := p.advance().Start
	p.sourceGroups(s)
	for s.Groups != nil && p.seesSign("|") && p.sourceFollows() {
		p.advance()
		p.advance()
		p.sourceGroups(s)
	}
	s.Span = p.from(start)
	if s.Start != nil && s.End != nil && s.Start.Relative == s.End.Relative && s.Start.Millis > s.End.Millis {
		fail(s.Span, "the time ends before it begins", "")
	}
	return s
}

// sourceFollows reports whether SOURCE comes behind the |.
func (p *parser) sourceFollows() bool {
	ahead := *p.lexer
	if !beginsName(ahead.following()) {
		return false
	}
	t := ahead.next()
	return t.is("source")
}

func (p *parser) sourceGroups(s *Source) {
	p.try(wantGroup, "")
	p.try(wantSign, "logGroups(")
	p.try(wantSign, "dataSource(")
	p.try(wantSign, "logGroupTags(")
	switch {
	case p.tok.kind == stringToken:
		p.sourceGroup(s, p.tok.text)
	case p.tok.kind == nameToken && p.lexer.following() == '(' && s.Groups == nil:
		for p.tok.kind == nameToken && p.lexer.following() == '(' {
			p.sourceFunction(s)
		}
	case p.tok.kind == nameToken:
		p.sourceGroup(s, joinParts(p.tok.parts))
	case p.tok.isSign("="):
		p.unexpected("write SOURCE 'group'; source=... is OpenSearch PPL, which is another language")
	default:
		p.unexpected("a name with other characters than letters, digits and _ stands in quotes")
	}
	p.sourceTimes(s)
	if p.tok.isSign(",") || p.tok.isSign("-") || p.tok.isSign("/") {
		p.unexpected("SOURCE names one log group, in quotes; more follow as | SOURCE 'group'")
	}
}

func (p *parser) sourceGroup(s *Source, name string) {
	if name == "" {
		fail(p.tok.Span, "the name of a log group is missing between the quotes", "")
	}
	if len(s.Groups) == maxGroups {
		failf(p.tok.Span, "", "a query has at most %d log groups", maxGroups)
	}
	s.Groups = append(s.Groups, name)
	p.advance()
}

// sourceTimes reads START= and END=.
func (p *parser) sourceTimes(s *Source) {
	p.options([]string{"start", "end"}, map[string]func(){
		"start": func() { s.Start = p.sourceTime() },
		"end":   func() { s.End = p.sourceTime() },
	})
}

// sourceTime reads milliseconds since the epoch, a time as in ISO 8601, "now", or a distance to it such as -1d.
//
// Source: AWS, "SOURCE", shows distances and now; the console of CloudWatch writes START=-3600s END=0s and
// START=2026-01-31T00:00:00.000Z.
func (p *parser) sourceTime() *SourceTime {
	start := p.tok.Start
	if t := p.dateTime(); t != nil {
		return t
	}
	if p.word("now") {
		return &SourceTime{Relative: true, Text: "now"}
	}
	sign := int64(1)
	if p.tok.isSign("-") {
		sign = -1
		p.advance()
	}
	p.try(wantNumber, "")
	p.try(wantPeriod, "")
	t := p.tok
	if t.kind != numberToken && t.kind != periodToken || t.Start != p.end() {
		p.unexpected("a time is milliseconds since the epoch, such as 2026-01-31T23:59:59.000Z, now, or a distance such as -1d")
	}
	p.advance()
	at := p.from(start)
	text := p.lexer.text[at.Start:at.End]
	n, err := strconv.ParseInt(t.text[:digits(t.text, 0)], 10, 64)
	if err != nil || t.kind == numberToken && len(t.text) != digits(t.text, 0) || n > maxMillis {
		failf(at, "", "%s is no time", text)
	}
	if t.kind == numberToken {
		if sign < 0 {
			failf(at, "a distance has a unit: -1d", "%s is no time", text)
		}
		return &SourceTime{Millis: n, Text: text}
	}
	millis := int64(0)
	if n > 0 {
		var ok bool
		if millis, ok = (value.Period{N: n, Unit: t.units}).Millis(); !ok {
			failf(at, "units are ms, s, m, h, d and w", "%s is no distance", text)
		}
	}
	return &SourceTime{Relative: true, Millis: sign * millis, Text: text}
}

// dateTime reads a time as in ISO 8601, nil where none comes.
func (p *parser) dateTime() *SourceTime {
	text := p.lexer.text[p.tok.Start:]
	if n := strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789-+:.TZ", r) }); n >= 0 {
		text = text[:n]
	}
	if !strings.Contains(text, "T") {
		return nil
	}
	p.tok.End = p.tok.Start + len(text)
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.UnixMilli() < 0 || t.UnixMilli() > maxMillis {
		failf(p.tok.Span, "such as 2026-01-31T23:59:59.000Z", "%s is no time", text)
	}
	p.lexer.at = p.tok.End
	p.advance()
	return &SourceTime{Millis: t.UnixMilli(), Text: text}
}

// maxMillis is the last time that fits: the year 9999.
const maxMillis = 253_402_300_799_999

// sourceFunction reads logGroups(...), dataSource(...) or logGroupTags(...).
func (p *parser) sourceFunction(s *Source) {
	name := p.advance()
	p.needSign("(")
	switch {
	case name.is("logGroups") && s.LogGroups == nil:
		s.LogGroups = &SourceLogGroups{}
		if !p.seesSign(")") {
			p.list(func() { p.sourceArgument(s.LogGroups) })
		}
	case name.is("dataSource") && s.DataSources == nil:
		s.DataSources = p.texts(maxDataSources, "data sources")
	case name.is("logGroupTags") && s.Tags == nil:
		s.Tags = p.sourceTags()
	case name.is("logGroups"), name.is("dataSource"), name.is("logGroupTags"):
		failf(name.Span, "", "%s is given twice", name.text)
	default:
		failf(name.Span, "SOURCE knows logGroups, dataSource and logGroupTags", "there is no %q of SOURCE", name.text)
	}
	p.needSign(")")
}

// sourceArgument reads an argument of logGroups.
func (p *parser) sourceArgument(g *SourceLogGroups) {
	arguments := []struct {
		names []string
		most  int
		to    *[]string
	}{
		{[]string{"namePrefix"}, maxPrefixes, &g.NamePrefixes},
		{[]string{"accountIdentifier", "accountIdentifiers"}, maxAccounts, &g.Accounts},
		{[]string{"class", "logGroupClass"}, 2, &g.Classes},
	}
	for _, a := range arguments {
		for _, name := range a.names {
			if !p.seesWord(name) {
				continue
			}
			t := p.advance()
			if *a.to != nil {
				failf(t.Span, "", "%s is given twice", a.names[0])
			}
			p.needSign(":")
			from := p.tok.Start
			if a.to != &g.Classes && p.emptyList() {
				return // as if it were not there
			}
			if a.to == &g.Classes && p.tok.kind == stringToken {
				*a.to = []string{p.str()} // class: "STANDARD", as the console writes it
			} else {
				*a.to = p.texts(a.most, a.names[0])
			}
			if a.to == &g.Classes {
				checkClasses(g.Classes, p.from(from))
			}
			return
		}
	}
	p.unexpected("")
}

func checkClasses(classes []string, at Span) {
	for _, c := range classes {
		if c != "STANDARD" && c != "INFREQUENT_ACCESS" {
			failf(at, "classes are STANDARD and INFREQUENT_ACCESS", "there is no log class %q", c)
		}
	}
}

// emptyList reads [] if it comes: the console writes namePrefix: [] for all log groups.
func (p *parser) emptyList() bool {
	if !p.tok.isSign("[") || p.lexer.following() != ']' {
		return false
	}
	p.advance()
	p.advance()
	return true
}

// texts reads a list of so many texts in brackets.
func (p *parser) texts(most int, what string) []string {
	out := []string{}
	start := p.tok.Start
	p.needSign("[")
	p.list(func() { out = append(out, p.str()) })
	p.needSign("]")
	if len(out) > most {
		failf(p.from(start), "", "at most %d: %s", most, what)
	}
	return out
}

// sourceTags reads a list of tag filters, which is written as JSON.
func (p *parser) sourceTags() []SourceTag {
	var out []SourceTag
	start := p.tok.Start
	p.needSign("[")
	p.list(func() { out = append(out, p.sourceTag()) })
	p.needSign("]")
	if len(out) > maxTags {
		failf(p.from(start), "", "at most %d tag filters", maxTags)
	}
	return out
}

func (p *parser) sourceTag() SourceTag {
	var t SourceTag
	start := p.tok.Start
	p.needSign("{")
	p.list(func() {
		at := p.tok.Span
		key := p.str()
		p.needSign(":")
		switch {
		case key == "key" && t.Key == "":
			t.Key = p.str()
		case key == "values" && t.Values == nil:
			t.Values = p.texts(maxTagValues, "values of a tag filter")
		default:
			failf(at, `it has "key" and "values"`, "a tag filter can't have %q here", key)
		}
	})
	p.needSign("}")
	if t.Key == "" {
		fail(p.from(start), `the tag filter has no "key"`, "")
	}
	return t
}

func (s *Source) write(p *printer) {
	if s.Groups != nil {
		for i, g := range s.Groups {
			if i > 0 {
				p.write(" | ")
			}
			p.write("SOURCE ", quote(g))
		}
	} else {
		p.write("SOURCE")
	}
	if s.DataSources != nil {
		p.write(" dataSource(", quoteList(s.DataSources), ")")
	}
	if s.LogGroups != nil {
		s.LogGroups.write(p)
	}
	if s.Tags != nil {
		p.write(" logGroupTags([")
		printList(p, s.Tags, func(t SourceTag) {
			p.write(`{"key": `, quote(t.Key))
			if t.Values != nil {
				p.write(`, "values": `, quoteList(t.Values))
			}
			p.write("}")
		})
		p.write("])")
	}
	if s.Start != nil {
		p.write(" START=", s.Start.Text)
	}
	if s.End != nil {
		p.write(" END=", s.End.Text)
	}
}

func (g *SourceLogGroups) write(p *printer) {
	p.write(" logGroups(")
	arguments := []string{}
	for _, a := range []struct {
		name string
		list []string
	}{{"namePrefix", g.NamePrefixes}, {"accountIdentifier", g.Accounts}, {"class", g.Classes}} {
		if a.list != nil {
			arguments = append(arguments, a.name+": "+quoteList(a.list))
		}
	}
	p.write(strings.Join(arguments, ", "), ")")
}

// quoteList writes texts in brackets.
func quoteList(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = quote(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}
