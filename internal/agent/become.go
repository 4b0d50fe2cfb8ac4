package agent

import "weir/internal/capture/ebpf"

// becomes reports whether a device that is counted is another interface now, or another side of one.
func (w *Match) becomes(m *Match) bool { return w.id() != m.id() || w.attachable() != m.attachable() }

// changes returns what the devices are to be that the program is at, also where an agent before has put it there.
func (a *agent) changes(wanted map[place]*Match) []ebpf.Change {
	var out []ebpf.Change
	in := func(cookie uint64, n attached) {
		for _, index := range n.Attached() {
			if m := wanted[place{cookie, index}]; m != nil {
				out = append(out, ebpf.Change{Netns: cookie, Device: m.attachable(), ID: m.id()})
			}
		}
	}
	in(0, a.program)
	for cookie, n := range a.program.Namespaces() {
		in(cookie, n)
	}
	return out
}

// changed notes what devices have become. What an interface counted until then is still to be read.
func (a *agent) changed(wanted map[place]*Match, matches []Match) {
	for at, w := range a.attached {
		m := wanted[at]
		switch {
		case w.becomes(m):
			a.Log.Info("a device is another interface, from one packet to the next", "device", m.Label(), "was", w.Interface, "interface", m.Interface)
			a.counts(m)
			a.letGo(w.id(), matches)
		case m.Mode != w.Mode:
			a.Log.Info("another mode at a device", "device", w.Label(), "interface", w.Interface, "mode", m.Mode)
			w.Mode = m.Mode
		}
	}
}
