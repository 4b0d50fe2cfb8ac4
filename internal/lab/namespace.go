package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"weir/internal/agent/device"
)

// namespaces is where iproute2 keeps network namespaces by name.
const namespaces = "/run/netns"

// inside calls a function in a network namespace by its whole name; "": in this one.
func inside(netns string, do func() error) error { return device.In(netns, do) }

// made returns the lab's namespaces that there are, without Prefix, in order.
func made() ([]string, error) {
	entries, err := os.ReadDir(namespaces)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range entries {
		if name, ok := strings.CutPrefix(e.Name(), Prefix); ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, err
}

// build makes the namespaces of a plan with all that is in them.
func (p *plan) build(ctx context.Context) error {
	for _, name := range p.names {
		if err := tell(ctx, "", "", "ip", "netns", "add", Prefix+name); err != nil {
			return err
		}
		if err := p.settle(name); err != nil {
			return err
		}
	}
	for _, name := range p.names {
		if err := batch(ctx, name, p.links[name]); err != nil {
			return err
		}
	}
	for _, name := range p.names {
		if err := errors.Join(batch(ctx, name, p.batches[name]), batch(ctx, name, p.sixes[name], "-6")); err != nil {
			return err
		}
		if script := p.nft[name]; script != "" {
			if err := tell(ctx, Prefix+name, script, "nft", "-f", "-"); err != nil {
				return err
			}
		}
	}
	return nil
}

// batch runs lines of ip -batch in a namespace of the lab.
func batch(ctx context.Context, name string, lines []string, options ...string) error {
	if len(lines) == 0 {
		return nil
	}
	return tell(ctx, "", strings.Join(lines, "\n")+"\n", "ip", append(options, "-n", Prefix+name, "-batch", "-")...)
}

// settle sets a namespace's own sysctls. They are those of the namespace that who writes is in, and nobody else sees them.
func (p *plan) settle(name string) error {
	return inside(Prefix+name, func() error {
		for key, value := range p.sysctls[name] {
			if err := os.WriteFile(filepath.Join("/proc/sys/net", key), []byte(value), 0); err != nil {
				return fmt.Errorf("%s%s: %w", Prefix, name, err)
			}
		}
		return nil
	})
}

// tell runs a tool in a network namespace, with a script at its input. The error has what the tool says.
func tell(ctx context.Context, netns, script, tool string, args ...string) error {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Stdin = strings.NewReader(script)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := inside(netns, cmd.Start); err != nil {
		return fmt.Errorf("%s: %w", tool, err)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", tool, strings.Join(args, " "), err, strings.Join(strings.Fields(said.String()), " "))
	}
	return nil
}

// unmake removes the lab's namespaces, and their devices with them.
func unmake(ctx context.Context) (removed []string, err error) {
	names, err := made()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := tell(ctx, "", "", "ip", "netns", "del", Prefix+name); err != nil {
			return removed, err
		}
		removed = append(removed, name)
	}
	return removed, nil
}

// room is the file of a lab's namespace, and the role of processes in it.
type room struct {
	file os.FileInfo
	role string
}

// rooms are those of the lab's namespaces.
func rooms() (out []room, err error) {
	names, err := made()
	for _, name := range names {
		if file, err := os.Stat(filepath.Join(namespaces, Prefix+name)); err == nil { // else it has gone meanwhile
			out = append(out, room{file, rolePrefix + name})
		}
	}
	return out, err
}

// roleIn returns the role of a process by the namespace that it is in; "": it is in none of the lab's.
func roleIn(all []room, pid string) string {
	if len(all) == 0 {
		return ""
	}
	file, err := os.Stat(filepath.Join("/proc", pid, "ns/net"))
	if err != nil {
		return "" // it has ended meanwhile
	}
	for _, r := range all {
		if os.SameFile(r.file, file) {
			return r.role
		}
	}
	return ""
}
