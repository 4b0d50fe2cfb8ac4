package insights_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
)

var known = insights.CompleteOptions{
	Fields:       []insights.KnownName{{"@message", "The event."}, {"srcAddr", ""}, {"detail-type", ""}},
	LookupTables: []insights.KnownName{{"nets", "Networks."}},
	LogGroups:    []insights.KnownName{{"/aws/vpc", ""}, {"plain", ""}},
}

// TestComplete compares what is offered at the mark ¦, by kinds.
func TestComplete(t *testing.T) {
	for _, tt := range []struct {
		text string
		want string // kind:text
	}{
		{"fi¦", "command:fields command:filter command:filterIndex command:filldown command:fillmissing"},
		{"so¦", "command:SOURCE command:sort"},
		{"fields a | dis¦play x", "command:display"},
		{"fields a ¦", "keyword:like keyword:in keyword:not keyword:and keyword:or keyword:as"},
		{"fields s¦", "field:srcAddr function:sha256( function:split( function:sqrt( function:startsWith( function:strcontains( function:strlen( function:substr("},
		{"fields @¦", "field:@message"},
		{"fields `det¦", "field:`detail-type`"},
		{"fields det¦", "field:`detail-type`"},
		{"filter strl¦(a)", "function:strlen"},
		{"stats su¦", "function:substr( function:sum( function:sumOverTime("},
		{"stats sum(s¦", "field:srcAddr function:sha256( function:split( function:sqrt( function:startsWith( function:strcontains( function:strlen( function:substr("},
		{"stats sum(a) b¦", "keyword:by"},
		{"stats sum(a) as total by b | sort t¦", "field:total function:toDouble( function:toInt( function:toLong( function:tolower( function:toMillis( function:toNumber( function:toupper( function:trim("},
		{"stats sum(a) as total by b | sort total d¦", "keyword:desc"},
		{"parse @message '*' as mine | stats max(mi¦", "field:mine"},
		{"lookup n¦", "table:nets"},
		{"cidrlookup nets srcAddr OUT¦", "keyword:OUTPUTNEW keyword:OUTPUT"},
		{"SOURCE ¦", `group:"/aws/vpc" group:"plain" function:logGroups( function:dataSource( function:logGroupTags(`},
		{"filter a in (SOURCE 'g' | stats max(x) as most by y | fields mo¦", "field:most function:mod("},
		{"diff previousW¦", "keyword:previousWeek"},
		{"outlier u¦", "keyword:uselower"},
		{"filter a = 'sr¦", ""},
		{"fields a # sr¦", ""},
		{"filter a like /\"#/ | unn¦", "command:unnest"},
		{"# first\n  # second\nunn¦", "command:unnest"},
		{"limit ¦", "keyword:any"},
		{"fields a as ¦", ""},
		{"nonsense a | fi¦", ""},
	} {
		t.Run(tt.text, func(t *testing.T) {
			before, after, _ := strings.Cut(tt.text, "¦")
			var got []string
			for _, c := range insights.Complete(before+after, len(before), known) {
				got = append(got, string(c.Kind)+":"+c.Text)
				if c.From > len(before) || c.To < len(before) {
					t.Errorf("%q is to replace bytes %d to %d", c.Text, c.From, c.To)
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
