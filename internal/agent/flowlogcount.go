package agent

import (
	"maps"
	"slices"
	"strings"
	"time"

	"weir/internal/agent/config"
	"weir/internal/agent/destination"
	"weir/internal/agent/spool"
)

// waits notes what waits, by flow log, and how large the state is. That is asked for under the lock, so that what is noted last is what was so last.
func (c *Counters) waits(s *spool.Spool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := s.Waiting()
	dropped := s.Dropped()
	c.set(stateNow, float64(s.Used()))
	c.set(droppedOnes, float64(dropped.Records)) // flow logs that are gone have no series of their own
	c.set(droppedBytes, float64(dropped.Bytes))
	for id := range c.values[waitingNow] {
		c.set(waitingNow, 0, id)
		c.set(waitingBytes, 0, id)
	}
	for id, w := range waiting {
		c.set(waitingNow, float64(w.Records), id)
		c.set(waitingBytes, float64(w.Bytes), id)
	}
}

// delivered notes how a delivery of a queue went, and reports whether the one before went otherwise: failed, and this one not, or the other way.
func (c *Counters) delivered(q spool.Queue, err error) (otherwise bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, was := c.failing[q]
	if err != nil {
		c.failing[q] = err.Error()
	} else {
		delete(c.failing, q)
	}
	failing := 0.0
	if len(c.why(q.FlowLog)) > 0 {
		failing = 1
	}
	c.set(failingNow, failing, q.FlowLog)
	return was != (err != nil)
}

// why returns why a flow log can't be delivered, each reason once; the lock is held.
func (c *Counters) why(flowLog string) (out []string) {
	for q, why := range c.failing {
		if q.FlowLog == flowLog {
			out = append(out, why)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wrote counts what became of records at their destination.
func (c *Counters) wrote(flowLog string, out *destination.Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(recordsMade, float64(out.Records), flowLog)
	c.add(objectsMade, float64(out.Objects), flowLog)
	c.add(repeatedOnes, float64(out.Repeated), flowLog)
	c.add(refusedOnes, float64(out.Lost), flowLog)
}

// bound notes how many bytes the state may have.
func (c *Counters) bound(bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(stateBound, float64(bytes))
}

// full notes which key of the config was in the way of a flow log's newest records, "" where none was.
func (c *Counters) full(flowLog, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if key == "" {
		delete(c.isFull, flowLog)
		return
	}
	c.isFull[flowLog] = key
}

// gaveUp counts records that are given up.
func (c *Counters) gaveUp(flowLog string, records int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(givenUp, float64(records), flowLog)
}

// keepGone is how long series of a flow log that is gone stay. Who scrapes has to see what they were at last, and Prometheus takes a series for gone that it has not seen for 5
// minutes. Source: Prometheus, "Querying basics", staleness.
const keepGone = 10 * time.Minute

// ofFlowLogs are the series whose label is a flow log.
var ofFlowLogs = []*series{recordsMade, objectsMade, waitingNow, waitingBytes, failingNow, givenUp, repeatedOnes, refusedOnes}

// forgetFlowLogs takes out what is told of flow logs that are gone, some time after they are: of those that are not here. now is of the clock that never steps.
func (c *Counters) forgetFlowLogs(here map[string]bool, now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.failing, func(q spool.Queue, _ string) bool { return !here[q.FlowLog] })
	maps.DeleteFunc(c.isFull, func(id, _ string) bool { return !here[id] })
	maps.DeleteFunc(c.goneSince, func(id string, _ time.Duration) bool { return here[id] })
	for _, s := range ofFlowLogs {
		for id := range c.values[s] {
			if here[id] {
				continue
			}
			since, ok := c.goneSince[id]
			if !ok {
				since = now
				c.goneSince[id] = now
			}
			if now-since >= keepGone {
				delete(c.values[s], id)
			}
		}
	}
	maps.DeleteFunc(c.goneSince, func(_ string, since time.Duration) bool { return now-since >= keepGone })
}

// of returns how a flow log does.
func (c *Counters) of(l *config.FlowLog) FlowLogStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := FlowLogStatus{
		ID: l.ID, Resource: l.Resource, Destination: l.Destination, Records: int64(c.values[recordsMade][l.ID]), Objects: int64(c.values[objectsMade][l.ID]),
		Repeated: int64(c.values[repeatedOnes][l.ID]), Refused: int64(c.values[refusedOnes][l.ID]), GivenUp: int64(c.values[givenUp][l.ID]),
		Waiting: int64(c.values[waitingNow][l.ID]), Delivery: "SUCCESS", Error: strings.Join(c.why(l.ID), "; "),
	}
	if out.Error != "" {
		out.Delivery = "FAILED"
	}
	return out
}

// state returns how large the state is.
func (c *Counters) state() StateStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	return StateStatus{Bytes: int64(c.values[stateNow][""]), Bound: int64(c.values[stateBound][""])}
}
