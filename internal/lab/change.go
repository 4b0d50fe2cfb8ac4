package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"go.yaml.in/yaml/v4"
)

// A Change is made to the files of a lab that is up, and put in force: patches as RFC 7396 has them.
type Change struct {
	// What says it to people.
	What string `yaml:"what" json:"what"`
	// Network is of the network's definition, Lab of who is in it, Agent of the agent's config. Another flow log, rule or host is in force at once; of any other key the agent
	// is started anew.
	Network map[string]any `yaml:"network" json:"network,omitempty"`
	Lab     map[string]any `yaml:"lab" json:"lab,omitempty"`
	Agent   map[string]any `yaml:"agent" json:"agent,omitempty"`
}

// check returns what is wrong with a change in itself.
func (c *Change) check() error {
	if c.What == "" || len(c.Network)+len(c.Lab)+len(c.Agent) == 0 {
		return errors.New("a change takes what, and one of network, lab, agent")
	}
	return nil
}

// beforeFolder has the files of a lab as they were before scenarios changed them, so that the next run takes back what one has left that was killed.
const beforeFolder = "before"

// runLock is the file that runs of scenarios lock.
const runLock = "run.lock"

// ErrRunning is of scenarios that can't be run beside those that are.
var ErrRunning = errors.New("scenarios are run already, and those that change the lab don't run beside others")

// texts are the files of a lab that changes are made to, by name.
type texts map[string][]byte

// readTexts reads them from a folder.
func readTexts(dir string) (texts, error) {
	out := texts{}
	for _, name := range []string{definitionFile, networkFile, agentFile} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		out[name] = data
	}
	return out, nil
}

// write puts them into a folder, each whole.
func (t texts) write(dir string) error {
	for name, data := range t {
		next := filepath.Join(dir, name+".new")
		if err := errors.Join(os.WriteFile(next, data, 0o644), os.Rename(next, filepath.Join(dir, name))); err != nil {
			return err
		}
	}
	return nil
}

// with returns them with a change made.
func (t texts) with(c *Change) (texts, error) {
	out := maps.Clone(t)
	for _, of := range []struct {
		name  string
		patch map[string]any
	}{{networkFile, c.Network}, {definitionFile, c.Lab}, {agentFile, c.Agent}} {
		if len(of.patch) == 0 {
			continue
		}
		data, err := patched(of.name, out[of.name], of.patch)
		if err != nil {
			return nil, err
		}
		out[of.name] = data
	}
	return out, nil
}

// A changer changes a lab that is up.
type changer struct {
	state *state
	d     *Definition // as it is now
	now   texts       // as they are now
	first texts       // as they were before all changes
	// imported is the network's definition that weir serve knows; nil: nobody knows. What one scenario takes back is imported with what the next one changes.
	imported []byte
	// stopped are the services that do not answer.
	stopped []service
	unlock  func() error
	// tell is told what is being done.
	tell func(format string, args ...any)
}

// newChanger locks a lab for scenarios, and takes back what a run has left that was killed. Where the scenarios change nothing they may run beside others of the kind.
func newChanger(ctx context.Context, s *state, alone bool) (*changer, error) {
	f, err := os.OpenFile(s.path(runLock), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_SH
	left := filepath.Join(s.Dir, beforeFolder)
	if _, err := os.Stat(left); err == nil || alone {
		how = syscall.LOCK_EX
	}
	if err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrRunning
		}
		return nil, errors.Join(err, f.Close())
	}
	c := &changer{state: s, unlock: f.Close}
	if c.now, err = readTexts(s.Dir); err == nil {
		c.d, err = ReadDefinition(s.Dir)
	}
	if err == nil {
		c.first, err = readTexts(left)
		if errors.Is(err, fs.ErrNotExist) {
			c.first, err = nil, nil
		}
	}
	c.imported = c.now[networkFile]
	if err == nil && c.first != nil {
		c.imported = nil
		c.stopped = c.d.services() // nobody knows which
		err = c.end(ctx)
		c.unlock = f.Close
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return c, nil
}

// make makes a change and waits until it is in force.
func (c *changer) make(ctx context.Context, change *Change) error {
	to, err := c.now.with(change)
	if err == nil {
		err = c.force(ctx, to)
	}
	if err == nil {
		err = c.imports(ctx)
	}
	return err
}

// force puts files in force, in the order in which one needs the other. The first time it keeps those that there are.
func (c *changer) force(ctx context.Context, to texts) error {
	if c.first == nil {
		if err := c.keepFirst(); err != nil {
			return err
		}
	}
	was := c.d
	if err := to.write(c.state.Dir); err != nil {
		return err
	}
	d, err := ReadDefinition(c.state.Dir)
	if err != nil {
		return errors.Join(err, c.now.write(c.state.Dir))
	}
	anew, err := otherAgent(c.now[agentFile], to[agentFile])
	if err != nil {
		return errors.Join(err, c.now.write(c.state.Dir))
	}
	c.now, c.d = to, d // from here on what was not done is taken back with the rest
	if err := errors.Join(c.leave(ctx, was, d), c.reach(ctx, was, d)); err != nil {
		return err
	}
	if anew {
		err = c.restart(ctx)
	} else {
		err = tellAt(ctx, c.state.path(agentSocket), "POST", "/reload", nil)
	}
	if err == nil {
		err = c.join(ctx, was, d)
	}
	return err
}

// imports has weir serve know the network's definition, where it knows another one.
func (c *changer) imports(ctx context.Context) error {
	if bytes.Equal(c.imported, c.now[networkFile]) {
		return nil
	}
	if out, err := c.state.program.command(ctx, "network", "import", c.state.path(networkFile), "--data", c.state.path(dataFolder), "-q").CombinedOutput(); err != nil {
		return fmt.Errorf("weir network import: %w: %s", err, out)
	}
	c.imported = c.now[networkFile]
	return nil
}

// keepFirst keeps the files as they are before the first change.
func (c *changer) keepFirst() error {
	to := c.state.path(beforeFolder)
	next := to + ".new"
	err := errors.Join(os.RemoveAll(next), os.Mkdir(next, 0o755))
	if err == nil {
		err = c.now.write(next)
	}
	if err == nil {
		err = os.Rename(next, to)
	}
	c.first = c.now
	return err
}

// otherAgent reports whether configs differ in more than flow logs, so that the agent has to begin anew.
func otherAgent(was, is []byte) (bool, error) {
	plain := func(data []byte) ([]byte, error) {
		var d map[string]any
		if err := yaml.Load(data, &d); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrDefinition, agentFile, err)
		}
		delete(d, "flow-logs")
		return yaml.Dump(d)
	}
	a, err := plain(was)
	if err != nil {
		return false, err
	}
	b, err := plain(is)
	return !bytes.Equal(a, b), err
}

// restart ends the agent, which keeps what it has counted, and starts it anew.
func (c *changer) restart(ctx context.Context) error {
	for told := false; ; told = true {
		all, _, err := processes(c.state.Dir)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(p Process) bool { return p.Role == "agent" })
		if at < 0 {
			break
		}
		if !told {
			if err := syscall.Kill(all[at].PID, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("can't end the agent: %w", err)
			}
		}
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	agent, err := c.state.startAgent()
	if err != nil {
		return err
	}
	return agent.until(ctx, func() bool { return healthy(ctx, Prefix+router, agentListen) })
}

// stop has a service not answer; start has it answer again.
func (c *changer) stop(ctx context.Context, s service, silent bool) error {
	if c.first == nil {
		if err := c.keepFirst(); err != nil {
			return err
		}
	}
	c.stopped = append(c.stopped, s)
	if silent {
		kind := "tcp"
		if s.UDP {
			kind = "udp"
		}
		script := fmt.Sprintf("table inet silent { chain input { type filter hook input priority filter - 10; %s dport %d drop; }; }\n", kind, s.At.Port())
		if err := tell(ctx, s.Netns, script, "nft", "-f", "-"); err != nil {
			return err
		}
	}
	return tellAt(ctx, c.state.path(hostsSocket), "POST", "/stop", s)
}

func (c *changer) start(ctx context.Context, s service) error {
	if err := tell(ctx, s.Netns, "add table inet silent\ndelete table inet silent\n", "nft", "-f", "-"); err != nil {
		return err
	}
	return tellAt(ctx, c.state.path(hostsSocket), "POST", "/start", s)
}

// back takes back to files what was changed since, and has all services answer, also where ctx is done.
func (c *changer) back(ctx context.Context, to texts) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mostUp)
	defer cancel()
	var errs []error
	for _, s := range c.stopped {
		errs = append(errs, c.start(ctx, s))
	}
	c.stopped = nil
	return errors.Join(append(errs, c.force(ctx, to))...)
}

// end takes all changes back.
func (c *changer) end(ctx context.Context) error {
	if c.first == nil {
		return nil
	}
	err := c.back(ctx, c.first)
	if err == nil {
		err = c.imports(context.WithoutCancel(ctx))
	}
	if err == nil {
		c.first, err = nil, os.RemoveAll(c.state.path(beforeFolder))
	}
	return err
}
