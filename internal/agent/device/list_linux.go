package device

import "slices"

// List returns the devices of the calling thread's network namespace, and of those that the query names.
func List(q Query) (*Found, error) {
	own, err := links()
	if err != nil {
		return nil, err
	}
	out := &Found{Unread: map[string]string{}}
	if q.Behind {
		if err := behind(own, q.PeerNetns); err != nil {
			return nil, err
		}
	}
	for i := range own {
		out.Devices = append(out.Devices, own[i].Device)
	}
	if len(q.Netns) == 0 {
		return out, nil
	}
	at, err := cookie()
	if err != nil {
		return nil, err
	}
	seen := map[uint64]string{at: ""}
	names := slices.Compact(slices.Sorted(slices.Values(q.Netns)))
	for _, name := range names {
		if why := out.listIn(name, seen); why != "" {
			out.Unread[name] = why
		}
	}
	return out, nil
}

// listIn adds the devices of a network namespace, or says why it can't. Those that were seen have their names by their cookies.
func (f *Found) listIn(name string, seen map[uint64]string) (why string) {
	err := In(name, func() error {
		at, err := cookie()
		if err != nil {
			return err
		}
		if other, ok := seen[at]; ok && other == "" {
			why = "it is the network namespace that the agent runs in: leave netns out"
			return nil
		} else if ok {
			why = "it is the network namespace " + other + " too: name it so"
			return nil
		}
		seen[at] = name
		inside, err := links()
		for i := range inside {
			d := inside[i].Device
			d.Netns, d.Cookie = name, at
			f.Devices = append(f.Devices, d)
		}
		return err
	})
	if err != nil {
		return err.Error()
	}
	return why
}

// behind looks what is behind the devices of the calling thread's network namespace.
func behind(own []link, paths []string) error {
	machines := taps(libvirtState)
	var all map[int32]*space
	for i := range own {
		l := &own[i]
		if of, ok := machines[l.Name]; ok && l.Kind == "tun" {
			l.Domain, l.GuestMAC = of.domain, of.mac
		}
		if !l.isPair() {
			continue
		}
		l.Peer = &Peer{Index: l.peer}
		if !l.away {
			l.Peer.be(own)
			continue
		}
		if all == nil {
			var err error
			if all, err = spaces(paths); err != nil {
				return err
			}
		}
		if at := all[l.netns]; at != nil {
			at.look(l.Peer)
		}
	}
	return nil
}

// look says what a peer is that is there.
func (s *space) look(p *Peer) {
	if s.inside == nil {
		err := enter(s.path, func() (err error) { s.inside, err = links(); return err })
		if err != nil {
			s.inside = []link{} // it stays unknown what is there
		}
	}
	p.Netns, p.Containers = s.names, s.containers()
	p.be(s.inside)
}

// be takes what a list of devices says of a peer.
func (p *Peer) be(all []link) {
	if at := slices.IndexFunc(all, func(l link) bool { return l.Index == p.Index }); at >= 0 {
		p.Name, p.MAC, p.Addresses = all[at].Name, all[at].MAC, all[at].Addresses
	}
}
