package coverage

import (
	"cmp"
	"fmt"
	"slices"

	"weir/internal/netmodel"
)

// unseen says why there may be flow logs of a resource that are not in the input; nothing
// where all of them are.
//
// Source: VPC user guide, "Responsibilities and permissions for owners and participants":
// participants describe flow logs of their own ENIs only, and the VPC's owner can't describe
// those that participants made. "Troubleshoot VPC Flow Logs": flow logs of a shared VPC or
// subnet can't be described.
func (a *analysis) unseen(r *Resource) []string {
	if len(a.answers) == 0 {
		return []string{"no answer of describe-flow-logs is in the input"}
	}
	var out []string
	look := func(what, owner string, known bool) {
		if why := a.unseenOf(what, owner, r.Region, known); why != "" && !slices.Contains(out, why) {
			out = append(out, why)
		}
	}
	switch r.Type {
	case TransitGateway, TransitGatewayAttachment:
		look(r.gateway, r.Account, a.TransitGateways[r.gateway] != nil)
	default:
		known := a.VPCs[r.VPC] != nil || a.Subnets[r.Subnet] != nil
		look(cmp.Or(r.VPC, "the VPC of "+r.ID), a.vpcOwner(r.VPC, r.Subnet), known)
		if r.Type == NetworkInterface && r.Account != "" {
			look(r.ID, r.Account, true)
		}
	}
	if len(out) == 0 && r.Type == RegionalNATGateway && slices.ContainsFunc(a.of[r.VPC], active) {
		out = append(out, fmt.Sprintf("whether the flow log of %s covers its regional NAT gateways is not documented", r.VPC))
	}
	return out
}

// unseenOf says why flow logs of one resource of an owner may not be in the input. Known says
// that the resource itself is there.
func (a *analysis) unseenOf(what, owner, region string, known bool) string {
	if owner == "" && !known {
		return what + " is not in the input: nothing says whose it is"
	}
	if owner == "" && a.owned {
		return "nothing says whose " + what + " is"
	}
	matches := func(p netmodel.Place) bool {
		return (p.Account == owner || p.Account == "" || owner == "") && (p.Region == region || p.Region == "" || region == "")
	}
	there := false
	for _, answer := range a.answers {
		if matches(answer.Place) {
			if answer.Partial {
				return answer.File + " has another page of flow logs (NextToken)"
			}
			there = true
		}
	}
	if there {
		return ""
	}
	for _, answer := range a.Answers {
		if matches(answer.Place) { // it was asked, though not for flow logs
			return fmt.Sprintf("no answer of describe-flow-logs of %s is in the input", netmodel.Place{Account: owner, Region: region})
		}
	}
	return fmt.Sprintf("%s is of account %s, which was not asked: others can't describe its flow logs", what, owner)
}
