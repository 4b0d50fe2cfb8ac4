package agent

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"weir/internal/aggregate"
	"weir/internal/capture/conntrack"
)

// mostPatience is how long the kernel may take to say which connections it translates.
const mostPatience = 2 * time.Second

// translation says what is behind the addresses that the host translates. It is asked by one goroutine.
type translation struct {
	log     *slog.Logger
	now     func() time.Time
	counted *Counters
	watch   *conntrack.Watch // nil: the kernel tells nothing at the moment
	// at are the network interfaces behind which there is something: those whose device is their own end of it.
	at map[string]bool
	// current says that all is known that happened before what is read now was counted.
	current bool
	trouble string
}

// translate begins to follow the connections that the host translates.
func (a *agent) translate(ctx context.Context) error {
	if !a.Config.NAT {
		return nil
	}
	a.translated = &translation{log: a.Log, now: func() time.Time { return a.Clock().Wall }, counted: a.counted}
	return a.translated.open(ctx)
}

func (t *translation) open(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, mostPatience)
	defer cancel()
	t.watch, err = conntrack.Start(ctx, t.now)
	return err
}

// beginRead says that rows of a read come now, and at which interfaces something may be behind: not at one of AWS's own, such as a NAT gateway's, whose records have
// what is in the packets on both sides, not at the host's side of a pair, which is outside of the interface, and not in another network namespace, which has connections of its
// own.
func (a *agent) beginRead() {
	t := a.translated
	if t == nil {
		return
	}
	t.current, t.at = false, map[string]bool{}
	for _, m := range a.attached {
		if about := a.network.about(m.Interface); about != nil && about.Type == "" && !m.Flipped && m.Cookie == 0 {
			t.at[m.Interface] = true
		}
	}
}

// behind sets what is behind the interface of a flow.
func (t *translation) behind(f *aggregate.Flow, first int64) {
	const tcp, udp = 6, 17
	if t == nil || !t.at[f.Interface] || f.Protocol != tcp && f.Protocol != udp {
		return
	}
	if !t.current {
		t.current = true
		t.catchUp()
	}
	if t.watch == nil {
		t.counted.translated("unknown")
		return
	}
	own := f.Dst
	if f.Egress {
		own = f.Src
	}
	a, known := t.watch.Near(conntrack.Ends{Src: f.Src, Dst: f.Dst, SrcPort: f.SrcPort, DstPort: f.DstPort, Protocol: f.Protocol}, f.Egress, first)
	switch {
	case !known:
		t.counted.translated("unknown")
	case a != own:
		f.Behind = a
		t.counted.translated("translated")
	default:
		t.counted.translated("same")
	}
}

// catchUp waits until all is known that happened before. Where the kernel tells nothing any more, it is asked to begin anew; what is read now is not known then.
func (t *translation) catchUp() {
	ctx, cancel := context.WithTimeout(context.Background(), mostPatience)
	defer cancel()
	var err error
	if t.watch == nil {
		err = t.open(ctx)
	} else if err = t.watch.CatchUp(ctx); err != nil {
		err = errors.Join(err, t.close())
	}
	why := ""
	if err != nil {
		why = err.Error()
	}
	if why != "" && t.trouble == "" {
		t.log.Error("what the host translates is not known; records have the packets' addresses", "error", err)
	}
	t.trouble = why
	var counters conntrack.Counters
	if t.watch != nil {
		counters = t.watch.Counters()
		if counters.Full && why == "" {
			why = "the host translates more connections than are followed"
		}
	}
	t.counted.translating(counters, why)
}

// restart says that the clock was set.
func (t *translation) restart() {
	if t != nil && t.watch != nil {
		t.watch.Restart()
	}
}

func (t *translation) close() error {
	if t == nil || t.watch == nil {
		return nil
	}
	w := t.watch
	t.watch = nil
	return w.Close()
}

// translated counts a flow whose addresses the host may translate.
func (c *Counters) translated(result string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(translations, 1, result)
}

// translating notes what is known of the host's translations, and what is wrong with that.
func (c *Counters) translating(of conntrack.Counters, wrong string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.untranslated = wrong
	c.set(tracked, float64(of.Sides))
	c.set(trackingLost, float64(of.Lost))
}
