package cli

import (
	"os"
	"os/exec"
	"syscall"

	"github.com/spf13/cobra"

	"weir/internal/lab"
)

// labAgent is the lab's agent, which weir lab up starts in the router's namespace.
func (c *cli) labAgent(dir labDir) *cobra.Command {
	var ofTransit bool
	cmd := &cobra.Command{
		Use:    "agent",
		Short:  "Run the lab's agent; weir lab up does it",
		Hidden: true,
		Args:   rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := dir()
			if err != nil {
				return err
			}
			return lab.RunAgent(cmd.Context(), at, ofTransit, version, c.err)
		},
	}
	cmd.Flags().BoolVar(&ofTransit, "tgw", false, "the agent of the transit gateway")
	return cmd
}

// labHosts is what the lab's hosts serve, which weir lab up starts.
func (c *cli) labHosts(dir labDir) *cobra.Command {
	return &cobra.Command{
		Use:    "hosts",
		Short:  "Answer for the lab's hosts; weir lab up does it",
		Hidden: true,
		Args:   rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := dir()
			if err != nil {
				return err
			}
			return lab.ServeHosts(cmd.Context(), at)
		},
	}
}

// replace has another program take the place of this one.
func replace(argv []string, env string) error {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	return syscall.Exec(path, argv, append(os.Environ(), env))
}
