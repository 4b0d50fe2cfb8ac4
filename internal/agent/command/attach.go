package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/agent"
	"weir/internal/agent/config"
	"weir/internal/agent/device"
)

func (c *command) attachCommand() *cobra.Command {
	var t agent.Attachment
	var socket string
	var flipped bool
	cmd := &cobra.Command{
		Use:   "attach DEVICE [flags]",
		Short: "Have an agent that runs here count at a device",
		Long: `Has the agent that runs on this host count at a device, as if it were the first of
"interfaces" in its config. The agent keeps it: the device is attached again when the agent
starts, and when the device goes and comes, until weir-agent detach.

The network interface is --eni, or the one of the definition that has the device's MAC
address or addresses, or those of what is behind it. A device with two sides, such as a veth,
takes --flipped where these do not tell its side. A router's device may be an attachment of a
transit gateway instead: --attachment. What can't be counted is refused, with why.

The agent is asked at its Unix socket, which its user and root alone may use.`,
		Example: `  sudo weir-agent attach eth1 --eni eni-0123456789abcdef0
  sudo weir-agent attach veth12 --eni eni-1 --flipped --mode enforce
  sudo weir-agent attach eth0 --netns web
  sudo weir-agent attach eth2 --attachment tgw-attach-0123456789abcdef0`,
		Args: oneDevice,
		RunE: func(cmd *cobra.Command, args []string) error {
			t.Device = args[0]
			if t.Attachment != "" && !cmd.Flags().Changed("mode") {
				t.Mode = "count"
			}
			if cmd.Flags().Changed("flipped") {
				t.Flipped = &flipped
			}
			if err := t.Check(); err != nil {
				return usageError{err}
			}
			return c.attach(cmd.Context(), socket, &t)
		},
		ValidArgsFunction: completeDevices(&t.Netns),
	}
	netnsFlag(cmd, &t.Netns)
	socketFlag(cmd, &socket)
	cmd.Flags().StringVar(&t.ENI, "eni", "", "`ID` of the network interface that it is")
	cmd.Flags().StringVar(&t.Attachment, "attachment", "", "`ID` of the transit gateway attachment that it is, in place of --eni")
	cmd.Flags().StringVar(&t.Mode, "mode", "shadow", "what is done there: "+strings.Join(config.Modes, ", ")+"; of an attachment count")
	cmd.Flags().BoolVar(&flipped, "flipped", false, "it is the host's side, where what comes in leaves the interface; --flipped=false: it is not")
	if err := cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions(config.Modes, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag is there
	}
	return cmd
}

// oneDevice refuses what is not one argument.
func oneDevice(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{errors.New("it takes one DEVICE")}
	}
	return nil
}

// attach asks an agent to attach a device.
func (c *command) attach(ctx context.Context, socket string, t *agent.Attachment) error {
	var m agent.Match
	if err := ask(ctx, socket, http.MethodPost, "/attachments", t, &m); err != nil {
		return err
	}
	if c.json {
		return c.printJSON(m)
	}
	return c.printDevices([]agent.Match{m})
}

func (c *command) detachCommand() *cobra.Command {
	var netns, socket, pin string
	var all bool
	cmd := &cobra.Command{
		Use:   "detach DEVICE|--all [flags]",
		Short: "Take back that a device was attached",
		Long: `Takes back what weir-agent attach did. What was counted is written; a device that the config
names as well is what the config says then. Devices of the config alone stay: they are taken
out there.

--all takes back all. Where no agent runs, it takes away the programs that an agent has left
pinned, from all devices, with the tables of what they counted: that is lost then. What was
attached by weir-agent attach is attached again when an agent starts.`,
		Example: `  sudo weir-agent detach eth1
  sudo weir-agent detach eth0 --netns web
  sudo weir-agent detach --all`,
		Args: func(_ *cobra.Command, args []string) error {
			if all == (len(args) == 1) || len(args) > 1 || all && netns != "" {
				return usageError{errors.New("it takes one DEVICE, or --all")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				return c.detachAll(cmd.Context(), socket, pin)
			}
			return c.detach(cmd.Context(), socket, url.Values{"device": {args[0]}, "netns": {netns}})
		},
		ValidArgsFunction: completeAttached(&socket),
	}
	netnsFlag(cmd, &netns)
	socketFlag(cmd, &socket)
	cmd.Flags().BoolVar(&all, "all", false, "all that was attached, or where no agent runs what one has left pinned")
	cmd.Flags().StringVar(&pin, "pin", config.DefaultPin, "`FOLDER` of a BPF file system where an agent has pinned programs")
	return cmd
}

// detached is what detach says in JSON.
type detached struct {
	// Detached are the attachments that were taken back.
	Detached []agent.Attachment `json:"detached"`
	// Removed is the folder of programs that an agent had left and that were taken away; "": none were.
	Removed string `json:"removed,omitempty"`
}

// detach asks an agent to take back attachments.
func (c *command) detach(ctx context.Context, socket string, which url.Values) error {
	gone := []agent.Attachment{}
	if err := ask(ctx, socket, http.MethodDelete, "/attachments?"+which.Encode(), nil, &gone); err != nil {
		return err
	}
	if c.json {
		return c.printJSON(detached{Detached: gone})
	}
	for i := range gone {
		fmt.Fprintf(c.out, "%s is not attached any more\n", gone[i].Label())
	}
	if len(gone) == 0 {
		fmt.Fprintln(c.out, "nothing was attached by weir-agent attach; devices of the config stay as long as the agent runs")
	}
	return nil
}

// detachAll asks an agent to take back all, or takes away what one has left pinned.
func (c *command) detachAll(ctx context.Context, socket, pin string) error {
	err := c.detach(ctx, socket, nil)
	if !errors.Is(err, errNoAgent) {
		return err
	}
	switch err := agent.Unpin(pin); {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(c.err, "no agent answers at %s, and none has left programs in %s\n", socket, pin)
		if c.json {
			return c.printJSON(detached{Detached: []agent.Attachment{}})
		}
		return nil
	case err != nil:
		return fmt.Errorf("can't take away what an agent has left in %s: %w", pin, err)
	}
	if c.json {
		return c.printJSON(detached{[]agent.Attachment{}, pin})
	}
	fmt.Fprintf(c.out, "no agent runs; the programs that one has left in %s are at no device any more\n", pin)
	return nil
}

// netnsFlag adds --netns.
func netnsFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "netns", "", "network namespace of the device: `NAME` below /run/netns, or path; the agent's if nothing is said")
	err := cmd.RegisterFlagCompletionFunc("netns", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return device.Names(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag is there
	}
}

// socketFlag adds --socket.
func socketFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "socket", defaultSocket(), "Unix socket of the agent: `FILE`, as its config's socket")
	if err := cmd.MarkFlagFilename("socket"); err != nil {
		panic(err) // the flag is there
	}
}

// defaultSocket is in the folder that systemd names, and else in the one that it would name.
func defaultSocket() string {
	first, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":")
	return filepath.Join(cmp.Or(first, "/run/weir-agent"), "agent.sock")
}

// completeDevices completes the names of devices of a network namespace.
func completeDevices(netns *string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) (out []string, _ cobra.ShellCompDirective) {
		if len(args) > 0 || *netns != "" && !config.IsNetns(*netns) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		err := device.In(*netns, func() error {
			all, err := net.Interfaces()
			for i := range all {
				out = append(out, all[i].Name)
			}
			return err
		})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		slices.Sort(out)
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeAttached completes the names of devices that were attached.
func completeAttached(socket *string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) (out []string, _ cobra.ShellCompDirective) {
		var all []agent.Attachment
		if len(args) > 0 || ask(cmd.Context(), *socket, http.MethodGet, "/attachments", nil, &all) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		for i := range all {
			out = append(out, all[i].Device)
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}
