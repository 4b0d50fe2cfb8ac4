package ebpf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"

	"weir/internal/aggregate"
	"weir/internal/policy"
)

// HostFirewall is the stage of what the host's own firewall refused.
const HostFirewall policy.Stage = "host-firewall"

// refusals are the kernel's reasons to drop a packet that are a refusal by rules, as the observing program numbers them. All others are none: a full
// buffer, a bad checksum, no route or no listener refuses nothing by a rule, and of some the kernel does not say whether rules did: a tc filter's
// drop may be a policer's, and SOCKET_FILTER both a control group's program and one that an application set for its own socket.
//
// Source: Linux, include/net/dropreason-core.h; the numbers change from one kernel to the next and are those of its BTF.
var refusals = map[string]uint8{
	"SKB_DROP_REASON_NETFILTER_DROP":    1, // nftables, iptables, and what else is at netfilter's hooks: since Linux 5.18
	"SKB_DROP_REASON_BPF_CGROUP_EGRESS": 2, // a control group's program, such as that of systemd's IPAddressDeny
	// These are none: they are of mode Forward alone, where the program finds out what they mean of a packet that had a route.
	"SKB_DROP_REASON_NOT_SPECIFIED": 3, // of most routes that lead nowhere
	"SKB_DROP_REASON_IP_INNOROUTES": 3, // IPv4 found no route
	"SKB_DROP_REASON_IP_INHDR":      4, // too many hops: other headers are looked at before there is a route
	"SKB_DROP_REASON_PKT_TOO_BIG":   5, // the next device's MTU
}

// refusedAt are the rules of records by where packets were refused, as the program numbers it.
var refusedAt = [...]string{
	"netfilter", "netfilter:ingress", "netfilter:prerouting", "netfilter:input", "netfilter:forward", "netfilter:output", "netfilter:postrouting", "netfilter:egress", "cgroup:egress",
}

// lostBy are the losses of mode Forward, which the program numbers from firstLoss on.
var lostBy = [...]aggregate.Loss{aggregate.LostNoRoute, aggregate.LostBlackhole, aggregate.LostMTUExceeded, aggregate.LostTTLExpired}

const firstLoss = len(refusedAt)

// observer is the program that sees what the host's firewall drops.
type observer struct {
	program *ebpf.Program
	link    link.Link
	// misses are how often it did not run, since it ran on that CPU already, when that was last asked: of a program of a process before, never.
	misses uint64
	// unseen is 1 where the program of a process before ended before this one began, until that is told: what was dropped between nobody knows.
	unseen uint64
}

// reasonsOf returns what a kernel's drop reasons are to the program, by their numbers.
func reasonsOf(kernel *btf.Spec) (out [256]uint8, err error) {
	var all *btf.Enum
	if err := kernel.TypeByName("skb_drop_reason", &all); err != nil {
		return out, fmt.Errorf("the kernel does not say why it drops packets, which it does since Linux 5.17: %w", err)
	}
	found := false
	for _, v := range all.Values {
		if n := refusals[v.Name]; n != 0 && v.Value < uint64(len(out)) {
			out[v.Value] = n
			found = found || n == 1
		}
	}
	if !found {
		return out, errors.New("the kernel does not say that it dropped a packet by netfilter's rules, which it does since Linux 5.18")
	}
	return out, nil
}

// forwarding are the reasons by which a kernel is known to say why it can't forward packets: Linux 5.19 began with all of them at once. One that does not would have
// such drops under no reason that is looked for, and they would be told as none.
var forwarding = []string{"SKB_DROP_REASON_IP_INNOROUTES", "SKB_DROP_REASON_IP_INHDR", "SKB_DROP_REASON_PKT_TOO_BIG"}

// forwardsBy fails where a kernel does not say why it can't forward packets.
func forwardsBy(kernel *btf.Spec) error {
	var all *btf.Enum
	err := kernel.TypeByName("skb_drop_reason", &all)
	for _, name := range forwarding {
		if err == nil && !slices.ContainsFunc(all.Values, func(v btf.EnumValue) bool { return v.Name == name }) {
			err = fmt.Errorf("there is no %s", name)
		}
	}
	if err != nil {
		return fmt.Errorf("the kernel does not say why it can't forward packets, which it does since Linux 5.19: %w", err)
	}
	return nil
}

// loadObserver loads the program, with the tables that there are.
func (p *Program) loadObserver() (*ebpf.Program, error) {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, fmt.Errorf("the kernel does not say how its structures are laid out (CONFIG_DEBUG_INFO_BTF): %w", err)
	}
	spec, err := loadObserve()
	if err != nil {
		return nil, err
	}
	numbers, err := reasonsOf(kernel)
	if err != nil {
		return nil, err
	}
	if err := spec.Variables["reasons"].Set(numbers); err != nil {
		return nil, err
	}
	shared := map[string]*ebpf.Map{}
	for name := range spec.Maps {
		if m := p.objects.named(name); m != nil {
			spec.Maps[name].MaxEntries = m.MaxEntries()
			shared[name] = m
		}
	}
	var objects struct {
		Drop *ebpf.Program `ebpf:"drop"`
	}
	err = spec.LoadAndAssign(&objects, &ebpf.CollectionOptions{MapReplacements: shared})
	return objects.Drop, err
}

// observe begins to see what the host's firewall drops. Where a process before has begun it with these tables, and by the same program, that goes on;
// otherwise that one ends first, and what is dropped between is not seen.
func (p *Program) observe() (err error) {
	if p.observer != nil {
		return nil
	}
	o := new(observer)
	if o.program, err = p.loadObserver(); err != nil {
		return fmt.Errorf("can't observe the host's firewall: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	was, err := p.observedBefore()
	if err != nil {
		return err
	}
	if was != nil {
		same, err := p.isSame(was.program, o.program)
		if err == nil && same {
			p.observer = was
			return o.program.Close()
		}
		// Closing alone ends it later: the kernel has work to do that a file is gone.
		if err = errors.Join(err, p.pins.dropObserver(), was.close()); err != nil {
			return err
		}
		o.unseen = 1
	}
	if o.link, err = link.AttachTracing(link.TracingOptions{Program: o.program}); err != nil {
		return fmt.Errorf("can't observe the host's firewall at the tracepoint skb:kfree_skb: %w", err)
	}
	if p.pins != nil {
		// The program first: where there is a link, there is its program.
		if err := errors.Join(p.pins.dropObserver(), o.program.Pin(p.pins.observer(programName)), o.link.Pin(p.pins.observer(observerName))); err != nil {
			return err
		}
	}
	p.observer = o
	return nil
}

// The program at the tracepoint and its link, where pins are.
const (
	observerName = "kfree_skb"
	programName  = "kfree_skb-program"
)

func (p *pins) observer(name string) string { return filepath.Join(p.root, linksName, name) }

// dropObserver removes both, if they are there: the link first.
func (p *pins) dropObserver() error {
	for _, name := range []string{observerName, programName} {
		if err := os.Remove(p.observer(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// observedBefore returns what a process before has pinned, nil if there is none. Only whoever has CAP_SYS_ADMIN could ask a link for its program.
func (p *Program) observedBefore() (*observer, error) {
	if p.pins == nil {
		return nil, nil
	}
	l, err := link.LoadPinnedLink(p.pins.observer(observerName), nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	program, err := ebpf.LoadPinnedProgram(p.pins.observer(programName), nil)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &observer{program: program, link: l}, nil
}

// isSame reports whether a program is the same as another one that uses these tables, and uses them too.
func (p *Program) isSame(was, now *ebpf.Program) (bool, error) {
	before, err := was.Info()
	if err != nil {
		return false, err
	}
	this, err := now.Info()
	if err != nil {
		return false, err
	}
	tables, err := p.objects.Asides.Info()
	if err != nil {
		return false, err
	}
	uses, _ := before.MapIDs()
	id, ok := tables.ID()
	return ok && before.Tag == this.Tag && slices.Contains(uses, id), nil
}

// Forwards fails where mode Forward can't be had here: without it what a router loses is not told.
func (p *Program) Forwards() error {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return fmt.Errorf("the kernel does not say how its structures are laid out (CONFIG_DEBUG_INFO_BTF): %w", err)
	}
	if err := forwardsBy(kernel); err != nil || p.observer != nil {
		return err
	}
	o, err := p.loadObserver()
	if err != nil {
		return err
	}
	return o.Close()
}

// missed returns how often the program did not run since the last time, because it was interrupted on that CPU by what was to be seen.
func (o *observer) missed() (uint64, error) {
	stats, err := o.program.Stats()
	if err != nil {
		return 0, err
	}
	since := stats.RecursionMisses - o.misses + o.unseen
	o.misses, o.unseen = stats.RecursionMisses, 0
	return since, nil
}

// Missed returns how many packets the host's firewall refused without being seen, in the whole host, since it was last asked: those that it dropped while
// it was busy with another on the same CPU. They are in flows as accepted, or in none. After Load they are those since observing began, and one more where another
// program took the place of that before. Without an interface in mode Observe there are none.
func (p *Program) Missed() (uint64, error) {
	if p.observer == nil {
		return 0, nil
	}
	return p.observer.missed()
}

// close ends it, but for what is pinned.
func (o *observer) close() error {
	var err error
	if o.link != nil {
		err = o.link.Close()
	}
	return errors.Join(err, o.program.Close())
}

// unobserve ends observing, also where it is pinned.
func (p *Program) unobserve() error {
	var err error
	if p.pins != nil {
		err = p.pins.dropObserver()
	}
	if p.observer != nil {
		err = errors.Join(err, p.observer.close())
		p.observer = nil
	}
	return err
}

// observes reports whether one of some interfaces is in mode Observe or Forward, which that program is for.
func observes(all []Interface) bool {
	return slices.ContainsFunc(all, func(i Interface) bool { return i.Mode >= Observe })
}
