package app

import (
	"errors"
	"testing"
	"time"

	"weir/internal/logstore"
)

// TestUnnameFiltered keeps the last flow log of a log group that has filters, and no other; without filters the group goes, and what was said of its lateness.
func TestUnnameFiltered(t *testing.T) {
	dir := t.TempDir()
	for _, id := range []string{"fl-1", "fl-2"} {
		writeLog(t, dir, key(id, "20260302T1000Z"), "interface-id start bytes", "eni-1 1772445600 "+id[3:])
	}
	s := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{dir}, LogGroup: "g"})
	store, err := s.logStore(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	remove := func(id string) error {
		return s.NameLogGroup(t.Context(), NameLogGroupRequest{Name: "g", FlowLog: id, Remove: true})
	}
	filters := []logstore.Document{
		{Kind: "metric-filter", Name: "m", Body: []byte(`{"filterPattern":"","metricTransformations":[{"metricName":"n","metricNamespace":"mine","metricValue":"1"}]}`)},
		{Kind: "subscription-filter", Name: "s", Body: []byte(`{"filterPattern":"","destinationArn":"arn:aws:firehose:us-east-1:000000000000:deliverystream/one"}`)},
	}
	for _, d := range filters {
		d.OfLake = true
		for _, d.Group = range []string{"g", FlowLogsGroup} {
			if _, err := store.PutDocument(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.ChangeLogGroup(t.Context(), LogGroupChange{Name: "g", SetLateness: true, Lateness: 20 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	if err := remove("fl-1"); err != nil {
		t.Errorf("the first of two: %v", err)
	}
	for i, want := range []string{"the metric filter m, the subscription filter s", "the subscription filter s"} {
		refused, ok := errors.AsType[*UsageError](remove("fl-2"))
		if want = "log group g is gone without its last flow log, and has " + want; !ok || refused.Message != want {
			t.Errorf("the last one: %v, want %s", refused, want)
		}
		if _, err := s.LakeGroups().Find("g"); err != nil {
			t.Errorf("after it was refused: %v", err)
		}
		if err := store.DeleteDocument(t.Context(), filters[i].Kind, "g", filters[i].Name); err != nil {
			t.Fatal(err)
		}
	}
	if err := remove("fl-2"); err != nil {
		t.Errorf("without filters: %v", err)
	}
	if _, err := s.LakeGroups().Find("g"); !errors.Is(err, logstore.ErrNoGroup) {
		t.Errorf("it is still there: %v", err)
	}
	if late, err := groupLateness(t.Context(), store, "g"); late != LakeLateness || err != nil {
		t.Errorf("its lateness is %s, %v", late, err)
	}
}
