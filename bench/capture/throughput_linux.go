package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// until asks again and again until something is so.
func until(ctx context.Context, is func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := is()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.New("it did not come to be within 20 s")
		case <-tick.C:
		}
	}
}

// turn is what a meter's turn came to.
type turn struct {
	iperf, tcp, udp load
	// counted is how many packets the meter has counted. sent is how many there were on the wire, and frames how many the host's
	// device has got: one is many packets, where the stack hands over what the card is to cut.
	counted, sent, frames int64
	lost                  string // what it says of what it did not count
}

// iperf3, gbits and rate are rates of iperf3's TCP, of this program's, and of UDP, and cpu is nanoseconds for each frame of UDP.
func (t *turn) iperf3() float64 { return float64(t.iperf.bytes) * 8 / t.iperf.seconds / 1e9 }
func (t *turn) gbits() float64  { return float64(t.tcp.bytes) * 8 / t.tcp.seconds / 1e9 }
func (t *turn) rate() float64   { return float64(t.udp.frames) / t.udp.seconds / 1e3 }
func (t *turn) cpu() float64    { return t.udp.busy * 1e9 / float64(t.udp.frames) }

// throughput has meters take turns.
func (b *bench) throughput(ctx context.Context) error {
	agent, err := filepath.Abs(b.agent)
	if err != nil {
		return err
	}
	if _, err := os.Stat(agent); err != nil {
		return fmt.Errorf("%w: make builds it", err)
	}
	if _, err := exec.LookPath("iperf3"); err != nil {
		return errors.New("iperf3 is not installed: apt-get install iperf3")
	}
	meters := []meter{{name: "nothing"}, weirAgent(), emptyProgram()}
	for _, peer := range []meter{softflowd(), pmacctd()} {
		if _, err := exec.LookPath(peer.name); err != nil {
			b.row(peer.name, "", true, "not installed: apt-get install softflowd pmacct")
			continue
		}
		meters = append(meters, peer)
	}
	turns := map[string][]turn{}
	for n := range b.rounds {
		// Each begins in its turn, so that none is always the first.
		for i := range meters {
			m := &meters[(i+n)%len(meters)]
			t, err := b.turn(ctx, agent, m)
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			turns[m.name] = append(turns[m.name], t)
		}
	}
	b.report(meters, turns)
	return nil
}

// turn is a meter's turn, in namespaces of its own.
func (b *bench) turn(ctx context.Context, agent string, m *meter) (t turn, err error) {
	host, err := newNamespace()
	if err != nil {
		return t, err
	}
	defer close(host.do)
	instance, err := newNamespace()
	if err != nil {
		return t, err
	}
	defer close(instance.do)
	if err := connect(ctx, host, instance); err != nil {
		return t, err
	}
	r := &running{host: host, agent: agent}
	if r.dir, err = os.MkdirTemp("", "bench-capture-"); err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if m.begin != nil {
		defer func() {
			if r.cmd != nil && r.cmd.Process != nil && r.cmd.ProcessState == nil {
				_ = r.cmd.Process.Kill()
				_ = r.cmd.Wait()
			}
		}()
		if err := m.begin(ctx, r); err != nil {
			return t, err
		}
	}
	if t.iperf, err = b.measure(ctx, host, instance, driveIperf); err != nil {
		return t, err
	}
	if t.tcp, err = b.measure(ctx, host, instance, driveTCP); err != nil {
		return t, err
	}
	if t.udp, err = b.measure(ctx, host, instance, driveUDP); err != nil {
		return t, err
	}
	if m.begin == nil {
		return t, nil
	}
	if t.sent, err = instance.sent(); err != nil {
		return t, err
	}
	if t.frames, r.replies, err = host.frames(ctx, hostDevice); err != nil {
		return t, err
	}
	t.counted, t.lost, err = m.counted(ctx, r)
	return t, err
}

// each returns a number of each turn.
func each(of []turn, get func(*turn) float64) spread {
	var all []float64
	for i := range of {
		all = append(all, get(&of[i]))
	}
	return spreadOf(all)
}

// report prints the rows.
func (b *bench) report(meters []meter, turns map[string][]turn) {
	nothing := turns["nothing"]
	ratio := func(of []turn, get func(*turn) float64) spread {
		var all []float64
		for i := range of {
			all = append(all, get(&of[i])/get(&nothing[i]))
		}
		return spreadOf(all)
	}
	added := map[string]spread{}
	for _, m := range meters {
		of := turns[m.name]
		if m.begin == nil {
			b.row("nothing attached: TCP of iperf3, Gbit/s", "", true, each(of, (*turn).iperf3).say("%.1f"))
			b.row("nothing attached: TCP of this program, Gbit/s", "", true, each(of, (*turn).gbits).say("%.1f"))
			b.row("nothing attached: UDP of 64 bytes, thousand packets/s", "", true, each(of, (*turn).rate).say("%.0f"))
			b.row("nothing attached: CPU for each UDP packet, ns", "", true, each(of, (*turn).cpu).say("%.0f"))
			continue
		}
		is := m.name == "weir-agent"
		bar := func(s string) string {
			if is {
				return s
			}
			return ""
		}
		tcp, udp := ratio(of, (*turn).iperf3), ratio(of, (*turn).rate)
		b.row(m.name+": TCP of iperf3, of nothing attached", bar("at least 0.97"), tcp.mid >= 0.97, tcp.say("%.3f"))
		b.row(m.name+": TCP of this program, of nothing attached", "", true, ratio(of, (*turn).gbits).say("%.3f"))
		b.row(m.name+": UDP, of nothing attached", bar("at least 0.88"), udp.mid >= 0.88, udp.say("%.2f"))
		var more []float64
		for i := range of {
			more = append(more, of[i].cpu()-nothing[i].cpu())
		}
		if m.name == nothingDone {
			b.row(m.name+": CPU more for each UDP packet, ns", "", true, spreadOf(more).say("%.0f"))
			continue // it counts nothing
		}
		added[m.name] = spreadOf(more)
		missed := func(t *turn) int64 { return t.sent - t.counted }
		most := slices.MaxFunc(of, func(a, b turn) int { return int(abs(missed(&a)) - abs(missed(&b))) })
		b.row(m.name+": packets on the wire that it did not count, %", bar("0"), missed(&most) == 0, fmt.Sprintf("%s; at most %d of %d%s",
			each(of, func(t *turn) float64 { return 100 * float64(missed(t)) / float64(t.sent) }).say("%.2f"), missed(&most), most.sent, said(most.lost)))
		if !is {
			b.row(m.name+": frames that it did not count, %", "", true, each(of, func(t *turn) float64 { return 100 * float64(t.frames-t.counted) / float64(t.frames) }).say("%.2f"))
		}
	}
	weir := added["weir-agent"]
	for _, m := range meters {
		if s, ok := added[m.name]; ok {
			bar := ""
			if m.name == "weir-agent" && len(added) > 1 {
				bar = "not above the peers', within the spread"
			}
			met := true
			for name, peer := range added {
				met = met && (name == "weir-agent" || weir.mid <= peer.high)
			}
			b.row(m.name+": CPU more for each UDP packet, ns", bar, met, s.say("%.0f"))
		}
	}
}

func said(lost string) string {
	if lost == "" {
		return ""
	}
	return "; it says " + lost
}

func abs(n int64) int64 { return max(n, -n) }
