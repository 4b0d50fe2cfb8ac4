package source

import (
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

// The names marked "seen" are those of real objects (spec: c.1, "observed
// names", and the shared sekoia-automation set).
func TestParseKey(t *testing.T) {
	const name = "111122223333_vpcflowlogs_us-east-2_fl-023c6afa025ee5a04_20230128T0930Z_3a9dfd9d.log.gz"
	whole := Key{
		LogOwner: "111122223333", Region: "us-east-2", FlowLogID: "fl-023c6afa025ee5a04",
		Slot: at("2023-01-28T09:30"), Hash: "3a9dfd9d",
	}
	within := func(from, to string) Key {
		k := whole
		k.FolderFrom, k.FolderTo = at(from), at(to)
		return k
	}
	inDay, inHour := within("2023-01-28T00:00", "2023-01-29T00:00"), within("2023-01-28T09:00", "2023-01-28T10:00")
	conflict := func(k Key, text string) Key {
		k.Conflict = text
		return k
	}
	tests := []struct {
		name, key string
		want      Key
		not       bool
	}{
		{name: "default", key: "AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/01/28/" + name, want: inDay},
		{name: "hourly", key: "AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/01/28/09/" + name, want: inHour},
		{
			name: "Hive", want: inDay,
			key: "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-2/year=2023/month=01/day=28/" + name,
		},
		{
			name: "Hive and hourly", want: inHour,
			key: "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-2/year=2023/month=01/day=28/hour=09/" + name,
		},
		{
			name: "Hive of the transit gateway guide", want: inDay,
			key: "AWSLogs/aws-account-id=111122223333/service=vpcflowlogs/aws-region=us-east-2/year=2023/month=01/day=28/" + name,
		},
		{name: "organization", key: "AWSLogs/o-a1b2c3d4e5/111122223333/vpcflowlogs/us-east-2/2023/01/28/" + name, want: inDay},
		{name: "prefix", key: "net/prod/AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/01/28/" + name, want: inDay},
		{name: "absolute path", key: "/srv/logs/AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/01/28/" + name, want: inDay},
		{name: "name alone", key: name, want: whole},
		{name: "AWSLogs twice", key: "AWSLogs/copy/AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/01/28/" + name, want: inDay},
		{name: "unknown folder below the day", key: "AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/01/28/old/" + name, want: inDay},
		{
			name: "Parquet", key: "111122223333_vpcflowlogs_us-east-2_fl-023c6afa025ee5a04_20230128T0930Z_3a9dfd9d.log.parquet",
			want: func() Key { k := whole; k.Parquet = true; return k }(),
		},
		{
			name: "seen: Parquet without .log", key: "111111111111_vpcflowlogs_eu-west-3_fl-032a163fae170ae52_20220831T1255Z_2ad4bef5.parquet",
			want: Key{LogOwner: "111111111111", Region: "eu-west-3", FlowLogID: "fl-032a163fae170ae52", Slot: at("2022-08-31T12:55"), Hash: "2ad4bef5", Parquet: true},
		},
		{
			name: "seen: unpacked", key: "AWSLogs/111111111111/vpcflowlogs/eu-west-2/2022/02/21/111111111111_vpcflowlogs_eu-west-2_fl-0dcbf7c4c2483c6b6_20220221T1955Z_7fe2e5f7.log",
			want: Key{
				LogOwner: "111111111111", Region: "eu-west-2", FlowLogID: "fl-0dcbf7c4c2483c6b6", Slot: at("2022-02-21T19:55"), Hash: "7fe2e5f7",
				FolderFrom: at("2022-02-21T00:00"), FolderTo: at("2022-02-22T00:00"),
			},
		},
		{
			name: "old short id, other partition", key: "034496339141_vpcflowlogs_us-gov-west-1_fl-1a2b3c4d_20190605T0000Z_8246457e.log.gz",
			want: Key{LogOwner: "034496339141", Region: "us-gov-west-1", FlowLogID: "fl-1a2b3c4d", Slot: at("2019-06-05T00:00"), Hash: "8246457e"},
		},
		{
			name: "another day in the folder", key: "AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/01/29/" + name,
			want: conflict(within("2023-01-29T00:00", "2023-01-30T00:00"), "time 20230128T0930Z in the name, outside its folder"),
		},
		{
			name: "another account and region in the folder", key: "AWSLogs/444455556666/vpcflowlogs/eu-west-1/2023/01/28/" + name,
			want: conflict(inDay, "account 444455556666 in the folder, 111122223333 in the name; region eu-west-1 in the folder, us-east-2 in the name"),
		},
		{
			name: "another name in a day's folder", key: "AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/01/28/merged.parquet",
			want: Key{LogOwner: "111122223333", Region: "us-east-2", Parquet: true, FolderFrom: at("2023-01-28T00:00"), FolderTo: at("2023-01-29T00:00")},
		},
		{
			name: "a month that does not exist", key: "AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/13/28/a.log",
			want: Key{LogOwner: "111122223333", Region: "us-east-2", FolderFrom: at("2023-01-01T00:00"), FolderTo: at("2024-01-01T00:00")},
		},
		{
			name: "a day that does not exist", key: "AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/02/30/a.log",
			want: Key{LogOwner: "111122223333", Region: "us-east-2", FolderFrom: at("2023-02-01T00:00"), FolderTo: at("2023-03-01T00:00")},
		},
		{name: "a time that does not exist", key: "111122223333_vpcflowlogs_us-east-2_fl-023c6afa025ee5a04_20230230T0930Z_3a9dfd9d.log.gz", not: true},
		{name: "another service", key: "AWSLogs/111122223333/CloudTrail/us-east-2/2023/01/28/111122223333_CloudTrail_us-east-2_20230128T0930Z_a.json.gz", not: true},
		{name: "no layout", key: "logs/flow.log.gz", not: true},
		{name: "a table of another kind", key: "table/year=2023/month=01/part-0.parquet", not: true},
		{name: "empty", key: "", not: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ParseKey(tt.key)
			if ok == tt.not {
				t.Errorf("ok is %v", ok)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseFolder(t *testing.T) {
	tests := []struct {
		dir  string
		want Folder
	}{
		{"", Folder{}},
		{"a/b/", Folder{}},
		{"AWSLogs/", Folder{Level: Root}},
		{"a/AWSLogs/o-a1b2c3d4e5/", Folder{Level: Root}},
		{"AWSLogs/111122223333/", Folder{Level: Account, LogOwner: "111122223333"}},
		{"AWSLogs/notes/", Folder{Level: Unknown}},
		{"AWSLogs/notes/111122223333/vpcflowlogs/", Folder{Level: Unknown}},
		{
			"x/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/",
			Folder{Level: Foreign, LogOwner: "111122223333", Service: "CloudTrail", ServiceFolder: "x/AWSLogs/111122223333/CloudTrail/"},
		},
		{
			"AWSLogs/111122223333/vpcflowlogs/",
			Folder{Level: Service, LogOwner: "111122223333", Service: "vpcflowlogs", ServiceFolder: "AWSLogs/111122223333/vpcflowlogs/"},
		},
		{
			"AWSLogs/111122223333/vpcflowlogs/backup/2026/",
			Folder{Level: Unknown, LogOwner: "111122223333", Service: "vpcflowlogs", ServiceFolder: "AWSLogs/111122223333/vpcflowlogs/"},
		},
		{
			"AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/12/31/23/",
			Folder{
				Level: Hour, LogOwner: "111122223333", Region: "eu-west-1", Service: "vpcflowlogs", ServiceFolder: "AWSLogs/111122223333/vpcflowlogs/",
				From: at("2026-12-31T23:00"), To: at("2027-01-01T00:00"),
			},
		},
		{
			"AWSLogs/111122223333/vpcflowlogs/eu-west-1/2024/02/",
			Folder{
				Level: Month, LogOwner: "111122223333", Region: "eu-west-1", Service: "vpcflowlogs", ServiceFolder: "AWSLogs/111122223333/vpcflowlogs/",
				From: at("2024-02-01T00:00"), To: at("2024-03-01T00:00"),
			},
		},
		{
			"AWSLogs/111122223333/vpcflowlogs/eu-west-1/2024/02/29/24/",
			Folder{
				Level: Unknown, LogOwner: "111122223333", Region: "eu-west-1", Service: "vpcflowlogs", ServiceFolder: "AWSLogs/111122223333/vpcflowlogs/",
				From: at("2024-02-29T00:00"), To: at("2024-03-01T00:00"),
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.dir, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ParseFolder(tt.dir)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParseKey checks that a key written from what was read reads the same, and
// that the folder's bounds are ones.
func FuzzParseKey(f *testing.F) {
	f.Add("AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/01/28/111122223333_vpcflowlogs_us-east-2_fl-023c6afa025ee5a04_20230128T0930Z_3a9dfd9d.log.gz")
	f.Add("AWSLogs/aws-account-id=111122223333/service=vpcflowlogs/aws-region=us-east-2/year=2023/month=02/day=30/hour=09/a.parquet")
	f.Add("a/AWSLogs/o-a1b2c3d4e5/111122223333/vpcflowlogs/cn-north-1/1969/12/31/23/_vpcflowlogs_")
	f.Add("AWSLogs//AWSLogs/AWSLogs")
	f.Fuzz(func(t *testing.T, key string) {
		k, ok := ParseKey(key)
		if !ok && k != (Key{}) {
			t.Fatalf("%q: not a key, but %+v", key, k)
		}
		if k.FolderFrom.IsZero() != k.FolderTo.IsZero() || !k.FolderFrom.IsZero() && !k.FolderFrom.Before(k.FolderTo) {
			t.Fatalf("%q: folder from %s to %s", key, k.FolderFrom, k.FolderTo)
		}
		if k.Slot.IsZero() {
			return
		}
		dir, name := path.Split(key)
		_, suffix, _ := strings.Cut(name, ".")
		if suffix != "" {
			suffix = "." + suffix
		}
		again := fmt.Sprintf("%s%s_vpcflowlogs_%s_%s_%s_%s%s", dir, k.LogOwner, k.Region, k.FlowLogID, k.Slot.Format("20060102T1504Z"), k.Hash, suffix)
		if again != key {
			t.Fatalf("%q was read as %+v, which writes %q", key, k, again)
		}
	})
}

func TestSort(t *testing.T) {
	object := func(key, slot, mod string) Object {
		o := Object{Key: key, ModTime: at(mod)}
		if slot != "" {
			o.Info.Slot = at(slot)
		}
		return o
	}
	const early, late = "2026-03-02T00:00", "2026-03-02T00:05"
	objects := []Object{
		object("e", "", late), object("d", "", early), object("f", "", late),
		object("a", late, early), object("c", early, late), object("b", early, late),
	}
	Sort(objects)
	var got []string
	for _, o := range objects {
		got = append(got, o.Key)
	}
	if diff := cmp.Diff([]string{"b", "c", "a", "d", "e", "f"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRevision(t *testing.T) {
	o := Object{ETag: "abc", ModTime: at("2026-03-02T00:00")}
	if got := o.Revision(); got != "abc" {
		t.Errorf("with an ETag: %q", got)
	}
	o.ETag, o.ModTime = "", o.ModTime.Add(time.Nanosecond).In(time.FixedZone("", 3600))
	if got, want := o.Revision(), "2026-03-02T00:00:00.000000001Z"; got != want {
		t.Errorf("without: %q, want %q", got, want)
	}
}

func BenchmarkParseKey(b *testing.B) {
	const key = "AWSLogs/111122223333/vpcflowlogs/us-east-2/2023/01/28/111122223333_vpcflowlogs_us-east-2_fl-023c6afa025ee5a04_20230128T0930Z_3a9dfd9d.log.gz"
	for b.Loop() {
		ParseKey(key)
	}
}
