package metricmath

import (
	"slices"
	"strings"

	"weir/internal/metricstore"
)

// maxSearchText is how long the text of a search may be, in characters.
//
// Source: AWS, CloudWatch User Guide, "Search expression limits".
const maxSearchText = 1024

// A search is what SEARCH finds: metrics of a schema that match a term.
//
// Source: AWS, CloudWatch User Guide, "CloudWatch search expression syntax".
type search struct {
	// namespace is the schema's, "" where there is no schema; dimensions are the names that a metric must have, and no others, nil for any.
	namespace  string
	dimensions []string
	// term is nil where there is none.
	term matcher
	// stat is the statistic and the period of the metrics.
	stat Stat
}

func (s *search) matches(m metricstore.Metric) bool {
	if s.namespace != "" && m.Namespace != s.namespace {
		return false
	}
	if s.dimensions != nil {
		if len(m.Dimensions) != len(s.dimensions) {
			return false
		}
		for _, d := range m.Dimensions {
			if !slices.Contains(s.dimensions, d.Name) {
				return false
			}
		}
	}
	return s.term == nil || s.term.matches(m)
}

// A matcher is a part of a search's term.
type matcher interface {
	matches(m metricstore.Metric) bool
}

type (
	bothTerms   struct{ left, right matcher }
	eitherTerm  struct{ left, right matcher }
	notTerm     struct{ of matcher }
	wordTerm    struct{ of wanted }
	propertyHas struct {
		property string
		of       wanted
	}
)

func (t bothTerms) matches(m metricstore.Metric) bool { return t.left.matches(m) && t.right.matches(m) }

func (t eitherTerm) matches(m metricstore.Metric) bool {
	return t.left.matches(m) || t.right.matches(m)
}

func (t notTerm) matches(m metricstore.Metric) bool { return !t.of.matches(m) }

// matches looks at the metric's name, its namespace, and the names and values of its dimensions.
func (t wordTerm) matches(m metricstore.Metric) bool {
	if t.of.in(m.Name) || t.of.in(m.Namespace) {
		return true
	}
	for _, d := range m.Dimensions {
		if t.of.in(d.Name) || t.of.in(d.Value) {
			return true
		}
	}
	return false
}

func (t propertyHas) matches(m metricstore.Metric) bool {
	switch t.property {
	case "MetricName":
		return t.of.in(m.Name)
	case "Namespace":
		return t.of.in(m.Namespace)
	}
	for _, d := range m.Dimensions {
		if d.Name == t.property {
			return t.of.in(d.Value)
		}
	}
	return false
}

func evalSearch(e *evaluator, n *callNode, _ []value) (value, error) {
	s := e.searches[n]
	metrics, err := e.src.Find(e.ctx, s.namespace)
	if err != nil {
		return value{}, err
	}
	var found []*Stat
	for _, m := range metrics {
		if s.matches(m) {
			stat := s.stat
			stat.Metric = m
			found = append(found, &stat)
		}
	}
	if len(found) > maxSeries {
		return value{}, wrong(n.at(), "search for less", "SEARCH finds %d metrics: at most %d are taken", len(found), maxSeries)
	}
	out := value{kind: array}
	labels := defaultLabels(found)
	for i, stat := range found {
		m, err := e.metric(stat)
		if err != nil {
			return out, err
		}
		m.Label = labels[i]
		out.series = append(out.series, m)
	}
	return out, nil
}

// searchBreaks are the characters that end a word of a search.
const searchBreaks = " \t\r\n(){}\",="

// parseSearch reads the text of SEARCH: a schema in braces, a term, or both. Offsets of errors are within the text.
func parseSearch(all string) (*search, error) {
	if len([]rune(all)) > maxSearchText {
		return nil, wrong(0, "", "The text of SEARCH is longer than %d characters", maxSearchText)
	}
	p := &searchParser{text: all}
	s := &search{}
	if err := p.schema(s); err != nil {
		return nil, err
	}
	if p.blank(); p.at == len(p.text) {
		if s.namespace == "" {
			return nil, wrong(0, "name a schema in braces, a term, or both", "The text of SEARCH is empty")
		}
		return s, nil
	}
	var err error
	if s.term, err = p.or(p.single); err != nil {
		return nil, err
	}
	if p.blank(); p.at < len(p.text) {
		return nil, p.unexpected("a term")
	}
	return s, nil
}

type searchParser struct {
	text string
	at   int
}

func (p *searchParser) blank() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// next says whether a character follows, behind blanks, and takes it.
func (p *searchParser) next(c byte) bool {
	p.blank()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *searchParser) unexpected(want string) *Error {
	if p.at >= len(p.text) {
		return wrong(len(p.text), "", "The text of SEARCH ends too early: %s is expected", want)
	}
	return wrong(p.at, "", "Unexpected '%c' in the text of SEARCH: %s is expected", []rune(p.text[p.at:])[0], want)
}

// schema reads "{Namespace,Dimension}" and a comma behind it. AWS's examples have a blank in place of a comma too.
func (p *searchParser) schema(s *search) error {
	if !p.next('{') {
		return nil
	}
	var names []string
	for !p.next('}') {
		if len(names) > 0 {
			p.next(',')
		}
		w, err := p.word()
		if err != nil {
			return err
		}
		if slices.Contains(names[min(1, len(names)):], w.text) {
			return wrong(p.at-1, "", "The schema has the dimension %q twice", w.text)
		}
		names = append(names, w.text)
	}
	p.next(',')
	if len(names) == 0 || names[0] == "" {
		return wrong(0, "", "The schema has no namespace")
	}
	s.namespace = names[0]
	if len(names) > 1 {
		s.dimensions = names[1:]
	}
	return nil
}

// A searchWord is a word, or a text in double quotes.
type searchWord struct {
	text   string
	quoted bool
}

// word reads a word; in double quotes a backslash comes before " \ ( ) and '.
func (p *searchParser) word() (searchWord, error) {
	p.blank()
	start := p.at
	if !p.next('"') {
		for p.at < len(p.text) && strings.IndexByte(searchBreaks, p.text[p.at]) < 0 {
			p.at++
		}
		if p.at == start {
			return searchWord{}, p.unexpected("a name or a term")
		}
		return searchWord{text: p.text[start:p.at]}, nil
	}
	var b strings.Builder
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case '"':
			p.at++
			return searchWord{b.String(), true}, nil
		case '(', ')':
			return searchWord{}, wrong(p.at, `write \`+string(c), "In quotes '%c' needs a backslash", c)
		case '\\':
			if p.at++; p.at == len(p.text) || strings.IndexByte(`"\()'`, p.text[p.at]) < 0 {
				return searchWord{}, wrong(p.at-1, `a backslash is \\`, `In quotes a backslash comes before ", \, (, ) and ' alone`)
			}
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return searchWord{}, wrong(start, "", "The quotes in the text of SEARCH do not end")
}

// operator says whether a word such as OR follows, and takes it.
func (p *searchParser) operator(name string) bool {
	p.blank()
	end := p.at + len(name)
	if !strings.HasPrefix(p.text[p.at:], name) || end < len(p.text) && strings.IndexByte(searchBreaks, p.text[end]) < 0 {
		return false
	}
	p.at = end
	return true
}

// or reads terms with OR between; single reads one.
func (p *searchParser) or(single func() (matcher, error)) (matcher, error) {
	left, err := p.and(single)
	for err == nil && p.operator("OR") {
		var right matcher
		right, err = p.and(single)
		left = eitherTerm{left, right}
	}
	return left, err
}

// and reads terms with AND, or nothing, between.
func (p *searchParser) and(single func() (matcher, error)) (matcher, error) {
	left, err := p.not(single)
	for err == nil {
		if !p.operator("AND") {
			p.blank()
			if before := p.at; p.at == len(p.text) || p.text[p.at] == ')' || p.operator("OR") {
				p.at = before
				return left, nil
			}
		}
		var right matcher
		right, err = p.not(single)
		left = bothTerms{left, right}
	}
	return left, err
}

func (p *searchParser) not(single func() (matcher, error)) (matcher, error) {
	if p.operator("NOT") {
		of, err := p.not(single)
		return notTerm{of}, err
	}
	if !p.next('(') {
		return single()
	}
	m, err := p.or(single)
	if err != nil {
		return nil, err
	}
	if !p.next(')') {
		return nil, p.unexpected("')'")
	}
	return m, nil
}

// single reads a term, or a property with what it has: Name=term or Name=(term OR term).
func (p *searchParser) single() (matcher, error) {
	p.blank()
	at := p.at
	w, err := p.word()
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(w.text, ":") && !w.quoted {
		return nil, wrong(at, "", "The property %s is not supported: all metrics are of one account", w.text)
	}
	if !p.next('=') {
		return wordTerm{want(w)}, nil
	}
	value := func() (matcher, error) {
		v, err := p.word()
		return propertyHas{w.text, want(v)}, err
	}
	if p.next('(') {
		p.at--
		return p.not(value)
	}
	return value()
}
