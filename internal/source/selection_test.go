package source

import (
	"strings"
	"testing"
	"time"
)

// TestTakesBySlot places a record's end by AWS's rule (spec: c.1) and asks that
// the selection takes its object, for every length of a record and both places
// of midnight; and that it takes nothing far away.
func TestTakesBySlot(t *testing.T) {
	from, to := at("2026-03-01T23:50"), at("2026-03-02T00:10")
	sel := Selection{From: from, To: to}
	slotOf := func(end time.Time) Key { return Key{Slot: end.Truncate(SlotLength)} }
	for start := from; start.Before(to); start = start.Add(time.Second) {
		for _, length := range []time.Duration{0, time.Second, time.Minute, 10 * time.Minute, 11 * time.Minute} {
			if take, known := sel.Takes(slotOf(start.Add(length))); !take || !known {
				t.Fatalf("a record from %s of %s is lost", start, length)
			}
		}
	}
	for slot, want := range map[string]bool{
		"2026-03-01T23:40": false, "2026-03-01T23:45": true,
		"2026-03-02T00:50": true, "2026-03-02T00:55": false,
	} {
		if take, _ := sel.Takes(Key{Slot: at(slot)}); take != want {
			t.Errorf("slot %s: taken is %v", slot, take)
		}
	}
}

func TestTakes(t *testing.T) {
	key := Key{LogOwner: "111122223333", Region: "eu-west-1", Slot: at("2026-03-02T12:00")}
	inDay := Key{FolderFrom: at("2026-03-02T00:00"), FolderTo: at("2026-03-03T00:00")}
	tests := []struct {
		name        string
		sel         Selection
		key         Key
		take, known bool
	}{
		{"nothing asked", Selection{}, Key{}, true, true},
		{"region", Selection{Regions: []string{"us-east-1", "eu-west-1"}}, key, true, true},
		{"other region", Selection{Regions: []string{"us-east-1"}}, key, false, true},
		{"region not told", Selection{Regions: []string{"us-east-1"}}, inDay, true, false},
		{"owner", Selection{LogOwners: []string{"111122223333"}}, key, true, true},
		{"other owner", Selection{LogOwners: []string{"444455556666"}}, key, false, true},
		{"owner not told, other region", Selection{LogOwners: []string{"444455556666"}, Regions: []string{"us-east-1"}}, Key{Region: "eu-west-1"}, false, true},
		{"time not told", Selection{From: at("2026-03-02T00:00")}, Key{Region: "eu-west-1"}, true, false},
		{"day before", Selection{To: at("2026-03-01T23:00")}, inDay, false, true},
		{"day that can hold late records", Selection{To: at("2026-03-01T23:20")}, inDay, true, true},
		{"day whose last slot counts", Selection{From: at("2026-03-03T00:04")}, inDay, true, true},
		{"day after", Selection{From: at("2026-03-03T00:05")}, inDay, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if take, known := tt.sel.Takes(tt.key); take != tt.take || known != tt.known {
				t.Errorf("Takes: %v, %v; want %v, %v", take, known, tt.take, tt.known)
			}
		})
	}
}

// TestFoldersAgreeWithKeys asks for every hour of two days: a folder that is
// excluded holds no slot that is taken, one that is covered none that is not.
func TestFoldersAgreeWithKeys(t *testing.T) {
	base := "AWSLogs/111122223333/vpcflowlogs/eu-west-1/"
	day0 := at("2026-02-28T00:00")
	for from := day0; from.Before(day0.AddDate(0, 0, 2)); from = from.Add(25 * time.Minute) {
		for _, length := range []time.Duration{time.Minute, 6 * time.Hour, 30 * time.Hour} {
			sel := Selection{From: from, To: from.Add(length)}
			for _, layout := range []string{"2006/", "2006/01/", "2006/01/02/", "2006/01/02/15/"} {
				taken, left := map[string]bool{}, map[string]bool{}
				for slot := day0.AddDate(0, 0, -1); slot.Before(day0.AddDate(0, 0, 4)); slot = slot.Add(SlotLength) {
					take, _ := sel.Takes(Key{Slot: slot})
					if take {
						taken[slot.Format(layout)] = true
					} else {
						left[slot.Format(layout)] = true
					}
				}
				for dir := range taken {
					if sel.Excludes(ParseFolder(base + dir)) {
						t.Fatalf("%+v excludes %s, which it needs", sel, dir)
					}
				}
				for dir := range left {
					f := ParseFolder(base + dir)
					if sel.Covers(f) {
						t.Fatalf("%+v covers %s, part of which it leaves", sel, dir)
					}
					if f.Level == Hour && !taken[dir] && !sel.Excludes(f) {
						t.Fatalf("%+v does not exclude %s, of which it takes nothing", sel, dir)
					}
				}
			}
		}
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		sel  Selection
		want string
	}{
		{Selection{}, ""},
		{Selection{From: at("2026-03-02T00:00"), To: at("2026-03-02T00:00")}, "is not after its beginning"},
		{Selection{From: at("2026-03-02T01:00"), To: at("2026-03-02T00:00")}, "is not after its beginning"},
		{Selection{Regions: []string{"Frankfurt"}}, `"Frankfurt" is no region code`},
		{Selection{Regions: []string{"eu-west-1a"}}, `"eu-west-1a" is no region code`},
		{Selection{LogOwners: []string{"12345"}}, `"12345" is no account ID`},
		{Selection{Newest: -time.Hour}, "cannot be selected"},
		{Selection{Regions: []string{"us-iso-east-1", "eusc-de-east-1"}, LogOwners: []string{"000000000000"}, Newest: time.Hour}, ""},
	}
	for _, tt := range tests {
		err := tt.sel.Check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Check(%+v) = %v; want %q", tt.sel, err, tt.want)
		}
	}
}
