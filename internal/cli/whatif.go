package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
	"weir/internal/netmodel"
	"weir/internal/versions"
	"weir/internal/whatif"
)

func (c *cli) whatifCommand() *cobra.Command {
	var definition definitionFlags
	var edits []netmodel.Edit
	all := false
	cmd := &cobra.Command{
		Use:   "whatif [FILE|DIR]...",
		Short: "Say which connections a changed rule would break or open",
		Long: `Replays the connections that flow logs show, over a time range, with a changed definition of
the network, and says which would be decided otherwise: which rule was what allowed them, which
refuses them then, at which interface, with which peer, how many and when. Nothing is changed.

The definition before is what was imported by 'weir network import' and is in force at the time
of --at, or that of --network. The changed one is that with what FILE or DIR describe in its
place: what 'aws ec2 describe-*' prints, or YAML, edited ('weir network show --yaml'), or a plan of
Terraform ('terraform show -json PLANFILE'). They need not describe all: what they do not have
stays as it is. Then come the changes of the flags, in their order, each of which may be given several times:

  --revoke sgr-0a1b2c3d4e5f60718            or a rule's name, sg-1:ingress:tcp:443:10.0.0.0/8
  --authorize 'sg-1 ingress tcp 443 10.0.0.0/8'
  --add-entry 'acl-1 ingress 90 deny tcp 22 0.0.0.0/0'
  --replace-entry 'acl-1 ingress 100 allow udp 1024-65535 10.0.0.0/8'
  --delete-entry acl-1:ingress:100

Both definitions judge each connection at each interface that recorded it: the network ACL both ways,
the security groups by the request. What decides elsewhere is not replayed: routes, gateways, firewalls.
What one of both leaves open, as members of a group that are in another account, the records
tell; where these don't, it "may" break or open.

History does not tell everything: nothing is known of what was not tried in the time range, nor of
what would follow where the first packet was refused.

What flips, or may, gives exit code 4; nothing gives 0.`,
		Example: `  weir whatif --revoke sgr-0a1b2c3d4e5f60718 --since 7d
  weir whatif --add-entry 'acl-1 ingress 90 deny tcp 22 0.0.0.0/0'
  terraform show -json plan.bin > plan.json && weir whatif plan.json --since 30d
  weir network show --yaml > net.yaml && vi net.yaml && weir whatif net.yaml --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := definition.source(c.data)
			if err != nil {
				return err
			}
			req := app.WhatIfRequest{NetworkSource: source, Changed: args, Edits: edits, Samples: fewGroups * fewPeers}
			if req.Scope, err = definition.scope(time.Now()); err != nil {
				return err
			}
			zone, err := definition.zone()
			if err != nil {
				return err
			}
			s, err := c.reader(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			p := c.progress("replaying")
			p.unit = "record"
			r, err := app.WhatIf(cmd.Context(), s, req, p.show)
			p.end()
			if errors.Is(err, versions.ErrNone) {
				return hintImport(err)
			}
			if err != nil {
				return err
			}
			if r.Any() {
				c.code = exitFindings
			}
			if c.json {
				r.Changes = orEmpty(r.Changes)
				return c.printJSON(r)
			}
			return c.printWhatIf(r, zone, all)
		},
	}
	definition.scopeFlags.add(cmd)
	definition.addDefinition(cmd)
	fl := cmd.Flags()
	for _, kind := range []struct {
		kind netmodel.EditKind
		use  string
	}{
		{netmodel.Revoke, "without the `RULE` of a security group"},
		{netmodel.Authorize, "with a `RULE`: GROUP DIRECTION PROTOCOL [PORTS] PEER"},
		{netmodel.AddEntry, "with an `ENTRY`: ACL DIRECTION NUMBER allow|deny PROTOCOL [PORTS] CIDR"},
		{netmodel.ReplaceEntry, "with another `ENTRY` in place of the one with its number"},
		{netmodel.DeleteEntry, "without the `ENTRY`: ACL:DIRECTION:NUMBER"},
	} {
		fl.Var(&editFlag{kind.kind, &edits}, string(kind.kind), kind.use)
	}
	fl.BoolVar(&all, "all", false, "show all flips, not only the first of each rule")
	completeNothing(cmd, "authorize", "add-entry", "replace-entry")
	completeFlag(cmd, "revoke", c.completeRules(&definition))
	completeFlag(cmd, "delete-entry", c.completeEntries(&definition))
	return cmd
}

// editFlag is a flag whose values are edits. Those of all flags are in one list, in the order in
// which they were given.
type editFlag struct {
	kind netmodel.EditKind
	list *[]netmodel.Edit
}

func (f *editFlag) String() string { return "" }
func (f *editFlag) Type() string   { return string(f.kind) }

func (f *editFlag) Set(text string) error {
	e, err := netmodel.ParseEdit(f.kind, text)
	*f.list = append(*f.list, e)
	return err
}

// completeRules offers the rules of the definition.
func (c *cli) completeRules(f *definitionFlags) cobra.CompletionFunc {
	return c.completeDefinition(f, func(n *netmodel.Network, add func(name string)) {
		for _, g := range n.SecurityGroups {
			for _, way := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
				for i := range g.Rules(way) {
					add(g.RuleName(way, &g.Rules(way)[i]))
				}
			}
		}
	})
}

// completeEntries offers the entries of the definition's network ACLs.
func (c *cli) completeEntries(f *definitionFlags) cobra.CompletionFunc {
	return c.completeDefinition(f, func(n *netmodel.Network, add func(name string)) {
		for _, a := range n.NetworkACLs {
			for _, way := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
				for i := range a.Entries(way) {
					if e := &a.Entries(way)[i]; e.Number <= netmodel.LastNumber {
						add(a.EntryName(way, e))
					}
				}
			}
		}
	})
}

func (c *cli) completeDefinition(f *definitionFlags, list func(n *netmodel.Network, add func(name string))) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, begin string) ([]string, cobra.ShellCompDirective) {
		c.setData()
		source, err := f.source(c.data)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		n, err := app.NetworkOf(cmd.Context(), source)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []string
		list(n, func(name string) {
			if strings.HasPrefix(name, begin) {
				out = append(out, name)
			}
		})
		slices.Sort(out)
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// fewGroups is of how many rules flips are shown without --all, and fewPeers how many of each.
const fewGroups, fewPeers = 10, 10

// kindWords are how kinds head what is said.
var kindWords = map[whatif.Kind]string{whatif.Breaks: "BREAKS", whatif.MayBreak: "MAY BREAK", whatif.Opens: "OPENS", whatif.MayOpen: "MAY OPEN"}

// flipGroup is the flips of which the same rules are the cause.
type flipGroup struct {
	flips       []*app.WhatIfFlip
	connections int64
}

// flipGroups puts flips together by their rules, in the order of kinds and of connections.
func flipGroups(flips []app.WhatIfFlip) []flipGroup {
	var out []flipGroup
	at := map[string]int{}
	for i := range flips {
		f := &flips[i]
		key := fmt.Sprint(f.Kind, f.Reply, f.AllowedBy, f.RefusedBy)
		k, known := at[key]
		if !known {
			k = len(out)
			at[key] = k
			out = append(out, flipGroup{})
		}
		out[k].flips = append(out[k].flips, f)
		out[k].connections += f.Connections
	}
	order := []whatif.Kind{whatif.Breaks, whatif.MayBreak, whatif.Opens, whatif.MayOpen}
	slices.SortStableFunc(out, func(a, b flipGroup) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.flips[0].Kind), slices.Index(order, b.flips[0].Kind)), cmp.Compare(b.connections, a.connections))
	})
	return out
}

// printWhatIf prints what flips, by rule.
func (c *cli) printWhatIf(r *app.WhatIfReport, zone *time.Location, all bool) error {
	out := people{c.out}
	c.remarkWhatIf(r)
	if r.Records.First > 0 {
		fmt.Fprintf(out, "replayed %s of %s, %s to %s\n", plural(r.Connections, "connection"), plural(r.Records.Records, "record"),
			showTime(time.Unix(r.Records.First, 0), zone), showTime(time.Unix(r.Records.Last, 0), zone))
	}
	for i, change := range r.Changes {
		if i == fewGroups && !all {
			fmt.Fprintf(out, "changed  %d more: --all shows them\n", len(r.Changes)-i)
			break
		}
		fmt.Fprintf(out, "changed  %s\n", changeText(&change))
	}
	if len(r.Changes) == 0 {
		fmt.Fprintln(out, "nothing is changed: both definitions are the same")
	}
	groups := flipGroups(r.Flips)
	for i := range groups {
		if i == fewGroups && !all {
			fmt.Fprintf(out, "\nflips by %d more rules: --all shows them\n", len(groups)-i)
			break
		}
		if err := c.printFlips(&groups[i], zone, all); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	if !r.Any() {
		fmt.Fprintln(out, "nothing flips")
	}
	for _, kind := range []whatif.Kind{whatif.Breaks, whatif.MayBreak, whatif.Opens, whatif.MayOpen} {
		if t, ok := r.Totals[kind]; ok {
			text := fmt.Sprintf("%s %s, %s", strings.ToLower(kindWords[kind]), plural(t.Connections, "connection"), size(t.Bytes))
			if t.Unexplained > 0 {
				text += fmt.Sprintf("; the definition now does not explain what records show of %s of them", number(t.Unexplained))
			}
			fmt.Fprintln(out, text)
		}
	}
	if r.MoreConnections > 0 {
		fmt.Fprintf(out, "%s of them are not listed: more than %s different flips\n", number(r.MoreConnections), number(whatif.MaxFlips))
	}
	c.printNotKnown(r)
	return nil
}

// changeText says in a line what changed.
func changeText(change *netmodel.Change) string {
	text := change.ID
	if change.Name != "" {
		text += " (" + change.Name + ")"
	}
	if change.What != netmodel.Changed {
		return text + " " + change.What
	}
	for _, d := range change.Details {
		text += "  " + d.Member
		for _, w := range d.Went {
			text += " - " + w
		}
		for _, w := range d.Came {
			text += " + " + w
		}
	}
	return text
}

// printFlips prints the flips of a rule.
func (c *cli) printFlips(g *flipGroup, zone *time.Location, all bool) error {
	first := g.flips[0]
	out := people{c.out}
	fmt.Fprintf(out, "\n%s  %s\n", kindWords[first.Kind], flipText(&first.Flip))
	t := newTable(c.out, []tableColumn{
		{head: "  INTERFACE"}, {head: "NAME"}, {head: "DIRECTION"}, {head: "PEER"}, {head: "PORT"}, {head: "CONNECTIONS", right: true}, {head: "BYTES", right: true}, {head: "FIRST"}, {head: "LAST"},
	})
	at := func(seconds int64) string { return showTime(time.Unix(seconds, 0), zone) }
	for i, f := range g.flips {
		if i == fewPeers && !all {
			break
		}
		way := "egress"
		if f.Inbound {
			way = "ingress"
		}
		if err := t.add([]string{"  " + f.Interface, f.Name, way, f.Peer.String(), portText(f.Protocol, f.Port), number(f.Connections), size(f.Bytes), at(f.First), at(f.Last)}); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	if more := len(g.flips) - fewPeers; more > 0 && !all {
		fmt.Fprintf(out, "  %s more: --all shows them\n", number(int64(more)))
	}
	if first.Sample != "" {
		fmt.Fprintf(out, "  record: %s\n", first.Sample)
	}
	return nil
}

// portText writes the port that was called with its protocol.
func portText(protocol, port int) string {
	name, ok := flowlog.ProtocolName(int64(protocol))
	if !ok {
		name = "protocol " + strconv.Itoa(protocol)
	}
	if port < 0 {
		return name
	}
	return strconv.Itoa(port) + "/" + name
}

// flipText says in a sentence why connections flip.
func flipText(f *whatif.Flip) string {
	what := "the request"
	if f.Reply {
		what = "the reply"
	}
	by := strings.Join(f.AllowedBy, ", ")
	switch f.Kind {
	case whatif.Breaks, whatif.MayBreak:
		allows := "what allows " + what + " now the definition does not tell"
		switch len(f.AllowedBy) {
		case 0:
		case 1:
			allows = "only " + by + " allows " + what + " now"
		default:
			allows = by + " allow " + what + " now"
		}
		if f.RefusedBy == "" {
			return allows + "; whether another rule would, the definition does not tell"
		}
		return allows + "; " + f.RefusedBy + " would refuse it"
	case whatif.Opens:
		refuses := "what refuses " + what + " now the definition does not tell"
		if f.RefusedBy != "" {
			refuses = f.RefusedBy + " refuses " + what + " now"
		}
		if by == "" {
			by = "the network ACL"
		}
		return refuses + "; " + by + " would let it pass"
	}
	return "whether " + what + " would pass the definition does not tell"
}

// printNotKnown says what the replay does not tell.
func (c *cli) printNotKnown(r *app.WhatIfReport) {
	out := people{c.out}
	for _, n := range []struct {
		n    int64
		says string
	}{
		{r.AcceptedAgainst, "were accepted, which the definition now refuses"},
		{r.RefusedAgainst, "were refused, which the definition now allows"},
		{r.Both, "were accepted and refused"},
	} {
		if n.n > 0 {
			fmt.Fprintf(out, "not explained: %s %s\n", plural(n.n, "connection"), n.says)
		}
	}
	for _, n := range []struct {
		why  whatif.NotJudged
		says string
	}{
		{whatif.NoInterface, "of interfaces that the definition does not have"},
		{whatif.NoPeer, "whose peer is not recorded"},
		{whatif.OtherReason, "of which another control refused all that is recorded, or that came after their end"},
	} {
		if of := r.NotJudged[n.why]; of > 0 {
			fmt.Fprintf(out, "not judged: %s %s\n", plural(of, "connection"), n.says)
		}
	}
	for _, n := range []struct {
		n    int64
		says string
	}{
		{r.Records.Undecided, "of which it is not known in which direction they passed their interface"},
		{r.Records.Regional, "of regional NAT gateways, which no rule filters"},
		{r.Records.Incomplete, "without a protocol, port or time"},
	} {
		if n.n > 0 {
			fmt.Fprintf(out, "not judged: %s %s\n", plural(n.n, "record"), n.says)
		}
	}
	if r.Open > 0 {
		fmt.Fprintf(out, "left open: what decides about %s the definition now does not tell; the records do\n", plural(r.Open, "connection"))
	}
	if r.Guessed > 0 {
		fmt.Fprintf(out, "assumed: of %s the lower port is the one that was called, or who sent first began\n", plural(r.Guessed, "connection"))
	}
	if r.Records.Skipped > 0 {
		fmt.Fprintf(out, "lost: AWS says %s that it lost records (SKIPDATA)\n", times(r.Records.Skipped))
	}
	fmt.Fprintln(out, "not known: what was not tried or not logged in this time, and what would follow where a first packet was refused")
}

// times writes how often.
func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return number(n) + " times"
}

// remarkWhatIf says what of the definitions could not be taken.
func (c *cli) remarkWhatIf(r *app.WhatIfReport) {
	for _, problem := range r.Problems {
		fmt.Fprintln(people{c.err}, problem)
	}
	if r.Definition != nil {
		var of []string
		for _, v := range r.Definition.Versions {
			of = append(of, fmt.Sprintf("version %d of %s", v.ID, v.Place))
		}
		c.note("before: %s", strings.Join(of, ", "))
	}
	if n := len(r.Unknown); n > 0 && !c.quiet {
		fmt.Fprintf(people{c.err}, "not considered: %s of the input that weir does not know (--json names all)\n", plural(int64(n), "member"))
	}
}
