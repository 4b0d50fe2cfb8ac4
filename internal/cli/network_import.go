package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/netmodel"
	"weir/internal/versions"
)

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
)

func (c *cli) networkImportCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import PATH... | --live",
		Short: "Take a network's definition in, as what is in force from a time on",
		Long: `Takes what 'aws ec2 describe-*' prints as JSON, in any files and folders, of any accounts
and regions, and YAML that people write, and what 'terraform show -json' prints of a state
or a plan. It is the definition of these accounts and regions at the time of --at, whole:
what is not in it is not there. Other accounts and regions stay as they are. What the
version before had and this one has not is said.

Each account and region gets a version. Where nothing changed, that of before is seen
again, so that 'weir network show' knows that it was the same until then.

A thing is its owner's (OwnerId, or an ARN), its region that of an Availability Zone or an
ARN; what says neither is where the VPC is that it is in, or where the rest of its file, its
folder, or the import is. Where that does not tell, --account and --region do. Accounts
that share subnets see what is another's: import each by itself with --account, which
says whose answers these are.

With --live weir asks AWS for what is in force now, in each --region, by calls that change
nothing. A call that is refused is passed over and named, with the action that a policy
must allow for it. docs/howto/import-a-network-from-aws.md lists the calls.

A file that can't be understood is left out whole, and named; the exit code is 3, as it is
where AWS did not answer all calls, and where an answer is cut off: it has a NextToken, and
what is on the next page counts as not there, unless another file holds it.`,
		Example: `  weir network import ./net
  weir network import ./net --at 2026-03-01T06:00:00Z
  weir network import groups.json --account 111122223333 --region us-east-1
  weir network import --live --profile audit --region eu-west-1 --region us-east-1
  weir network import --live --save net-$(date +%F)`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.live.on {
				return nil // check says what is wrong with them
			}
			return needArgs(1, -1, "the folder or file")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			now := time.Now()
			when, err := f.shown.moment("--at", f.at, now)
			if err != nil {
				return err
			}
			if when.After(now) {
				return usage(fmt.Errorf("--at: %s has not come yet", f.at))
			}
			if err := f.check(args); err != nil {
				return err
			}
			if f.live.on {
				return c.importLive(cmd.Context(), &f)
			}
			docs, err := netmodel.ReadDocuments(args...)
			if err != nil {
				return err
			}
			for i := range docs {
				docs[i].Account, docs[i].Region = f.account, strings.Join(f.regions, "")
			}
			return c.importNetwork(cmd.Context(), docs, when, &f.shown, nil)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.at, "at", "", "it is the definition of this `TIME`: RFC 3339, a date, or epoch seconds (default: now)")
	fl.StringVar(&f.account, "account", "", "the answers are those of `ACCOUNT`")
	fl.StringArrayVar(&f.regions, "region", nil, "they are of `REGION`; with --live: ask there, may be given several times")
	f.live.add(cmd)
	f.shown.addZone(cmd)
	completeNothing(cmd, "at", "account", "region")
	return cmd
}

// importFlags are the flags of weir network import.
type importFlags struct {
	at, account string
	regions     []string
	live        liveFlags
	shown       scopeFlags // the zone of it
}

// check returns what is wrong with flags and arguments.
func (f *importFlags) check(args []string) error {
	if f.account != "" && !accountID.MatchString(f.account) {
		return usage(fmt.Errorf("--account: %q is no account of 12 digits", f.account))
	}
	for i, region := range f.regions {
		switch {
		case !regionName.MatchString(region):
			return usage(fmt.Errorf("--region: %q is no region such as us-east-1", region))
		case slices.Contains(f.regions[:i], region):
			return usage(fmt.Errorf("--region: %s is given twice", region))
		}
	}
	if !f.live.on && len(f.regions) > 1 {
		return usage(errors.New("--region: the answers in files are of one region; without it weir finds the region of each"))
	}
	return f.live.check(args, f.account, f.at)
}

// moment reads a time of a flag; "" is now.
func (s *scopeFlags) moment(flag, text string, now time.Time) (time.Time, error) {
	zone, err := s.zone()
	if err != nil || text == "" {
		return now, err
	}
	t, err := parseTime(text, zone)
	if err != nil {
		return t, usage(fmt.Errorf("%s: %w", flag, err))
	}
	return t, nil
}

// importNetwork takes documents, and says what they brought, with times in the flags' zone,
// and in JSON what AWS did not answer.
func (c *cli) importNetwork(ctx context.Context, docs []netmodel.Document, at time.Time, shown *scopeFlags, unanswered []app.Unanswered) error {
	zone, err := shown.zone()
	if err != nil {
		return err
	}
	r, err := app.ImportNetwork(ctx, c.data, docs, at)
	for _, p := range r.Problems {
		fmt.Fprintln(people{c.err}, "left out:", p)
	}
	if err != nil {
		return err
	}
	c.sayPartial(r.Partial)
	if len(r.Problems) > 0 {
		c.code = exitPartial
	}
	if c.json {
		out := struct {
			versions.Imported
			Problems   []string         `json:"problems,omitempty"`
			Unanswered []app.Unanswered `json:"unanswered,omitempty"`
		}{Imported: r, Unanswered: unanswered}
		for _, p := range r.Problems {
			out.Problems = append(out.Problems, p.String())
		}
		return c.printJSON(out)
	}
	c.few("missing: ", r.Missing)
	if len(r.Unused) > 0 {
		c.note("not read yet: %s", strings.Join(r.Unused, ", "))
	}
	c.noteUnknown(r.Unknown)
	if err := c.printImported(&r, zone); err != nil {
		return err
	}
	return c.noteOutdated(ctx)
}

// noteOutdated says that the definition tells other things of records than was known of them.
func (c *cli) noteOutdated(ctx context.Context) error {
	undirected, stale, err := app.Outdated(ctx, c.data)
	if err != nil {
		return err
	}
	if undirected > 0 {
		c.note("directions of records of %s may change: 'weir lake compact' finds them", plural(int64(undirected), "hour"))
	}
	if stale > 0 {
		c.note("which rules decided about records of %s is to be told anew: 'weir lake attribute' does it", plural(int64(stale), "hour"))
	}
	return nil
}

// sayPartial names answers that were cut off: all is not well with what is made of them.
func (c *cli) sayPartial(files []string) {
	var lines []string
	for _, f := range files {
		lines = append(lines, f+" has another page (NextToken); what is on no page here counts as not there")
		c.code = exitPartial
	}
	c.few("cut off: ", lines)
}

// noteUnknown names members of answers that this weir does not know.
func (c *cli) noteUnknown(members []string) {
	if len(members) > 0 {
		c.note("not known to this weir, and not considered: %s", app.Several(members))
	}
}

// few says the first of many things on stderr.
func (c *cli) few(lead string, lines []string) {
	const most = 10
	for _, line := range lines[:min(len(lines), most)] {
		fmt.Fprintln(people{c.err}, lead+line)
	}
	if n := len(lines) - most; n > 0 {
		c.note("%d more of these; --json has all", n)
	}
}

// printImported prints what became of each place, kind by kind.
func (c *cli) printImported(r *versions.Imported, zone *time.Location) error {
	t := newTable(c.out, []tableColumn{
		{head: "ACCOUNT"},
		{head: "REGION"},
		{head: "VERSION", right: true},
		{head: "KIND"},
		{head: "COUNT", right: true},
		{head: "CAME", right: true},
		{head: "WENT", right: true},
		{head: "CHANGED", right: true},
	})
	for _, p := range r.Places {
		lead := []string{p.Account, p.Region, strconv.FormatInt(p.ID, 10)}
		rows := 0
		for _, k := range p.Counts {
			became := map[string]int{}
			for _, change := range p.Changes {
				if change.Kind == k.Kind {
					became[change.What]++
				}
			}
			if k.N == 0 && len(became) == 0 {
				continue
			}
			row := slices.Concat(lead, []string{k.Kind, strconv.Itoa(k.N)})
			for _, what := range []string{netmodel.Came, netmodel.Went, netmodel.Changed} {
				row = append(row, some(became[what]))
			}
			if err := t.add(row); err != nil {
				return err
			}
			rows++
			lead = []string{"", "", ""}
		}
		if rows == 0 {
			if err := t.add(append(lead, "nothing", "", "", "", "")); err != nil {
				return err
			}
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	for i := range r.Places {
		c.printPlace(&r.Places[i], r.At, zone)
	}
	return nil
}

// some writes a number that is not 0.
func some(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// printPlace says what became of an account and region.
func (c *cli) printPlace(p *versions.ImportedPlace, at time.Time, zone *time.Location) {
	out := people{c.out}
	when := showTime(at, zone)
	switch {
	case p.Same && p.Until.After(at):
		fmt.Fprintf(out, "%s: as version %d, which now holds from %s on\n", p.Place, p.ID, showTime(p.Since, zone))
	case p.Same:
		fmt.Fprintf(out, "%s: nothing changed, version %d still holds at %s\n", p.Place, p.ID, when)
	case p.Before == nil:
		fmt.Fprintf(out, "%s: version %d holds from %s on, and is assumed for what was before\n", p.Place, p.ID, when)
	default:
		fmt.Fprintf(out, "%s: version %d holds from %s on, after version %d, which was last seen at %s\n", p.Place, p.ID, when, p.Before.ID, showTime(p.Before.Until, zone))
	}
	if p.Again > 0 {
		fmt.Fprintf(out, "%s: what was seen after that is version %d now\n", p.Place, p.Again)
	}
	for _, gone := range p.Gone {
		fmt.Fprintf(out, "%s: this import has no %s; version %d had %d\n", p.Place, gone.Kind, p.Before.ID, gone.N)
	}
}
