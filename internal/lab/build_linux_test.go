package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"weir/internal/sharedtest"
)

// envInside says that this test's program is the one that builds a lab, in a mount and a network namespace of its own.
const envInside = "WEIR_TEST_INSIDE"

// envLocks says that this test's program is one that locks the runs of a folder until its input ends.
const envLocks = "WEIR_TEST_LOCKS"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envLocks); dir != "" {
		if _, err := lockRuns(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("locked")
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	if os.Getenv(envInside) == "" {
		os.Exit(m.Run())
	}
	if err := checkBuilt(os.Getenv(envInside)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// TestBuilt builds the default lab without an agent, so that nothing refuses, and looks at which packets get where.
func TestBuilt(t *testing.T) {
	sharedtest.NeedRoot(t)
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil && os.Getenv("WEIR_CI") != "1" {
			t.Skipf("not run: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), envInside+"="+t.TempDir())
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) } // it says where it is
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, os.ErrPermission) && os.Getenv("WEIR_CI") != "1" {
		sharedtest.NotRun(t, "namespaces can't be made here: %v", err)
	}
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// checkBuilt builds a lab in a folder and takes it away.
func checkBuilt(dir string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := errors.Join(syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""), os.MkdirAll(namespaces, 0o755), syscall.Mount("tmpfs", namespaces, "tmpfs", 0, "")); err != nil {
		return err
	}
	if err := errors.Join(checkBuildLock(ctx), CopyDefinition("", dir)); err != nil {
		return err
	}
	far, err := farSide(ctx, dir)
	if err != nil {
		return err
	}
	d, err := ReadDefinition(dir)
	if err != nil {
		return err
	}
	p, err := planOf(d)
	if err == nil {
		err = p.build(ctx)
	}
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- ServeHosts(ctx, dir) }()
	for !d.serving(ctx) {
		select {
		case err := <-ended:
			return fmt.Errorf("hosts: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := errors.Join(checkReach(ctx, d), checkRouted(ctx, d), checkNAT(ctx, d), far.check(ctx), checkChanged(ctx, dir)); err != nil {
		return err
	}
	cancel()
	if err := <-ended; err != nil {
		return err
	}
	return errors.Join(checkUnmade(context.Background(), len(p.names)), checkRemoved(filepath.Join(dir, "lab")))
}

// checkBuildLock has one lab be built or taken away at a time.
func checkBuildLock(ctx context.Context) error {
	for range 2 {
		unlock, err := lockBuilds(ctx)
		if err != nil {
			return err
		}
		_, twice := lockBuilds(ctx)
		_, impatient := awaitBuilds(ctx, time.Millisecond)
		waited := make(chan error, 1)
		go func() {
			unlock, err := awaitBuilds(ctx, time.Minute)
			if err == nil {
				err = unlock()
			}
			waited <- err
		}()
		if err := unlock(); err != nil || !errors.Is(twice, ErrBuilding) || !errors.Is(impatient, ErrBuilding) {
			return fmt.Errorf("while it is locked: %w, %w, %w", twice, impatient, err)
		}
		if err := <-waited; err != nil {
			return fmt.Errorf("who has waited: %w", err)
		}
	}
	return nil
}

// checkRemoved has a folder of a lab that can't be removed whole stay a lab's.
func checkRemoved(dir string) error {
	busy := filepath.Join(dir, "z")
	if err := errors.Join(os.MkdirAll(busy, 0o755), (&state{Dir: dir}).write(), syscall.Mount("tmpfs", busy, "tmpfs", 0, "")); err != nil {
		return err
	}
	if err := removeFolder(dir); err == nil {
		return errors.New("a folder was removed in which something is mounted")
	}
	if s, err := read(dir); err != nil || s == nil {
		return fmt.Errorf("what is left is no lab's any more: %w", err)
	}
	if err := errors.Join(syscall.Unmount(busy, 0), removeFolder(dir)); err != nil {
		return err
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder is still there: %w", err)
	}
	return nil
}

// checkReach sends what has to get through and what has not.
func checkReach(ctx context.Context, d *Definition) error {
	var wg sync.WaitGroup
	ended := make(chan error, 100) // what is not to come is waited for, all at once
	for _, s := range []Step{
		{From: "client", To: "web-a", TCP: 80, Then: Answered},
		{From: "client", To: "web-b", Ping: true, Then: Answered},
		{From: "client", To: "web-a", TCP: 81, Then: Refused},
		{From: "web-a", To: "app-a", TCP: 8080, Then: Answered},
		{From: "app-a", To: "db-b", TCP: 5432, Then: Answered},
		{From: "app-a", To: "site", TCP: 443, Then: Answered},
		{From: "db-b", To: "site", Ping: true, Then: Answered},
		{From: "talker-1", To: "web-a", TCP: 80, Times: 40, Then: Answered},
		{From: "web-b", To: "site", TCP: 25, Then: Answered},
		{From: "client", To: "nat", TCP: 22, Then: Nothing},
		{From: "client", To: "nat", Ping: true, Then: Nothing},
		{From: "app-a", To: "files", TCP: 8080, Then: Answered}, // by the transit gateway, in both zones
		{From: "db-b", To: "files", Ping: true, Then: Answered},
		{From: "app-a", To: "files", Address: "10.1.1.11", TCP: 9000, Then: Answered},
		{From: "web-a", To: "files", TCP: 8080, Then: Nothing}, // its subnet has no route there
		{From: "files", To: "partner", TCP: 7000, Then: Nothing},
		{From: "partner", To: "files", TCP: 8080, Then: Nothing},  // whose answer is not routed
		{From: "app-a", To: "partner", TCP: 7000, Then: Answered}, // by peering
		{From: "partner", To: "app-a", TCP: 8080, Then: Answered},
		{From: "partner", To: "web-a", TCP: 80, Then: Nothing},
		{From: "client", To: "web-a", TCP: 80, IPv6: true, Then: Answered},
		{From: "client", To: "web-b", Ping: true, IPv6: true, Then: Answered},
		{From: "web-a", To: "app-a", TCP: 8080, IPv6: true, Then: Answered},
		{From: "web-a", To: "web-b", Ping: true, IPv6: true, Then: Answered},
		{From: "app-a", To: "site", TCP: 443, IPv6: true, Then: Answered},
		{From: "client", To: "app-a", TCP: 8080, IPv6: true, Then: Nothing}, // behind the egress-only internet gateway
	} {
		wg.Go(func() {
			if became, err := d.sendAll(ctx, s); err != nil || became != s.Then {
				ended <- fmt.Errorf("%s: %s, and not %s: %w", s, became, s.Then, err)
			}
		})
	}
	for _, e := range []ends{ // private addresses from the internet, and addresses that nobody has
		{Prefix + internet, netip.MustParseAddr("203.0.113.10"), netip.MustParseAddr("10.0.1.10"), mostSilence, 0},
		{Prefix + internet, netip.MustParseAddr("203.0.113.10"), netip.MustParseAddr("198.51.100.99"), mostSilence, 0},
		{Prefix + "app-a", netip.MustParseAddr("10.0.2.10"), netip.MustParseAddr("10.0.2.99"), mostSilence, 0},
		{Prefix + "web-a", netip.MustParseAddr("10.0.1.10"), netip.MustParseAddr("203.0.113.99"), mostSilence, 0},
		{Prefix + internet, netip.MustParseAddr("2001:db8:ffff::10"), netip.MustParseAddr("2001:db8:1:1::99"), mostSilence, 0},
		{Prefix + "files", netip.MustParseAddr("10.1.1.10"), netip.MustParseAddr("10.3.0.1"), mostSilence, 0},
		{Prefix + "partner", netip.MustParseAddr("10.2.1.10"), netip.MustParseAddr("203.0.113.80"), mostSilence, 0},
	} {
		wg.Go(func() {
			var became string
			err := inside(e.netns, func() (err error) { became, err = connect(ctx, e, 80); return err })
			if err != nil || became != Nothing {
				ended <- fmt.Errorf("%v: %s: %w", e, became, err)
			}
		})
	}
	wg.Wait()
	close(ended)
	var errs []error
	for err := range ended {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// checkNAT has the site see who it is that comes: the address of the NAT gateway, or of the internet gateway's translation.
func checkNAT(ctx context.Context, d *Definition) error {
	var l net.Listener
	err := inside(Prefix+internet, func() (err error) { l, err = (&net.ListenConfig{}).Listen(ctx, "tcp4", "203.0.113.80:7"); return err })
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	var errs []error
	for _, tc := range []struct{ from, seen string }{{"app-a", "198.51.100.5"}, {"web-a", "198.51.100.10"}} {
		if became, err := d.send(ctx, Step{From: tc.from, To: "site", TCP: 7, Then: Nothing}); err != nil || became != Nothing {
			return fmt.Errorf("%s: %s: %w", tc.from, became, err)
		}
		if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			return err
		}
		c, err := l.Accept() // it connected, and waits in the backlog
		if err != nil {
			return err
		}
		if seen, _, _ := strings.Cut(c.RemoteAddr().String(), ":"); seen != tc.seen {
			errs = append(errs, fmt.Errorf("%s is seen as %s, and not %s", tc.from, seen, tc.seen))
		}
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// checkUnmade takes namespaces away, twice, and looks at what is left here, where nothing was to be made.
func checkUnmade(ctx context.Context, namespaces int) error {
	removed, err := unmake(ctx)
	if err != nil || len(removed) != namespaces {
		return fmt.Errorf("removed %v: %w", removed, err)
	}
	if removed, err = unmake(ctx); err != nil || len(removed) != 0 {
		return fmt.Errorf("removed %v again: %w", removed, err)
	}
	links, err := net.Interfaces()
	if err != nil || len(links) != 1 {
		return fmt.Errorf("devices %v: %w", links, err)
	}
	return nil
}
