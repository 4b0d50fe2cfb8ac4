package cloudtrail

import (
	"encoding/json"
	"fmt"
	"slices"

	"weir/internal/netmodel"
)

// instance is an instance in the answer of RunInstances.
type instance struct {
	Interfaces items[instanceInterface] `json:"networkInterfaceSet"`
}

// instanceInterface is an ENI of an instance, in a request of RunInstances that attaches one
// which is there, or in the answer.
type instanceInterface struct {
	ID     string   `json:"networkInterfaceId"`
	Groups groupSet `json:"groupSet"`
}

// groupSet is how CloudTrail writes the security groups of an ENI.
type groupSet struct {
	Items []struct {
		ID string `json:"groupId"`
	} `json:"items"`
}

// ids returns the groups' ids.
func (g *groupSet) ids(path string) ([]string, error) {
	var out []string
	for i, v := range g.Items {
		if v.ID == "" {
			return nil, fmt.Errorf("%s.items[%d].groupId: it is missing", path, i)
		}
		out = append(out, v.ID)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: it names no group", path)
	}
	return out, nil
}

// newSecurityGroup returns the group that a CreateSecurityGroup made.
func newSecurityGroup(r *record) ([]string, *badRecord) {
	return one(".responseElements.groupId", "sg-", r.ResponseElements.GroupID)
}

// newInterface returns the ENI that a CreateNetworkInterface made.
func newInterface(r *record) ([]string, *badRecord) {
	return one(".responseElements.networkInterface.networkInterfaceId", "eni-", r.ResponseElements.NetworkInterface.ID)
}

// newInterfaces returns the ENIs that a RunInstances made: those of the answer that the request
// does not attach. There may be none.
func newInterfaces(r *record) ([]string, *badRecord) {
	was := map[string]bool{}
	for _, v := range r.RequestParameters.NetworkInterfaces.Items {
		was[v.ID] = true
	}
	var out []string
	for i, v := range r.ResponseElements.Instances.Items {
		for n, eni := range v.Interfaces.Items {
			ids, bad := one(fmt.Sprintf(".responseElements.instancesSet.items[%d].networkInterfaceSet.items[%d].networkInterfaceId", i, n), "eni-", eni.ID)
			if bad != nil {
				return nil, bad
			}
			if !was[eni.ID] && !slices.Contains(out, eni.ID) {
				out = append(out, ids...)
			}
		}
	}
	return out, nil
}

// whole returns that a thing came or went.
func whole(what string) func(*Change, json.RawMessage, json.RawMessage) ([]Effect, error) {
	return func(c *Change, _, _ json.RawMessage) ([]Effect, error) {
		return []Effect{{ID: c.IDs[0], What: what, Whole: true}}, nil
	}
}

// interfaceMade returns the ENI that came.
func interfaceMade(c *Change, _, response json.RawMessage) ([]Effect, error) {
	var answer struct {
		Interface struct {
			Groups groupSet `json:"groupSet"`
		} `json:"networkInterface"`
	}
	if err := read("responseElements", response, &answer); err != nil {
		return nil, err
	}
	groups, err := answer.Interface.Groups.ids("responseElements.networkInterface.groupSet")
	if err != nil {
		return nil, err
	}
	return []Effect{{ID: c.IDs[0], What: netmodel.Came, Whole: true, Groups: groups}}, nil
}

// interfacesMade returns the ENIs that came with instances.
func interfacesMade(c *Change, _, response json.RawMessage) ([]Effect, error) {
	var answer struct {
		Instances items[instance] `json:"instancesSet"`
	}
	if err := read("responseElements", response, &answer); err != nil {
		return nil, err
	}
	var out []Effect
	for i, v := range answer.Instances.Items {
		for n := range v.Interfaces.Items {
			eni := &v.Interfaces.Items[n]
			if !slices.Contains(c.IDs, eni.ID) || slices.ContainsFunc(out, func(e Effect) bool { return e.ID == eni.ID }) {
				continue
			}
			groups, err := eni.Groups.ids(fmt.Sprintf("responseElements.instancesSet.items[%d].networkInterfaceSet.items[%d].groupSet", i, n))
			if err != nil {
				return nil, err
			}
			out = append(out, Effect{ID: eni.ID, What: netmodel.Came, Whole: true, Groups: groups})
		}
	}
	return out, nil
}
