package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// beginRun has a lab that is locked be ready for scenarios: nothing is left of others, and their own flow logs are there.
func beginRun(ctx context.Context, dir string, all []Scenario, program Program) (*changer, error) {
	s, err := read(dir)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, ErrDown
	}
	s.program = program
	logs, err := ownLogs(s, all)
	if err != nil {
		return nil, err
	}
	c, err := newChanger(ctx, s)
	if err != nil {
		return nil, err
	}
	err = c.rehearse(all)
	if err == nil && logs != nil {
		err = os.RemoveAll(s.path(ownFolder)) // what a run before asked
		if err == nil {
			err = c.make(ctx, &Change{Agent: logs})
		}
	}
	if err != nil {
		return nil, errors.Join(err, c.end(ctx))
	}
	return c, nil
}

// anew reports whether a scenario has the agent begin anew.
func (r *Result) anew() bool {
	return slices.ContainsFunc(r.Traffic, func(s Step) bool {
		if s.Change == nil {
			return false
		}
		for key := range s.Change.Agent {
			if key != "flow-logs" {
				return true
			}
		}
		return false
	})
}

// playAndAsk plays scenarios, waits until the windows with their traffic are over, and asks their questions.
func (c *changer) playAndAsk(ctx context.Context, at *place, all []Result, now func() time.Time) error {
	if err := c.playAll(ctx, all, now); err != nil {
		return err
	}
	over := now().Truncate(at.every).Add(at.every)
	c.tell("waiting %s until the window with the traffic is over", over.Sub(now()).Round(time.Second))
	if err := wait(ctx, over.Sub(now())); err != nil {
		return err
	}
	c.tellWaits(all, at.every)
	return askAll(ctx, at, all, over, now, c.state.program)
}

// playAll plays scenarios: one after the other those that have the agent begin anew, which does not know the connections that there are then; then all at once that change nothing; and then
// the others, one after the other.
func (c *changer) playAll(ctx context.Context, all []Result, now func() time.Time) error {
	one := func(which func(*Result) bool) error {
		for i := range all {
			if all[i].NotRun == "" && which(&all[i]) {
				c.tell("sending the traffic of %s, which changes the lab", all[i].Name)
				if err := c.play(ctx, &all[i], now); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := one((*Result).anew); err != nil {
		return err
	}
	if n := count(all, func(r *Result) bool { return !r.changes() }); n > 0 {
		c.tell("sending the traffic of %d at once", n)
	}
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i := range all {
		if all[i].NotRun == "" && !all[i].changes() {
			wg.Go(func() { errs[i] = c.play(ctx, &all[i], now) })
		}
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return one(func(r *Result) bool { return r.changes() && !r.anew() })
}

// count says of how many scenarios that are run something is so.
func count(all []Result, is func(*Result) bool) (n int) {
	for i := range all {
		if all[i].NotRun == "" && is(&all[i]) {
			n++
		}
	}
	return n
}

// tellWaits says what has to be waited for after the first window.
func (c *changer) tellWaits(all []Result, every time.Duration) {
	c.tell("asking what the records say, for %s at most", mostLate)
	windows := 0
	for i := range all {
		if all[i].NotRun == "" {
			windows = max(windows, all[i].Windows)
		}
	}
	if windows > 0 {
		c.tell("waiting until further windows are over, %s at most", time.Duration(windows)*every)
	}
	alarms := func(r *Result) bool {
		return slices.ContainsFunc(r.Asked, func(a Asked) bool { return a.Kind == "messages" })
	}
	if n := count(all, alarms); n > 0 {
		c.tell("waiting for messages of alarms, which are judged when their minute is over")
	}
}

// A player plays a scenario.
type player struct {
	lab  *changer
	kept map[string]*net.TCPConn
}

// play does the steps of a scenario, one after the other, until one can't be done. What it has changed is taken back at its end, also where it fails. An error is of a run that ends, of a lab
// that the scenario is not for, or of what can't be taken back.
func (c *changer) play(ctx context.Context, r *Result, now func() time.Time) (err error) {
	r.Began = now().UTC()
	defer func() { r.Ended = now().UTC() }()
	p := &player{c, map[string]*net.TCPConn{}}
	if r.changes() {
		before := c.now
		defer func() { err = errors.Join(err, c.back(ctx, before)) }()
	}
	defer p.hangUp()
	for _, step := range r.Traffic {
		r.Labs = append(r.Labs, c.d)
		became, err := p.do(ctx, step)
		if err != nil && (ctx.Err() != nil || errors.Is(err, ErrScenario)) {
			return fmt.Errorf("%s: %s: %w", r.Name, step, err)
		}
		if err != nil { // the other scenarios are played all the same
			r.Why = fmt.Sprintf("%s: %v", step, err)
			return nil
		}
		r.Became = append(r.Became, became)
		if became != step.Then && r.Why == "" {
			r.Why = fmt.Sprintf("%s: %s, and not %s", step, became, step.Then)
		}
	}
	return nil
}

// do does a step and says what becomes of it: "" of a change.
func (p *player) do(ctx context.Context, s Step) (string, error) {
	switch {
	case s.Change != nil:
		return "", p.lab.make(ctx, s.Change)
	case s.Stop != "", s.Start != "":
		return "", p.turn(ctx, &s)
	case s.On != "":
		return again(p.kept[s.On], s.Then)
	case s.Keep != "":
		return p.keep(ctx, s)
	}
	return p.lab.d.sendAll(ctx, s)
}

// turn stops or starts what is at a port of a host, at all its addresses.
func (p *player) turn(ctx context.Context, s *Step) error {
	all, err := p.lab.d.servicesOf(s)
	for _, of := range all {
		if s.Stop != "" {
			err = errors.Join(err, p.lab.stop(ctx, of, s.Silent))
		} else {
			err = errors.Join(err, p.lab.start(ctx, of))
		}
	}
	return err
}

// servicesOf returns what a step stops or starts.
func (d *Definition) servicesOf(s *Step) (out []service, err error) {
	host := s.Stop + s.Start
	for _, of := range d.services() {
		if of.Name == host && of.At.Port() == s.TCP+s.UDP && of.UDP == (s.UDP != 0) {
			out = append(out, of)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: nothing of the lab's own is at %s of %s", ErrScenario, s.port(), host)
	}
	return out, nil
}

// keep connects, and leaves the connection open.
func (p *player) keep(ctx context.Context, s Step) (became string, err error) {
	e, err := p.lab.d.endsOf(s)
	if err != nil {
		return "", err
	}
	var c *net.TCPConn
	err = inside(e.netns, func() (err error) {
		c, became, err = open(ctx, e, spoken{"line", s.TCP, talkLine})
		return err
	})
	if c != nil {
		p.kept[s.Keep] = c
	}
	return became, err
}

// again sends a line on a connection that is open, and waits for one.
func again(c *net.TCPConn, then string) (string, error) {
	patience := mostPatience
	if then == Nothing {
		patience = mostSilence
	}
	if c == nil {
		return Nothing, nil
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	_, err := io.WriteString(c, "again\n")
	if err == nil {
		_, err = bufio.NewReader(c).ReadString('\n') // it says nothing unasked, so that nothing of the next line is read
	}
	switch {
	case err == nil:
		return Answered, nil
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF):
		return Refused, nil
	case timedOut(err):
		return Nothing, nil
	}
	return "", err
}

// hangUp ends the connections that are open by a reset, so that nothing of them is sent again and again where it is refused.
func (p *player) hangUp() {
	for _, name := range slices.Sorted(maps.Keys(p.kept)) {
		_ = p.kept[name].SetLinger(0)
		_ = p.kept[name].Close()
	}
}

// sendAll sends a step as often as it says, all at once. Where not the same becomes of all, it says how often what did.
func (d *Definition) sendAll(ctx context.Context, s Step) (string, error) {
	times := max(1, s.Times)
	became, errs := make([]string, times), make([]error, times)
	var wg sync.WaitGroup
	for i := range times {
		one := s
		if s.SourcePort != 0 {
			one.SourcePort += uint16(i)
		}
		wg.Go(func() { became[i], errs[i] = d.send(ctx, one) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	counts := map[string]int{}
	for _, b := range became {
		counts[b]++
	}
	if len(counts) == 1 {
		return became[0], nil
	}
	var out []string
	for _, b := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, fmt.Sprintf("%d times %s", counts[b], b))
	}
	return strings.Join(out, ", "), nil
}
