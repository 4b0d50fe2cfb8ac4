package tablefile

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestListAll finds the objects of locations, and asks for few folders.
func TestListAll(t *testing.T) {
	store := &memory{objects: map[string]string{
		"s3://b/t/a/1.log": "x", "s3://b/t/a/sub/2.log": "x", "s3://b/t/a/_SUCCESS": "x", "s3://b/t/a/.tmp/3.log": "x", "s3://b/t/a/empty": "",
		"s3://b/t/ab/4.log": "x", "s3://b/t/b/5.log": "x", "s3://b/_u/6.log": "x",
	}}
	list := func(locations ...string) []string {
		found, err := ListAll(t.Context(), store, locations)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, o := range found {
			out = append(out, fmt.Sprintf("%d %s", o.Location, o.URL))
		}
		return out
	}
	tests := []struct {
		name      string
		locations []string
		want      []string
	}{
		{"a folder is no prefix", []string{"s3://b/t/a/"}, []string{"0 s3://b/t/a/1.log", "0 s3://b/t/a/sub/2.log"}},
		{"hidden counts below the location alone", []string{"s3://b/_u/"}, []string{"0 s3://b/_u/6.log"}},
		{"one within another, and one twice", []string{"s3://b/t/a/", "s3://b/t/a/sub/", "s3://b/t/a/sub/"}, []string{
			"0 s3://b/t/a/1.log", "0 s3://b/t/a/sub/2.log", "1 s3://b/t/a/sub/2.log", "2 s3://b/t/a/sub/2.log",
		}},
		{"nothing there", []string{"s3://b/none/"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, list(tt.locations...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestFolders lists parents in place of many children.
func TestFolders(t *testing.T) {
	var hours, days, regions []string
	for i := range 24 {
		hours = append(hours, fmt.Sprintf("s3://b/logs/r/2026/01/31/%02d/", i))
	}
	for d := range 28 {
		for h := range 24 {
			days = append(days, fmt.Sprintf("s3://b/logs/r/2026/02/%02d/%02d/", d+1, h))
		}
	}
	for i := range 20 {
		regions = append(regions, fmt.Sprintf("s3://b/r%d/", i))
	}
	tests := []struct {
		name     string
		in, want []string
	}{
		{"few", hours[:3], hours[:3]},
		{"a day", hours, []string{"s3://b/logs/r/2026/01/31/"}},
		{"a month", days, []string{"s3://b/logs/r/2026/02/"}},
		{"not the bucket", regions[:1], regions[:1]},
		{"one within another", []string{"s3://b/x/", "s3://b/x/y/"}, []string{"s3://b/x/"}},
		{"the bucket", []string{"s3://b/"}, []string{"s3://b/"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, folders(tt.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := folders(regions); len(got) != len(regions) {
		t.Errorf("%d folders; want %d, and not the bucket", len(got), len(regions))
	}
}
