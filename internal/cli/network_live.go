package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/netmodel"
)

// liveFlags are the flags of an import that asks AWS.
type liveFlags struct {
	on                     bool
	profile, address, save string
}

// add adds the flags to a command.
func (l *liveFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&l.on, "live", false, "ask AWS, by calls that change nothing, instead of reading files")
	f.StringVar(&l.profile, "profile", "", "with --live: AWS profile `NAME`")
	f.StringVar(&l.address, "endpoint-url", "", "with --live: `URL` of a service that speaks as AWS does, instead of AWS")
	f.StringVar(&l.save, "save", "", "with --live: write the answers into `DIR`, as the AWS CLI prints them")
	completeDir(cmd, "save")
	completeNothing(cmd, "profile", "endpoint-url")
}

// check returns what is wrong with the flags and arguments.
func (l *liveFlags) check(args []string, account, at string) error {
	if !l.on {
		for _, f := range []struct{ name, value string }{{"profile", l.profile}, {"endpoint-url", l.address}, {"save", l.save}} {
			if f.value != "" {
				return usage(fmt.Errorf("--%s is for --live", f.name))
			}
		}
		return nil
	}
	switch {
	case len(args) > 0:
		return usage(errors.New("--live asks AWS: no folder or file is read with it"))
	case account != "":
		return usage(errors.New("--account is for files: --live asks whose login it is"))
	case at != "":
		return usage(errors.New("--at is for files: --live takes what is in force now"))
	}
	return nil
}

// importLive asks AWS, and takes what it says.
func (c *cli) importLive(ctx context.Context, f *importFlags) error {
	l := &f.live
	if l.save != "" { // before AWS is asked
		if err := app.SaveDocuments(l.save, nil); err != nil {
			return err
		}
	}
	p := c.progress("asking AWS")
	p.unit = "call"
	live, err := app.DescribeNetwork(ctx, app.LiveRequest{
		Profile: l.profile, EndpointURL: l.address, Env: awsEnvironment(), Regions: f.regions, Progress: p.show,
	})
	p.end()
	if err != nil {
		return err
	}
	for _, m := range live.Unanswered {
		fmt.Fprintln(people{c.err}, "not answered:", m)
	}
	if l.save != "" {
		if err := app.SaveDocuments(l.save, live.Documents); err != nil {
			return err
		}
		c.note("%s in %s", plural(int64(len(live.Documents)), "answer"), l.save)
	}
	if len(live.Unanswered) > 0 {
		c.code = exitPartial
	}
	err = c.importNetwork(ctx, live.Documents, live.At, &f.shown, live.Unanswered)
	if errors.Is(err, netmodel.ErrContradiction) {
		return hint(err, "where something changed while AWS was asked, running it again helps")
	}
	return err
}

// awsEnvironment returns this process's AWS settings.
func awsEnvironment() map[string]string {
	env := map[string]string{}
	for _, kv := range os.Environ() {
		if name, value, ok := strings.Cut(kv, "="); ok && (strings.HasPrefix(name, "AWS_") || name == "HOME") {
			env[name] = value
		}
	}
	return env
}
