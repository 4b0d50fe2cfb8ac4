package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/lab"
)

// labDoctor is weir lab doctor.
func (c *cli) labDoctor() *cobra.Command {
	var install, yes bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what a lab needs of this machine, and install what is missing",
		Long: `Says what a lab needs: root, the tools, Debian's packages of what managed interfaces stand for
(HAProxy, PostgreSQL, Redis, xrdp), and what the agent needs of the kernel, which is tried at
the loopback device for a moment. "missing" is what no lab does without, and the exit code is
1 then. "note" is what a lab does without: it says where.

--install installs the missing packages of Debian by apt-get, as root, after a yes. No service
is started, now or at boot, and no PostgreSQL cluster is made.`,
		Example: `  weir lab doctor
  sudo weir lab doctor --install
  sudo weir lab doctor --install --yes --json`,
		Args: rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			packages := lab.MissingPackages()
			if yes && !install {
				return usage(errors.New("--yes is of --install"))
			}
			if install && len(packages) > 0 {
				if err := c.agree(packages, yes); err != nil {
					return err
				}
				if err := lab.Install(cmd.Context(), packages, c.err); err != nil {
					return labHint(err)
				}
				if left := lab.MissingPackages(); len(left) > 0 {
					return fmt.Errorf("apt-get has installed %s, and %s is not there", strings.Join(packages, ", "), strings.Join(left, ", "))
				}
			}
			return c.showFindings()
		},
	}
	cmd.Flags().BoolVar(&install, "install", false, "install missing packages of Debian, as root")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// agree says what is about to be done, and asks.
func (c *cli) agree(packages []string, yes bool) error {
	for _, step := range lab.InstallSteps(packages) {
		c.note("%s", step)
	}
	if yes {
		return nil
	}
	sure, err := c.confirm("install " + strings.Join(packages, ", ") + "?")
	if err != nil {
		return err
	}
	if !sure {
		return hint(fmt.Errorf("nobody said yes to installing %s", strings.Join(packages, ", ")), "--yes installs without asking")
	}
	return nil
}

// showFindings prints what a lab needs and what there is of it.
func (c *cli) showFindings() error {
	found, works := lab.Examine()
	if !works {
		c.code = exitFailed
	}
	if c.json {
		return c.printJSON(found)
	}
	var b strings.Builder
	for i := range found {
		f := &found[i]
		text, _, _ := strings.Cut(f.Found, "\n") // what the kernel says of a program may be long
		fmt.Fprintf(&b, "%-8s %-14s %s\n", f.State, f.Name, text)
		if f.Do != "" {
			fmt.Fprintf(&b, "%-23s to do: %s\n", "", f.Do)
		}
	}
	_, err := c.out.Write([]byte(b.String()))
	return err
}
