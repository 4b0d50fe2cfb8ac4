package agent

import (
	"testing"
	"time"

	"weir/internal/agent/config"
	"weir/internal/agent/destination/servicetest"
)

// told has the agent make other flow logs from now on, as another policy does.
func (s *stand) told(t *testing.T, logs ...config.FlowLog) {
	t.Helper()
	conf := *s.Config
	conf.FlowLogs = logs
	s.use(s.network, &conf)
	if !s.record(logs) {
		t.Fatal(s.log.String())
	}
}

// toldOf returns how many series tell of a flow log.
func (c *Counters) toldOf(id string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range ofFlowLogs {
		if _, ok := c.values[s][id]; ok {
			n++
		}
	}
	return n
}

// TestFlowLogsGo has flow logs come and go: no goroutine is there for a queue that has nothing, and nothing is remembered of a flow log that is gone, once its series have stayed
// as long as who scrapes them needs. One that comes again before goes on counting.
func TestFlowLogsGo(t *testing.T) {
	one := config.FlowLog{ID: "fl-1", Interval: time.Minute, Destination: t.TempDir()}
	two := config.FlowLog{ID: "fl-2", Interval: time.Minute, Destination: t.TempDir()}
	s := newStorm(t, 20, one, two)
	one, two = s.Config.FlowLogs[0], s.Config.FlowLogs[1]
	s.minute(t)
	s.minute(t)
	s.told(t, two)
	idle := func() {
		t.Helper()
		s.deliverer.wg.Wait() // each courier ends, as nothing waits
		if !s.turn() {
			t.Fatal(s.log.String())
		}
		s.deliverer.wg.Wait()
		if n := len(s.deliverer.couriers); n != 0 {
			t.Errorf("%d goroutines are there for queues that have nothing", n)
		}
	}
	idle()
	was := s.counted.values[recordsMade]["fl-1"]
	q, err := queueOf(&one)
	if err != nil || was == 0 || s.deliverer.to[q] != nil || len(s.deliverer.to) != 1 {
		t.Errorf("%v records were made; %v is open: %v", was, s.deliverer.to, err)
	}
	s.pass(keepGone - time.Second)
	idle()
	if n := s.counted.toldOf("fl-1"); n != 7 || s.counted.values[recordsMade]["fl-1"] != was || s.counted.values[waitingNow]["fl-1"] != 0 {
		t.Errorf("%d series tell of fl-1, which has just gone", n)
	}
	s.told(t, one, two) // it is there again
	s.minute(t)
	s.minute(t)
	idle()
	if now := s.counted.values[recordsMade]["fl-1"]; now <= was {
		t.Errorf("%v records were made, and %v before it was away", now, was)
	}
	s.told(t, two)
	idle()
	s.pass(keepGone)
	idle()
	if gone, here := s.counted.toldOf("fl-1"), s.counted.toldOf("fl-2"); gone != 0 || here != 7 || len(s.counted.goneSince) != 0 {
		t.Errorf("%d series tell of fl-1, %d of fl-2, %v is remembered", gone, here, s.counted.goneSince)
	}
}

// TestFlowLogsGoLater has a flow log whose bucket is down go: it is told of as long as something waits for it, and its goroutine is there.
func TestFlowLogsGoLater(t *testing.T) {
	keys(t)
	bucket := servicetest.NewS3(t, 21, nil)
	bucket.Set(t, servicetest.Down)
	s := newStorm(t, 21, config.FlowLog{ID: "fl-1", Interval: time.Minute, Delivery: config.Delivery{Type: config.S3, Bucket: "bucket", Endpoint: bucket.URL()}})
	s.minute(t)
	s.minute(t)
	s.told(t)
	for range 3 {
		s.pass(keepGone)
		if !s.turn() {
			t.Fatal(s.log.String())
		}
	}
	if n := s.counted.toldOf("fl-1"); n < 2 || s.counted.values[waitingNow]["fl-1"] == 0 || len(s.deliverer.couriers) != 1 || len(s.spool.Queues()) != 1 {
		t.Errorf("%d series, %d goroutines; %v waits", n, len(s.deliverer.couriers), s.spool.Waiting())
	}
	bucket.Set(t, servicetest.Fair)
	s.deliverer.wg.Wait()
	for range 2 {
		s.turn()
		s.pass(keepGone)
	}
	if n := s.counted.toldOf("fl-1"); n != 0 || len(s.deliverer.to) != 0 || len(s.counted.failing) != 0 || len(bucket.Objects()) == 0 {
		t.Errorf("%d series; %v is open, %v fails, %d objects", n, s.deliverer.to, s.counted.failing, len(bucket.Objects()))
	}
}
