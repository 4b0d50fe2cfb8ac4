package policy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
	"weir/internal/sharedtest"
)

var (
	npHeading   = regexp.MustCompile(`^"(.*)" issues:$`)
	npBlocked   = regexp.MustCompile(`^In the connection from "\S+\[([0-9.]+)\]" to "\S+\[([0-9.]+)\]" TCP src-ports: ([0-9,-]+) response is blocked$`)
	npShadowed  = regexp.MustCompile(`^In VPC "\S+", network ACL "(\S+)" rule is shadowed by a higher priority rule\n\s+Rule details: ruleNumber: (\d+), action: \w+, direction: (in|out)bound,`)
	npMore      = regexp.MustCompile(`^\.\.\. \((\d+) more\)$`)
	npUnapplied = regexp.MustCompile(`^In VPC "\S+", security group "(\S+)" has no resources attached to it$`)
	npSplit     = regexp.MustCompile(`^In VPC "\S+", security group "(\S+)" rule splits subnet "\S+" \([0-9./]+\)\.\n\s+Rule details: `)
)

// npIssues reads np-guard's findings by their headings, each with its details.
func npIssues(t *testing.T, path string) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	heading := ""
	for line := range strings.SplitSeq(string(data), "\n") {
		switch m := npHeading.FindStringSubmatch(line); {
		case m != nil:
			heading = m[1]
		case line == "" || strings.Trim(line, "~_") == "":
		case strings.HasPrefix(line, "\t"):
			list := out[heading]
			list[len(list)-1] += "\n" + line
		default:
			out[heading] = append(out[heading], line)
		}
	}
	return out
}

// npMatch returns what a pattern has in parentheses; each issue must match it.
func npMatch(t *testing.T, pattern *regexp.Regexp, issue string) []string {
	t.Helper()
	m := pattern.FindStringSubmatch(issue)
	if m == nil {
		t.Fatalf("%q is not understood", issue)
	}
	return m[1:]
}

// TestNpGuardLint compares findings with np-guard's, of which each is the same or argued.
func TestNpGuardLint(t *testing.T) {
	root := sharedtest.Path(t, "data", "netdefs", "np-guard-aws")
	load := func(name string) (*netmodel.Network, []Finding) {
		loaded, err := netmodel.Load(filepath.Join(root, "input", "input_"+name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		return loaded.Network, lint(t, loaded.Network)
	}
	about := func(findings []Finding, kinds ...Kind) (out []Finding) {
		for _, f := range findings {
			if slices.Contains(kinds, f.Kind) {
				out = append(out, f)
			}
		}
		return out
	}

	n, findings := load("aws_acl_1")
	issues := npIssues(t, filepath.Join(root, "out", "lint_out", "aws_acl1_Lint"))
	compared := 0

	t.Run("blocked replies", func(t *testing.T) {
		list := issues["Blocked TCP response"]
		ours := about(findings, BlocksReplies, BlocksSomeReplies)
		if len(list) != len(ours) || len(ours) != 1 {
			t.Fatalf("%d, np-guard %d", len(ours), len(list))
		}
		compared++
		m := npMatch(t, npBlocked, list[0])
		// np-guard names two instances, weir the network ACL of the one that answers.
		to := n.At(addr(m[1]))[0]
		if acl := n.Subnets[to.Subnet].NetworkACL; acl != ours[0].Object {
			t.Errorf("%s, np-guard %s", ours[0].Object, acl)
		}
		if !slices.ContainsFunc(ours[0].Peers, func(p string) bool { return cidr(p).Contains(addr(m[0])) }) {
			t.Errorf("%s is not in %s", m[0], ours[0].Peers)
		}
		// np-guard's ports begin at 1; those of AWS's rules at 0, as this entry's do.
		if got := strings.Join(ours[0].Ports, ","); got != "0"+strings.TrimPrefix(m[2], "1") {
			t.Errorf("ports %s, np-guard %s", got, m[2])
		}
	})

	// np-guard takes the entries "*" for rules. Nobody made them and nobody can remove them
	// (VPC user guide, "Network ACL rules"), so that weir says nothing of them. With them, the
	// same entries match nothing.
	t.Run("shadowed entries", func(t *testing.T) {
		if ours := about(findings, EntryShadowed, EntryRedundant, EntryNever); len(ours) > 0 {
			t.Errorf("%v", ours)
		}
		var want, got []string
		more := 0
		for _, issue := range issues["Network ACL rules shadowed by higher priority rules"] {
			if m := npMore.FindStringSubmatch(issue); m != nil {
				more = int(m[1][0] - '0')
				continue
			}
			m := npMatch(t, npShadowed, issue)
			if m[1] != "32767" {
				t.Errorf("%s is not the entry that nobody made", issue)
			}
			want = append(want, m[0]+" "+map[string]string{"in": "ingress", "out": "egress"}[m[2]])
		}
		for id, acl := range n.NetworkACLs {
			for _, way := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
				lines, err := entryLines(acl, way)
				if err != nil {
					t.Fatal(err)
				}
				var areas []area
				for k := range lines {
					areas = append(areas, lines[k].area())
				}
				for k, first := range firstMatches(areas) {
					if len(first) > 0 {
						continue
					}
					if acl.Entries(way)[k].Number != netmodel.LastNumber+1 {
						t.Errorf("%s", acl.EntryName(way, &acl.Entries(way)[k]))
					}
					got = append(got, id+" "+string(way))
				}
			}
		}
		compared += len(want) + more
		if len(got) != len(want)+more || slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(got, w) }) {
			t.Errorf("%s, np-guard %s and %d more", got, want, more)
		}
	})

	t.Run("groups that nothing has", func(t *testing.T) {
		var want, got []string
		for _, issue := range issues["SG not applied to any resources"] {
			want = append(want, npMatch(t, npUnapplied, issue)[0])
		}
		for _, f := range about(findings, GroupUnused) {
			got = append(got, f.Object)
		}
		compared += len(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})

	// np-guard's run on the other configuration looks for nothing else than rules that name a
	// part of a subnet's addresses. That is no fault: groups are there to treat the instances of
	// a subnet differently (VPC user guide, "Compare security groups and network ACLs"). weir
	// says nothing of it.
	t.Run("rules that split a subnet", func(t *testing.T) {
		n, findings := load("aws_sg_1")
		issues := npIssues(t, filepath.Join(root, "out", "lint_out", "aws_sg_1_Lint"))
		split := issues["SGs implying different connectivity for endpoints inside a subnet"]
		for _, issue := range split {
			id := npMatch(t, npSplit, issue)[0]
			if n.SecurityGroups[id] == nil || slices.ContainsFunc(findings, func(f Finding) bool { return f.Object == id }) {
				t.Errorf("%s: %v", id, findings)
			}
		}
		if len(issues) != 1 || len(split) != 3 {
			t.Errorf("%d kinds, %d issues", len(issues), len(split))
		}
	})

	// What np-guard has no check for: it is in the configurations.
	t.Run("others", func(t *testing.T) {
		var got []string
		for _, name := range []string{"aws_acl_1", "aws_sg_1", "basic_config_with_sg"} {
			_, findings := load(name)
			for _, f := range findings {
				if !slices.Contains([]Kind{BlocksReplies, BlocksSomeReplies, GroupUnused}, f.Kind) {
					got = append(got, name+" "+string(f.Kind)+" "+f.Object)
				}
			}
		}
		want := []string{
			"aws_acl_1 group-open-to-world GroupId:10",
			"aws_sg_1 group-open-to-world GroupId:35", "aws_sg_1 group-open-to-world GroupId:50",
			"basic_config_with_sg group-open-to-world GroupId:10",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})

	if len(issues) != 3 || compared != 7 {
		t.Errorf("%d kinds, %d issues compared", len(issues), compared)
	}
}
