package insights_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
)

// TestSourceChooses compares which log groups SOURCE chooses.
func TestSourceChooses(t *testing.T) {
	groups := []insights.SourceGroup{
		{Name: "/aws/lambda/a", Account: "1", Tags: map[string]string{"team": "payments", "env": "production"}},
		{Name: "/aws/lambda/b", Account: "2", Class: "INFREQUENT_ACCESS", Tags: map[string]string{"team": "search"}},
		{Name: "/aws/vpc", Account: "1", Class: "STANDARD", DataSources: []string{"amazon_vpc.flow"}, Tags: map[string]string{"team": "pay", "env": "test"}},
	}
	for _, tt := range []struct{ text, want string }{
		{"SOURCE logGroups()", "/aws/lambda/a /aws/vpc"},
		{"SOURCE logGroups(class: ['INFREQUENT_ACCESS'])", "/aws/lambda/b"},
		{"SOURCE logGroups(class: ['STANDARD', 'INFREQUENT_ACCESS'])", "/aws/lambda/a /aws/lambda/b /aws/vpc"},
		{"SOURCE logGroups(namePrefix: ['/aws/l', '/x'])", "/aws/lambda/a"},
		{"SOURCE logGroups(accountIdentifier: ['1'], namePrefix: ['/aws'])", "/aws/lambda/a /aws/vpc"},
		{"SOURCE dataSource(['amazon_vpc.flow'])", "/aws/vpc"},
		{"SOURCE dataSource(['amazon_vpc.flow']) logGroups(namePrefix: ['/aws/lambda'])", ""},
		{`SOURCE logGroupTags([{"key":"team","values":["pay*"]}])`, "/aws/lambda/a /aws/vpc"},
		{`SOURCE logGroupTags([{"key":"team","values":["pay", "s*ch"]}])`, "/aws/lambda/b /aws/vpc"},
		{`SOURCE logGroupTags([{"key":"team","values":["pay*"]}, {"key":"env","values":["!production"]}])`, "/aws/vpc"},
		{`SOURCE logGroupTags([{"key":"env","values":["!test"]}])`, "/aws/lambda/a"},
		{`SOURCE logGroupTags([{"key":"env"}])`, "/aws/lambda/a /aws/vpc"},
		{`SOURCE logGroupTags([{"key":"team","values":["*a*y*"]}])`, "/aws/lambda/a /aws/vpc"},
		{`SOURCE logGroupTags([{"key":"team","values":["*y*pay"]}])`, ""},
		{`SOURCE logGroupTags([{"key":"Team","values":["pay*"]}])`, ""},
		{"SOURCE '/aws/vpc'", ""},
	} {
		t.Run(tt.text, func(t *testing.T) {
			q, err := insights.ParseQuery(tt.text)
			if err != nil {
				t.Fatal(report(err, tt.text))
			}
			var got []string
			for _, g := range groups {
				if q.Source.Chooses(g) {
					got = append(got, g.Name)
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if named := strings.HasSuffix(tt.text, "'/aws/vpc'"); q.Source.ByName() != named {
				t.Errorf("ByName: %v", !named)
			}
		})
	}
}
