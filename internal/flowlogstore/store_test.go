package flowlogstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// create makes flow logs that must be made.
func create(t *testing.T, s *Store, r Request) []string {
	t.Helper()
	out, err := s.Create(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return out.IDs
}

// TestDelete deletes flow logs, and what is not there.
func TestDelete(t *testing.T) {
	s, _ := open(t, t.TempDir(), nil)
	ids := create(t, s, toBucket("vpc-1", "vpc-2", "vpc-3"))
	for name, c := range map[string]struct {
		ids  []string
		want string
	}{
		"none":         {nil, "MissingParameter: The request must contain the parameter FlowLogId"},
		"no id":        {[]string{ids[0], "vpc-1"}, "InvalidParameterValue: 1 validation error detected: Value 'vpc-1' at 'flowLogId' has an invalid format"},
		"not there":    {[]string{ids[0], "fl-1a2b3c4d"}, "InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 1] fl-1a2b3c4d"},
		"two of those": {[]string{"fl-2", "fl-1"}, "InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 2] fl-2 fl-1"},
	} {
		if got := said(t, s.Delete(t.Context(), c.ids)); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if err := s.Delete(t.Context(), []string{ids[2], ids[0], ids[2]}); err != nil {
		t.Fatal(err)
	}
	all, _, err := s.List(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != ids[1] {
		t.Errorf("left %v, %v", all, err)
	}
	create(t, s, toBucket("vpc-1")) // again
}

// TestWait waits for a generation.
func TestWait(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir, nil)
	ids := create(t, s, toBucket("vpc-1"))
	if err := s.Wait(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	waiting := s.changed // what who waits now is woken by
	done := make(chan error)
	go func() { done <- s.Wait(t.Context(), 1) }()
	// What is no other generation wakes nobody.
	if err := errors.Join(s.Tag(t.Context(), ids, map[string]string{"a": "b"}), s.SetDelivery(t.Context(), ids[0], Failed, "Access error")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-waiting:
		t.Error("a tag or the state of delivery wakes")
	default:
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ended, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	select {
	case <-waiting:
	default:
		t.Error("what is deleted wakes nobody")
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	again, _ := open(t, dir, nil)
	if err := again.Wait(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

// TestSetDelivery says how delivery goes.
func TestSetDelivery(t *testing.T) {
	s, _ := open(t, t.TempDir(), nil)
	id := create(t, s, toBucket("vpc-1"))[0]
	for _, want := range []struct {
		d   Delivery
		why string
	}{{Failed, "Access error"}, {Success, ""}} {
		if err := s.SetDelivery(t.Context(), id, want.d, want.why); err != nil {
			t.Fatal(err)
		}
		all, generation, err := s.List(t.Context())
		if err != nil || generation != 1 || all[0].Delivery != want.d || all[0].DeliveryError != want.why {
			t.Errorf("%+v, generation %d, %v", all, generation, err)
		}
	}
	if got := said(t, s.SetDelivery(t.Context(), "fl-1", Failed, "Access error")); !strings.HasPrefix(got, "InvalidFlowLogId.NotFound") {
		t.Error(got)
	}
}

// TestTags does random things to the tags of flow logs and to maps in memory.
func TestTags(t *testing.T) {
	s, _ := open(t, t.TempDir(), nil)
	ids := create(t, s, toBucket("vpc-1", "vpc-2", "vpc-3"))
	want := map[string]map[string]string{}
	for _, id := range ids {
		want[id] = map[string]string{}
	}
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string { return string(rune('a' + random.IntN(4))) }
	for range 150 {
		some := slices.Clone(ids[:1+random.IntN(3)])
		var err error
		switch random.IntN(8) {
		case 0:
			err = s.Untag(t.Context(), some, nil)
			for _, id := range some {
				clear(want[id])
			}
		case 1, 2, 3:
			choice := []TagChoice{{Key: word()}, {Key: word()}}
			if value := word(); random.IntN(2) == 0 {
				choice[0].Value = &value
			}
			err = s.Untag(t.Context(), some, choice)
			for _, id := range some {
				for _, c := range choice {
					if c.Value == nil || want[id][c.Key] == *c.Value {
						delete(want[id], c.Key)
					}
				}
			}
		default:
			tags := map[string]string{word(): word(), word(): word()}
			err = s.Tag(t.Context(), some, tags)
			for _, id := range some {
				maps.Copy(want[id], tags)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		all, _, err := s.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]map[string]string{}
		for _, f := range all {
			got[f.ID] = map[string]string{}
			maps.Copy(got[f.ID], f.Tags)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestTagsRefused puts tags that may not be, and on what is not there.
func TestTagsRefused(t *testing.T) {
	s, _ := open(t, t.TempDir(), nil)
	ids := create(t, s, toBucket("vpc-1", "vpc-2"))
	many := map[string]string{}
	for i := range maxTags {
		many[fmt.Sprint(i)] = ""
	}
	if err := s.Tag(t.Context(), ids[1:], many); err != nil {
		t.Fatal(err)
	}
	if err := s.Tag(t.Context(), ids[1:], map[string]string{"7": "changed"}); err != nil {
		t.Errorf("a tag in place of another: %v", err)
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"one too many":  {s.Tag(t.Context(), ids, map[string]string{"more": ""}), "TagLimitExceeded: The maximum number of Tags for a resource has been reached."},
		"AWS's":         {s.Tag(t.Context(), ids[:1], map[string]string{"aws:x": ""}), "InvalidParameterValue: Tag keys starting with 'aws:' are reserved for internal use"},
		"not there":     {s.Tag(t.Context(), []string{ids[0], "fl-1"}, map[string]string{"a": ""}), "InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 1] fl-1"},
		"none to untag": {s.Untag(t.Context(), []string{"fl-1"}, nil), "InvalidFlowLogId.NotFound: These flow log ids in the input list are not found: [TotalCount: 1] fl-1"},
		"empty key":     {s.Untag(t.Context(), ids, []TagChoice{{}}), "MissingParameter: The request must contain the parameter Tag.Key"},
	} {
		if got := said(t, c.err); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	all, _, err := s.List(t.Context())
	if err != nil || len(all[0].Tags) != 0 || len(all[1].Tags) != maxTags || all[1].Tags["7"] != "changed" {
		t.Errorf("%v %v", all, err)
	}
}
