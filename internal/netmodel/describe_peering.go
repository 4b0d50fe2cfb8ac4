package netmodel

import (
	"fmt"
	"slices"
)

type describedSide struct {
	VpcId, OwnerId, Region, CidrBlock string
	CidrBlockSet                      []struct{ CidrBlock string }
	Ipv6CidrBlockSet                  []struct{ Ipv6CidrBlock string }
	PeeringOptions                    struct{ AllowDnsResolutionFromRemoteVpc bool }
}

func (p *part) peeringConnection(at string, v *struct {
	VpcPeeringConnectionId            string
	Status                            struct{ Code, Message string }
	RequesterVpcInfo, AccepterVpcInfo describedSide
	Tags                              tags
},
) error {
	out := &PeeringConnection{ID: v.VpcPeeringConnectionId, Name: v.Tags.name(), Status: v.Status.Code, Message: v.Status.Message}
	var err error
	if out.Requester, err = v.RequesterVpcInfo.side(at + ".RequesterVpcInfo"); err == nil {
		out.Accepter, err = v.AccepterVpcInfo.side(at + ".AccepterVpcInfo")
	}
	if err != nil {
		return err
	}
	return put(p, at, "VpcPeeringConnectionId", p.PeeringConnections, out.ID, out, same)
}

func (v *describedSide) side(at string) (PeeringSide, error) {
	out := PeeringSide{VPC: v.VpcId, Account: v.OwnerId, Region: v.Region, ResolvesDNS: v.PeeringOptions.AllowDnsResolutionFromRemoteVpc}
	add := func(at, text string, v6 bool) error {
		c, err := parseCIDR(at, text, v6)
		if err == nil && !slices.Contains(out.CIDRs, c) {
			out.CIDRs = append(out.CIDRs, c)
		}
		return err
	}
	if v.CidrBlock != "" {
		if err := add(at+".CidrBlock", v.CidrBlock, false); err != nil {
			return out, err
		}
	}
	for i, c := range v.CidrBlockSet {
		if err := add(fmt.Sprintf("%s.CidrBlockSet[%d].CidrBlock", at, i), c.CidrBlock, false); err != nil {
			return out, err
		}
	}
	for i, c := range v.Ipv6CidrBlockSet {
		if err := add(fmt.Sprintf("%s.Ipv6CidrBlockSet[%d].Ipv6CidrBlock", at, i), c.Ipv6CidrBlock, true); err != nil {
			return out, err
		}
	}
	return out, nil
}
