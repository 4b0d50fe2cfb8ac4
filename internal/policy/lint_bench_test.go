package policy

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"weir/internal/netmodel"
)

// BenchmarkLint looks at 1,000 groups of 60 rules a direction, of which each of as many ENIs
// has five, and at 200 network ACLs of 40 entries a direction.
func BenchmarkLint(b *testing.B) {
	c := chance{rand.New(rand.NewPCG(5, 6))}
	n, _ := large(0)
	g, a := n.SecurityGroups["sg-1"], n.NetworkACLs["acl-1"]
	for k := range 1000 {
		id := fmt.Sprint("sg-", k)
		group := &netmodel.SecurityGroup{ID: id, VPC: "vpc-1"}
		for r := range g.Ingress {
			rule := g.Ingress[r]
			rule.ID = fmt.Sprint("sgr-", k, "-", r)
			if c.IntN(2) == 0 {
				rule.Traffic, rule.Peer = c.traffic(), netmodel.Peer{CIDR: c.prefix()}
			}
			group.Ingress, group.Egress = append(group.Ingress, rule), append(group.Egress, rule)
		}
		n.SecurityGroups[id] = group
		eni := &netmodel.Interface{ID: fmt.Sprint("eni-", k), VPC: "vpc-1"}
		for range 5 {
			eni.Groups = append(eni.Groups, fmt.Sprint("sg-", c.IntN(1000)))
		}
		n.Interfaces[eni.ID] = eni
	}
	for k := range 200 {
		acl := &netmodel.NetworkACL{ID: fmt.Sprint("acl-", k), VPC: "vpc-1"}
		for e := range a.Ingress {
			entry := a.Ingress[e]
			if c.IntN(2) == 0 {
				entry.Traffic, entry.CIDR, entry.Allow = c.traffic(), c.prefix(), c.IntN(2) == 0
			}
			acl.Ingress, acl.Egress = append(acl.Ingress, entry), append(acl.Egress, entry)
		}
		n.NetworkACLs[acl.ID] = acl
	}
	findings := 0
	for b.Loop() {
		out, err := Lint(n)
		if err != nil {
			b.Fatal(err)
		}
		findings = len(out)
	}
	b.ReportMetric(float64(findings), "findings")
}
