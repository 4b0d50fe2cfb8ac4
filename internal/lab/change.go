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
	"strings"
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

// beforeFolder has the files of a lab as they were before scenarios changed them, and changeFolder those that were put in force last, which may not be done: by both the next run takes back
// what one has left that was killed. Each is there whole, or has not all files.
const beforeFolder, changeFolder = "before", "change"

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

// keep makes a folder of them, which is there whole or not at all.
func (t texts) keep(dir string) error {
	next := dir + ".new"
	err := errors.Join(os.RemoveAll(next), os.RemoveAll(dir), os.Mkdir(next, 0o755))
	if err == nil {
		err = t.write(next)
	}
	if err != nil {
		return err
	}
	return os.Rename(next, dir)
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

// A changer changes a lab that is up. It is of one run, which has locked the lab.
type changer struct {
	state *state
	d     *Definition // as it is now
	now   texts       // as they are now
	first texts       // as they were before all changes; nil: there are none
	base  *Definition // of first
	// imported is the network's definition that weir serve knows; nil: nobody knows. What one scenario takes back is imported with what the next one changes.
	imported []byte
	// stopped are the services that do not answer.
	stopped []service
	// tell is told what is being done.
	tell func(format string, args ...any)
}

// newChanger returns a changer of a lab that is locked, and takes back what a run has left that was killed.
func newChanger(ctx context.Context, s *state) (*changer, error) {
	first, err := readTexts(s.path(beforeFolder))
	if err == nil {
		return recovered(ctx, s, first)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	c := &changer{state: s}
	if c.now, err = readTexts(s.Dir); err == nil {
		c.d, err = s.definitionIn(s.Dir)
	}
	c.imported = c.now[networkFile]
	return c, err
}

// recovered returns a changer of a lab that a run has changed which was killed. What that has made is told by the files that were in force and by those that were to be; of a folder that it was
// writing just then the other one says all. Nobody knows what the agent and weir serve have read of them, nor which services answer.
func recovered(ctx context.Context, s *state, first texts) (*changer, error) {
	base, err := s.definitionIn(s.path(beforeFolder))
	if err != nil {
		return nil, err
	}
	c := &changer{state: s, d: base, base: base, now: texts{}, first: first, stopped: base.services()}
	for _, dir := range []string{s.Dir, s.path(changeFolder)} {
		was, err := s.definitionIn(dir)
		if err != nil {
			continue
		}
		if err := errors.Join(c.leave(ctx, was, base), c.unreach(ctx, was, base)); err != nil {
			return nil, err
		}
	}
	if err := c.reach(ctx, &Definition{}, base); err != nil {
		return nil, err
	}
	return c, c.end(ctx)
}

// make makes a change and waits until it is in force.
func (c *changer) make(ctx context.Context, change *Change) error {
	ctx, cancel := context.WithTimeout(ctx, mostUp)
	defer cancel()
	to, err := c.now.with(change)
	if err == nil {
		err = c.force(ctx, to)
	}
	if err == nil {
		err = c.imports(ctx)
	}
	return err
}

// force puts files in force, in the order in which one needs the other. The first time it keeps those that there are. What is taken away goes before the files that name it, and what is made comes
// after those, so that they name all that may be left where it is killed.
func (c *changer) force(ctx context.Context, to texts) error {
	if c.first == nil {
		if err := c.keepFirst(); err != nil {
			return err
		}
	}
	was := c.d
	is, anew, err := c.stage(to)
	if err != nil {
		return err
	}
	if err := errors.Join(c.leave(ctx, was, is), c.unreach(ctx, was, is)); err != nil {
		return err
	}
	c.now, c.d = to, is // from here on what was not done is taken back with the rest
	if err := errors.Join(to.write(c.state.Dir), c.reach(ctx, was, is)); err != nil {
		return err
	}
	if anew {
		err = c.restart(ctx)
	} else {
		err = tellAt(ctx, c.state.path(agentSocket), "POST", "/reload", nil)
	}
	if err == nil {
		err = c.join(ctx, was, is)
	}
	return err
}

// stage keeps files that are to be put in force, and returns what they say, and whether the agent has to begin anew. It refuses what can't be.
func (c *changer) stage(to texts) (is *Definition, anew bool, err error) {
	dir := c.state.path(changeFolder)
	if err := to.keep(dir); err != nil {
		return nil, false, err
	}
	if is, err = c.state.definitionIn(dir); err != nil {
		return nil, false, err
	}
	if err := changeable(c.base, c.d, is); err != nil {
		return nil, false, err
	}
	anew, err = otherAgent(c.now[agentFile], to[agentFile])
	return is, anew, err
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
	if err := c.now.keep(c.state.path(beforeFolder)); err != nil {
		return err
	}
	c.first, c.base = c.now, c.d
	return nil
}

// otherAgent reports whether configs differ in more than flow logs, so that the agent has to begin anew. Of one that nobody knows (nil) it has.
func otherAgent(was, is []byte) (bool, error) {
	if was == nil {
		return true, nil
	}
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
		kind, family := "tcp", "ip"
		if s.UDP {
			kind = "udp"
		}
		if s.At.Addr().Is6() {
			family = "ip6"
		}
		script := fmt.Sprintf("table inet %s { chain input { type filter hook input priority filter - 10; %s daddr %s %s dport %d drop; }; }\n", s.silence(), family, s.At.Addr(), kind, s.At.Port())
		if err := tell(ctx, s.Netns, script, "nft", "-f", "-"); err != nil {
			return err
		}
	}
	return tellAt(ctx, c.state.path(hostsSocket), "POST", "/stop", s)
}

// silence names the table that drops what comes to a service.
func (s *service) silence() string {
	kind := "tcp"
	if s.UDP {
		kind = "udp"
	}
	return fmt.Sprintf("silent-%s-%s-%d", kind, strings.ReplaceAll(s.At.Addr().String(), ":", "_"), s.At.Port())
}

func (c *changer) start(ctx context.Context, s service) error {
	if err := tell(ctx, s.Netns, fmt.Sprintf("add table inet %[1]s\ndelete table inet %[1]s\n", s.silence()), "nft", "-f", "-"); err != nil {
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

// end takes all changes back, also where ctx is done.
func (c *changer) end(ctx context.Context) error {
	if c.first == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*mostUp)
	defer cancel()
	err := c.back(ctx, c.first)
	if err == nil {
		err = c.imports(ctx)
	}
	if err == nil {
		err = os.RemoveAll(c.state.path(changeFolder))
	}
	if err == nil {
		c.first, err = nil, os.RemoveAll(c.state.path(beforeFolder))
	}
	return err
}
