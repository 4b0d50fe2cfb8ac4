package cli

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
	"weir/internal/diagnose"
)

func (c *cli) scanCommand() *cobra.Command {
	var f scopeFlags
	t := diagnose.DefaultThresholds
	all := false
	cmd := &cobra.Command{
		Use:   "scan",
		Short: "Find brute force and port scans, and what lets them in",
		Long: `Counts attempts to connect by who made them, and tells brute force and scans:

  brute-force      many attempts of a source at a login service (SSH, RDP, Telnet, FTP, VNC,
                   WinRM; from outside of private networks also SMB, LDAP, mail, databases
                   and others that programs log in to)
  horizontal-scan  a source fails at one service of many hosts
  vertical-scan    a source fails at many ports of one host
  distributed      many sources outside at one login service of a host

What was let in comes first: accepted, and answered by more than a RST. Where the network's
definition was imported ('weir network import'), it names the rule that lets it in or refuses
it, and the changes that would stop it, with who else would be stopped. Nothing is changed.

An attempt is a client's port in an hour; where a record with TCP's SYN flag was answered, in
each of its windows. A port that is used again within that is not counted again, so there are
at least as many attempts. Each flow counts once, wherever it was recorded. A source scans
where it fails at no fewer hosts or ports than it is answered by. All thresholds are of one
hour. Without tcp-flags in the records, who began and what is a RST is guessed from ports and
sizes, which is said.

Attempts that were accepted give exit code 4.`,
		Example: `  weir scan --since 24h
  weir scan --attempts 10 --hosts 5 --from 2026-06-16 --to 2026-06-17
  weir scan --json`,
		Args: rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, n := range []struct {
				flag  string
				value int64
			}{{"--attempts", t.Attempts}, {"--hosts", t.Hosts}, {"--ports", t.Ports}, {"--sources", t.Sources}} {
				if n.value < 2 {
					return usage(fmt.Errorf("%s must be 2 or more: it is %d", n.flag, n.value))
				}
			}
			scope, err := f.scope(time.Now())
			if err != nil {
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
			r, err := app.Scans(cmd.Context(), s, app.ScanRequest{Thresholds: t, Scope: scope, Data: c.data})
			if err != nil {
				return err
			}
			for i := range r.Found {
				if r.Found[i].Accepted() > 0 {
					c.code = exitFindings
				}
			}
			if c.json {
				return c.printJSON(r)
			}
			defer c.noteNewest(cmd.Context(), s, zone)
			return c.printScans(r, zone, all)
		},
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.Int64Var(&t.Attempts, "attempts", t.Attempts, "`N` attempts at one login service of a host in an hour are brute force")
	fl.Int64Var(&t.Hosts, "hosts", t.Hosts, "a source that fails at `N` hosts in an hour scans them")
	fl.Int64Var(&t.Ports, "ports", t.Ports, "a source that fails at `N` ports of a host in an hour scans it")
	fl.Int64Var(&t.Sources, "sources", t.Sources, "`N` sources outside at one login service of a host in an hour are a distributed brute force")
	fl.BoolVar(&all, "all", false, "tell all findings and targets, not only the first 10")
	completeNothing(cmd, "attempts", "hosts", "ports", "sources")
	return cmd
}

// fewScans is how many findings, and of each how many targets, are told without --all.
const fewScans = 10

// printScans prints the findings.
func (c *cli) printScans(r *app.ScanReport, zone *time.Location, all bool) error {
	out := people{c.out}
	switch {
	case r.Records == 0:
		return c.nothingToScan()
	case len(r.Found) == 0:
		fmt.Fprintf(out, "no brute force and no scan in %s with an action\n", plural(r.Records, "record"))
	}
	for i := range r.Found {
		if i == fewScans && !all {
			fmt.Fprintf(out, "\n%s more: --all tells them\n", number(int64(len(r.Found)-i)))
			break
		}
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := c.printScan(&r.Found[i], r.Names, zone, all); err != nil {
			return err
		}
	}
	if r.Lacking > 0 {
		c.note("%s lack addresses, protocol or ports, and were not looked at", plural(r.Lacking, "record"))
	}
	if r.Unasked > 0 {
		c.note("the definition was asked for the first ones only: %d more", r.Unasked)
	}
	return nil
}

// nothingToScan says that there is nothing to look at.
func (c *cli) nothingToScan() error {
	_, err := fmt.Fprintln(c.out, "no records with an action")
	return err
}

// printScan prints a finding.
func (c *cli) printScan(f *app.Scan, names map[string]string, zone *time.Location, all bool) error {
	out := people{c.out}
	kinds := make([]string, len(f.Kinds))
	for i, k := range f.Kinds {
		kinds[i] = string(k)
	}
	who := plural(int64(f.Sources), "source")
	if f.Source.IsValid() {
		who = named(f.Source, names)
	}
	head := "REFUSED"
	switch {
	case f.Answered > 0:
		head = "ANSWERED"
	case f.Accepted() > 0:
		head = "ACCEPTED"
	}
	fmt.Fprintf(out, "%s  %s: %s at %s\n", head, strings.Join(kinds, ", "), who, scanned(f, names))
	fmt.Fprintf(out, "  attempts: %s, at most %s an hour at one service; %s\n", number(f.Attempts), number(f.MostInHour), fates(&f.Fates))
	if f.Accepted() > 0 {
		fmt.Fprintf(out, "  accepted: by %s of %s, %s answered; at most %s and %s by one client port in an hour\n", number(int64(f.Let)), plural(int64(f.Hosts), "host"),
			number(int64(f.Answering)), size(f.MostBytes), length(time.Duration(f.Longest)*time.Second))
	}
	if f.Guessed {
		fmt.Fprintln(out, "  assumes:  who began, and what is a RST, is guessed: records have no tcp-flags")
	}
	if slices.Contains(f.Kinds, diagnose.HorizontalScan) && f.Source.IsPrivate() {
		fmt.Fprintln(out, "  assumes:  it is no program of yours for which a rule is missing, or whose hosts are gone")
	}
	for i := range f.Rules {
		fmt.Fprintf(out, "  rule:     %s\n", scanRule(&f.Rules[i]))
	}
	for i := range f.Stops {
		c.printStop(out, &f.Stops[i])
	}
	for _, d := range f.Doubts {
		fmt.Fprintln(out, "  not sure:", d)
	}
	at := func(seconds int64) string { return time.Unix(seconds, 0).In(zone).Format("2006-01-02 15:04:05 MST") }
	fmt.Fprintf(out, "  time:     %s to %s\n", at(f.First), at(f.Last))
	columns := []tableColumn{{head: "  HOST"}, {head: "NAME"}, {head: "SERVICE"}, {head: "ATTEMPTS", right: true}, {head: "REFUSED", right: true}, {head: "UNANSWERED", right: true}, {head: "RST", right: true}, {head: "ANSWERED", right: true}, {head: "UNKNOWN", right: true}, {head: "BYTES", right: true}, {head: "NEWEST"}}
	if !f.Source.IsValid() {
		columns[0].head = "  SOURCE"
	}
	t := newTable(c.out, columns)
	few := len(f.Targets)
	if !all {
		few = min(few, fewScans)
	}
	for i := range f.Targets[:few] {
		g := &f.Targets[i]
		end := g.Host
		if !f.Source.IsValid() {
			end = g.Source
		}
		if err := t.add([]string{"  " + end.String(), names[end.String()], serviceName(g.Service), number(g.Attempts), number(g.Refused), number(g.Unanswered + g.ReplyRefused), number(g.Reset), number(g.Answered), number(g.Unknown), size(g.Bytes), at(g.Last)}); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	if more := len(f.Targets) - few + f.More; more > 0 {
		fmt.Fprintf(out, "  and %s more\n", number(int64(more)))
	}
	return nil
}

// printStop prints a change.
func (c *cli) printStop(out people, s *app.ScanStop) {
	fmt.Fprintf(out, "  stop:     %s\n", s.Says)
	if s.CLI == "" {
		return
	}
	for line := range strings.Lines(s.CLI) {
		fmt.Fprintf(out, "            %s\n", strings.TrimSuffix(line, "\n"))
	}
	if s.Sources == 0 {
		fmt.Fprintln(out, "            it stops nothing else that was answered in this time")
		return
	}
	var list []string
	for _, e := range s.Else {
		list = append(list, fmt.Sprintf("%s (%s)", e.Source, number(e.Connections)))
	}
	if more := s.Sources - len(s.Else); more > 0 {
		list = append(list, number(int64(more))+" more")
	}
	fmt.Fprintf(out, "            it also stops %s of %s that were answered: %s\n", plural(s.Connections, "connection"), plural(int64(s.Sources), "source"), strings.Join(list, ", "))
}

// scanned says what was tried.
func scanned(f *app.Scan, names map[string]string) string {
	t := &f.Targets[0]
	services := serviceName(t.Service)
	if f.Ports > 1 {
		services = plural(int64(f.Ports), "port")
	}
	if f.Hosts == 1 {
		return services + " of " + named(t.Host, names)
	}
	return services + " of " + plural(int64(f.Hosts), "host")
}

// fates says what became of attempts.
func fates(f *diagnose.Fates) string {
	var out []string
	for _, p := range []struct {
		n    int64
		what string
	}{{f.Refused, "refused"}, {f.ReplyRefused, "whose reply was refused"}, {f.Unanswered, "accepted and not answered"}, {f.Reset, "answered by RST alone"}, {f.Answered, "answered"}, {f.Unknown, "accepted, with an unknown answer"}} {
		if p.n > 0 {
			out = append(out, number(p.n)+" "+p.what)
		}
	}
	return strings.Join(out, ", ")
}

// scanRule says what decides.
func scanRule(r *app.ScanRule) string {
	does := "lets it in"
	switch {
	case r.Action != "ACCEPT":
		does = "refuses it"
	case r.Direction != "ingress":
		does = "lets it out"
	}
	rules := r.Rules
	if r.Action == "ACCEPT" && r.Entry != "" && !slices.Contains(rules, r.Entry) {
		rules = append(append([]string{}, rules...), r.Entry)
	}
	out := fmt.Sprintf("%s %s at %s: %s", strings.Join(rules, ", "), does, app.Several(r.Interfaces), plural(r.Attempts, "attempt"))
	if r.Against > 0 {
		out += fmt.Sprintf(", of which the records say otherwise of %s", number(r.Against))
	}
	return out
}

// serviceName names a service: ssh, or tcp 1234.
func serviceName(s diagnose.Service) string {
	if name, ok := flowlog.PortName(int64(s.Port), int64(s.Protocol)); ok {
		return name
	}
	protocol, ok := flowlog.ProtocolName(int64(s.Protocol))
	if !ok {
		protocol = "protocol " + strconv.Itoa(s.Protocol)
	}
	return protocol + " " + strconv.Itoa(s.Port)
}

// named returns an address with the name of its ENI.
func named(a netip.Addr, names map[string]string) string {
	if name := names[a.String()]; name != "" {
		return a.String() + " (" + name + ")"
	}
	return a.String()
}
