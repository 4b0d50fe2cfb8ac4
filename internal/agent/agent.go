package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/internal/agent/config"
	"weir/internal/agent/destination"
	"weir/internal/agent/spool"
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
	// Socket is where changes are asked if the config does not say it; "": nowhere.
	Socket string

	// Policy is what is in force at the beginning where a server says it; nil: what the config says. Policies are those that come later, Server says what there
	// is of the server, for status and metrics, and Report is told how the agent is after each read; it must not wait.
	Policy   *Policy
	Policies <-chan Offer
	Server   func() ServerStatus
	Report   func(Status)
}

// agent is what runs. Its program is asked by one goroutine.
type agent struct {
	Options
	read      *config.Config // as the file says it; Config is completed by the definition
	network   *network
	program   capturer
	how       Captured
	recorder  *recorder
	counted   *Counters
	spool     *spool.Spool
	deliverer *deliverer

	attached map[place]*Match // the devices that are counted
	anew     bool             // the policies are to be put in force also where no device changed
	said     map[string]bool  // what the last look at devices said, and saying what this one says
	saying   map[string]bool
	trouble  string // of the last look at devices

	based     bool     // what records are made by is among what is kept, or in unkept
	until     *until   // what they are to be made by, as soon as all is kept that was counted by what an agent before was told
	kept      progress // what is on disk
	unkept    *unkept  // what is not yet
	snapshot  int64    // bytes of the last
	forgotten []string // interfaces that are gone, since the last read
	lost      []string // those of them of which flows were lost
	last      Moment   // of the last read
	began     bool
	// attachments are what a command attached, and asked what is asked of the agent's goroutine.
	attachments *attachments
	asked       chan func()
	translated  *translation // nil: nobody asks
	forwards    *bool        // what the host can't forward is told; nil: nobody has looked

	mu      sync.Mutex // of what status reads, and of Config
	matches []Match
	refused map[string]string // flow logs that the server has and that can't be made, with why
}

// Run counts and writes until ctx is done; then it delivers what is left. It fails on a config that does not go with the definition, where the kernel does not
// take the program or a device that there is, where the address of health and metrics is taken or another agent has the state, and at the end where what was counted
// could not be kept. What was not delivered is no failure: it is in the state.
func Run(ctx context.Context, o Options) (err error) {
	n, conf, err := o.first()
	if err != nil {
		return err
	}
	read := o.Config
	o.Config = conf
	n.sayUnknown(o.Log)
	for i := range o.Config.FlowLogs {
		if err := destination.Sweep(&o.Config.FlowLogs[i], o.Clock().Wall); err != nil {
			o.Log.Warn("what an agent left behind can't be removed", "error", err)
		}
	}
	counted := NewCounters()
	counted.bound(o.Config.StateBytes)
	a := &agent{
		Options: o, read: read, network: n, counted: counted, recorder: newRecorder(o.Config, n, o.Log, counted), attached: map[place]*Match{},
		asked: make(chan func()),
	}
	if a.attachments, err = readAttachments(o.Config.Attachments); err != nil {
		return err
	}
	if o.Policy != nil {
		a.refused = o.Policy.Refused
	}
	if a.spool, err = spool.Open(ctx, o.Config.State); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.spool.Close()) }()
	a.program, a.how, err = openCapture(&o, ebpf.Options{Connections: o.Config.Connections, Asides: o.Config.Rejects, Pin: o.Config.Pin})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.program.Close()) }()
	defer func() { err = errors.Join(err, a.translated.close()) }()
	if err := a.translate(ctx); err != nil {
		return err
	}
	a.deliverer = newDeliverer(a.spool, o.Log, counted)
	defer a.deliverer.end()
	if err := a.begin(ctx); err != nil {
		return err
	}
	stop, err := a.serve(ctx) // who is answered knows that it counts
	if err != nil {
		return errors.Join(err, a.end())
	}
	defer func() { err = errors.Join(err, stop()) }()
	if len(a.attached) == 0 {
		o.Log.Warn("no device of the host is one that the config is about; it is looked for again every few seconds")
	}
	counted.captures(a.how.By)
	o.Log.Info("counting", "devices", len(a.attached), "capture", a.how.By, "listen", o.Config.Listen)
	a.loop(ctx)
	return a.end()
}

// begin goes on where an agent before has ended, and puts the program at the devices.
func (a *agent) begin(ctx context.Context) error {
	if err := a.restore(ctx); err != nil {
		return err
	}
	return a.takeOver()
}

// takeOver reads what was counted while no agent was there, and puts the program at the devices that there are now. Until then the kernel counts by what an agent before was told.
func (a *agent) takeOver() error {
	a.anew = true
	ok := a.turn()
	if a.until != nil {
		a.network = a.until.network
	}
	if !ok {
		return fmt.Errorf("can't begin: %s", strings.Join(a.counted.Troubles(a.Clock()), "; "))
	}
	if err := a.look(true); err != nil {
		if !a.pinned() {
			err = errors.Join(err, a.detach())
		}
		return err
	}
	a.missing()
	return nil
}

// nextRead returns when the first read after a time is due.
func nextRead(now time.Time) time.Time {
	return now.Add(-readAfter).Truncate(readEvery).Add(readEvery + readAfter)
}

// loop reads and writes until ctx is done.
func (a *agent) loop(ctx context.Context) {
	for {
		now := a.Clock().Wall
		wait := time.NewTimer(nextRead(now).Sub(now))
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-a.Reload:
			wait.Stop()
			a.reload()
		case do := <-a.asked:
			wait.Stop()
			do()
		case offer := <-a.Policies:
			wait.Stop()
			offer.Answer(a.take(offer.Policy))
			a.tell()
		case <-wait.C:
			a.turn()
			a.unlooked(a.look(false))
			a.tell()
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

// look looks for devices that came, went or changed, and puts the policies of those that there are in force, also where nothing changed if anew.
func (a *agent) look(anew bool) error {
	a.anew, a.saying = a.anew || anew, map[string]bool{}
	matches, err := devicesOf(elements(a.attachments.all, a.Config), a.network, counted{a.attached, anew})
	if err != nil {
		return err
	}
	err = a.follow(matches)
	a.lookBefore(matches)
	matches = append(matches, absent(a.attachments.all, matches)...)
	a.counted.matched(matches)
	a.mu.Lock()
	a.matches = matches
	a.mu.Unlock()
	for i := range matches {
		if m := &matches[i]; m.Refused != "" {
			a.say(m.Label(), m.Refused)
		}
	}
	a.said = a.saying
	return err
}

// follow has the program be at the devices that are not refused, and at no other. Those that it can't be put at are refused then. A device that is another interface becomes that
// with the policies, from one packet to the next.
func (a *agent) follow(matches []Match) error {
	wanted := map[place]*Match{}
	for i := range matches {
		m := &matches[i]
		if m.Refused == "" {
			wanted[m.place()] = m
		}
	}
	errs := []error{a.stray(wanted, matches)}
	for at, w := range a.attached {
		m := wanted[at]
		if m == nil || m.Raw != w.Raw {
			errs = append(errs, a.takeAway(at))
			a.leave(at, matches)
			continue
		}
		a.anew = a.anew || m.Mode != w.Mode || w.becomes(m) // the program stays, and does the other thing from one packet to the next
	}
	for at := range wanted {
		a.anew = a.anew || a.attached[at] == nil
	}
	if !a.anew {
		return errors.Join(errs...)
	}
	if err := a.swap(wanted, matches); err != nil {
		return errors.Join(append(errs, err)...)
	}
	for i := range matches {
		if m := &matches[i]; m.Refused == "" && a.attached[m.place()] == nil {
			if err := a.attach(m); err != nil {
				m.Refused = err.Error()
				errs = append(errs, fmt.Errorf("%s: %w", m.Label(), err))
			}
		}
	}
	return errors.Join(errs...)
}

// leave notes that the program is not at a device any more.
func (a *agent) leave(at place, matches []Match) {
	w := a.attached[at]
	if w == nil {
		return
	}
	delete(a.attached, at)
	a.anew = true
	a.Log.Info("not counting any more", "device", w.Label(), "interface", w.Interface)
	a.letGo(w.id(), matches)
}

// letGo forgets an interface that no device is any more.
func (a *agent) letGo(id string, matches []Match) {
	if !slices.ContainsFunc(matches, func(m Match) bool { return m.id() == id && m.Refused == "" }) {
		a.forgotten = append(a.forgotten, id)
		a.farewell(id)
	}
}

// swap puts the policies of devices in force, has those that are other interfaces become these, and reads what those of before counted.
func (a *agent) swap(wanted map[place]*Match, matches []Match) error {
	var all []ebpf.Interface
	for _, m := range wanted {
		in := ebpf.Interface{ID: m.id(), Mode: ebpf.Count}
		if m.Interface != "" {
			var err error
			if in, err = a.network.policyOf(m.Interface, m.Mode); err != nil {
				return fmt.Errorf("%w: %w", errPolicy, err)
			}
			if a.tellsLosses(m) {
				in.Mode = ebpf.Forward
			}
		}
		all = append(all, in)
	}
	if err := a.program.Swap(all, a.changes(wanted)...); err != nil {
		return fmt.Errorf("%w: %w", errPolicy, err)
	}
	a.anew = false
	a.changed(wanted, matches)
	a.turn() // where it can't be kept now, it is later
	return nil
}

// attach begins to count at a device.
func (a *agent) attach(m *Match) error {
	if err := a.put(m); err != nil {
		return err
	}
	a.counts(m)
	return nil
}

// counts notes that a device is counted as what it is now.
func (a *agent) counts(m *Match) {
	of := *m
	a.attached[m.place()] = &of
	if m.Interface == "" {
		a.Log.Warn("counting a device that is no network interface of the definition; it is not recorded", "device", m.Label())
		return
	}
	a.Log.Info("counting at a device", "device", m.Label(), "interface", m.Interface, "mode", m.Mode, "flipped", m.Flipped)
}

// once reports whether the look before had nothing to say of this: what stays so is said once, and of what is gone nothing is remembered.
func (a *agent) once(key string) bool {
	a.saying[key] = true
	return !a.said[key]
}

// say says why a device is not counted, once.
func (a *agent) say(device, why string) {
	if a.once(device + ": " + why) {
		a.Log.Error("a device is not counted", "device", device, "why", why)
	}
}

// reload reads the definition again. Where it can't be read or be put in force, the old one stays.
func (a *agent) reload() {
	if a.Policy != nil {
		a.Log.Info("the server says the definition; there are no files to read again")
		return
	}
	n, conf, err := (&Options{Config: a.read}).first()
	if err == nil {
		err = a.decides(n)
	}
	if err == nil && !a.turn() {
		err = errors.New("what was counted until now can't be kept, so that nothing else is put in force: reload it again when it can")
	}
	if err == nil {
		err = a.replace(n, conf)
	}
	if err != nil {
		a.Log.Error("the definition of before stays in force", "error", err)
		return
	}
	a.Log.Info("another definition is in force")
	n.sayUnknown(a.Log)
	if !a.record(conf.FlowLogs) { // another account or region of a resource
		a.Log.Error("objects have the account and region of before in their keys until another SIGHUP, since what was counted can't be kept now")
	}
}

// detach takes the program away from all devices.
func (a *agent) detach() error {
	var errs []error
	for at := range a.attached {
		errs = append(errs, a.takeAway(at))
	}
	return errors.Join(errs...)
}
