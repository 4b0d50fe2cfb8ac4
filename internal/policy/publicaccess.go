package policy

import (
	"fmt"

	"weir/internal/netmodel"
)

// access is a way to or from the internet, as VPC Block Public Access tells them apart.
type access uint8

const (
	directAccess     access = iota // out of an ENI with a public address
	natAccess                      // out of a NAT gateway
	egressOnlyAccess               // out by an egress-only internet gateway
	inboundAccess                  // begun by the internet
)

// publicAccess asks VPC Block Public Access about a place, and reports whether the packet
// may go on.
//
// Mode block-bidirectional blocks all, and block-ingress all but what NAT gateways and
// egress-only internet gateways let out. An exclusion of the VPC or subnet allows all, or what
// goes out.
//
// Source: VPC user guide, "Block public access to VPCs and subnets".
func (w *walk) publicAccess(at place, gateway string, by access) (bool, error) {
	mode, exclusion := w.accessMode(at)
	outward := by == natAccess || by == egressOnlyAccess
	blocked := ""
	switch {
	case at.eni != nil && at.eni.DenyInternetGateways:
		blocked = at.eni.ID + " is cut off from internet gateways by VPC Block Public Access"
	case mode == "" || mode == "off":
	case exclusion != nil && exclusion.Mode == "allow-bidirectional":
	case mode == "block-ingress" && outward:
	case mode == "block-bidirectional" && exclusion != nil && exclusion.Mode == "allow-egress" && by != inboundAccess:
		if by == directAccess {
			return false, unknown("%s excludes what goes out of %s from VPC Block Public Access; AWS does not say whether that holds without a NAT gateway", exclusion.ID, exclusion.Resource)
		}
	case mode == "block-bidirectional", mode == "block-ingress":
		blocked = fmt.Sprintf("VPC Block Public Access is %s, and no exclusion of the input lets this pass", mode)
	default:
		return false, unknown("VPC Block Public Access has mode %q", mode)
	}
	if blocked == "" {
		return true, nil
	}
	w.refuse(Step{Subnet: at.id(), Gateway: gateway, Verdict: Verdict{Stage: BlockPublicAccess, Rule: mode, Why: blocked}})
	return false, nil
}

// accessMode returns the mode that holds for a place, "" where the input does not say, and
// the exclusion of its subnet or VPC. Subnets and VPCs say their mode themselves; the account's
// options say it of those of which no such answer was read.
func (w *walk) accessMode(at place) (string, *netmodel.BlockPublicAccessExclusion) {
	n := w.d.network
	mode, account, region := "", "", ""
	if v := n.VPCs[at.vpc]; v != nil {
		mode, account, region = v.BlockPublicAccess, v.Account, v.Region
	}
	if at.subnet != nil && at.subnet.BlockPublicAccess != "" {
		mode = at.subnet.BlockPublicAccess
	}
	if o := n.BlockPublicAccess[account+"/"+region]; mode == "" && o != nil {
		mode = o.Mode
	}
	var found *netmodel.BlockPublicAccessExclusion
	for x := range inOrder(n.BlockPublicAccessExclusions) {
		if x.Resource != at.vpc && (at.subnet == nil || x.Resource != at.subnet.ID) {
			continue
		}
		if x.State != "create-complete" && x.State != "update-complete" && x.State != "" {
			continue
		}
		// What allows more wins; AWS does not say what a VPC's and a subnet's do together.
		if found == nil || x.Mode == "allow-bidirectional" {
			found = x
		}
	}
	return mode, found
}
