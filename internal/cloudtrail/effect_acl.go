package cloudtrail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"weir/internal/netmodel"
)

// entry returns what became of an entry of a network ACL.
func entry(what string) func(*Change, json.RawMessage, json.RawMessage) ([]Effect, error) {
	return func(c *Change, request, _ json.RawMessage) ([]Effect, error) {
		const path = "requestParameters"
		var p struct {
			Number    *int                      `json:"ruleNumber"`
			Egress    *bool                     `json:"egress"`
			Action    string                    `json:"ruleAction"`
			Protocol  text                      `json:"aclProtocol"`
			CIDR      string                    `json:"cidrBlock"`
			IPv6CIDR  string                    `json:"ipv6CidrBlock"`
			PortRange struct{ From, To *int }   `json:"portRange"`
			ICMP      struct{ Type, Code *int } `json:"icmpTypeCode"`
		}
		if err := read(path, request, &p); err != nil {
			return nil, err
		}
		switch {
		case p.Number == nil:
			return nil, errors.New(path + ".ruleNumber: it is missing")
		case *p.Number < 1 || *p.Number > netmodel.LastNumber:
			return nil, fmt.Errorf("%s.ruleNumber: %d is beyond 1 to %d", path, *p.Number, netmodel.LastNumber)
		case p.Egress == nil:
			return nil, errors.New(path + ".egress: it is missing")
		}
		out := Effect{ID: c.IDs[0], What: what, Direction: netmodel.Ingress, Entry: &netmodel.ACLEntry{Number: *p.Number}}
		if *p.Egress {
			out.Direction = netmodel.Egress
		}
		if what == netmodel.Went {
			return []Effect{out}, nil
		}
		described := netmodel.DescribedEntry{
			RuleNumber: *p.Number, RuleAction: p.Action, Protocol: string(p.Protocol), Egress: *p.Egress, CidrBlock: p.CIDR, Ipv6CidrBlock: p.IPv6CIDR,
		}
		if p.PortRange.From != nil && p.PortRange.To != nil { // what is not there is {}
			described.PortRange = &struct{ From, To int }{*p.PortRange.From, *p.PortRange.To}
		}
		if p.ICMP.Type != nil && p.ICMP.Code != nil {
			described.IcmpTypeCode = &struct{ Type, Code int }{*p.ICMP.Type, *p.ICMP.Code}
		}
		e, err := described.Entry(path)
		if err != nil {
			return nil, err
		}
		if (e.Protocol == netmodel.ICMP || e.Protocol == netmodel.ICMPv6) && described.IcmpTypeCode == nil {
			return nil, errors.New(path + ".icmpTypeCode: it is missing")
		}
		out.Entry = &e
		return []Effect{out}, nil
	}
}

// associated returns what a subnet is associated with.
func associated(c *Change, _, _ json.RawMessage) ([]Effect, error) {
	// IDs has it all.
	return []Effect{{ID: c.IDs[0], What: netmodel.Changed, Association: &Association{ID: c.IDs[2], NetworkACL: c.IDs[1]}}}, nil
}

// groupsSet returns the groups that an ENI has from then on. What a call says of its
// attachment (whether it goes with an instance) decides nothing about packets.
func groupsSet(c *Change, request, _ json.RawMessage) ([]Effect, error) {
	const path = "requestParameters"
	var members map[string]json.RawMessage
	if err := read(path, request, &members); err != nil {
		return nil, err
	}
	var out []Effect
	for _, name := range slices.Sorted(maps.Keys(members)) {
		data := bytes.TrimSpace(members[name])
		switch {
		case name == "networkInterfaceId" || name == "attachment" || string(data) == "{}" || string(data) == "null":
			continue
		case name != "groupSet":
			return nil, fmt.Errorf("%s.%s: what that does is not known", path, name)
		}
		var set items[struct {
			ID string `json:"groupId"`
		}]
		if err := read(path+"."+name, data, &set); err != nil {
			return nil, err
		}
		e := Effect{ID: c.IDs[0], What: netmodel.Changed}
		for i, g := range set.Items {
			if g.ID == "" {
				return nil, fmt.Errorf("%s.groupSet.items[%d].groupId: it is missing", path, i)
			}
			e.Groups = append(e.Groups, g.ID)
		}
		if len(e.Groups) == 0 {
			return nil, fmt.Errorf("%s.groupSet: it names no group", path)
		}
		out = append(out, e)
	}
	return out, nil
}
