package metastore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/athenasql"
)

// projected makes a table with projection in a store: keys are "name type", properties without their "projection.".
func projected(t *testing.T, s *Store, keys, template string, properties ...string) error {
	t.Helper()
	var text strings.Builder
	text.WriteString("CREATE EXTERNAL TABLE pr (a int) PARTITIONED BY (" + keys + ") LOCATION 's3://b/pr/' TBLPROPERTIES ('projection.enabled'='true'")
	for _, p := range properties {
		k, v, _ := strings.Cut(p, "=")
		text.WriteString(", 'projection." + k + "'='" + strings.ReplaceAll(v, "'", `\'`) + "'")
	}
	if template != "" {
		text.WriteString(", 'storage.location.template'='" + template + "'")
	}
	if _, err := try(s, "DROP TABLE IF EXISTS pr"); err != nil {
		t.Fatal(err)
	}
	_, err := try(s, text.String()+")")
	return err
}

// partitions lists the partitions of pr as "values location".
func partitions(t *testing.T, s *Store, pinned map[string][]string, prune Prune) ([]string, error) {
	t.Helper()
	table, err := s.Find(t.Context(), "default", "pr")
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Partitions(t.Context(), table, pinned, prune)
	var out []string
	for _, p := range list {
		out = append(out, strings.Join(p.Values, "|")+" "+p.Location)
	}
	return out, err
}

// TestProjection makes partitions of each type of projection. The clock is 2026-01-31 12:34:56.
func TestProjection(t *testing.T) {
	tests := []struct {
		name, keys, template string
		properties           []string
		want                 []string // values and location below s3://b/
	}{
		{"enum", "r string", "", []string{"r.type= ENUM ", "r.values=a, b,c"}, []string{"a pr/r=a/", " b pr/r= b/", "c pr/r=c/"}},
		{"integer", "n int", "", []string{"n.type=integer", "n.range= 1 , 3 "}, []string{"1 pr/n=1/", "2 pr/n=2/", "3 pr/n=3/"}},
		{"interval", "n bigint", "", []string{"n.type=integer", "n.range=-1,6", "n.interval=3"}, []string{"-1 pr/n=-1/", "2 pr/n=2/", "5 pr/n=5/"}},
		{"digits of a text", "h string", "s3://b/x/${h}", []string{"h.type=integer", "h.range=08,10", "h.digits=2"}, []string{"08 x/08/", "09 x/09/", "10 x/10/"}},
		{"digits of a number", "h int", "s3://b/x/${h}/", []string{"h.type=integer", "h.range=09,10", "h.digits=3"}, []string{"9 x/009/", "10 x/010/"}},
		{"days", "day string", "s3://b/${day}", []string{"day.type=date", "day.range=2025/12/31,2026/01/02", "day.format=yyyy/MM/dd"}, []string{
			"2025/12/31 2025/12/31/", "2026/01/01 2026/01/01/", "2026/01/02 2026/01/02/",
		}},
		{"a date", "day date", "s3://b/${day}", []string{"day.type=date", "day.range=2026/01/31,NOW", "day.format=yyyy/MM/dd"}, []string{"2026-01-31 2026/01/31/"}},
		{"now", "day string", "", []string{"day.type=date", "day.range=NOW-1DAYS,NOW", "day.format=yyyy-MM-dd"}, []string{
			"2026-01-30 pr/day=2026-01-30/", "2026-01-31 pr/day=2026-01-31/",
		}},
		{"to come", "day string", "", []string{"day.type=date", "day.range=NOW,NOW + 1 DAY", "day.format=dd.MM.yyyy"}, []string{
			"31.01.2026 pr/day=31.01.2026/", "01.02.2026 pr/day=01.02.2026/",
		}},
		{"months", "m string", "", []string{"m.type=date", "m.range=NOW-2MONTHS,NOW", "m.format=yyyyMM"}, []string{"202511 pr/m=202511/", "202512 pr/m=202512/", "202601 pr/m=202601/"}},
		{"weeks", "d string", "", []string{"d.type=date", "d.range=2026-01-01,2026-01-20", "d.format=yyyy-MM-dd", "d.interval=1", "d.interval.unit=WEEKS"}, []string{
			"2026-01-01 pr/d=2026-01-01/", "2026-01-08 pr/d=2026-01-08/", "2026-01-15 pr/d=2026-01-15/",
		}},
		{"hours", "h string", "s3://b/${h}", []string{"h.type=date", "h.range=NOW-1HOURS,NOW", "h.format=yyyy/MM/dd/HH", "h.interval=1", "h.interval.unit=HOURS"}, []string{
			"2026/01/31/11 2026/01/31/11/", "2026/01/31/12 2026/01/31/12/",
		}},
		{"a quarter of an hour", "h string", "", []string{
			"h.type=date", "h.range=2026-01-31T11:30,2026-01-31T12:00", "h.format=yyyy-MM-dd'T'HH:mm", "h.interval=15", "h.interval.unit=MINUTES",
		}, []string{"2026-01-31T11:30 pr/h=2026-01-31T11:30/", "2026-01-31T11:45 pr/h=2026-01-31T11:45/", "2026-01-31T12:00 pr/h=2026-01-31T12:00/"}},
		{"years", "y int", "", []string{"y.type=integer", "y.range=2025,2026"}, []string{"2025 pr/y=2025/", "2026 pr/y=2026/"}},
		{"a month after its last day", "d string", "", []string{"d.type=date", "d.range=2026-01-31,2026-04-01", "d.format=yyyy-MM-dd", "d.interval=1", "d.interval.unit=MONTHS"}, []string{
			"2026-01-31 pr/d=2026-01-31/", "2026-02-28 pr/d=2026-02-28/", "2026-03-31 pr/d=2026-03-31/",
		}},
		{"an empty range", "d string", "", []string{"d.type=date", "d.range=2026-02-01,NOW", "d.format=yyyy-MM-dd"}, nil},
		{"two keys, one twice", "r string, n int", "s3://b/${n}/${r}/${n}", []string{"r.type=enum", "r.values=a,b", "n.type=integer", "n.range=1,2"}, []string{
			"a|1 1/a/1/", "a|2 2/a/2/", "b|1 1/b/1/", "b|2 2/b/2/",
		}},
	}
	s := newStore(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := projected(t, s, tt.keys, tt.template, tt.properties...); err != nil {
				t.Fatal(err)
			}
			got, err := partitions(t, s, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				got[i] = strings.Replace(got[i], "s3://b/", "", 1)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestProjectionErrors has properties that can't be meant.
func TestProjectionErrors(t *testing.T) {
	tests := []struct {
		name, keys, template string
		properties           []string
		want                 string
	}{
		{"no type", "r string", "", nil, "projection.r.type is missing"},
		{"another type", "r string", "", []string{"r.type=list"}, `projection.r.type is "list"`},
		{"no values", "r string", "", []string{"r.type=enum"}, "projection.r.values is missing"},
		{"a value twice", "r string", "", []string{"r.type=enum", "r.values=a,a"}, `projection.r.values has "a" twice`},
		{"a value of another type", "r int", "", []string{"r.type=enum", "r.values=a"}, `projection.r.values has "a", which is no int`},
		{"no range", "n int", "", []string{"n.type=integer"}, "projection.n.range is missing"},
		{"one bound", "n int", "", []string{"n.type=integer", "n.range=1"}, `projection.n.range is "1"`},
		{"bounds in the other order", "n int", "", []string{"n.type=integer", "n.range=2,1"}, `projection.n.range is "2,1"`},
		{"a range that the key does not hold", "n tinyint", "", []string{"n.type=integer", "n.range=1,200"}, "projection.n.range has 200"},
		{"too many", "n bigint", "", []string{"n.type=integer", "n.range=0,99999999999"}, "projection.n.range has 100000000000 values"},
		{"an interval of nothing", "n int", "", []string{"n.type=integer", "n.range=1,2", "n.interval=0"}, `projection.n.interval is "0"`},
		{"no format", "d string", "", []string{"d.type=date", "d.range=NOW,NOW"}, "projection.d.format is missing"},
		{"another letter", "d string", "", []string{"d.type=date", "d.range=NOW,NOW", "d.format=yyyy-ww"}, `projection.d.format is "yyyy-ww": the letter ww`},
		{"no year", "d string", "", []string{"d.type=date", "d.range=NOW,NOW", "d.format=MM-dd"}, `projection.d.format is "MM-dd": it has no year`},
		{"a bound of another format", "d string", "", []string{"d.type=date", "d.range=2026-01-01,NOW", "d.format=yyyy/MM/dd"}, `projection.d.range has "2026-01-01"`},
		{"a day that is not", "d string", "", []string{"d.type=date", "d.range=2026/02/30,NOW", "d.format=yyyy/MM/dd"}, `projection.d.range has "2026/02/30"`},
		{"an hour without a unit", "d string", "", []string{"d.type=date", "d.range=NOW,NOW", "d.format=yyyy/MM/dd/HH", "d.interval=1"}, "projection.d.interval.unit is missing"},
		{"an hour without an interval", "d string", "", []string{"d.type=date", "d.range=NOW,NOW", "d.format=yyyy/MM/dd/HH"}, "projection.d.interval is missing"},
		{"another unit", "d string", "", []string{"d.type=date", "d.range=NOW,NOW", "d.format=yyyy", "d.interval.unit=DECADES"}, `projection.d.interval.unit is "DECADES"`},
		{"a date of a number", "d int", "", []string{"d.type=date", "d.range=NOW,NOW", "d.format=yyyy/MM/dd"}, "projection.d.type is date, but the key is a int"},
		{"a key that the template has not", "a1 string, b1 string", "s3://b/${a1}", []string{"a1.type=enum", "a1.values=x", "b1.type=enum", "b1.values=x"}, "storage.location.template has no ${b1}"},
		{"a key that is none", "a1 string", "s3://b/${account_id}/${a1}", []string{"a1.type=enum", "a1.values=x"}, "storage.location.template has ${account_id}, which is no partition key"},
		{"a template without a bucket", "a1 string", "${a1}", []string{"a1.type=enum", "a1.values=x"}, "storage.location.template is "},
		{"a property of no key", "a1 string", "", []string{"a1.type=enum", "a1.values=x", "b1.type=enum"}, "projection.b1.type is of no partition key"},
		{"a property of no name", "a1 string", "", []string{"a1.type=enum", "a1.values=x", "a1.value=y"}, "projection.a1.value is of no partition key"},
	}
	s := newStore(t)
	for _, tt := range tests {
		err := projected(t, s, tt.keys, tt.template, tt.properties...)
		var e *athenasql.Error
		if !errors.As(err, &e) || e.Code != athenasql.CodeInvalidTable || !strings.HasPrefix(e.Message, tt.want) {
			t.Errorf("%s: %v; want %s", tt.name, err, tt.want)
		}
	}
}

// TestInjected has values that only the query's condition knows.
func TestInjected(t *testing.T) {
	s := newStore(t)
	if err := projected(t, s, "device string, n int", "s3://b/${device}/${n}", "device.type=injected", "n.type=integer", "n.range=1,2"); err != nil {
		t.Fatal(err)
	}
	_, err := partitions(t, s, map[string][]string{"n": {"1"}}, nil)
	want := "CONSTRAINT_VIOLATION: For the injected projected partition column device, the WHERE clause must contain only static equality conditions, " +
		"and at least one such condition must be present."
	if err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
	got, err := partitions(t, s, map[string][]string{"device": {"x", "y", "x"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"x|1 s3://b/x/1/", "x|2 s3://b/x/2/", "y|1 s3://b/y/1/", "y|2 s3://b/y/2/"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAdded lists partitions that were added; with projection they count for nothing.
func TestAdded(t *testing.T) {
	s := newStore(t)
	do(t, s, "CREATE EXTERNAL TABLE pr (a int) PARTITIONED BY (d string) LOCATION 's3://b/pr/'",
		"ALTER TABLE pr ADD PARTITION (d='y') LOCATION 's3://c/y' PARTITION (d='x')")
	second := func(_ context.Context, sp Space) ([]int, error) {
		i := slices.Index(sp.Values[0], "y")
		return []int{i}, nil
	}
	for want, prune := range map[string]Prune{"x s3://b/pr/d=x/,y s3://c/y/": nil, "y s3://c/y/": second} {
		got, err := partitions(t, s, nil, prune)
		if err != nil || strings.Join(got, ",") != want {
			t.Errorf("%q %v; want %q", got, err, want)
		}
	}
	do(t, s, "ALTER TABLE pr SET TBLPROPERTIES ('projection.enabled'='true', 'projection.d.type'='enum', 'projection.d.values'='z')")
	got, err := partitions(t, s, nil, nil)
	if err != nil || !slices.Equal(got, []string{"z s3://b/pr/d=z/"}) {
		t.Errorf("%q %v", got, err)
	}
	if diff := cmp.Diff([]string{"d=x", "d=y"}, do(t, s, "SHOW PARTITIONS pr")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestManyPartitions prunes a template of 5 years of days, 20 regions and 24 hours without a look at what is pruned.
func TestManyPartitions(t *testing.T) {
	s := newStore(t)
	var regions []string
	for i := range 20 {
		regions = append(regions, fmt.Sprintf("region-%d", i))
	}
	err := projected(t, s, "region string, day string, hour string", "s3://b/${region}/${day}/${hour}", "region.type=enum", "region.values="+strings.Join(regions, ","),
		"day.type=date", "day.range=2021/01/01,2025/12/31", "day.format=yyyy/MM/dd", "hour.type=integer", "hour.range=0,23", "hour.digits=2")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	got, err := partitions(t, s, nil, func(_ context.Context, sp Space) ([]int, error) {
		count = sp.Len()
		// As an engine does over the product: the keys of the last partition.
		if diff := cmp.Diff([]string{"region-19", "2025/12/31", "23"}, sp.At(count-1)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		return []int{1, count - 1}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count != 1826*20*24 {
		t.Errorf("%d partitions", count)
	}
	want := []string{"region-0|2021/01/01|01 s3://b/region-0/2021/01/01/01/", "region-19|2025/12/31|23 s3://b/region-19/2025/12/31/23/"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzDateFormat writes and reads dates in any format that is accepted: what was written reads as the same, as far as the format tells.
func FuzzDateFormat(f *testing.F) {
	for _, p := range []string{"yyyy/MM/dd", "yyyy-MM-dd'T'HH:mm:ss.SSS", "dd.MM.yyyy", "yyyyMMddHH", "y'''y'M", "yy"} {
		f.Add(p, int64(1769862896123))
	}
	f.Fuzz(func(t *testing.T, pattern string, ms int64) {
		form, err := readDateFormat(pattern)
		if err != nil {
			return
		}
		at := form.floor(time.UnixMilli(946684800000 + (ms%3_155_760_000_000+3_155_760_000_000)%3_155_760_000_000).UTC())
		// Digits that follow each other without their number being told can't be read, in Java neither.
		for i, p := range form.parts {
			if p.letter != 0 && p.count < 2 || p.letter == 0 && strings.ContainsAny(p.text, "0123456789") || i > 0 && p.letter == 'S' && p.count < 3 {
				return
			}
		}
		text := form.write(at)
		got, err := form.read(text)
		if err != nil {
			t.Fatalf("%q in %q: %v", text, pattern, err)
		}
		if again := form.write(got); again != text {
			t.Errorf("%q reads as %v, which is %q", text, got, again)
		}
	})
}

// FuzzProjection reads any properties: what is accepted has partitions, each once, below the template.
func FuzzProjection(f *testing.F) {
	f.Add("integer", "1,10", "2", "yyyy", "s3://b/${k}", "string")
	f.Add("date", "2020-01-01,NOW", "1", "yyyy-MM-dd", "s3://b/${k}/x", "date")
	f.Add("enum", "a,b", "", "", "", "string")
	f.Fuzz(func(t *testing.T, kind, values, interval, format, template, typ string) {
		if len(values) > 40 {
			return
		}
		tb := &Table{Location: "s3://b/t/", Keys: []Column{{Name: "k", Type: typ}}, Properties: []Property{
			{"projection.enabled", "true"}, {"projection.k.type", kind}, {"projection.k.range", values}, {"projection.k.values", values},
		}}
		if interval != "" {
			tb.Properties = append(tb.Properties, Property{"projection.k.interval", interval})
		}
		if format != "" {
			tb.Properties = append(tb.Properties, Property{"projection.k.format", format})
		}
		if template != "" {
			tb.Properties = append(tb.Properties, Property{"storage.location.template", template})
		}
		p, err := tb.projection(nil)
		if err != nil || p.keys[0].values == nil {
			return
		}
		all := p.keys[0].values(now)
		if len(all) > 10_000 {
			return
		}
		seen := map[string]bool{}
		for _, v := range all {
			if seen[v] {
				t.Fatalf("%q twice", v)
			}
			seen[v] = true
			if err := fits(v, p.keys[0].typ); err != nil {
				t.Fatalf("%q is no %s", v, typ)
			}
			if at := p.location([]string{v}); !strings.HasSuffix(at, "/") || !strings.Contains(at, "://") {
				t.Fatalf("%q lies at %q", v, at)
			}
		}
	})
}
