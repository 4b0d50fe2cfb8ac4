package agent

import (
	"strings"
	"testing"
	"time"

	"weir/internal/agent/config"
	"weir/internal/agent/destination/servicetest"
	"weir/internal/agent/spool"
)

// TestOtherDestination has a flow log whose bucket is not there, and that goes to another one after the agent was started again: what waits for the first holds up nothing, is
// still told of, and is delivered when that bucket is there.
func TestOtherDestination(t *testing.T) {
	keys(t)
	gone, there := servicetest.NewS3(t, 9, nil), servicetest.NewS3(t, 10, nil)
	gone.Set(t, servicetest.Down)
	l := config.FlowLog{ID: "fl-1", Interval: time.Minute, Delivery: config.Delivery{Type: config.S3, Bucket: "typo", Endpoint: gone.URL()}}
	s := newStorm(t, 9, l)
	s.minute(t)
	s.minute(t)
	old := s.queueOf(t, "fl-1")
	s.Config.FlowLogs[0].Delivery = config.Delivery{Type: config.S3, Bucket: "bucket", Endpoint: there.URL()}
	s.kill(t)
	s.deliverer.stop() // from here on by hand
	s.deliverer.wg.Wait()
	if !s.turn() {
		t.Fatal(s.log.String())
	}
	s.minute(t)
	now := s.queueOf(t, "fl-1")
	if got := len(s.spool.Queues()); old == now || got != 2 {
		t.Fatalf("%d queues, %v and %v", got, old, now)
	}
	if _, err := s.deliverer.some(t.Context(), old, 1); err == nil {
		t.Error("the bucket that is down takes objects")
	}
	if _, err := s.deliverer.some(t.Context(), now, 8); err != nil {
		t.Error(err)
	}
	of := s.counted.of(&s.Config.FlowLogs[0])
	if len(there.Objects()) == 0 || of.Delivery != "FAILED" || !strings.Contains(of.Error, "s3://typo/") || of.Waiting == 0 || s.counted.values[failingNow]["fl-1"] != 1 {
		t.Errorf("%d objects: %+v", len(there.Objects()), of)
	}
	gone.Set(t, servicetest.Fair)
	for more := true; more; {
		var err error
		if more, err = s.deliverer.some(t.Context(), old, 8); err != nil {
			t.Fatal(err)
		}
	}
	of = s.counted.of(&s.Config.FlowLogs[0])
	if len(gone.Objects()) == 0 || of.Delivery != "SUCCESS" || of.Error != "" || of.Waiting != 0 || s.counted.values[failingNow]["fl-1"] != 0 {
		t.Errorf("%d objects: %+v", len(gone.Objects()), of)
	}
}

// TestOlderThanQueues has an item of a spool that has no queues yet: it goes where its header says.
func TestOlderThanQueues(t *testing.T) {
	keys(t)
	bucket := servicetest.NewS3(t, 11, nil)
	s := newStorm(t, 11, config.FlowLog{ID: "fl-1", Interval: time.Minute, Delivery: config.Delivery{Type: config.S3, Bucket: "bucket", Endpoint: bucket.URL()}})
	s.deliverer.stop()
	s.minute(t)
	items, err := s.spool.Oldest(t.Context(), s.queueOf(t, "fl-1"), 1, 0)
	if err == nil {
		err = s.spool.Remove(t.Context(), items...)
	}
	if err != nil {
		t.Fatal(err)
	}
	items[0].Destination = ""
	if err := s.spool.Append(t.Context(), &spool.Step{Note: []byte("{}"), Items: items}); err != nil {
		t.Fatal(err)
	}
	if more, err := s.deliverer.some(t.Context(), spool.Queue{FlowLog: "fl-1"}, 1); err != nil || !more || len(bucket.Objects()) != 1 {
		t.Errorf("%v %v, %d objects", more, err, len(bucket.Objects()))
	}
}
