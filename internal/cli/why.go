package cli

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
	"weir/internal/diagnose"
)

// aroundAt is how much before and after the time of --at records are looked at: an
// aggregation interval of 10 minutes on both sides, and what is between.
const aroundAt = 15 * time.Minute

func (c *cli) whyCommand() *cobra.Command {
	var f scopeFlags
	var at string
	all := false
	cmd := &cobra.Command{
		Use:   "why SRC DST[:PORT[/PROTOCOL]]",
		Short: "Say why a connection fails, and which control refuses it",
		Long: `Says what became of connections from SRC to DST, by what flow logs show of their requests and
replies: which interface refused, whether a network ACL or a security group can have done it, or
that nothing refused and what is to be looked at instead. Where the network's definition was
imported ('weir network import'), it names every rule that refuses, there and back, and the
smallest changes that mend it, with what these newly allow. Nothing is changed.

An end is an address; where a definition was imported, also the id of an ENI or an instance, or
a name. "any" is any end, for one of both. Without PORT all connections between both ends are
told, and who began each is taken from TCP's flags, or guessed from the ports, which is said.

What is refused gives exit code 4.`,
		Example: `  weir why 10.0.20.51 10.0.40.11:5432
  weir why app-canary-1 db-1:5432/tcp --since 24h
  weir why any 10.0.40.11:5432 --at 2026-06-16T08:30:00Z
  weir why 203.0.113.12 10.0.1.139 --json`,
		Args: func(cmd *cobra.Command, args []string) error { return needArgs(2, 2, "the two ends")(cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			req := app.WhyRequest{Data: c.data, Port: -1, Protocol: -1}
			var err error
			if req.Src, req.Dst, err = whyEnds(args, &req); err != nil {
				return usage(err)
			}
			if at != "" {
				if f.since+f.from+f.to != "" {
					return usage(errors.New("--at excludes --since, --from and --to"))
				}
				moment, err := f.moment("--at", at, time.Now())
				if err != nil {
					return err
				}
				f.from, f.to = moment.Add(-aroundAt).Format(time.RFC3339), moment.Add(aroundAt).Format(time.RFC3339)
			}
			if req.Scope, err = f.scope(time.Now()); err != nil {
				return err
			}
			zone, err := f.zone()
			if err != nil {
				return err
			}
			s, err := c.reader(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			r, err := app.Why(cmd.Context(), s, req)
			if err != nil {
				return err
			}
			for i := range r.Connections {
				if o := r.Connections[i].Outcome; o == diagnose.Refused || o == diagnose.ReplyRefused {
					c.code = exitFindings
				}
			}
			if c.json {
				return c.printJSON(r)
			}
			return c.printWhy(r, zone, all)
		},
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&at, "at", "", "what became of it at this `TIME`, give or take 15 minutes")
	fl.BoolVar(&all, "all", false, "tell all connections, not only the first 10")
	completeNothing(cmd, "at")
	return cmd
}

// whyEnds reads the arguments.
func whyEnds(args []string, req *app.WhyRequest) (src, dst string, err error) {
	end := func(s string) string {
		if strings.EqualFold(s, "any") {
			return ""
		}
		return s
	}
	to := args[1]
	if _, err := netip.ParseAddr(to); err == nil {
		return end(args[0]), to, nil
	}
	address, protocol := to, "" // a name may have slashes too
	if i := strings.LastIndexByte(to, '/'); i >= 0 {
		if _, _, err := net.SplitHostPort(to[:i]); err == nil {
			address, protocol = to[:i], to[i+1:]
		}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return end(args[0]), end(to), nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", "", fmt.Errorf("%q is no port of 0 to 65535", port)
	}
	req.Port = int(n)
	if address != to {
		number, ok := flowlog.ProtocolNumber(protocol)
		if !ok {
			return "", "", fmt.Errorf("%q is no protocol such as tcp or udp", protocol)
		}
		req.Protocol = int(number)
	}
	return end(args[0]), end(host), nil
}

// fewConnections is how many are told without --all.
const fewConnections = 10

// outcomeWords are how outcomes head what is said.
var outcomeWords = map[diagnose.Outcome]string{
	diagnose.Refused: "REFUSED", diagnose.ReplyRefused: "REPLY REFUSED", diagnose.Answered: "ACCEPTED", diagnose.Reset: "RESET",
	diagnose.Unanswered: "NOT ANSWERED", diagnose.AfterEnd: "AFTER ITS END", diagnose.NotArriving: "NOT ARRIVING",
	diagnose.Unclear: "NOT CLEAR", diagnose.NoRecord: "NO RECORD",
}

// printWhy prints what became of each of the connections.
func (c *cli) printWhy(r *app.WhyReport, zone *time.Location, all bool) error {
	out := people{c.out}
	src, dst := whyName(&r.Src), whyName(&r.Dst)
	if r.None != nil {
		fmt.Fprintf(out, "%s  from %s to %s: %s\n", outcomeWords[r.None.Outcome], src, dst, r.None.Says)
		for _, m := range r.None.Missing {
			fmt.Fprintln(out, "  missing: ", m)
		}
	}
	for i := range r.Connections {
		if i == fewConnections && !all {
			fmt.Fprintf(out, "\n%s more by protocol and port: --all tells them\n", number(int64(len(r.Connections)-i)))
			break
		}
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := c.printConnections(&r.Connections[i], r.Names, src, dst, zone); err != nil {
			return err
		}
	}
	if r.MorePeers > 0 {
		c.note("%s more peers, of which less is refused", number(r.MorePeers))
	}
	for _, e := range []*app.WhyEnd{&r.Src, &r.Dst} {
		if e.Until != nil {
			c.note("%s is gone: the definitions have %s until %s", e.Asked, app.Several(e.Interfaces), showTime(*e.Until, zone))
		}
	}
	if r.Unasked > 0 {
		c.note("the definition was asked for the first refused ones only: %d more", r.Unasked)
	}
	if len(r.Missing) > 0 && len(r.Connections) > 0 {
		fmt.Fprintln(out)
	}
	for _, m := range r.Missing {
		fmt.Fprintln(out, "  missing: ", m)
	}
	if r.Newest != nil {
		fmt.Fprintf(out, "\nnewest record   %s\n", newestAge(*r.Newest, time.Now(), zone))
	}
	return nil
}

// whyName says which end is meant.
func whyName(e *app.WhyEnd) string {
	if e.Asked == "" {
		return "any"
	}
	return e.Asked
}

// printConnections prints what became of connections.
func (c *cli) printConnections(w *app.WhyConnections, names map[string]string, src, dst string, zone *time.Location) error {
	out := people{c.out}
	if w.Peer != "" {
		if src == "any" {
			src = w.Peer
		} else {
			dst = w.Peer
		}
	}
	if w.Backwards {
		src, dst = dst, src
	}
	what, ok := flowlog.ProtocolName(int64(w.Protocol))
	if !ok {
		what = "protocol " + strconv.Itoa(w.Protocol)
	}
	if w.Port >= 0 {
		what += " " + strconv.Itoa(w.Port)
	}
	fmt.Fprintf(out, "%s  %s from %s to %s\n", outcomeWords[w.Outcome], what, src, dst)
	fmt.Fprintf(out, "  %s\n", w.Says)
	for i := range w.Findings {
		for _, r := range w.Findings[i].Recorded {
			fmt.Fprintf(out, "  recorded: %s (%s)\n", r.Says, plural(r.Records, "record"))
		}
	}
	if w.Rule != nil {
		printRule(out, w.Rule, w.Peer == "")
	}
	for _, ch := range w.Changes {
		fmt.Fprintln(out, "  changed: ", ch.Says)
	}
	if w.Guessed {
		fmt.Fprintln(out, "  assumes:  the lower port is the one that connections go to")
	}
	if w.Either {
		first := ""
		if w.SeenFirst {
			first = ", who was seen first"
		}
		fmt.Fprintf(out, "  assumes:  %s began it%s: records do not tell which side did; the other's request looks like a reply\n", src, first)
	}
	var f diagnose.Finding
	if w.Finding >= 0 {
		f = w.Findings[w.Finding]
	}
	for _, a := range f.Assumes {
		fmt.Fprintln(out, "  assumes: ", a)
	}
	for _, m := range w.Missing {
		fmt.Fprintln(out, "  missing: ", m)
	}
	at := func(seconds int64) string { return time.Unix(seconds, 0).In(zone).Format("2006-01-02 15:04:05 MST") }
	fmt.Fprintf(out, "  records:  %s, %s refused, %s to %s\n", number(w.Records), number(w.Refused), at(w.First), at(w.Last))
	if f.RefusedUntil > 0 {
		fmt.Fprintf(out, "  refused:  until %s\n", at(f.RefusedUntil))
	}
	if f.Proof != nil {
		fmt.Fprintf(out, "  proof:    %s\n", f.Proof.Sample)
	}
	for i := range w.Transit {
		fmt.Fprintf(out, "  transit:  %s of the %s: %s\n", plural(w.Transit[i].Records, "record"), w.Transit[i].Way, w.Transit[i].Sample)
	}
	if len(w.Findings) == 0 {
		return nil
	}
	t := newTable(c.out, []tableColumn{{head: "  INTERFACE"}, {head: "NAME"}, {head: "DIRECTION"}, {head: "SHOWS"}, {head: "ACTION"}, {head: "FLAGS"}, {head: "OTHER WAY"}, {head: "RECORDS", right: true}, {head: "NEWEST"}})
	for i := range w.Findings {
		for _, e := range w.Findings[i].Evidence {
			action := e.Action
			if e.Reason != "" {
				action += " " + e.Reason
			}
			if e.WouldAction == "REJECT" {
				action += " (rules: REJECT)"
			}
			name := names[e.Interface]
			if e.Leg != diagnose.NoLeg {
				name = strings.TrimSpace(name + " " + string(e.Leg))
			}
			if err := t.add([]string{"  " + e.Interface, name, e.Direction, string(e.Way), action, string(e.Opening), e.Pair, number(e.Records), at(e.Last)}); err != nil {
				return err
			}
		}
	}
	return t.flush()
}

// printRule prints what a definition says: what refuses, and, where that is asked for, how it
// is mended: of peers that nobody named it is seldom.
func printRule(out people, r *app.WhyRule, fixes bool) {
	for _, refusal := range r.Refusals {
		s := &refusal.Step
		at := s.Interface
		for _, id := range []string{s.Subnet, s.TransitGateway, s.Gateway} {
			if at == "" {
				at = id
			}
		}
		fmt.Fprintf(out, "  rule:     %s refuses the %s at %s: %s\n", cmp.Or(s.Rule, string(s.Stage)), refusal.Way, at, s.Why)
	}
	for _, refusal := range r.Refusals {
		if fixes && refusal.Fix != nil {
			fmt.Fprintf(out, "  fix:      %s\n            %s\n            it newly allows %s\n", refusal.Fix.Says, refusal.Fix.CLI, refusal.Fix.Allows)
		}
	}
	switch {
	case !r.Agrees:
		fmt.Fprintf(out, "  rule:     %s\n", r.Says)
	case fixes:
		fmt.Fprintf(out, "  then:     %s\n", r.Says)
	}
	for _, d := range r.Doubts {
		fmt.Fprintln(out, "  not sure:", d)
	}
}
