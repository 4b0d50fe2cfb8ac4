package cloudtrail

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDays finds of which days files hold records.
func TestDays(t *testing.T) {
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, time.UTC) }
	record := func(when, more string) string {
		return strings.Replace(strings.Replace(event("DescribeVpcs", "null", "null", more), "2026-03-02T10:00:07Z", when, 1), `"readOnly":false`, `"readOnly":true`, 1)
	}
	day := func(n int, from, last time.Time, writes bool) Day {
		return Day{"111122223333", "eu-west-1", at(n, 0, 0), from, last, writes}
	}
	const name = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/03/111122223333_CloudTrail_eu-west-1_20260303T0005Z_a1b2.json.gz"
	write := strings.Replace(record("2026-03-03T00:03:00Z", ""), `"readOnly":true`, `"readOnly":false`, 1)
	for _, tt := range []struct {
		name, file string
		records    []string
		want       []Day
	}{
		{"as its name says", name, []string{record("2026-03-03T00:01:00Z", ""), write}, []Day{day(3, at(3, 0, 5), at(3, 0, 3), true)}},
		{"from midnight", name, []string{record("2026-03-02T23:59:00Z", ""), write}, []Day{day(2, at(3, 0, 0), at(2, 23, 59), false), day(3, at(3, 0, 5), at(3, 0, 3), true)}},
		{"all of the day before", name, []string{record("2026-03-02T23:59:00Z", "")}, []Day{day(2, at(3, 0, 0), at(2, 23, 59), false), day(3, at(3, 0, 5), at(3, 0, 0), false)}},
		{"a name of its own", "trail.json", []string{record("2026-03-03T00:01:00Z", ""), record("2026-03-03T08:00:00Z", "")}, []Day{day(3, at(3, 8, 0), at(3, 8, 0), false)}},
		{"data events", name, []string{record("2026-03-03T00:01:00Z", `,"eventCategory":"Data"`)}, nil},
		{"management events", name, []string{record("2026-03-03T00:01:00Z", `,"eventCategory":"Management"`)}, []Day{day(3, at(3, 0, 5), at(3, 0, 1), false)}},
		{"what is no record", name, []string{`"text"`, `{"eventTime":"soon"}`, `{"eventTime":"2026-03-03T00:01:00Z"}`}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Read(tt.file, records(tt.records...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Days); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
