package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"weir/internal/agent/spool"
)

// An Amount is how much of a flow log waits, or was given up.
type Amount struct {
	Items   int64 `json:"items"`
	Records int64 `json:"records"`
	Bytes   int64 `json:"bytes"`
	// From and To are between which times the records end, to 5 minutes: the slots of the objects. They are zero where what waits is of a build that says it otherwise.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}

// String says how much it is.
func (a *Amount) String() string {
	some := func(n int64, what string) string {
		if n != 1 {
			what += "s"
		}
		return fmt.Sprintf("%d %s", n, what)
	}
	out := fmt.Sprintf("%s in %s, %s", some(a.Records, "record"), some(a.Items, "item"), some(a.Bytes, "byte"))
	if !a.From.IsZero() {
		out += fmt.Sprintf(", that end from %s to %s", a.From.Format(time.RFC3339), a.To.Format(time.RFC3339))
	}
	return out
}

// A Leftover is what waits of a flow log that was taken out.
type Leftover struct {
	FlowLog string `json:"flow_log"`
	Amount
	// Destinations are where it would go, as people are shown them, in order.
	Destinations []string `json:"destinations"`
	// Through is the number of the newest item: who gives it up gives up none that came later.
	Through int64 `json:"through"`
}

// Leftovers are those of an agent.
type Leftovers struct {
	// State is the folder of the agent's state: who asks knows by it which agent answers.
	State     string     `json:"state"`
	Leftovers []Leftover `json:"leftovers"`
}

// Dropped is what was given up by weir-agent drop.
type Dropped struct {
	FlowLog string    `json:"flow_log"`
	At      time.Time `json:"at"`
	Amount
}

// droppedOf returns a drop as it is told.
func droppedOf(d *spool.Drop) Dropped {
	return Dropped{d.FlowLog, d.At, Amount{d.Items, d.Records, d.Bytes, d.From, d.To}}
}

const (
	// mostHeaders is how many items are looked at, or given up, at once, and mostDropBytes how many bytes are: the database is for nobody else meanwhile.
	mostHeaders   = 256
	mostDropBytes = 16 << 20
)

// span widens a span of time by the slot of an item, and returns where the item would go; "" where that is not known.
func span(from, to *time.Time, it *spool.Item) (destination string) {
	var h struct {
		FlowLog struct{ Destination string }
		Slot    time.Time
	}
	if json.Unmarshal(it.Header, &h) != nil || h.Slot.IsZero() {
		return ""
	}
	if from.IsZero() || h.Slot.Before(*from) {
		*from = h.Slot
	}
	if end := h.Slot.Add(slotLength * time.Second); end.After(*to) {
		*to = end
	}
	return h.FlowLog.Destination
}

// queuesOf returns the queues of a flow log that have something, in order.
func queuesOf(s *spool.Spool, flowLog string) []spool.Queue {
	out := slices.DeleteFunc(s.Queues(), func(q spool.Queue) bool { return q.FlowLog != flowLog })
	slices.SortFunc(out, func(a, b spool.Queue) int { return cmp.Compare(a.Destination, b.Destination) })
	return out
}

// leftoverOf looks what waits of a flow log.
func leftoverOf(ctx context.Context, s *spool.Spool, flowLog string) (*Leftover, error) {
	out, destinations := &Leftover{FlowLog: flowLog}, map[string]bool{}
	for _, q := range queuesOf(s, flowLog) {
		err := eachHeader(ctx, s, q, math.MaxInt64, func(items []spool.Item) error {
			for i := range items {
				it := &items[i]
				if to := span(&out.From, &out.To, it); to != "" {
					destinations[to] = true
				}
				out.Items++
				out.Records += int64(it.Records)
				out.Bytes += it.Bytes()
				out.Through = max(out.Through, it.Number)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	out.Destinations = slices.AppendSeq([]string{}, maps.Keys(destinations))
	slices.Sort(out.Destinations)
	return out, nil
}

// eachHeader calls do for the items of a queue up to a number, without their data, in order, some at a time.
func eachHeader(ctx context.Context, s *spool.Spool, q spool.Queue, through int64, do func([]spool.Item) error) error {
	for above := int64(0); ; {
		items, err := s.Headers(ctx, q, above, mostHeaders, mostDropBytes)
		if err != nil {
			return err
		}
		items = slices.DeleteFunc(items, func(it spool.Item) bool { return it.Number > through })
		if len(items) == 0 {
			return nil
		}
		above = items[len(items)-1].Number
		if err := do(items); err != nil {
			return err
		}
	}
}

// giveUp gives up what waits of a flow log up to the number of an item, some items at a time: where that ends before its time, what is given up until then is, and is kept as that.
// delivered are told of first, and take out those that were delivered and are still there.
func giveUp(ctx context.Context, s *spool.Spool, flowLog string, through int64, at time.Time, delivered func([]spool.Item) ([]spool.Item, error)) (Dropped, error) {
	d := spool.Drop{At: at.UTC().Truncate(time.Millisecond), FlowLog: flowLog}
	for _, q := range queuesOf(s, flowLog) {
		err := eachHeader(ctx, s, q, through, func(items []spool.Item) error {
			items, err := delivered(items)
			if err != nil || len(items) == 0 {
				return err
			}
			next := d
			for i := range items {
				span(&next.From, &next.To, &items[i])
			}
			if err = s.Drop(ctx, &next, items...); err == nil {
				d = next
			}
			return err
		})
		if err != nil {
			if d.Items > 0 {
				err = fmt.Errorf("%w; %d records were given up until then", err, d.Records)
			}
			return droppedOf(&d), err
		}
	}
	return droppedOf(&d), nil
}

// takenOut returns the flow logs that are not made and of which something waits, in order: all, or the one that is named. That one is refused where it is made, or where nothing of it waits. made has
// what says of each flow log that it is to be there.
func takenOut(s *spool.Spool, made map[string]string, flowLog string) ([]string, error) {
	waiting := s.Waiting()
	maps.DeleteFunc(waiting, func(id string, _ spool.Waiting) bool { return made[id] != "" })
	all := slices.Sorted(maps.Keys(waiting))
	switch {
	case flowLog == "":
		return all, nil
	case made[flowLog] != "":
		return nil, refusef("%s is a flow log of %s: what waits of it is delivered, and can be given up once it is taken out there", flowLog, made[flowLog])
	case slices.Contains(all, flowLog):
		return []string{flowLog}, nil
	case len(all) == 0:
		return nil, refusef("nothing waits of %s, or of another flow log that was taken out", flowLog)
	}
	return nil, refusef("nothing waits of %s; flow logs that were taken out and of which something waits: %s", flowLog, strings.Join(all, ", "))
}
