package agent

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"weir/internal/agent/config"
	"weir/internal/agent/spool"
)

// mostHold is how long what is under way of a flow log may take to end when it is cut.
const mostHold = 30 * time.Second

// hold ends what is under way of a flow log, and has nothing more of it delivered until it is released. It fails where that does not end in time.
func (d *deliverer) hold(ctx context.Context, flowLog string) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, mostHold)
	defer cancel()
	d.mu.Lock()
	if d.ctx.Err() != nil {
		d.mu.Unlock()
		return nil, errEnding
	}
	if d.held[flowLog] {
		d.mu.Unlock()
		return nil, refusef("what waits of %s is being given up already", flowLog)
	}
	d.held[flowLog] = true
	var under []*courier
	for q, c := range d.couriers {
		if q.FlowLog == flowLog {
			c.cut()
			under = append(under, c)
		}
	}
	d.mu.Unlock()
	release = func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.held, flowLog)
	}
	for _, c := range under {
		select {
		case <-c.ended:
		case <-ctx.Done():
			release()
			return nil, fmt.Errorf("a delivery of %s is under way and does not end, so that nothing is given up: %w", flowLog, ctx.Err())
		}
	}
	return release, nil
}

// drop gives up what waits of a flow log up to the number of an item. What is under way of it is cut: its destination may have it all the same.
func (d *deliverer) drop(ctx context.Context, flowLog string, through int64, at time.Time) (Dropped, error) {
	release, err := d.hold(ctx, flowLog)
	if err != nil {
		return Dropped{}, err
	}
	defer release()
	queues := queuesOf(d.spool, flowLog)
	out, err := giveUp(ctx, d.spool, flowLog, through, at, func(items []spool.Item) ([]spool.Item, error) {
		d.mu.Lock()
		var done []spool.Item
		items = slices.DeleteFunc(items, func(it spool.Item) bool {
			if d.there[it.Number] {
				done = append(done, it)
			}
			return d.there[it.Number]
		})
		for i := range items {
			d.aside.forget(items[i].Queue, items[i].Number)
		}
		d.mu.Unlock()
		return items, d.remove(done)
	})
	for _, q := range queues {
		if !d.spool.Waits(q) {
			d.counted.delivered(q, nil) // what failed is not there any more
		}
	}
	d.counted.waits(d.spool)
	if out.Items > 0 {
		d.log.Warn("records were given up by weir-agent drop", "flow_log", flowLog, "records", out.Records, "items", out.Items, "bytes", out.Bytes, "from", out.From, "to", out.To)
	}
	return out, err
}

// made returns the flow logs that are to be there, with what says so.
func made(logs []config.FlowLog, p *Policy) map[string]string {
	out, by := map[string]string{}, "the config"
	if p != nil {
		by = "the server's policy"
		for id := range p.Refused {
			out[id] = by
		}
	}
	for i := range logs {
		out[logs[i].ID] = by
	}
	return out
}

// takenOut is asked by the agent's goroutine: no policy is put in force meanwhile.
func (a *agent) takenOut(flowLog string) ([]string, error) {
	p := a.Policy
	if p != nil {
		p = &Policy{Refused: a.refused}
	}
	of := made(a.Config.FlowLogs, p)
	maps.Copy(of, made(a.recorder.logs, p))
	return takenOut(a.spool, of, flowLog)
}

// leftovers answers what waits of flow logs that were taken out: of all, or of one.
func (a *agent) leftovers(r *http.Request) (any, error) {
	ctx, flowLog := r.Context(), r.URL.Query().Get("flow_log")
	var ids []string
	err := a.ask(ctx, func() (err error) {
		ids, err = a.takenOut(flowLog)
		return err
	})
	out := &Leftovers{State: a.read.State, Leftovers: []Leftover{}}
	for i := 0; err == nil && i < len(ids); i++ {
		var l *Leftover
		if l, err = leftoverOf(ctx, a.spool, ids[i]); err == nil {
			out.Leftovers = append(out.Leftovers, *l)
		}
	}
	return out, err
}

// dropBy gives up what waits of a flow log that was taken out. The agent's goroutine goes on meanwhile: a flow log that comes again has newer items, which stay.
func (a *agent) dropBy(r *http.Request) (any, error) {
	q := r.URL.Query()
	flowLog := q.Get("flow_log")
	through, err := strconv.ParseInt(q.Get("through"), 10, 64)
	if err != nil || flowLog == "" {
		return nil, refusef("no flow log, or no number of an item up to which it is given up: %q", q.Encode())
	}
	err = a.ask(r.Context(), func() error {
		_, err := a.takenOut(flowLog)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.deliverer.drop(r.Context(), flowLog, through, a.Clock().Wall)
}
