package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/internal/agent/config"
	"weir/internal/capture/ebpf"
)

const (
	// readEvery is how often what the kernel counted is read, at multiples of it since the epoch, so that it is read just after each window's end.
	readEvery = 5 * time.Second
	// readAfter is how long after: the clock of what is counted has steps of 10 ms and more.
	readAfter = 20 * time.Millisecond
	// mostSilence is how long it may be from one read to the next: longer, and a disk or something else holds it up.
	mostSilence = 6 * readEvery
)

// Options are what [Run] is told.
type Options struct {
	Config *config.Config
	Log    *slog.Logger
	Clock  func() Moment
	// Reload has a value when the network's definition is to be read again; nil: never.
	Reload  <-chan struct{}
	Version string
}

// agent is what runs. Its program is asked by one goroutine.
type agent struct {
	Options
	network    *network
	program    *ebpf.Program
	recorder   *recorder
	counted    *Counters
	attached   map[int]*Match  // by index: the devices that are counted
	said       map[string]bool // what was said of devices
	trouble    string          // of the last look at devices
	read       time.Time       // when was last read
	translated *translation    // nil: nobody asks

	mu      sync.Mutex
	matches []Match
}

// Run counts and writes until ctx is done; then it writes what is left. It fails on a config that does not go with the definition, where the kernel does not
// take the program or a device that there is, where the address of health and metrics is taken, and at the end where records could not be written.
func Run(ctx context.Context, o Options) (err error) {
	n, err := loadNetwork(o.Config)
	if err != nil {
		return err
	}
	if err := settle(o.Config, n); err != nil {
		return err
	}
	for i := range o.Config.FlowLogs {
		if err := sweep(o.Config.FlowLogs[i].Destination, o.Clock().Wall); err != nil {
			o.Log.Warn("what an agent left behind can't be removed", "error", err)
		}
	}
	counted := NewCounters()
	a := &agent{
		Options: o, network: n, counted: counted, recorder: newRecorder(o.Config, n, o.Log, counted), attached: map[int]*Match{}, said: map[string]bool{},
	}
	a.program, err = ebpf.Load(ebpf.Options{Connections: o.Config.Connections, Asides: o.Config.Rejects})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.program.Close()) }()
	defer func() { err = errors.Join(err, a.translated.close()) }()
	if err := a.translate(ctx); err != nil {
		return err
	}
	at := o.Clock()
	a.recorder.clock(at)
	a.read = at.Wall
	if err := a.look(false); err != nil {
		return errors.Join(err, a.detach())
	}
	stop, err := a.serve(ctx) // who is answered knows that it counts
	if err != nil {
		return errors.Join(err, a.detach())
	}
	defer func() { err = errors.Join(err, stop()) }()
	if len(a.attached) == 0 {
		o.Log.Warn("no device of the host is one that the config is about; it is looked for again every few seconds")
	}
	o.Log.Info("counting", "devices", len(a.attached), "listen", o.Config.Listen)
	a.loop(ctx)
	return a.end()
}

// loop reads and writes until ctx is done.
func (a *agent) loop(ctx context.Context) {
	for {
		now := a.Clock().Wall
		wait := time.NewTimer(now.Truncate(readEvery).Add(readEvery + readAfter).Sub(now))
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-a.Reload:
			wait.Stop()
			a.reload()
		case <-wait.C:
			a.turn()
			a.unlooked(a.look(false))
		}
	}
}

// unlooked says that devices could not be looked after, once for each reason in turn.
func (a *agent) unlooked(err error) {
	why := ""
	if err != nil {
		why = err.Error()
	}
	if why != a.trouble && why != "" {
		a.Log.Error("not all devices are as they should be; it is tried again every few seconds", "error", why)
	}
	a.trouble = why
	a.counted.devices(why)
}

// turn reads what was counted, and writes what is over.
func (a *agent) turn() {
	at := a.Clock()
	if a.recorder.last.step(at) != 0 {
		a.read = at.Wall
		a.translated.restart()
	}
	a.recorder.clock(at)
	a.beginRead()
	err := a.program.Read(a.row)
	a.counted.read(at, err)
	if err != nil {
		a.Log.Error("what the kernel counted can't be read", "error", err)
	}
	for _, w := range a.attached {
		a.tally(w.id(), err != nil)
	}
	a.read = at.Wall
	a.recorder.close()
	a.recorder.write()
}

// tally asks what of an interface is in no flow. What was lost since the last read is SKIPDATA of the window of that.
func (a *agent) tally(id string, unread bool) {
	t, err := a.program.Tallies(id)
	if err != nil {
		a.Log.Error("what is in no flow can't be read", "interface", id, "error", err)
		unread = true
	}
	if err == nil && a.counted.tally(id, &t) > 0 || unread {
		a.recorder.skip(id, a.read)
	}
}

// row takes a flow.
func (a *agent) row(r *ebpf.Row) error {
	f, c := r.Flow()
	if device, ok := strings.CutPrefix(f.Interface, strangers); ok {
		a.counted.sawStrange(device, c.Packets)
		return nil
	}
	a.counted.saw(&f, &c)
	a.translated.behind(&f, c.First)
	a.recorder.add(&f, c)
	return nil
}

// look looks for devices that came, went or changed, and puts the policies of those that there are in force, also where nothing changed if anew.
func (a *agent) look(anew bool) error {
	found, err := hostDevices()
	if err != nil {
		return err
	}
	matches := match(a.Config, a.network, found)
	err = a.follow(matches, anew)
	a.counted.matched(matches)
	a.mu.Lock()
	a.matches = matches
	a.mu.Unlock()
	for i := range matches {
		if m := &matches[i]; m.Refused != "" {
			a.say(m.Name, m.Refused)
		}
	}
	return err
}

// follow has the program be at the devices that are not refused, and at no other. Those that it can't be put at are refused then.
func (a *agent) follow(matches []Match, anew bool) error {
	wanted := map[int]*Match{}
	for i := range matches {
		if m := &matches[i]; m.Refused == "" {
			wanted[m.Index] = m
		}
	}
	var errs []error
	changed := anew
	for index, w := range a.attached {
		if m := wanted[index]; m != nil && m.id() == w.id() && m.device() == w.device() && m.Mode == w.Mode {
			continue
		}
		changed = true
		delete(a.attached, index)
		a.Log.Info("not counting any more", "device", w.Name, "interface", w.Interface)
		errs = append(errs, a.program.Detach(index))
		if !slices.ContainsFunc(matches, func(m Match) bool { return m.id() == w.id() && m.Refused == "" }) {
			a.recorder.forget(w.id())
		}
	}
	for index := range wanted {
		changed = changed || a.attached[index] == nil
	}
	if !changed {
		return errors.Join(errs...)
	}
	if err := a.swap(wanted); err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, index := range slices.Sorted(maps.Keys(wanted)) {
		if m := wanted[index]; a.attached[index] == nil {
			if err := a.attach(m); err != nil {
				m.Refused = err.Error()
				errs = append(errs, fmt.Errorf("%s: %w", m.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// swap puts the policies of devices in force.
func (a *agent) swap(wanted map[int]*Match) error {
	var all []ebpf.Interface
	for _, m := range wanted {
		in := ebpf.Interface{ID: m.id(), Mode: ebpf.Count}
		if m.Interface != "" {
			var err error
			if in, err = a.network.policyOf(m.Interface, m.Mode); err != nil {
				return err
			}
		}
		all = append(all, in)
	}
	if err := a.program.Swap(all); err != nil {
		return err
	}
	a.beginRead()
	return a.program.Read(a.row) // what the policies of before counted
}

// attach begins to count at a device.
func (a *agent) attach(m *Match) error {
	if err := a.program.Attach(m.device(), m.id()); err != nil {
		return err
	}
	of := *m
	a.attached[m.Index] = &of
	if m.Interface == "" {
		a.Log.Warn("counting a device that is no network interface of the definition; it is not recorded", "device", m.Name)
		return nil
	}
	a.Log.Info("counting at a device", "device", m.Name, "interface", m.Interface, "mode", m.Mode, "flipped", m.Flipped)
	return nil
}

// say says why a device is not counted, once.
func (a *agent) say(device, why string) {
	if key := device + ": " + why; !a.said[key] {
		a.said[key] = true
		a.Log.Error("a device is not counted", "device", device, "why", why)
	}
}

// reload reads the definition again. Where it can't be read, the old one stays in force.
func (a *agent) reload() {
	n, err := loadNetwork(a.Config)
	if err == nil {
		err = settle(a.Config, n)
	}
	if err != nil {
		a.Log.Error("the definition of before stays in force", "error", err)
		return
	}
	a.turn()
	a.network = n
	a.recorder.reload(n)
	err = a.look(true)
	if a.unlooked(err); err == nil {
		a.Log.Info("another definition is in force")
	}
}

// detach takes the program away from all devices.
func (a *agent) detach() error {
	var errs []error
	for index := range a.attached {
		errs = append(errs, a.program.Detach(index))
	}
	return errors.Join(errs...)
}

// end writes what is left.
func (a *agent) end() error {
	err := a.detach()
	a.turn()
	left := a.recorder.end()
	if left > 0 {
		err = errors.Join(err, fmt.Errorf("%d records could not be written: %s", left, strings.Join(a.counted.Troubles(a.Clock()), "; ")))
	}
	if err == nil {
		a.Log.Info("wrote what was left")
	}
	return err
}
