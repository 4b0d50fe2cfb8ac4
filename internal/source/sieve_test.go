package source

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sift puts objects through a sieve and returns the keys that come out.
func sift(t *testing.T, sel Selection, hold bool, objects []Object) ([]string, Listing) {
	t.Helper()
	out := []string{}
	s, err := NewSieve(sel, hold, func(o Object) error {
		out = append(out, o.Key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if err := s.Put(o); err != nil {
			t.Fatal(err)
		}
	}
	l, err := s.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return out, l
}

// TestSieveNewest compares with a plain reading of the rule, for a year of slots
// in any order: more than are held at a time.
func TestSieveNewest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	last := at("2026-12-31T23:55")
	var objects []Object
	for i := range 20000 {
		slot := last.Add(-time.Duration(i*5) * time.Minute)
		objects = append(objects, Object{Key: fmt.Sprintf("%05d", i), Size: 1, Info: Key{Slot: slot}})
	}
	for _, order := range []string{"newest first", "newest last", "random"} {
		switch order {
		case "newest last":
			slices.Reverse(objects)
		case "random":
			random.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		}
		got, l := sift(t, Selection{Newest: 24 * time.Hour}, false, objects)
		var want []string
		for i := range 288 {
			want = append(want, fmt.Sprintf("%05d", 287-i))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", order, diff)
		}
		wantListing := Listing{
			Objects: 288, Bytes: 288, Pruned: 20000 - 288, PrunedBytes: 20000 - 288,
			First: last.Add(-19999 * 5 * time.Minute), Last: last,
		}
		if diff := cmp.Diff(wantListing, l); diff != "" {
			t.Errorf("%s: listing (-want +got):\n%s", order, diff)
		}
	}
}

func TestSieveNewestWithoutSlots(t *testing.T) {
	day := func(key, mod, folder string) Object {
		o := Object{Key: key, ModTime: at(mod)}
		if folder != "" {
			o.Info.FolderFrom, o.Info.FolderTo = at(folder), at(folder).AddDate(0, 0, 1)
		}
		return o
	}
	slotted := Object{Key: "slotted", ModTime: at("2026-03-09T00:00"), Info: Key{Slot: at("2022-02-02T10:00")}}
	tests := []struct {
		name    string
		objects []Object
		want    []string
	}{
		{
			"by modification time among themselves",
			[]Object{day("old", "2026-03-01T00:00", ""), day("new", "2026-03-02T00:00", ""), day("newer", "2026-03-02T00:30", ""), slotted},
			[]string{"slotted", "new", "newer"},
		},
		{
			"by folder where others have slots",
			[]Object{day("same day", "2026-03-02T00:30", "2022-02-02T00:00"), day("day before", "2026-03-02T00:30", "2022-02-01T00:00"), slotted},
			[]string{"slotted", "same day"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := sift(t, Selection{Newest: time.Hour}, false, tt.objects)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSieveCounts(t *testing.T) {
	objects := []Object{
		{Key: "b", Size: 10, Info: Key{Slot: at("2026-03-02T10:00"), Region: "eu-west-1"}},
		{Key: "a", Size: 20, Info: Key{Slot: at("2026-03-02T09:00"), Region: "eu-west-1"}},
		{Key: "c", Size: 40, Info: Key{Slot: at("2026-03-02T08:00"), Region: "us-east-1"}},
		{Key: "d", Size: 80},
		{Key: "folder/"},
	}
	want := Listing{
		Objects: 3, Bytes: 110, Pruned: 1, PrunedBytes: 40, Unjudged: 1, Markers: 1,
		First: at("2026-03-02T08:00"), Last: at("2026-03-02T10:00"),
	}
	for _, hold := range []bool{false, true} {
		keys := []string{"b", "a", "d"}
		if hold {
			keys = []string{"a", "b", "d"}
		}
		got, l := sift(t, Selection{Regions: []string{"eu-west-1"}}, hold, objects)
		if diff := cmp.Diff(keys, got); diff != "" {
			t.Errorf("hold %v (-want +got):\n%s", hold, diff)
		}
		if diff := cmp.Diff(want, l); diff != "" {
			t.Errorf("hold %v: listing (-want +got):\n%s", hold, diff)
		}
	}
}

func TestSieveFaults(t *testing.T) {
	denied := func(url string) *Fault { return &Fault{Op: "list", URL: url, Code: Denied} }
	for name, tt := range map[string]struct {
		objects int
		faults  []string
		want    string
	}{
		"none":              {0, nil, ""},
		"one of many":       {1, []string{"b"}, ""},
		"the only one":      {0, []string{"b"}, "cannot list b: access denied"},
		"all of several":    {0, []string{"c", "b", "d"}, "cannot list b: access denied (and 2 more folders)"},
		"all but an object": {1, []string{"c", "b", "d"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := NewSieve(Selection{}, false, func(Object) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			for range tt.objects {
				_ = s.Put(Object{Key: "a"})
			}
			for _, f := range tt.faults {
				s.Fail(denied(f))
			}
			l, err := s.Finish()
			if text := fmt.Sprint(err); err == nil && tt.want != "" || err != nil && text != tt.want {
				t.Errorf("error %v; want %q", err, tt.want)
			}
			var f *Fault
			if err != nil && !errors.As(err, &f) {
				t.Errorf("%v is no fault", err)
			}
			if len(l.Faults) != len(tt.faults) {
				t.Errorf("faults %v", l.Faults)
			}
		})
	}
}

func TestNewSieveRefuses(t *testing.T) {
	if _, err := NewSieve(Selection{Regions: []string{"x"}}, false, nil); err == nil {
		t.Error("no error for a selection that can match nothing")
	}
}

func TestSieveStops(t *testing.T) {
	enough := errors.New("enough")
	calls := 0
	s, err := NewSieve(Selection{}, false, func(Object) error {
		calls++
		return enough
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.Put(Object{Key: "a"}); !errors.Is(err, enough) {
			t.Errorf("Put: %v; want %v", err, enough)
		}
	}
	if calls != 1 {
		t.Errorf("%d calls; want 1", calls)
	}
}
