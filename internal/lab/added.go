package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
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

// hostsBeyond are the hosts that a definition has more than another, in order.
func (d *Definition) hostsBeyond(other *Definition) (out []string) {
	for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
		if _, ok := other.Hosts[host]; !ok {
			out = append(out, host)
		}
	}
	return out
}

// join builds the hosts that a definition has more than another, and has the agent enforce at them. What the agent decides by is in force already.
func (c *changer) join(ctx context.Context, was, is *Definition) error {
	hosts := is.hostsBeyond(was)
	if len(hosts) == 0 {
		return nil
	}
	p, err := beyond(was, is, hosts)
	if err != nil {
		return err
	}
	if err := p.extend(ctx); err != nil {
		return err
	}
	for _, host := range hosts {
		if err := tellAt(ctx, c.state.path(agentOwnSocket), http.MethodPost, "/attachments", attached{deviceOf(host), is.netnsOf(host), is.Hosts[host].ENI, "enforce", true}); err != nil {
			return err
		}
	}
	for _, s := range is.services() {
		if slices.Contains(hosts, s.Name) {
			if err := tellAt(ctx, c.state.path(hostsSocket), http.MethodPost, "/start", s); err != nil {
				return err
			}
		}
	}
	return nil
}

// leave takes away the hosts that a definition has not any more. There may be a part of them only, of a change that was broken off.
func (c *changer) leave(ctx context.Context, was, is *Definition) error {
	hosts := was.hostsBeyond(is)
	if len(hosts) == 0 {
		return nil
	}
	p, err := beyond(is, was, hosts)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range was.services() {
		if slices.Contains(hosts, s.Name) {
			errs = append(errs, tellAt(ctx, c.state.path(hostsSocket), http.MethodPost, "/stop", s))
		}
	}
	for _, host := range hosts {
		_ = tellAt(ctx, c.state.path(agentOwnSocket), http.MethodDelete, "/attachments?"+url.Values{"device": {deviceOf(host)}, "netns": {was.netnsOf(host)}}.Encode(), nil) // it may not have been told
	}
	for _, of := range []struct {
		batches map[string][]string
		option  []string
	}{{p.batches, nil}, {p.sixes, []string{"-6"}}} {
		for _, name := range slices.Sorted(maps.Keys(of.batches)) {
			if lines := taken(of.batches[name]); lines != "" && !slices.Contains(hosts, name) {
				_ = tell(ctx, "", lines, "ip", append(of.option, "-n", Prefix+name, "-force", "-batch", "-")...)
			}
		}
	}
	for _, host := range hosts { // the kernel takes devices out of a namespace that is gone some time later, and the next host may have the same name
		_ = batch(ctx, was.routerOf(host), []string{"link del " + deviceOf(host)})
	}
	names, err := made()
	errs = append(errs, err)
	for _, host := range hosts {
		if slices.Contains(names, host) {
			errs = append(errs, tell(ctx, "", "", "ip", "netns", "del", Prefix+host))
		}
	}
	return errors.Join(errs...)
}

// otherEnds are the ends in the internet that a definition has and another has not, or not with the same addresses, by name.
func (d *Definition) otherEnds(other *Definition) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(d.Internet)) {
		if !slices.Equal(other.Internet[name].addresses(), d.Internet[name].addresses()) {
			out = append(out, name)
		}
	}
	return out
}

// checkEnds refuses ends in the internet that come or go and are more than an IPv4 address.
func checkEnds(was, is *Definition) error {
	for _, of := range [][2]*Definition{{was, is}, {is, was}} {
		for _, name := range of[0].otherEnds(of[1]) {
			far := of[0].Internet[name]
			if len(far.Serves)+len(far.ServesUDP) > 0 {
				return fmt.Errorf("%w: %s: an end in the internet that comes or goes serves nothing", ErrScenario, name)
			}
			if far.IPv6.IsValid() {
				return fmt.Errorf("%w: %s: an end in the internet that comes or goes has no IPv6 address", ErrScenario, name)
			}
		}
	}
	return nil
}

// reach has the internet have the addresses of a definition's ends that another one has not.
func (c *changer) reach(ctx context.Context, was, is *Definition) error {
	var lines []string
	for _, name := range is.otherEnds(was) {
		lines = append(lines, fmt.Sprintf("addr replace %s/32 dev lo", is.Internet[name].Address))
	}
	return batch(ctx, internet, lines)
}

// unreach takes the addresses of ends in the internet away that a definition has not any more. Of a change that was broken off there may be some only, so that ip goes on where one is missing; what is
// there then is looked at.
func (c *changer) unreach(ctx context.Context, was, is *Definition) error {
	names := was.otherEnds(is)
	if len(names) == 0 {
		return nil
	}
	var lines []string
	for _, name := range names {
		lines = append(lines, fmt.Sprintf("addr del %s/32 dev lo", was.Internet[name].Address))
	}
	said := batch(ctx, internet, lines, "-force")
	return inside(Prefix+internet, func() error {
		there, err := net.InterfaceAddrs()
		for _, a := range there {
			own, parsed := netip.ParsePrefix(a.String())
			if parsed == nil && slices.ContainsFunc(names, func(name string) bool { return was.Internet[name].Address == own.Addr() }) {
				err = errors.Join(err, fmt.Errorf("%s is still in the internet: %w", own.Addr(), said))
			}
		}
		return err
	})
}

// plans returns those of two definitions.
func plans(was, is *Definition) (before, after *plan, err error) {
	if before, err = planOf(was); err == nil {
		after, err = planOf(is)
	}
	return before, after, err
}

// beyond returns what makes the hosts that a definition has more than another: the rest of its plan has to be the same in both, which is so for hosts without public addresses, and with names
// behind all others.
func beyond(was, is *Definition, hosts []string) (*plan, error) {
	same := *was
	same.Internet = is.Internet // whose ends come and go by themselves
	before, p, err := plans(&same, is)
	if err != nil {
		return nil, err
	}
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s can't be added to a lab that is up: %s", ErrScenario, strings.Join(hosts, ", "), fmt.Sprintf(format, args...))
	}
	for _, name := range before.names {
		if p.nft[name] != before.nft[name] {
			return nil, bad("what %s translates would be other", name)
		}
		for _, of := range []struct{ is, was map[string][]string }{{p.links, before.links}, {p.batches, before.batches}, {p.sixes, before.sixes}} {
			added := slices.Clone(of.is[name])
			for _, line := range of.was[name] {
				at := slices.Index(added, line)
				if at < 0 {
					return nil, bad("of %s would be other: %s; a name behind all others may do", name, line)
				}
				added = slices.Delete(added, at, at+1)
			}
			of.is[name] = added
		}
		delete(p.nft, name)
	}
	p.names = slices.DeleteFunc(p.names, func(name string) bool { return slices.Contains(before.names, name) })
	if !slices.Equal(p.names, hosts) {
		return nil, bad("there are %s with it", strings.Join(p.names, ", "))
	}
	return p, nil
}

// extend makes hosts beside those that there are, by a plan that is left with what makes them: their namespaces, what is in these, and the routers' ends and routes.
func (p *plan) extend(ctx context.Context) error {
	for _, name := range p.names {
		if err := tell(ctx, "", "", "ip", "netns", "add", Prefix+name); err != nil {
			return err
		}
		if err := p.settle(name); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.links)) {
		if err := batch(ctx, name, p.links[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.batches)) {
		if err := batch(ctx, name, p.batches[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.sixes)) {
		if err := batch(ctx, name, p.sixes[name], "-6"); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.nft)) {
		if err := tell(ctx, Prefix+name, p.nft[name], "nft", "-f", "-"); err != nil {
			return err
		}
	}
	return nil
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
		for _, add := range []string{"rule add ", "route add ", "route replace "} {
			if rest, ok := strings.CutPrefix(line, add); ok {
				kind, _, _ := strings.Cut(add, " ")
				fmt.Fprintf(&b, "%s del %s\n", kind, rest)
			}
		}
	}
	return b.String()
}
