package cloudtrail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"weir/internal/netmodel"
)

// items is how CloudTrail writes a list of EC2.
type items[T any] struct {
	Items []T `json:"items"`
}

// text is a text, or a number where CloudTrail makes one of what looks like it.
type text string

// UnmarshalJSON reads a text or a number.
func (t *text) UnmarshalJSON(data []byte) error {
	var n json.Number // takes a number in quotes too
	if json.Unmarshal(data, &n) == nil {
		*t = text(n)
		return nil
	}
	return json.Unmarshal(data, (*string)(t))
}

// rule is a rule of securityGroupRuleSet, of revokedSecurityGroupRuleSet, or of a request of
// ModifySecurityGroupRules.
type rule struct {
	SecurityGroupRuleID string       `json:"securityGroupRuleId"`
	GroupID             string       `json:"groupId"`
	IsEgress            *bool        `json:"isEgress"`
	IPProtocol          text         `json:"ipProtocol"`
	FromPort            *json.Number `json:"fromPort"`
	ToPort              *json.Number `json:"toPort"`
	CIDRIPv4            string       `json:"cidrIpv4"`
	CIDRIPv6            string       `json:"cidrIpv6"`
	PrefixListID        string       `json:"prefixListId"`
	ReferencedGroupID   string       `json:"referencedGroupId"`
	ReferencedGroup     *reference   `json:"referencedGroupInfo"`
	Description         *string      `json:"description"`
}

// reference is a group that a rule references.
type reference struct {
	GroupID                string `json:"groupId"`
	UserID                 string `json:"userId"`
	VPCID                  string `json:"vpcId"`
	VPCPeeringConnectionID string `json:"vpcPeeringConnectionId"`
	PeeringStatus          string `json:"peeringStatus"`
	Description            string `json:"description"`
}

// permission is a rule of a request, which may have several peers.
type permission struct {
	IPProtocol text         `json:"ipProtocol"`
	FromPort   *json.Number `json:"fromPort"`
	ToPort     *json.Number `json:"toPort"`
	IPRanges   items[struct {
		CIDR        string `json:"cidrIp"`
		Description string `json:"description"`
	}] `json:"ipRanges"`
	IPv6Ranges items[struct {
		CIDR        string `json:"cidrIpv6"`
		Description string `json:"description"`
	}] `json:"ipv6Ranges"`
	PrefixListIDs items[struct {
		ID          string `json:"prefixListId"`
		Description string `json:"description"`
	}] `json:"prefixListIds"`
	Groups items[reference] `json:"groups"`
}

// authorized returns the rules that came: those of the answer, which has their ids, or of old
// events those of the request.
func authorized(d netmodel.Direction) func(*Change, json.RawMessage, json.RawMessage) ([]Effect, error) {
	return func(c *Change, request, response json.RawMessage) ([]Effect, error) {
		const path = "responseElements.securityGroupRuleSet.items"
		var answer struct {
			Rules items[rule] `json:"securityGroupRuleSet"`
		}
		if err := read("responseElements", response, &answer); err != nil {
			return nil, err
		}
		if len(answer.Rules.Items) > 0 {
			return answered(c, netmodel.Came, d, path, answer.Rules.Items)
		}
		return requested(c, netmodel.Came, d, request)
	}
}

// revoked returns the rules that went: those of the answer, or of old events those of the
// request, unless the answer knows not all of them.
func revoked(d netmodel.Direction) func(*Change, json.RawMessage, json.RawMessage) ([]Effect, error) {
	return func(c *Change, request, response json.RawMessage) ([]Effect, error) {
		const path = "responseElements.revokedSecurityGroupRuleSet.items"
		var answer struct {
			Rules   items[rule]            `json:"revokedSecurityGroupRuleSet"`
			Unknown items[json.RawMessage] `json:"unknownIpPermissionSet"`
		}
		if err := read("responseElements", response, &answer); err != nil {
			return nil, err
		}
		switch {
		case len(answer.Rules.Items) > 0:
			return answered(c, netmodel.Went, d, path, answer.Rules.Items)
		case len(answer.Unknown.Items) > 0:
			return nil, errors.New("responseElements.unknownIpPermissionSet: rules of the request were not there, and no rule is said to be revoked")
		}
		var byID struct {
			Rules items[struct {
				ID string `json:"securityGroupRuleId"`
			}] `json:"securityGroupRuleIds"`
		}
		if err := read("requestParameters", request, &byID); err != nil {
			return nil, err
		}
		if len(byID.Rules.Items) == 0 {
			return requested(c, netmodel.Went, d, request)
		}
		var out []Effect
		for i, v := range byID.Rules.Items {
			if v.ID == "" {
				return nil, fmt.Errorf("requestParameters.securityGroupRuleIds.items[%d].securityGroupRuleId: it is missing", i)
			}
			out = append(out, Effect{ID: c.IDs[0], What: netmodel.Went, Direction: d, Rule: &netmodel.GroupRule{ID: v.ID}})
		}
		return out, nil
	}
}

// answered returns the effect of each rule of an answer.
func answered(c *Change, what string, d netmodel.Direction, path string, list []rule) ([]Effect, error) {
	var out []Effect
	for i := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if list[i].GroupID != "" && list[i].GroupID != c.IDs[0] {
			return nil, fmt.Errorf("%s.groupId: %s where %s is expected", at, list[i].GroupID, c.IDs[0])
		}
		r, err := list[i].read(at, d)
		if err != nil {
			return nil, err
		}
		out = append(out, Effect{ID: c.IDs[0], What: what, Direction: d, Rule: r})
	}
	return out, nil
}

// read returns the rule, which must be of a direction.
func (v *rule) read(at string, d netmodel.Direction) (*netmodel.GroupRule, error) {
	if v.IsEgress != nil && *v.IsEgress != (d == netmodel.Egress) {
		return nil, fmt.Errorf("%s.isEgress: it is not %s", at, d)
	}
	out := netmodel.DescribedRule{
		SecurityGroupRuleId: v.SecurityGroupRuleID, IpProtocol: string(v.IPProtocol), CidrIpv4: v.CIDRIPv4, CidrIpv6: v.CIDRIPv6,
		PrefixListId: v.PrefixListID,
	}
	if v.Description != nil {
		out.Description = *v.Description
	}
	var err error
	if out.FromPort, err = integer(at+".fromPort", v.FromPort); err != nil {
		return nil, err
	}
	if out.ToPort, err = integer(at+".toPort", v.ToPort); err != nil {
		return nil, err
	}
	ref := v.ReferencedGroup
	if ref == nil && v.ReferencedGroupID != "" {
		ref = &reference{GroupID: v.ReferencedGroupID}
	}
	if ref != nil {
		out.ReferencedGroupInfo = &netmodel.DescribedReference{GroupId: ref.GroupID}
	}
	peers := 0
	for _, has := range []bool{v.CIDRIPv4 != "", v.CIDRIPv6 != "", v.PrefixListID != "", ref != nil} {
		if has {
			peers++
		}
	}
	if peers != 1 {
		return nil, fmt.Errorf("%s: it has %d peers where one is expected", at, peers)
	}
	r, _, err := out.Rule(at)
	if ref != nil {
		r.Reference = netmodel.GroupReference{
			Account: ref.UserID, VPC: ref.VPCID, PeeringConnection: ref.VPCPeeringConnectionID, PeeringStatus: ref.PeeringStatus,
		}
	}
	return &r, err
}

func integer(path string, n *json.Number) (*int, error) {
	if n == nil {
		return nil, nil
	}
	v, err := n.Int64()
	if err != nil || v != int64(int32(v)) {
		return nil, fmt.Errorf("%s: %q is no number that can be there", path, n.String())
	}
	out := int(v)
	return &out, nil
}

// requested returns the effect of each rule of a request.
func requested(c *Change, what string, d netmodel.Direction, request json.RawMessage) ([]Effect, error) {
	const path = "requestParameters.ipPermissions.items"
	var p struct {
		Permissions items[permission] `json:"ipPermissions"`
		// The one rule of a request in the form that is older still.
		IPProtocol text         `json:"ipProtocol"`
		FromPort   *json.Number `json:"fromPort"`
		ToPort     *json.Number `json:"toPort"`
		CIDR       string       `json:"cidrIp"`
	}
	if err := read("requestParameters", request, &p); err != nil {
		return nil, err
	}
	var list []rule
	var places []string
	add := func(at string, r rule) { list, places = append(list, r), append(places, at) }
	for i := range p.Permissions.Items {
		v := &p.Permissions.Items[i]
		at := fmt.Sprintf("%s[%d]", path, i)
		before := len(list)
		for n, peer := range v.IPRanges.Items {
			add(fmt.Sprintf("%s.ipRanges.items[%d]", at, n), rule{CIDRIPv4: peer.CIDR, Description: &peer.Description})
		}
		for n, peer := range v.IPv6Ranges.Items {
			add(fmt.Sprintf("%s.ipv6Ranges.items[%d]", at, n), rule{CIDRIPv6: peer.CIDR, Description: &peer.Description})
		}
		for n, peer := range v.PrefixListIDs.Items {
			add(fmt.Sprintf("%s.prefixListIds.items[%d]", at, n), rule{PrefixListID: peer.ID, Description: &peer.Description})
		}
		for n := range v.Groups.Items {
			peer := &v.Groups.Items[n]
			add(fmt.Sprintf("%s.groups.items[%d]", at, n), rule{ReferencedGroup: peer, Description: &peer.Description})
		}
		if before == len(list) {
			return nil, fmt.Errorf("%s: a rule without a peer", at)
		}
		for n := before; n < len(list); n++ {
			list[n].IPProtocol, list[n].FromPort, list[n].ToPort = v.IPProtocol, v.FromPort, v.ToPort
		}
	}
	if len(list) == 0 && p.CIDR != "" {
		add("requestParameters", rule{IPProtocol: p.IPProtocol, FromPort: p.FromPort, ToPort: p.ToPort, CIDRIPv4: p.CIDR})
	}
	if len(list) == 0 {
		return nil, errors.New("requestParameters: it names no rule, and the answer none either")
	}
	var out []Effect
	for i := range list {
		r, err := list[i].read(places[i], d)
		if err != nil {
			return nil, err
		}
		out = append(out, Effect{ID: c.IDs[0], What: what, Direction: d, Rule: r})
	}
	return out, nil
}

// modified returns what rules changed to. A request that does not say the whole rule leaves
// open what became of the rest. Its direction is not said: a rule's id tells it.
func modified(c *Change, request, _ json.RawMessage) ([]Effect, error) {
	const path = "requestParameters.ModifySecurityGroupRulesRequest.SecurityGroupRule"
	var p struct {
		Request struct {
			Rules json.RawMessage `json:"SecurityGroupRule"`
		} `json:"ModifySecurityGroupRulesRequest"`
	}
	if err := read("requestParameters", request, &p); err != nil {
		return nil, err
	}
	type update struct {
		ID   string `json:"SecurityGroupRuleId"`
		Rule rule   `json:"SecurityGroupRule"`
	}
	var list []update
	if data := bytes.TrimSpace(p.Request.Rules); bytes.HasPrefix(data, []byte("[")) {
		if err := read(path, data, &list); err != nil {
			return nil, err
		}
	} else {
		var one update
		if err := read(path, data, &one); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	if len(list) == 0 {
		return nil, errors.New(path + ": it names no rule")
	}
	var out []Effect
	for i := range list {
		at := path
		if len(list) > 1 {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		v := &list[i]
		if v.ID == "" {
			return nil, fmt.Errorf("%s.SecurityGroupRuleId: it is missing", at)
		}
		v.Rule.IsEgress = nil
		r, err := v.Rule.read(at+".SecurityGroupRule", "")
		if err != nil {
			return nil, err
		}
		r.ID = v.ID
		out = append(out, Effect{ID: c.IDs[0], What: netmodel.Changed, Rule: r, Undescribed: v.Rule.Description == nil})
	}
	return out, nil
}
