package app

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
	"weir/internal/logstore"
)

// TestSourceGroups chooses log groups by names, ARNs and functions.
func TestSourceGroups(t *testing.T) {
	dir := t.TempDir()
	writeLog(t, dir, key("fl-1", "20260302T1000Z"), "interface-id start bytes", "eni-1 1772445600 7")
	s := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{dir}, LogGroup: "named"})
	newLogGroup(t, s, LogGroupChange{Name: "app/a"})
	newLogGroup(t, s, LogGroupChange{Name: "app/b", SetFormat: true, Format: "${srcaddr} ${start}"})
	newLogGroup(t, s, LogGroupChange{Name: "tgw", SetFormat: true, Format: "${tgw-id} ${start}"})
	store, err := s.logStore(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Tag(t.Context(), "app/a", map[string]string{"team": "net-east"}); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:logs:us-east-1:000000000000:log-group:"
	for text, want := range map[string][]string{
		`SOURCE 'app/a'`:                         {"app/a"},
		`SOURCE '` + arn + `app/a:*'`:            {"app/a"},
		`SOURCE '` + arn + `app/a:'`:             {"app/a"},
		`SOURCE '` + arn + `app/a'`:              {"app/a"},
		`SOURCE 'none'`:                          {"none"},
		`SOURCE logGroups()`:                     {"app/a", "app/b", "named", "tgw"},
		`SOURCE logGroups(namePrefix: ['app/'])`: {"app/a", "app/b"},
		`SOURCE logGroups(namePrefix: ['app/', 'tg'], class: ['STANDARD'])`:      {"app/a", "app/b", "tgw"},
		`SOURCE logGroups(class: ['INFREQUENT_ACCESS'])`:                         nil,
		`SOURCE logGroups(accountIdentifier: ['000000000000'])`:                  {"app/a", "app/b", "named", "tgw"},
		`SOURCE logGroups(accountIdentifier: ['111111111111'])`:                  nil,
		`SOURCE logGroups(namePrefix: ['/weir/'])`:                               {"/weir/flow-logs"},
		`SOURCE dataSource(['amazon_vpc.flow'])`:                                 {"/weir/flow-logs"},
		`SOURCE dataSource(['amazon_vpc.flow']) logGroups(namePrefix: ['app/'])`: {"app/b"},
		`SOURCE dataSource(['aws_cloudtrail.data'])`:                             nil,
		`SOURCE logGroupTags([{"key":"team","values":["net*"]}])`:                {"app/a"},
		`SOURCE logGroupTags([{"key":"team","values":["!net*"]}])`:               nil,
	} {
		q, err := insights.ParseQuery(text + ` | fields @message`)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := s.sourceGroups(t.Context(), q.Source)
		if refused := new(insights.Error); want == nil && errors.As(err, &refused) {
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

// TestHasFlowLogs tells log groups that have records of VPC flow logs.
func TestHasFlowLogs(t *testing.T) {
	for _, c := range []struct {
		g  logstore.Group
		is bool
	}{
		{logstore.Group{Name: FlowLogsGroup, ReadOnly: true}, true},
		{logstore.Group{Name: TransitGatewayGroup, ReadOnly: true}, false},
		{logstore.Group{Name: "a", Format: "no} format"}, false},
		{logstore.Group{Name: "a"}, false},
	} {
		if got := hasFlowLogs(&c.g); got != c.is {
			t.Errorf("%+v: %v", c.g, got)
		}
	}
}
