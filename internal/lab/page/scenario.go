package page

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/lab"
	"weir/internal/netmodel"
)

// Scenario returns the page of a scenario: what it shows, between whom, what it sends, the records of that (as [lab.Records] returns them), its question and the answer. That of a scenario of one's own has
// no links to what lies beside weir's, and its commands are of the lab of a folder, in place of the default one.
func Scenario(r *lab.Result, recorded []lab.Recorded, dir string) string {
	var b strings.Builder
	if r.File == "" {
		dir = lab.DefaultDir
	}
	head(&b, r)
	if way := picture(r); way != "" {
		fmt.Fprintf(&b, "\n## Who sends to whom\n\n```mermaid\n%s```\n", way)
	}
	b.WriteString("\n## What is sent\n\n| step | what who sends it gets |\n| --- | --- |\n")
	for i, step := range r.Traffic {
		became := "-"
		if i < len(r.Became) {
			became = r.Became[i]
		}
		fmt.Fprintf(&b, "| %s | %s |\n", step, became)
	}
	if len(recorded) > 0 {
		fmt.Fprintf(&b, "\n## The records\n\n`%s` and `%s` stand for times, and `%s` for an ephemeral port, which are others each time.\n", anyStart, anyEnd, anyPort)
	}
	for i := range recorded {
		fmt.Fprintf(&b, "\nThose of %s:\n\n%s", recorded[i].Of, recordBlock(recorded[i].Fields, merge(&recorded[i], r.Traffic)))
	}
	asked(&b, &r.Scenario)
	b.WriteString("\n## What to do next\n\n<!-- no-test: it takes root; TestLab of internal/cli runs the scenario -->\n```sh no-test\n")
	fmt.Fprintf(&b, "sudo weir lab run %s%s\n", cmp.Or(r.File, r.Name), ofDir(dir))
	for _, why := range whys(r, dir) {
		b.WriteString(why + "\n")
	}
	b.WriteString("```\n")
	return b.String()
}

// head writes what stands above all else.
func head(b *strings.Builder, r *lab.Result) {
	if r.File != "" {
		fmt.Fprintf(b, "# %s\n\n<!-- Made by weir lab run --pages from a run of %s. -->\n\n%s\n", r.Name, r.File, r.Shows)
		if len(r.Statements) > 0 {
			fmt.Fprintf(b, "\nStatements: %s.\n", strings.Join(r.Statements, ", "))
		}
		return
	}
	fmt.Fprintf(b, "# %s\n\n<!-- Made by make lab-pages from a run of internal/lab/scenarios/%s.yaml. -->\n\n%s\n\n", r.Name, r.Name, r.Shows)
	links := make([]string, len(r.Statements))
	for i, s := range r.Statements {
		links[i] = fmt.Sprintf("[%s](document.md#%s)", s, strings.ToLower(s))
	}
	fmt.Fprintf(b, "Statements of the document: %s. All scenarios: [README.md](README.md). Its file: [%s.yaml](../../internal/lab/scenarios/%s.yaml).\n", strings.Join(links, ", "), r.Name, r.Name)
}

// ofDir is the flag that names a lab's folder; "": it is the default one.
func ofDir(dir string) string {
	if dir == lab.DefaultDir {
		return ""
	}
	return " --dir " + dir
}

// whys are the commands that say why of a scenario's connections, which take private addresses.
func whys(r *lab.Result, dir string) (out []string) {
	for i, s := range r.Traffic {
		from, to := address(r.Labs[i], s.From, s.IPv6), address(r.Labs[i], s.To, s.IPv6)
		if s.Address != "" {
			to = s.Address
		}
		if s.TCP == 0 || from == "" || to == "" {
			continue
		}
		if strings.Contains(to, ":") {
			to = "[" + to + "]"
		}
		line := fmt.Sprintf("sudo weir why %s %s:%d --data %s/data", from, to, s.TCP, dir)
		if !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}

// address returns the first address of a family that records have of a host or an end in the internet; "" where there is none.
func address(d *lab.Definition, name string, six bool) string {
	var all []netip.Addr
	if far, ok := d.Internet[name]; ok {
		all = []netip.Addr{far.Address, far.IPv6}
	} else if h, ok := d.Hosts[name]; ok {
		all = d.Network.Interfaces[h.ENI].Addresses
	}
	for _, a := range all {
		if a.IsValid() && a.Is6() == six {
			return a.String()
		}
	}
	return ""
}

// picture draws the ends of a scenario's steps in their subnets, each as it was at the first of them, and what became of the steps between them; "" where it knows no ends.
func picture(r *lab.Result) string {
	nodes, labels, bySubnet := map[string]string{}, map[string]string{}, map[string][]string{}
	var arrows []string
	for i, s := range r.Traffic {
		d := r.Labs[i]
		if address(d, s.From, s.IPv6) == "" || address(d, s.To, s.IPv6) == "" {
			continue
		}
		for _, name := range []string{s.From, s.To} {
			if nodes[name] == "" {
				nodes[name] = fmt.Sprintf("n%d", len(nodes)+1)
				labels[name] = label(d, name)
				bySubnet[place(d, name)] = append(bySubnet[place(d, name)], name)
			}
		}
		what := strings.TrimSuffix(s.String(), fmt.Sprintf(" from %s to %s", s.From, s.To))
		if i < len(r.Became) {
			what += ": " + r.Became[i]
		}
		arrows = append(arrows, fmt.Sprintf("  %s -- \"%s\" --> %s\n", nodes[s.From], what, nodes[s.To]))
	}
	if len(arrows) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for i, title := range slices.Sorted(maps.Keys(bySubnet)) {
		fmt.Fprintf(&b, "  subgraph s%d[\"%s\"]\n", i+1, title)
		for _, name := range bySubnet[title] {
			fmt.Fprintf(&b, "    %s[\"%s\"]\n", nodes[name], labels[name])
		}
		b.WriteString("  end\n")
	}
	return b.String() + strings.Join(arrows, "")
}

// place is the subnet of a host with its network ACL, or the internet.
func place(d *lab.Definition, name string) string {
	h, ok := d.Hosts[name]
	if !ok {
		return "internet"
	}
	eni := d.Network.Interfaces[h.ENI]
	if eni.Subnet == "" {
		return eni.VPC
	}
	return eni.Subnet + ", " + aclOf(d.Network, eni)
}

// aclOf is the id of the network ACL of an interface's subnet: the one that names it, or its VPC's default.
func aclOf(n *netmodel.Network, eni *netmodel.Interface) string {
	out := ""
	for _, id := range slices.Sorted(maps.Keys(n.NetworkACLs)) {
		acl := n.NetworkACLs[id]
		if slices.Contains(acl.Subnets, eni.Subnet) {
			return id
		}
		if acl.Default && acl.VPC == eni.VPC {
			out = id
		}
	}
	return out
}

// label is what a node says: the name, the interface with its security groups, and the addresses.
func label(d *lab.Definition, name string) string {
	h, ok := d.Hosts[name]
	if !ok {
		return strings.Join(append([]string{name}, addresses(d, name)...), "<br>")
	}
	eni := d.Network.Interfaces[h.ENI]
	lines := []string{name, strings.Join(append([]string{eni.ID}, eni.Groups...), ", ")}
	for _, own := range addresses(d, name) {
		if public, ok := eni.Public[netip.MustParseAddr(own)]; ok {
			own += ", public " + public.String()
		}
		lines = append(lines, own)
	}
	return strings.Join(lines, "<br>")
}

// addresses are the first of each family that a host or an end in the internet has.
func addresses(d *lab.Definition, name string) (out []string) {
	for _, six := range []bool{false, true} {
		if a := address(d, name, six); a != "" {
			out = append(out, a)
		}
	}
	return out
}
