package insights_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
)

// FuzzParse checks that no text makes the parser, the checker or the completion fall, that places lie in the text,
// and that what is printed reads as the same query.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"fields @timestamp, a.`b c`[0].d as e | filter a = 1 and not b like /x\\/y/ or c in ['d', -1]",
		"stats sum(a)/1024 as b, pct(c, 95) by bin (5m), d | sort b desc, `x` | limit any 5",
		"SOURCE logGroups(namePrefix: ['a']) logGroupTags([{\"key\":\"k\",\"values\":[\"v*\"]}]) START=1 END=2 | parse '* *' as a, b",
		"SOURCE 'a' | SOURCE 'b' start=-1d end=now",
		"filter a in (SOURCE 'x' | fields a) | join left=l right=r where l.a = r.b (SOURCE 'y') | appendcols (stats count(*))",
		"lookup t a as b OUTPUT c as d | cidrlookup n a OUTPUTNEW r | unnest m.a into b | expand c",
		"filldown a* b | fillmissing with -1 for a | autoregress a p=1-3 | outlier param=3 a b | sessionize a maxspan 1h as s",
		"stats max(x) as m by b | filter `max(x)` = 1 and max(x) = 2 | stats sum(m) by b",
		"parse @message /(?<a>\\d+)/ | json field=p \"a.b\" as c | parse logfmt as m | parse csv as a, b",
		"\ufeff# c\r\nfields a # b\n|", "filter -2 ^ -3 ^ x != .5e-3", "fields ${x}, 'a\\'\\n'",
	} {
		f.Add(text, len(text)/2)
	}
	f.Fuzz(func(t *testing.T, text string, at int) {
		insights.Complete(text, at, known)
		q, err := insights.ParseQuery(text)
		if err != nil {
			placed(t, err, text)
			return
		}
		printsBack(t, text, q)
		resolved, err := insights.Resolve(q, insights.CheckOptions{})
		if err != nil {
			placed(t, err, text)
			return
		}
		again, err := insights.Resolve(resolved, insights.CheckOptions{})
		if err != nil {
			t.Fatalf("%q, resolved, is refused: %s", text, report(err, text))
		}
		if diff := cmp.Diff(resolved, again); diff != "" {
			t.Errorf("%q resolved twice is another query (-first +second):\n%s", text, diff)
		}
	})
}

// placed checks that a fault has a place in the text, and can be shown.
func placed(t *testing.T, err error, text string) {
	t.Helper()
	var e *insights.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	if e.Start < 0 || e.End < e.Start || e.End > len(text) || e.Message == "" {
		t.Errorf("%q: %+v", text, e)
	}
	if from, to := e.Characters(text); from > to {
		t.Errorf("%q: characters %d to %d", text, from, to)
	}
	e.Report(text)
}
