package s3

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
	"weir/internal/source"
)

// key returns a key of the default layout.
func key(owner, region, slot string) string {
	t := at(slot)
	return fmt.Sprintf("AWSLogs/%s/vpcflowlogs/%s/%s/%[1]s_vpcflowlogs_%[2]s_fl-0123456789abcdef0_%[4]s_0a1b2c3d.log.gz",
		owner, region, t.Format("2006/01/02"), t.Format("20060102T1504Z"))
}

// at is a moment of the tests.
func at(text string) time.Time {
	t, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

// bucketOf returns objects with the keys as content.
func bucketOf(keys ...string) map[string]string {
	out := map[string]string{}
	for _, k := range keys {
		out[k] = k
	}
	return out
}

// twoYears has objects of two accounts and two regions on four days, other
// services' logs, and a folder that has nothing to do with logs.
func twoYears() map[string]string {
	var keys []string
	for _, owner := range []string{"111111111111", "222222222222"} {
		for _, region := range []string{"eu-west-1", "us-east-1"} {
			for _, slot := range []string{"2025-11-30T12:00", "2026-03-01T23:55", "2026-03-02T00:00", "2026-03-15T12:00"} {
				keys = append(keys, key(owner, region, slot))
			}
		}
	}
	return bucketOf(append(keys, "AWSLogs/111111111111/CloudTrail/eu-west-1/2026/03/02/a.json.gz", "backups/2026/a.tar")...)
}

func TestListAsksOnlyForWhatIsWanted(t *testing.T) {
	const service = "AWSLogs/222222222222/vpcflowlogs/"
	tests := []struct {
		name   string
		prefix string
		sel    source.Selection
		want   []string // requests
		pruned int64    // folders
		found  int64    // objects
	}{
		{
			name: "one account, region and moment across midnight",
			sel: source.Selection{
				Regions: []string{"us-east-1"}, LogOwners: []string{"222222222222"},
				From: at("2026-03-01T23:58"), To: at("2026-03-01T23:59"),
			},
			want: []string{
				"folders ", "folders AWSLogs/", "folders backups/", "folders backups/2026/",
				"folders AWSLogs/222222222222/", "folders " + service, "folders " + service + "us-east-1/",
				"folders " + service + "us-east-1/2026/", "folders " + service + "us-east-1/2026/03/",
				"folders " + service + "us-east-1/2026/03/01/", "folders " + service + "us-east-1/2026/03/02/",
			},
			pruned: 1 + 1 + 1 + 1, // account, region, year, day
			found:  2 + 1,         // and the backup, whose key tells nothing
		},
		{
			name:   "months that are wanted whole are listed flat",
			prefix: service + "us-east-1/",
			want: []string{
				"folders " + service + "us-east-1/", "folders " + service + "us-east-1/2025/", "folders " + service + "us-east-1/2026/",
				"flat    " + service + "us-east-1/2025/11/", "flat    " + service + "us-east-1/2026/03/",
			},
			found: 4,
		},
		{
			name:   "days that are wanted whole are listed flat",
			prefix: service + "us-east-1/2026/",
			sel:    source.Selection{From: at("2026-03-02T12:00")},
			want: []string{
				"folders " + service + "us-east-1/2026/", "folders " + service + "us-east-1/2026/03/",
				"folders " + service + "us-east-1/2026/03/02/", "flat    " + service + "us-east-1/2026/03/15/",
			},
			pruned: 1,
			found:  1,
		},
		{
			name:   "a prefix that ends in an account",
			prefix: "AWSLogs/2222",
			sel:    source.Selection{Regions: []string{"eu-west-1"}, From: at("2026-03-10T00:00")},
			want: []string{
				"folders AWSLogs/2222", "folders AWSLogs/222222222222/", "folders " + service, "folders " + service + "eu-west-1/",
				"folders " + service + "eu-west-1/2026/", "folders " + service + "eu-west-1/2026/03/",
				"flat    " + service + "eu-west-1/2026/03/15/",
			},
			pruned: 1 + 1 + 2,
			found:  1,
		},
		{
			name:   "a prefix that ends in a day",
			prefix: service + "us-east-1/2026/03/0",
			sel:    source.Selection{To: at("2026-03-02T00:00")},
			want: []string{
				"folders " + service + "us-east-1/2026/03/0",
				"flat    " + service + "us-east-1/2026/03/01/", "folders " + service + "us-east-1/2026/03/02/",
			},
			found: 2,
		},
		{
			name:   "a prefix that ends in a name",
			prefix: service + "us-east-1/2026/03/01/222222222222_vpc",
			want:   []string{"flat    " + service + "us-east-1/2026/03/01/222222222222_vpc"},
			found:  1,
		},
		{
			name:   "a prefix outside the selection",
			prefix: service + "us-east-1/2026/03/01/",
			sel:    source.Selection{From: at("2026-03-15T00:00")},
			pruned: 1,
		},
		{
			name:   "another service's folder that is named",
			prefix: "AWSLogs/111111111111/CloudTrail/",
			want:   []string{"flat    AWSLogs/111111111111/CloudTrail/"},
			found:  1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, twoYears())
			l, err := f.open(t, tt.prefix).List(t.Context(), tt.sel, none)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, f.listings()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if l.PrunedFolders != tt.pruned || l.Objects != tt.found || l.Requests != int64(len(tt.want)) {
				t.Errorf("%d folders pruned, %d objects, %d requests; want %d, %d, %d",
					l.PrunedFolders, l.Objects, l.Requests, tt.pruned, tt.found, len(tt.want))
			}
		})
	}
}

func TestListByHour(t *testing.T) {
	for _, layout := range []string{
		"AWSLogs/111111111111/vpcflowlogs/eu-west-1/2026/03/02/%02d/",
		"AWSLogs/aws-account-id=111111111111/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=03/day=02/hour=%02d/",
	} {
		var keys, want []string
		for hour := range 24 {
			name := fmt.Sprintf("111111111111_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_20260302T%02d30Z_0a1b2c3d.log.gz", hour)
			keys = append(keys, fmt.Sprintf(layout, hour)+name)
		}
		f := newFake(t, bucketOf(keys...))
		day, _, _ := strings.Cut(layout, "%02d/")
		if strings.Contains(day, "hour=") {
			day = strings.TrimSuffix(day, "hour=")
		}
		l, err := f.open(t, day).List(t.Context(), source.Selection{From: at("2026-03-02T10:00"), To: at("2026-03-02T11:00")}, none)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, "folders "+day)
		for _, hour := range []int{9, 10, 11} { // from 09:55 to 11:40
			want = append(want, "flat    "+fmt.Sprintf(layout, hour))
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, f.listings()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		if l.Objects != 2 || l.Pruned != 1 || l.PrunedFolders != 21 {
			t.Errorf("%d objects, %d pruned, %d folders pruned; want 2, 1, 21", l.Objects, l.Pruned, l.PrunedFolders)
		}
	}
}

func TestListPages(t *testing.T) {
	objects := map[string]string{}
	for i := range 2500 {
		objects[fmt.Sprintf("AWSLogs/111111111111/vpcflowlogs/eu-west-1/2026/03/02/%04d.log", i)] = "x"
	}
	f := newFake(t, objects)
	seen := map[string]bool{}
	l, err := f.open(t, "AWSLogs/111111111111/vpcflowlogs/eu-west-1/2026/03/02/").List(t.Context(), source.Selection{},
		func(o source.Object) error {
			seen[o.Key] = true
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2500 || l.Objects != 2500 || l.Requests != 3 {
		t.Errorf("%d keys, %d objects, %d requests; want 2500, 2500, 3", len(seen), l.Objects, l.Requests)
	}
}

func TestListCrowdedFolder(t *testing.T) {
	var keys []string
	for i := range crowded + 1 {
		keys = append(keys, fmt.Sprintf("warehouse/part=%d/data.parquet", i))
	}
	keys = append(keys, "warehouse/part=0/AWSLogs/111111111111/CloudTrail/eu-west-1/a.json.gz", key("111111111111", "eu-west-1", "2026-03-02T00:00"))
	f := newFake(t, bucketOf(keys...))
	l, err := f.open(t, "").List(t.Context(), source.Selection{From: at("2026-03-01T00:00")}, none)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.listings(); !slices.Contains(got, "flat    warehouse/") || slices.ContainsFunc(got, func(r string) bool {
		return strings.Contains(r, "part=")
	}) {
		t.Errorf("requests: %q; want warehouse/ flat, and nothing below it", got)
	}
	if l.Objects != crowded+2 || l.Unjudged != crowded+1 {
		t.Errorf("%d objects, %d unjudged; want %d, %d", l.Objects, l.Unjudged, crowded+2, crowded+1)
	}
	want := []source.Skipped{{URL: "s3://flow-logs/warehouse/part=0/AWSLogs/111111111111/CloudTrail/", Reason: "logs of another service: CloudTrail"}}
	if diff := cmp.Diff(want, l.Skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
}

func TestListManyFoldersAboveAWSLogs(t *testing.T) {
	objects := map[string]string{}
	for i := range 20 {
		for j := range 20 {
			objects[fmt.Sprintf("%02d/%02d/x.log", i, j)] = "x"
		}
	}
	f := newFake(t, objects)
	l, err := f.open(t, "").List(t.Context(), source.Selection{}, none)
	if err != nil {
		t.Fatal(err)
	}
	byFolder := 0
	for _, r := range f.listings() {
		if strings.HasPrefix(r, "folders") {
			byFolder++
		}
	}
	if byFolder != lookedInto || l.Objects != 400 {
		t.Errorf("%d folders looked into, %d objects; want %d, 400", byFolder, l.Objects, lookedInto)
	}
}

func TestListMarkers(t *testing.T) {
	const day = "AWSLogs/111111111111/vpcflowlogs/eu-west-1/2026/03/02/"
	f := newFake(t, map[string]string{day: "", day + "more/": "", day + "empty.log": "", day + "full/": "not empty"})
	l, err := f.open(t, day).List(t.Context(), source.Selection{}, none)
	if err != nil {
		t.Fatal(err)
	}
	if l.Markers != 2 || l.Objects != 2 {
		t.Errorf("%d markers, %d objects; want 2, 2", l.Markers, l.Objects)
	}
}

// TestListDecodesKeys reads a page as S3 writes it with encoding-type=url: "+" is
// a space there.
func TestListDecodesKeys(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("encoding-type") != "url" {
			t.Errorf("request %s asks for no encoding", r.URL)
		}
		prefix := r.URL.Query().Get("prefix")
		page := "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
		if prefix == "" {
			page += "<CommonPrefixes><Prefix>a+b%2B%25/</Prefix></CommonPrefixes>"
		} else {
			page += "<Contents><Key>a+b%2B%25/line%0Aend.log</Key><Size>1</Size></Contents>"
		}
		_, _ = w.Write([]byte(page + "</ListBucketResult>"))
	})
	var got []string
	if _, err := s.List(t.Context(), source.Selection{}, func(o source.Object) error {
		got = append(got, o.Key)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a b+%/line\nend.log"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestListDenied(t *testing.T) {
	prefixOf := func(r *http.Request) string { return r.URL.Query().Get("prefix") }
	t.Run("one folder of many", func(t *testing.T) {
		f := newFake(t, twoYears())
		f.deny = func(r *http.Request) bool { return strings.HasPrefix(prefixOf(r), "AWSLogs/111111111111/") }
		l, err := f.open(t, "").List(t.Context(), source.Selection{}, none)
		if err != nil {
			t.Fatal(err)
		}
		if l.Objects != 9 || len(l.Faults) != 1 {
			t.Fatalf("%d objects, faults %v; want 9 and one fault", l.Objects, l.Faults)
		}
		fault := wantCode(t, l.Faults[0], source.Denied)
		if fault.URL != "s3://flow-logs/AWSLogs/111111111111/" {
			t.Errorf("fault of %s", fault.URL)
		}
		const statement = `{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::flow-logs"}`
		if !strings.Contains(fault.Hint, statement) {
			t.Errorf("hint %q; want %s in it", fault.Hint, statement)
		}
	})
	t.Run("all", func(t *testing.T) {
		f := newFake(t, twoYears())
		f.deny = func(r *http.Request) bool { return r.Method == http.MethodGet && prefixOf(r) != "AWSLogs/" }
		l, err := f.open(t, "AWSLogs/").List(t.Context(), source.Selection{}, none)
		wantCode(t, err, source.Denied)
		if !strings.HasSuffix(err.Error(), "(and 1 more folders)") || len(l.Faults) != 2 {
			t.Errorf("error %v, faults %v; want two", err, l.Faults)
		}
	})
}

// TestListShared lists the shared sets as a bucket, with every key as AWS wrote
// it.
func TestListShared(t *testing.T) {
	root := sharedtest.Path(t, "data", "flowlogs")
	objects, slots := map[string]string{}, 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		key, err := filepath.Rel(root, path)
		objects[key] = string(data)
		if strings.Contains(d.Name(), "_vpcflowlogs_") {
			slots++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	f := newFake(t, objects)
	var got []source.Object
	l, err := f.open(t, "").List(t.Context(), source.Selection{}, func(o source.Object) error {
		got = append(got, o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, o := range got {
		if !o.Info.Slot.IsZero() {
			named++
		}
		if o.Size != int64(len(objects[o.Key])) {
			t.Errorf("%s: %d bytes, want %d", o.Key, o.Size, len(objects[o.Key]))
		}
	}
	if len(got) != len(objects) || named != slots || slots < 270 {
		t.Errorf("%d objects, %d with a slot; want %d, %d", len(got), named, len(objects), slots)
	}
	if want := at("2022-02-21T19:55"); !l.First.Equal(want) {
		t.Errorf("first slot %s; want %s", l.First, want)
	}
}
