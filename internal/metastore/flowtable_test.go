package metastore

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/athenasql/flowtable"
	"weir/internal/tablefile"
)

// keys are the objects that AWS would deliver in a layout, two days of two regions, in hours 0 and 23.
func keys(l flowtable.Layout) []string {
	var out []string
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		for day := 29; day <= 30; day++ {
			for _, hour := range []int{0, 23} {
				part := []string{"111122223333", "vpcflowlogs", region, "2026", "01", fmt.Sprint(day), fmt.Sprintf("%02d", hour)}
				if l.Hive {
					for i, name := range []string{"aws-account-id", "aws-service", "aws-region", "year", "month", "day", "hour"} {
						part[i] = name + "=" + part[i]
					}
				}
				if !l.Hourly {
					part = part[:6]
				}
				name := fmt.Sprintf("111122223333_vpcflowlogs_%s_fl-1_202601%02dT%02d00Z_ab.log", region, day, hour)
				out = append(out, l.Root+strings.Join(part, "/")+"/"+name)
			}
		}
	}
	return out
}

// bucket lists objects.
type bucket []string

func (b bucket) List(_ context.Context, location string, fn func(tablefile.Object) error) error {
	for _, url := range b {
		if strings.HasPrefix(url, location) {
			if err := fn(tablefile.Object{URL: url, Size: 1}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (bucket) Open(context.Context, tablefile.Object) (tablefile.Content, error) { return nil, nil }

// TestFlowTables carries out what `weir athena ddl` prints for each layout and each way to know partitions, and finds each object in one partition, whose
// values are those of its path.
func TestFlowTables(t *testing.T) {
	tested := 0
	for _, root := range []string{"s3://b/prefix/AWSLogs/", "file:///data/AWSLogs/"} {
		for bits := range 8 {
			l := flowtable.Layout{Root: root, Hive: bits&1 != 0, Hourly: bits&2 != 0}
			objects := keys(l)
			day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
			stream := &flowtable.Stream{
				FlowLogID: "fl-1", Layout: l, Parquet: bits&4 != 0, Header: bits&4 == 0, Format: flowlog.DefaultFormat(flowlog.KindVPC), Newest: day(30),
				Folders: []flowtable.Folder{{Account: "111122223333", Region: "eu-west-1", Days: []time.Time{day(29), day(30)}}, {Account: "111122223333", Region: "us-east-1", Days: []time.Time{day(29), day(30)}}},
			}
			for _, how := range flowtable.Ways {
				tables, _ := flowtable.Tables([]*flowtable.Stream{stream}, "", "")
				texts, err := tables[0].Statements(how)
				if err != nil {
					continue // the layout has no partitions of this kind
				}
				tested++
				s := newStore(t, objects...)
				do(t, s, texts...)
				table, err := s.Find(t.Context(), "default", tables[0].Name)
				if err != nil || table == nil {
					t.Fatal(tables[0].Name, err)
				}
				checkFound(t, s, table, objects, strings.Join(texts, ";\n"))
			}
		}
	}
	if tested < 16 {
		t.Errorf("only %d tables were made", tested)
	}
}

// checkFound finds each object in one partition.
func checkFound(t *testing.T, s *Store, table *Table, objects []string, ddl string) {
	t.Helper()
	list, err := s.Partitions(t.Context(), table, nil, nil)
	if err != nil {
		t.Fatal(ddl, err)
	}
	var locations []string
	for _, p := range list {
		locations = append(locations, p.Location)
	}
	found, err := tablefile.ListAll(t.Context(), bucket(objects), locations)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(objects) {
		t.Fatalf("%d objects found, %d are there:\n%s", len(found), len(objects), ddl)
	}
	for _, o := range found {
		for i, v := range list[o.Location].Values {
			// A day stands in the object's name too, whatever the folders look like.
			if compact := strings.NewReplacer("-", "", "/", "").Replace(v); !strings.Contains(o.URL, v) && !strings.Contains(o.URL, compact) {
				t.Errorf("%s has %s = %s", o.URL, table.Keys[i].Name, v)
			}
		}
	}
}
