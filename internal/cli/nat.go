package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
	"weir/internal/diagnose"
)

func (c *cli) natCommand() *cobra.Command {
	var f scopeFlags
	rows := 10
	cmd := &cobra.Command{
		Use:   "nat [ID]",
		Short: "Say whether NAT gateways drop what comes to them unasked",
		Long: `Flow logs say ACCEPT of what the internet sends to a NAT gateway: the network ACL lets it in,
and no security group is there. Whether the gateway then drops it is told here, of each NAT
gateway that imported definitions or records show, or of one by its id, name, ENI or address.

What came is told by the gateway's own records: a reply, where the other way left before and
was not idle for more than 350 seconds; else a late reply, which is dropped; unsolicited, where
nothing left. Then the interfaces behind the gateway are asked for the senders. That it is
dropped is said only where all of them were logged at that time.

Of what clients send through it, their own interface's records, the client's leg and the
internet's leg are joined: the first two by pkt-srcaddr and pkt-dstaddr, the last one exactly
where one client alone used a host and port, else its candidates are named.

Where something came unasked, exit code 4 says that it was not shown to be dropped: something
of its senders reached the inside, or it can't be told. What was dropped is no finding.`,
		Example: `  weir nat
  weir nat nat-0123456789abcdef0 --since 24h
  weir nat eni-0123456789abcdef0 --from 2026-06-16T08:00:00Z --to 2026-06-16T09:00:00Z
  weir nat 10.0.0.220 --json`,
		Args: needArgs(0, 1, "the NAT gateway"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if rows < 1 || rows > 1000 {
				return usage(errors.New("--number must lie from 1 to 1000"))
			}
			req := app.NATRequest{Data: c.data, Hosts: rows, Joined: rows}
			if len(args) > 0 {
				req.ID = args[0]
			}
			var err error
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
			r, err := app.NAT(cmd.Context(), s, req)
			if err != nil {
				return err
			}
			for _, g := range r.Gateways {
				if g.Outcome == diagnose.NATReached || g.Outcome == diagnose.NATCannotTell {
					c.code = exitFindings
				}
			}
			if c.json {
				return c.printJSON(r)
			}
			return c.printNAT(r, zone)
		},
	}
	f.addTimes(cmd)
	cmd.Flags().IntVarP(&rows, "number", "n", 10, "tell `N` senders and joined rows of each gateway")
	completeNothing(cmd, "number")
	return cmd
}

// natWords are how outcomes head what is said.
var natWords = map[diagnose.NATOutcome]string{
	diagnose.NATQuiet: "QUIET", diagnose.NATDropped: "DROPPED", diagnose.NATReached: "REACHED INSIDE",
	diagnose.NATCannotTell: "CANNOT TELL", diagnose.NATUnclear: "NOT CLEAR",
}

// printNAT prints what NAT gateways do.
func (c *cli) printNAT(r *app.NATReport, zone *time.Location) error {
	out := people{c.out}
	if len(r.Gateways) == 0 {
		fmt.Fprintln(out, "no NAT gateway is known")
		for _, m := range r.Missing {
			fmt.Fprintln(out, "  missing: ", m)
		}
	}
	for i, g := range r.Gateways {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := c.printGateway(g, zone); err != nil {
			return err
		}
	}
	if r.Newest != nil {
		fmt.Fprintf(out, "\nnewest record   %s\n", newestAge(*r.Newest, time.Now(), zone))
	}
	return nil
}

// natName names a gateway and says what it is.
func natName(g *app.NATGateway) string {
	var about []string
	for _, s := range []string{g.Availability, g.Connectivity, g.Interface} {
		if s != "" {
			about = append(about, s)
		}
	}
	for _, a := range g.Addresses {
		about = append(about, a.String())
	}
	name := cmp.Or(g.ID, g.Interface)
	if g.ID == "" {
		about = about[:0]
		for _, a := range g.Addresses {
			about = append(about, a.String())
		}
	}
	if g.Name != "" {
		name += " " + g.Name
	}
	if g.KnownBy != app.NATDefined {
		about = append(about, "known by "+map[string]string{
			app.NATResource: "resource-id", app.NATTyped: "interface-type", app.NATTranslate: "pkt-srcaddr and pkt-dstaddr", app.NATAsked: "your word",
		}[g.KnownBy])
	}
	if len(about) == 0 {
		return name
	}
	return name + " (" + strings.Join(about, ", ") + ")"
}

// printGateway prints what a NAT gateway does.
func (c *cli) printGateway(g *app.NATGateway, zone *time.Location) error {
	out := people{c.out}
	at := func(seconds int64) string { return time.Unix(seconds, 0).In(zone).Format("2006-01-02 15:04:05 MST") }
	fmt.Fprintf(out, "%s  %s\n  %s\n", natWords[g.Outcome], natName(g), g.Says)
	if g.Records > 0 {
		fmt.Fprintf(out, "  records:  %s, %s to %s\n", number(g.Records), at(g.First), at(g.Last))
		a := &g.Arrived
		fmt.Fprintf(out, "  came:     %s unsolicited, %s late, %s in reply, %s undecided, %s refused\n",
			tally(a.Unsolicited), tally(a.Late), tally(a.Replies), tally(a.Undecided), tally(a.Refused))
	}
	for i, r := range g.LetIn {
		if i == fewConnections {
			fmt.Fprintf(out, "            %d more\n", len(g.LetIn)-i)
			break
		}
		text := fmt.Sprintf("  let in:   %s: %s", r.Rule, tally(r.Tally))
		if !r.Allows {
			text += "; this definition refuses it: it was another then"
		}
		fmt.Fprintln(out, text)
	}
	if in := &g.Inside; len(g.Hosts) > 0 {
		text := fmt.Sprintf("  inside:   %s behind it, %s logged", plural(int64(in.Interfaces), "interface"), number(int64(in.Logged)))
		if !in.Defined {
			text = fmt.Sprintf("  inside:   %s of it, %s logged", plural(int64(in.Interfaces), "client"), number(int64(in.Logged)))
		}
		if in.Replies.Records > 0 {
			text += "; in reply " + tally(in.Replies)
		}
		if in.Reached.Records > 0 {
			text += "; unasked " + tally(in.Reached)
		}
		if in.Undecided.Records > 0 {
			text += "; undecided " + tally(in.Undecided)
		}
		if in.Elsewhere.Records > 0 {
			text += "; at interfaces that are not behind it " + tally(in.Elsewhere)
		}
		fmt.Fprintln(out, text)
	}
	for _, list := range []struct {
		head  string
		lines []string
	}{{"assumes: ", g.Assumes}, {"missing: ", g.Missing}, {"not sure:", g.Doubts}} {
		for _, line := range list.lines {
			fmt.Fprintf(out, "  %s %s\n", list.head, line)
		}
	}
	if err := c.printSenders(g, at); err != nil {
		return err
	}
	if err := c.printJoined(g); err != nil {
		return err
	}
	if g.Insights != "" && len(g.Hosts) > 0 {
		fmt.Fprintf(out, "\n  the same in CloudWatch Logs Insights, and the way back:\n    %s\n\n    %s\n",
			strings.ReplaceAll(g.Insights, "\n", "\n    "), strings.ReplaceAll(g.Reverse, "\n", "\n    "))
	}
	return nil
}

// tally writes how many records there are, and their bytes.
func tally(t diagnose.Tally) string {
	if t.Records == 0 {
		return "0"
	}
	return number(t.Records) + " (" + size(t.Bytes) + ")"
}

// printSenders prints who sent something unasked.
func (c *cli) printSenders(g *app.NATGateway, at func(int64) string) error {
	if len(g.Hosts) == 0 {
		return nil
	}
	fmt.Fprintln(c.out)
	t := newTable(c.out, []tableColumn{{head: "  SENDER"}, {head: "MOST TO"}, {head: "PORTS", right: true}, {head: "RECORDS", right: true}, {head: "BYTES", right: true}, {head: "LATE", right: true}, {head: "INSIDE"}, {head: "NEWEST"}})
	for i := range g.Hosts {
		h := &g.Hosts[i]
		var seen []string
		for _, s := range h.Inside {
			if !s.Behind {
				continue
			}
			for _, of := range []struct {
				what string
				diagnose.Tally
			}{{"in reply", s.Replies}, {"unasked", s.Reached}, {"undecided", s.Undecided}} {
				if of.Records > 0 {
					seen = append(seen, s.Interface+": "+number(of.Records)+" "+of.what)
				}
			}
		}
		if len(seen) > 2 {
			seen = append(seen[:2], fmt.Sprintf("%d more", len(seen)-2))
		}
		if err := t.add([]string{"  " + h.Address, natPort(h.Protocol, h.Port), number(int64(h.Ports)), number(h.Records), size(h.Bytes), number(h.Late), strings.Join(seen, ", "), at(h.Last)}); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	if g.MoreHosts > 0 {
		fmt.Fprintf(c.out, "  %s more of fewer records: -n tells more\n", plural(g.MoreHosts, "sender"))
	}
	return nil
}

// natPort names a protocol and port.
func natPort(protocol, port int) string {
	name, ok := flowlog.ProtocolName(int64(protocol))
	if !ok {
		name = "protocol " + strconv.Itoa(protocol)
	}
	if protocol != 6 && protocol != 17 {
		return name
	}
	return name + " " + strconv.Itoa(port)
}

// printJoined prints what clients sent through a gateway.
func (c *cli) printJoined(g *app.NATGateway) error {
	if len(g.Joined) == 0 {
		return nil
	}
	fmt.Fprintln(c.out)
	t := newTable(c.out, []tableColumn{
		{head: "  CLIENT"},
		{head: "ITS ENI"},
		{head: "HOST"},
		{head: "PORT"},
		{head: "OUT", right: true},
		{head: "IN", right: true},
		{head: "INTERNET LEG"},
		{head: "OUT", right: true},
		{head: "IN", right: true},
	})
	for i := range g.Joined {
		j := &g.Joined[i]
		eni := "not logged"
		if len(j.ClientInterfaces) > 0 {
			eni = j.ClientInterfaces[0]
		}
		if n := len(j.ClientInterfaces); n > 1 {
			eni += fmt.Sprintf(" or %d more", n-1)
		}
		leg, outBytes, inBytes := string(j.Join), "", ""
		if j.Internet != nil {
			outBytes, inBytes = size(j.Internet.Out.Bytes), size(j.Internet.In.Bytes)
		}
		switch {
		case j.Join == diagnose.JoinNone:
			leg = "not recorded"
		case j.Clients > 1:
			leg = "inferred, of " + strings.Join(j.Candidates[:min(len(j.Candidates), 3)], " or ")
			if more := j.Clients - 3; more > 0 {
				leg += fmt.Sprintf(" or %d more", more)
			}
		}
		if err := t.add([]string{"  " + j.Client, eni, j.Host, natPort(j.Protocol, j.Port), size(j.ClientLeg.Out.Bytes), size(j.ClientLeg.In.Bytes), leg, outBytes, inBytes}); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	if g.MoreJoined > 0 {
		fmt.Fprintf(c.out, "  %s more of fewer bytes: -n tells more\n", plural(g.MoreJoined, "row"))
	}
	return nil
}
