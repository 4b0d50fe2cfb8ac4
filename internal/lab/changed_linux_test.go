package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
)

// guests is a change that adds two hosts and an end in the internet.
func guests() *Change {
	c := zeta("zeta")
	merge(c.Network, map[string]any{"network-interfaces": map[string]any{
		"eni-zulu": map[string]any{"subnet": "subnet-private-a", "addresses": []any{"10.0.2.31", "2001:db8:1:2::31"}, "groups": []any{"sg-web"}},
	}})
	merge(c.Lab, map[string]any{"hosts": map[string]any{"zulu": map[string]any{"eni": "eni-zulu", "serves": []any{80}}}, "internet": map[string]any{"visitor": map[string]any{"address": "203.0.113.101"}}})
	return c
}

// traces returns what a lab's namespaces have that changes may make, in lines that are ordered.
func traces(ctx context.Context) (out []string, err error) {
	names, err := made()
	if err != nil {
		return nil, err
	}
	for _, of := range [][]string{{router, "rule"}, {router, "route", "show", "table", "all"}, {router, "-6", "rule"}, {router, "-6", "route", "show", "table", "all"}, {internet, "addr"}, {internet, "-6", "route"}} {
		text, err := listed(ctx, of[0], of[1:]...)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			out = append(out, strings.Join(of, " ")+": "+strings.TrimSpace(line))
		}
	}
	out = append(out, names...)
	slices.Sort(out)
	return out, nil
}

// checkChanged changes a lab without an agent, has that be taken back, and breaks it off at each point that files and namespaces can be at.
func checkChanged(ctx context.Context, dir string) (err error) {
	s := &state{Dir: dir}
	if s.program, err = idleWeir(dir); err != nil {
		return err
	}
	if err := os.WriteFile(s.path(agentFile), []byte("flow-logs: {}\n"), 0o600); err != nil {
		return err
	}
	stop, err := idleAgent(ctx, s)
	if err != nil {
		return err
	}
	defer func() {
		_, ended := end(context.WithoutCancel(ctx), dir)
		err = errors.Join(err, ended, stop())
	}()
	want, err := traces(ctx)
	if err != nil {
		return err
	}
	files, err := readTexts(dir)
	if err != nil {
		return err
	}
	changed, err := files.with(guests())
	if err != nil {
		return err
	}
	for _, tc := range []struct {
		name string
		do   func(c *changer) error // after which its process is killed
	}{
		{"nothing changed", func(*changer) error { return nil }},
		{"taken back", func(c *changer) error { return errors.Join(c.make(ctx, guests()), c.reached(ctx), c.end(ctx)) }},
		{"changed", func(c *changer) error { return c.make(ctx, guests()) }},
		{"changed twice", func(c *changer) error { return errors.Join(c.make(ctx, zeta("zeta")), c.make(ctx, guests())) }},
		{"one file is written", func(c *changer) error {
			err := c.keepFirst()
			if err == nil {
				_, _, err = c.stage(changed)
			}
			return errors.Join(err, texts{networkFile: changed[networkFile]}.write(dir))
		}},
		{"a host is half made", func(c *changer) error {
			return errors.Join(c.make(ctx, guests()), tell(ctx, "", "", "ip", "-n", Prefix+router, "link", "del", "eni-zulu"), tell(ctx, "", "", "ip", "netns", "del", Prefix+"zulu"))
		}},
		{"an address is gone", func(c *changer) error {
			return errors.Join(c.make(ctx, guests()), batch(ctx, internet, []string{"addr del 203.0.113.101/32 dev lo"}))
		}},
		{"half taken back", func(c *changer) error {
			err := c.make(ctx, guests())
			was := c.d
			if err == nil {
				_, _, err = c.stage(c.first)
			}
			return errors.Join(err, c.leave(ctx, was, c.base), c.unreach(ctx, was, c.base), texts{definitionFile: files[definitionFile]}.write(dir))
		}},
		{"what was before is half removed", func(c *changer) error {
			return errors.Join(c.make(ctx, guests()), c.end(ctx), os.Mkdir(s.path(beforeFolder), 0o755), texts{networkFile: files[networkFile]}.write(s.path(beforeFolder)))
		}},
	} {
		c, err := newChanger(ctx, s)
		if err == nil {
			err = tc.do(c)
		}
		if err == nil {
			c, err = newChanger(ctx, s)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", tc.name, err)
		}
		got, err := traces(ctx)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("%s: what is left, or lacks (-was +is): %s", tc.name, diff)
		}
		now, err := readTexts(dir)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(files, now); diff != "" || c.first != nil {
			return fmt.Errorf("%s: the files are other: %s", tc.name, diff)
		}
	}
	return refused(ctx, s)
}

// reached sends something to what a change has added.
func (c *changer) reached(ctx context.Context) error {
	for _, s := range []Step{
		{From: "zeta", To: "zulu", TCP: 80, Then: Answered},
		{From: "app-a", To: "zulu", TCP: 80, IPv6: true, Then: Answered},
		{From: "visitor", To: "web-a", TCP: 80, Then: Answered},
		{From: "client", To: "zulu", TCP: 80, IPv6: true, Then: Nothing}, // behind the egress-only internet gateway
	} {
		if became, err := c.d.send(ctx, s); err != nil || became != s.Then {
			return fmt.Errorf("%s: %s, and not %s: %w", s, became, s.Then, err)
		}
	}
	return nil
}

// refused has changes that no lab makes, which leave it as it is.
func refused(ctx context.Context, s *state) error {
	for want, c := range map[string]*Change{
		"takes none away that the lab was built with": {Lab: map[string]any{"hosts": map[string]any{"idle": nil}}, Network: map[string]any{"network-interfaces": map[string]any{"eni-idle": nil}}},
		"that comes or goes serves nothing":           {Lab: map[string]any{"internet": map[string]any{"visitor": map[string]any{"address": "203.0.113.101", "serves": []any{80}}}}},
		"its network has no network interface":        {Lab: map[string]any{"hosts": map[string]any{"zeta": map[string]any{"eni": "eni-none"}}}},
	} {
		c1, err := newChanger(ctx, s)
		if err != nil {
			return err
		}
		files := c1.now
		if err := c1.make(ctx, c); err == nil || !strings.Contains(err.Error(), want) {
			return fmt.Errorf("%w, and not %s", err, want)
		}
		if now, err := readTexts(s.Dir); err != nil || string(now[definitionFile]) != string(files[definitionFile]) {
			return fmt.Errorf("%s: the files are other: %w", want, err)
		}
		r := &Result{Scenario: Scenario{Name: "refused", Traffic: []Step{{Change: c}, {From: "client", To: "web-a", TCP: 80, Then: Answered}}}}
		if err := c1.play(ctx, r, time.Now); !strings.Contains(r.Why+fmt.Sprint(err), want) || len(r.Became) != 0 {
			return fmt.Errorf("%w, %+v, and not %s", err, r, want)
		}
		if err := c1.end(ctx); err != nil {
			return err
		}
	}
	return nil
}

// idleWeir is a program that imports nothing, and an agent that does nothing.
func idleWeir(dir string) (Program, error) {
	name := filepath.Join(dir, "weir")
	err := os.WriteFile(name, []byte("#!/bin/sh\ncase \"$*\" in \"lab agent\"*) exec sleep 1000 ;; esac\n"), 0o700)
	return Program{Path: name, Name: name}.of(dir), err
}

// idleAgent answers in place of the lab's agent.
func idleAgent(ctx context.Context, s *state) (stop func() error, err error) {
	all := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	own, err := listenAt(ctx, s.path(agentOwnSocket), all)
	if err != nil {
		return nil, err
	}
	labs, err := listenAt(ctx, s.path(agentSocket), all)
	if err != nil {
		return nil, errors.Join(err, own())
	}
	var l net.Listener
	err = inside(Prefix+router, func() (err error) { l, err = (&net.ListenConfig{}).Listen(ctx, "tcp4", agentListen); return err })
	if err != nil {
		return nil, errors.Join(err, own(), labs())
	}
	server := &http.Server{Handler: all, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }() // it ends with stop
	return func() error { return errors.Join(server.Close(), own(), labs()) }, nil
}

// listed returns what ip lists in a namespace of the lab.
func listed(ctx context.Context, name string, words ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "ip", append([]string{"-n", Prefix + name}, words...)...).Output()
	return string(out), err
}
