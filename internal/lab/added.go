package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// attached is what the agent is told of a host that was added, as weir-agent attach tells it.
type attached struct {
	Device  string `json:"device"`
	Netns   string `json:"netns,omitempty"`
	ENI     string `json:"eni"`
	Mode    string `json:"mode"`
	Flipped bool   `json:"flipped"`
}

// join builds the hosts that a definition has more than another, and has the agent enforce at them. What the agent decides by is in force already.
func (c *changer) join(ctx context.Context, was, is *Definition) error {
	for _, host := range slices.Sorted(maps.Keys(is.Hosts)) {
		if _, ok := was.Hosts[host]; ok {
			continue
		}
		before, after, err := plans(was, is)
		if err != nil {
			return err
		}
		if err := after.beyond(before, host); err != nil {
			return err
		}
		if err := after.extend(ctx, is.routerOf(host), host); err != nil {
			return err
		}
		if err := tellAt(ctx, c.state.path(agentOwnSocket), http.MethodPost, "/attachments", attached{deviceOf(host), is.netnsOf(host), is.Hosts[host].ENI, "enforce", true}); err != nil {
			return err
		}
		for _, s := range is.services() {
			if s.Name == host {
				if err := tellAt(ctx, c.state.path(hostsSocket), http.MethodPost, "/start", s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// leave takes away the hosts that a definition has not any more.
func (c *changer) leave(ctx context.Context, was, is *Definition) error {
	for _, host := range slices.Sorted(maps.Keys(was.Hosts)) {
		if _, ok := is.Hosts[host]; ok {
			continue
		}
		after, before, err := plans(is, was)
		if err != nil {
			return err
		}
		if err := before.beyond(after, host); err != nil {
			return err
		}
		var errs []error
		for _, s := range was.services() {
			if s.Name == host {
				errs = append(errs, tellAt(ctx, c.state.path(hostsSocket), http.MethodPost, "/stop", s))
			}
		}
		names, err := made()
		if err == nil && slices.Contains(names, host) {
			// Of a change that was broken off there may be a part only.
			_ = tellAt(ctx, c.state.path(agentOwnSocket), http.MethodDelete, "/attachments?"+url.Values{"device": {deviceOf(host)}, "netns": {was.netnsOf(host)}}.Encode(), nil)
			for _, of := range []struct {
				lines  []string
				option []string
			}{{before.batches[was.routerOf(host)], nil}, {before.sixes[was.routerOf(host)], []string{"-6"}}} {
				_ = tell(ctx, "", taken(of.lines), "ip", append(of.option, "-n", Prefix+was.routerOf(host), "-force", "-batch", "-")...)
			}
			err = tell(ctx, "", "", "ip", "netns", "del", Prefix+host)
		}
		if err := errors.Join(append(errs, err)...); err != nil {
			return err
		}
	}
	return nil
}

// reach has the internet have the addresses of a definition's ends, and not those that only another one has. What is not as it is said is no failure: a change that was broken off may have
// done a part.
func (c *changer) reach(ctx context.Context, was, is *Definition) error {
	var b strings.Builder
	for _, of := range []struct {
		verb    string
		of, not *Definition
	}{{"del", was, is}, {"replace", is, was}} {
		for _, name := range slices.Sorted(maps.Keys(of.of.Internet)) {
			far := of.of.Internet[name]
			if slices.Equal(of.not.Internet[name].addresses(), far.addresses()) {
				continue
			}
			if len(far.Serves)+len(far.ServesUDP) > 0 {
				return fmt.Errorf("%w: %s: an end in the internet that comes or goes serves nothing", ErrScenario, name)
			}
			if far.IPv6.IsValid() {
				return fmt.Errorf("%w: %s: an end in the internet that comes or goes has no IPv6 address", ErrScenario, name)
			}
			fmt.Fprintf(&b, "addr %s %s/32 dev lo\n", of.verb, far.Address)
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return tell(ctx, "", b.String(), "ip", "-n", Prefix+internet, "-batch", "-")
}

// plans returns those of two definitions.
func plans(was, is *Definition) (before, after *plan, err error) {
	if before, err = planOf(was); err == nil {
		after, err = planOf(is)
	}
	return before, after, err
}

// beyond leaves of a plan what makes one host that another plan has not. All else has to be the same in both, which is so for a host without a public address, and with a name behind all
// others.
func (p *plan) beyond(before *plan, host string) error {
	for _, name := range before.names {
		if p.nft[name] != before.nft[name] {
			return fmt.Errorf("%w: %s can't be added to a lab that is up: what %s translates would be other", ErrScenario, host, name)
		}
		for _, of := range []struct{ is, was map[string][]string }{{p.links, before.links}, {p.batches, before.batches}, {p.sixes, before.sixes}} {
			added := of.is[name]
			for _, line := range of.was[name] {
				at := slices.Index(added, line)
				if at < 0 {
					return fmt.Errorf("%w: %s can't be added to a lab that is up: of %s would be other: %s; a name behind all others may do", ErrScenario, host, name, line)
				}
				added = slices.Delete(slices.Clone(added), at, at+1)
			}
			of.is[name] = added
		}
		delete(p.nft, name)
	}
	p.names = slices.DeleteFunc(p.names, func(name string) bool { return slices.Contains(before.names, name) })
	if !slices.Equal(p.names, []string{host}) {
		return fmt.Errorf("%w: %s is not all that is added: there are %s; a change adds one host", ErrScenario, host, strings.Join(p.names, ", "))
	}
	return nil
}

// extend makes a host beside those that there are, by a plan that is left with what makes it: the namespace, the router's end, and what is in the namespace.
func (p *plan) extend(ctx context.Context, router, host string) error {
	if err := tell(ctx, "", "", "ip", "netns", "add", Prefix+host); err != nil {
		return err
	}
	if err := p.settle(host); err != nil {
		return err
	}
	if err := batch(ctx, router, p.links[router]); err != nil {
		return err
	}
	for _, name := range []string{router, host} {
		if err := errors.Join(batch(ctx, name, p.batches[name]), batch(ctx, name, p.sixes[name], "-6")); err != nil {
			return err
		}
	}
	if p.nft[host] == "" {
		return nil
	}
	return tell(ctx, Prefix+host, p.nft[host], "nft", "-f", "-")
}

// netnsOf names the namespace of a host's router as the agent knows it; "": its own.
func (d *Definition) netnsOf(host string) string {
	if name := d.routerOf(host); name != router {
		return Prefix + name
	}
	return ""
}

// taken returns lines of ip -batch that take back what lines add to a router beside devices, which go with their namespace: rules and routes, the last first.
func taken(lines []string) string {
	var b strings.Builder
	for _, line := range slices.Backward(lines) {
		for _, kind := range []string{"rule", "route"} {
			if rest, ok := strings.CutPrefix(line, kind+" add "); ok {
				fmt.Fprintf(&b, "%s del %s\n", kind, rest)
			}
		}
	}
	return b.String()
}
