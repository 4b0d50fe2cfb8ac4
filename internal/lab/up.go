package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Options are what [Up] is told.
type Options struct {
	// Dir is the lab's folder, absolute. Definition is the file of a definition; "": the default one.
	Dir, Definition string
	// Listen is the address of weir serve.
	Listen string
	// Every is after how long windows are closed; 0: AWS's minute.
	Every time.Duration
	// Now is the wall clock.
	Now     func() time.Time
	Program Program
}

// mostUp is how long it may take until all of a lab answers.
const mostUp = time.Minute

// Up builds a lab and waits until all of it answers. Where it fails, what it has made is taken away again; where its process is killed, [Down] does that.
func Up(ctx context.Context, o Options) (_ *Status, err error) {
	if err := examine(&o); err != nil {
		return nil, err
	}
	unlock, err := lockBuilds(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := vacant(ctx, &o); err != nil {
		return nil, err
	}
	s := &state{Dir: o.Dir, Listen: o.Listen, Every: o.Every, Started: o.Now().UTC(), program: o.Program.of(o.Dir)}
	if err := s.choosePorts(ctx); err != nil {
		return nil, err
	}
	if err := begin(s); err != nil {
		return nil, err
	}
	most, cancel := context.WithTimeout(ctx, mostUp)
	defer cancel()
	if err := raise(most, s, &o); err != nil {
		_, clear := down(context.WithoutCancel(ctx), o.Dir)
		if ctx.Err() != nil { // what was cut short says that it was killed
			err = ctx.Err()
		}
		return nil, errors.Join(err, clear)
	}
	s.Up = true
	err = s.write()
	var is *Status
	if err == nil {
		is, err = Look(o.Dir)
	}
	if err == nil && is.State != StateUp { // what answered has ended since
		err = fmt.Errorf("%w: %s", ErrNotReady, is.Why)
	}
	if err != nil {
		_, clear := down(context.WithoutCancel(ctx), o.Dir)
		return nil, errors.Join(err, clear)
	}
	return is, nil
}

// raise builds what there is to a lab, in the order in which one needs the other.
func raise(ctx context.Context, s *state, o *Options) error {
	if err := CopyDefinition(o.Definition, s.Dir); err != nil {
		return err
	}
	d, err := ReadDefinition(s.Dir)
	if err != nil {
		return err
	}
	s.Simple = d.missingSoftware()
	d.simple = s.simple()
	if err := s.write(); err != nil {
		return err
	}
	p, err := planOf(d)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.path(agentFile), agentConfig(d, s), 0o644); err != nil {
		return err
	}
	if err := os.Mkdir(s.path(recordsFolder), 0o755); err != nil {
		return err
	}
	if err := writeTransitAgent(d, s); err != nil {
		return err
	}
	if err := p.build(ctx); err != nil {
		return err
	}
	if err := s.fill(ctx, o.Now()); err != nil {
		return err
	}
	agent, err := s.startAgent()
	if err != nil {
		return err
	}
	ofTransit, err := startTransitAgent(d, s)
	if err != nil {
		return err
	}
	hosts, err := start(s, "hosts", "", "lab", "hosts", "--dir", s.Dir)
	if err != nil {
		return err
	}
	s3, err := s.startS3(ctx, d)
	if err != nil {
		return err
	}
	serve, err := s.startServe(d)
	if err != nil {
		return err
	}
	return together(ctx,
		func(ctx context.Context) error {
			return agent.until(ctx, func() bool { return healthy(ctx, Prefix+router, agentListen) })
		},
		func(ctx context.Context) error {
			return ofTransit.until(ctx, func() bool { return healthy(ctx, Prefix+transit, agentListen) })
		},
		func(ctx context.Context) error { return s.software(ctx, d) },
		func(ctx context.Context) error { return hosts.until(ctx, func() bool { return d.serving(ctx) }) },
		func(ctx context.Context) error { return s3.until(ctx, func() bool { return answers(ctx, s.S3) }) },
		func(ctx context.Context) error {
			return serve.until(ctx, func() bool { return healthy(ctx, "", s.Listen) })
		},
	)
}

// together does several things at once and returns when all are over. Where one fails, the others are broken off, and it is that error: an agent that the kernel takes no program from says so before
// databases are made.
func together(ctx context.Context, all ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	for _, do := range all {
		wg.Go(func() {
			if err := do(ctx); err != nil {
				once.Do(func() { first = err })
				cancel()
			}
		})
	}
	wg.Wait()
	return first
}

// leastSpace is how many bytes a lab's file system must have left: one that is just up has some 60 MB.
const leastSpace = 100_000_000

// noSpace is how many bytes are none for who writes records.
const noSpace = 1_000_000

// spaceOf returns how many bytes the file system of a folder has left.
func spaceOf(dir string) (uint64, error) {
	var of syscall.Statfs_t
	if err := syscall.Statfs(dir, &of); err != nil {
		return 0, err
	}
	return of.Bavail * uint64(of.Bsize), nil
}

// checkSpace refuses a folder whose file system is as good as full.
func checkSpace(dir string) error {
	at := dir
	for at != "/" {
		if _, err := os.Stat(at); err == nil {
			break
		}
		at = filepath.Dir(at)
	}
	left, err := spaceOf(at)
	if err != nil {
		return err
	}
	if left < leastSpace {
		return fmt.Errorf("%w: %w: the file system of %s has %d MB left, and a lab takes %d MB", ErrNotReady, ErrSpace, dir, left/1e6, leastSpace/1_000_000)
	}
	return nil
}

// examine says what is in the way of a lab before anything is made.
func examine(o *Options) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: it takes root: %w", ErrNotReady, os.ErrPermission)
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool.name); err != nil {
			return fmt.Errorf("%w: there is no %s; on Debian: apt install %s", ErrNotReady, tool.name, tool.of)
		}
	}
	return o.check()
}

// vacant says what is where a lab is to be.
func vacant(ctx context.Context, o *Options) error {
	s, err := Look(o.Dir)
	if err != nil {
		return err
	}
	switch s.State {
	case StateUp:
		return ErrUp
	case StateHalfBuilt:
		return fmt.Errorf("%w: %s", ErrHalfBuilt, s.Why)
	}
	if o.Definition != "" {
		if err := CheckDefinition(o.Definition); err != nil {
			return err
		}
	}
	if err := checkSpace(o.Dir); err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("%w: %w: %w", ErrNotReady, ErrListen, err)
	}
	return l.Close()
}

// mostDir is how long the name of a lab's folder may be, in bytes: those of sockets have 107 at most. Source: unix(7).
const mostDir = 107 - len("/"+hostsSocket)

// check returns what is wrong with options in themselves.
func (o *Options) check() error {
	if !filepath.IsAbs(o.Dir) {
		return fmt.Errorf("%w: %s is no absolute path", ErrNotReady, o.Dir)
	}
	if len(o.Dir) > mostDir {
		return fmt.Errorf("%w: the name of its folder has %d bytes, and %d at most, since sockets are in it: %s", ErrNotReady, len(o.Dir), mostDir, o.Dir)
	}
	at, err := netip.ParseAddrPort(o.Listen)
	if err != nil || !at.Addr().Is4() || at.Port() == 0 {
		return fmt.Errorf("%w: %w at %q: it takes an IPv4 address and a port, such as 127.0.0.1:8787", ErrNotReady, ErrListen, o.Listen)
	}
	if !at.Addr().IsLoopback() {
		return fmt.Errorf("%w: %w at %s: weir serve without TLS listens at loopback addresses alone", ErrNotReady, ErrListen, o.Listen)
	}
	return nil
}

// healthy asks /healthz at an address within a namespace.
func healthy(ctx context.Context, netns, address string) bool {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (c net.Conn, err error) {
			err = inside(netns, func() (err error) {
				c, err = (&net.Dialer{}).DialContext(ctx, "tcp4", address)
				return err
			})
			return c, err
		},
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return false
	}
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}
