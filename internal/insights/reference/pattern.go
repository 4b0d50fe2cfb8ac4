package reference

import (
	"cmp"
	"slices"
	"strings"
	"unsafe"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// PatternNote says in a result with patterns how they were found.
const PatternNote = "patterns are found by weir's own tokeniser, not by AWS's: texts whose words without digits, punctuation and white space agree form a pattern"

// patternColumns are what pattern shows.
//
// Source: AWS, "pattern".
var patternColumns = []string{"@pattern", "@ratio", "@sampleCount", "@severityLabel"}

// diffColumns are what diff and logcompare show; AWS's pages name none.
var diffColumns = []string{"@pattern", "@sampleCount", "@baselineSampleCount", "@sampleCountDifference", "@severityLabel"}

// A found is a pattern and how many texts have it.
type found struct {
	pattern string
	count   int
}

// pattern makes a row of each pattern, the most frequent first and of equal counts by pattern.
func (r *run) pattern(c *insights.Pattern) error {
	if err := r.prepare(c.Field, false); err != nil {
		return err
	}
	patterns, total, err := r.patterns(c.Field)
	if err != nil {
		return err
	}
	r.rows = nil
	for _, p := range patterns {
		r.rows = append(r.rows, NewRow(nil, patternColumns, []value.Value{
			value.Text(p.pattern), value.Number(float64(p.count) / float64(total)), value.Number(float64(p.count)), value.Text(severity(p.pattern)),
		}))
	}
	r.note(PatternNote)
	return nil
}

func (r *run) note(s string) {
	if !slices.Contains(r.notes, s) {
		r.notes = append(r.notes, s)
	}
}

// patterns returns the patterns of an expression, and of how many texts.
func (r *run) patterns(x insights.Expr) ([]found, int, error) {
	var texts []string
	err := r.each(func(row *Row) {
		if s, ok := r.eval(x, row).Text(); ok {
			texts = append(texts, s)
		}
	})
	if err != nil {
		return nil, 0, err
	}
	list, err := r.findPatterns(texts)
	return list, len(texts), err
}

// findPatterns sorts texts into patterns. The types of a token agree where they are the same in all texts.
func (r *run) findPatterns(texts []string) ([]found, error) {
	type shape struct {
		tokens []token
		count  int
	}
	shapes := map[string]*shape{}
	for i, s := range texts {
		if i%4096 == 0 {
			if err := r.ctx.Err(); err != nil {
				return nil, err
			}
		}
		tokens := tokenise(s)
		k := shapeOf(tokens)
		sh, ok := shapes[k]
		if !ok {
			sh = &shape{tokens: tokens}
			shapes[k] = sh
			*r.env.made += int64(len(k)) + int64(len(tokens))*int64(unsafe.Sizeof(token{}))
			if err := r.tooMuch(); err != nil {
				return nil, err
			}
		}
		sh.count++
		for i := range tokens {
			if tokens[i].kind != sh.tokens[i].kind {
				sh.tokens[i].kind = "Token"
			}
		}
	}
	var out []found
	for _, sh := range shapes {
		out = append(out, found{patternOf(sh.tokens), sh.count})
	}
	slices.SortFunc(out, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.pattern, b.pattern))
	})
	return out, nil
}

// severity is told by words in the pattern.
//
// Source: AWS, "pattern".
func severity(pattern string) string {
	p := strings.ToLower(pattern)
	switch {
	case strings.Contains(p, "error"):
		return "ERROR"
	case strings.Contains(p, "warn"):
		return "WARN"
	}
	return "INFO"
}

// diff compares the patterns with those of a time before: of the same length right before, or a day, a week or a month before.
//
// Source: AWS, "diff".
func (r *run) diff(c *insights.Diff) error {
	start, end := r.env.Query.Start, r.env.Query.End
	switch c.With {
	case "":
		return r.compare(c, start-(end-start)-1, start-1)
	case "previousDay":
		return r.compare(c, start-day, end-day)
	case "previousWeek":
		return r.compare(c, start-7*day, end-7*day)
	}
	month := value.Period{N: 1, Unit: "mo"}
	return r.compare(c, month.Add(start, -1), month.Add(end, -1))
}

// logCompare compares the patterns with those of the window that is shifted back.
//
// Source: AWS, "logcompare".
func (r *run) logCompare(c *insights.LogCompare) error {
	p := value.Period{N: c.Shift.N, Unit: c.Shift.Unit}
	return r.compare(c, p.Add(r.env.Query.Start, -1), p.Add(r.env.Query.End, -1))
}

// compare counts patterns now and in another time. The pattern command before, if there is one, found them; else they are
// those of @message. Those with the greatest difference come first.
func (r *run) compare(c insights.Command, start, end int64) error {
	texts, err := r.before(c, start, end)
	if err != nil {
		return err
	}
	now, err := r.counted(r.rows)
	if err != nil {
		return err
	}
	then, err := r.counted(texts)
	if err != nil {
		return err
	}
	type change struct {
		pattern   string
		now, then float64
	}
	var changes []change
	for p, n := range now {
		changes = append(changes, change{p, n, then[p]})
	}
	for p, n := range then {
		if _, ok := now[p]; !ok {
			changes = append(changes, change{p, 0, n})
		}
	}
	slices.SortFunc(changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(abs(b.now-b.then), abs(a.now-a.then)), cmp.Compare(b.now, a.now), strings.Compare(a.pattern, b.pattern))
	})
	r.rows = nil
	for _, ch := range changes {
		r.rows = append(r.rows, NewRow(nil, diffColumns, []value.Value{
			value.Text(ch.pattern), value.Number(ch.now), value.Number(ch.then), value.Number(ch.now - ch.then), value.Text(severity(ch.pattern)),
		}))
	}
	r.note(PatternNote)
	return nil
}

func abs(f float64) float64 { return max(f, -f) }

// counted returns how often each pattern occurs in rows: those of a pattern command, or events.
func (r *run) counted(rows []*Row) (map[string]float64, error) {
	counts := map[string]float64{}
	if r.view.patterns {
		for _, row := range rows {
			count, _ := row.named("@sampleCount").Number()
			counts[row.named("@pattern").String()] += count
		}
		return counts, nil
	}
	var texts []string
	for _, row := range rows {
		if s, ok := row.named("@message").Text(); ok {
			texts = append(texts, s)
		}
	}
	list, err := r.findPatterns(texts)
	for _, p := range list {
		counts[p.pattern] += float64(p.count)
	}
	return counts, err
}
