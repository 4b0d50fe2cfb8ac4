package cli

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/netmodel"
	"weir/internal/versions"
)

func (c *cli) networkShowCommand() *cobra.Command {
	var at string
	var yaml bool
	shown := scopeFlags{}
	cmd := &cobra.Command{
		Use:   "show [ID]",
		Short: "Show the network as it was at a time",
		Long: `Shows the network as it was at the time of --at: which versions that is of and how much is
known of them, the VPCs, subnets and ENIs; or the one thing that ID names, with its rules.

A version is 'imported' where an import is of that time, 'unchanged' where the imports
before and after found the same, 'latest' after the last one, 'dated' where events that
'weir network changes' keeps say when and how all of it changed that did, 'changed' where
the next one found another, so that nobody knows how it was, 'led back' before the first
where events say how it was, and 'assumed unchanged' before the first else.

--yaml prints the definition as people write it, which all commands read as the same
definition: docs/reference/network-yaml.md says what it may hold. Where they are not known,
accounts and regions are those of everything else.`,
		Example: `  weir network show
  weir network show --at 2026-03-01T06:00:00Z
  weir network show sg-0e49f5eafa8742419 --json
  weir network show --yaml > net.yaml`,
		Args: needArgs(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			if yaml && (c.json || len(args) > 0) {
				return usage(errors.New("--yaml prints the whole definition: it excludes ID and --json"))
			}
			zone, err := shown.zone()
			if err != nil {
				return err
			}
			when, err := shown.moment("--at", at, time.Now())
			if err != nil {
				return err
			}
			d, err := app.NetworkAt(cmd.Context(), c.data, when)
			if err != nil {
				return err
			}
			c.sayProblems(d.Problems)
			if yaml {
				text, err := d.YAML()
				if err == nil {
					_, err = c.out.Write(text)
				}
				return err
			}
			if len(args) == 1 {
				return c.showThing(&d, args[0], zone)
			}
			return c.showNetwork(&d, zone)
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "as it was at `TIME`: RFC 3339, a date, or epoch seconds (default: now)")
	cmd.Flags().BoolVar(&yaml, "yaml", false, "print the definition in YAML, as people write it")
	shown.addZone(cmd)
	completeNothing(cmd, "at")
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if c.setData(); len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		d, err := app.NetworkAt(cmd.Context(), c.data, time.Now())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return d.IDs(), cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

// sayProblems names documents that this weir does not understand.
func (c *cli) sayProblems(problems []netmodel.Problem) {
	for _, p := range problems {
		fmt.Fprintln(people{c.err}, "left out:", p)
		c.code = exitPartial
	}
}

// showNetwork prints an overview.
func (c *cli) showNetwork(d *versions.Definition, zone *time.Location) error {
	missing := d.Missing()
	if c.json {
		return c.printJSON(struct {
			At       time.Time          `json:"at"`
			Versions []versions.InForce `json:"versions"`
			Counts   []netmodel.Count   `json:"counts"`
			Network  any                `json:"network"`
			Missing  []string           `json:"missing,omitempty"`
		}{d.At, d.InForce, d.Counts(), netmodel.Plain(d.Network), missing})
	}
	c.few("missing: ", missing)
	if err := c.printInForce(d.InForce, zone); err != nil {
		return err
	}
	if err := c.printMoments(d.InForce, "", zone); err != nil {
		return err
	}
	var counts []string
	for _, k := range d.Counts() {
		if k.N > 0 {
			counts = append(counts, fmt.Sprintf("%s %d", k.Kind, k.N))
		}
	}
	fmt.Fprintf(people{c.out}, "\n%s\n\n", strings.Join(counts, ", "))
	var vpcs, subnets, enis [][]string
	for _, id := range slices.Sorted(maps.Keys(d.VPCs)) {
		v := d.VPCs[id]
		vpcs = append(vpcs, []string{id, v.Name, v.Account, texts(v.CIDRs)})
	}
	for _, id := range slices.Sorted(maps.Keys(d.Subnets)) {
		s := d.Subnets[id]
		subnets = append(subnets, []string{id, s.Name, s.VPC, cmp.Or(s.AZ, s.AZID), texts(s.CIDRs), s.NetworkACL})
	}
	for _, id := range slices.Sorted(maps.Keys(d.Interfaces)) {
		i := d.Interfaces[id]
		var public []string
		for _, a := range i.Addresses {
			if p, ok := i.Public[a]; ok {
				public = append(public, p.String())
			}
		}
		enis = append(enis, []string{id, cmp.Or(i.Name, i.Description), i.Subnet, texts(i.Addresses), strings.Join(public, ", "), strings.Join(i.Groups, ", ")})
	}
	for n, table := range []struct {
		columns []tableColumn
		rows    [][]string
	}{
		{[]tableColumn{{head: "VPC"}, {head: "NAME"}, {head: "ACCOUNT"}, {head: "NETWORKS"}}, vpcs},
		{[]tableColumn{{head: "SUBNET"}, {head: "NAME"}, {head: "VPC"}, {head: "AZ"}, {head: "NETWORKS"}, {head: "NETWORK ACL"}}, subnets},
		{[]tableColumn{{head: "ENI"}, {head: "NAME"}, {head: "SUBNET"}, {head: "ADDRESSES"}, {head: "PUBLIC"}, {head: "SECURITY GROUPS"}}, enis},
	} {
		if len(table.rows) == 0 {
			continue
		}
		if n > 0 {
			fmt.Fprintln(c.out)
		}
		if err := printTable(c.out, table.columns, table.rows); err != nil {
			return err
		}
	}
	return nil
}

// texts writes a list.
func texts[T fmt.Stringer](list []T) string {
	var out []string
	for _, v := range list {
		out = append(out, v.String())
	}
	return strings.Join(out, ", ")
}

// printInForce prints which versions are in force.
func (c *cli) printInForce(list []versions.InForce, zone *time.Location) error {
	var rows [][]string
	for _, v := range list {
		next := app.Several(v.Changed)
		if v.Next != nil {
			next = strings.TrimSuffix(fmt.Sprintf("version %d from %s on: %s", v.Next.ID, showTime(v.Next.Since, zone), next), ": ")
		}
		rows = append(rows, []string{strconv.FormatInt(v.ID, 10), v.Account, v.Region, showTime(v.Since, zone), showTime(v.Until, zone), string(v.State), next})
	}
	return printTable(c.out, []tableColumn{
		{head: "VERSION", right: true}, {head: "ACCOUNT"}, {head: "REGION"}, {head: "SINCE"}, {head: "UNTIL"}, {head: "STATE"}, {head: "CHANGES"},
	}, rows)
}

// printMoments prints what changed between imports, of one thing or, where id is "", of all.
func (c *cli) printMoments(list []versions.InForce, id string, zone *time.Location) error {
	var rows [][]string
	for _, v := range list {
		for _, m := range v.Moments {
			if id == "" || m.ID == id {
				rows = append(rows, []string{showTime(m.At, zone), m.ID, cmp.Or(m.Rule, "-"), m.What, cmp.Or(m.Is, "-"), cmp.Or(m.By, "-"), m.EventID})
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintln(c.out)
	return printTable(c.out, []tableColumn{{head: "TIME"}, {head: "ID"}, {head: "RULE"}, {}, {head: "IS"}, {head: "BY"}, {head: "EVENT ID"}}, rows)
}

// showThing prints a thing with all that is known of it.
func (c *cli) showThing(d *versions.Definition, id string, zone *time.Location) error {
	kind, thing := d.Kind(id)
	if kind == "" {
		return hint(fmt.Errorf("%s is not in the definition of %s", id, showTime(d.At, zone)), "'weir network show' has what is; --at shows another time")
	}
	holding := d.Holding(id)
	var members []string
	for _, eni := range slices.Sorted(maps.Keys(d.Interfaces)) {
		if slices.Contains(d.Interfaces[eni].Groups, id) {
			members = append(members, eni)
		}
	}
	if c.json {
		return c.printJSON(struct {
			At       time.Time          `json:"at"`
			Versions []versions.InForce `json:"versions"`
			Kind     string             `json:"kind"`
			Thing    any                `json:"thing"`
			Members  []string           `json:"members,omitempty"`
		}{d.At, holding, kind, netmodel.Plain(thing), members})
	}
	if err := c.printInForce(holding, zone); err != nil {
		return err
	}
	if err := c.printMoments(holding, id, zone); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	var rows [][]string
	for _, m := range netmodel.Members(thing) {
		switch thing.(type) {
		case *netmodel.SecurityGroup, *netmodel.NetworkACL:
			if m.Name == "ingress" || m.Name == "egress" {
				continue // in a table of their own
			}
		}
		for _, v := range m.Values {
			rows = append(rows, []string{m.Name, v})
			m.Name = ""
		}
	}
	for i, eni := range members {
		rows = append(rows, []string{map[bool]string{true: "members"}[i == 0], strings.TrimSpace(eni + " " + texts(d.Interfaces[eni].Addresses))})
	}
	if err := printTable(c.out, []tableColumn{{head: "MEMBER"}, {head: "VALUE"}}, rows); err != nil {
		return err
	}
	return c.printRules(thing)
}

// printRules prints the rules of a security group, or the entries of a network ACL.
func (c *cli) printRules(thing any) error {
	var columns []tableColumn
	var rows [][]string
	switch v := thing.(type) {
	case *netmodel.SecurityGroup:
		columns = []tableColumn{{head: "DIRECTION"}, {head: "TRAFFIC"}, {head: "PEER"}, {head: "RULE"}, {head: "DESCRIPTION"}}
		for _, way := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
			list := v.Rules(way)
			for i := range list {
				rows = append(rows, []string{string(way), list[i].Traffic.String(), list[i].Peer.String(), v.RuleName(way, &list[i]), list[i].Description})
			}
		}
	case *netmodel.NetworkACL:
		columns = []tableColumn{{head: "DIRECTION"}, {head: "NUMBER", right: true}, {head: "ACTION"}, {head: "TRAFFIC"}, {head: "NETWORK"}}
		for _, way := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
			list := v.Entries(way)
			for i := range list {
				number := strings.TrimPrefix(v.EntryName(way, &list[i]), v.ID+":"+string(way)+":")
				action := map[bool]string{true: "allow", false: "deny"}[list[i].Allow]
				rows = append(rows, []string{string(way), number, action, list[i].Traffic.String(), list[i].CIDR.String()})
			}
		}
	default:
		return nil
	}
	fmt.Fprintln(c.out)
	return printTable(c.out, columns, rows)
}
