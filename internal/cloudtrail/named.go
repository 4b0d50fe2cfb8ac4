package cloudtrail

import (
	"encoding/json"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Calls of EC2 that are not followed can change what decides about packets too. Each that is
// no read, and is not known to be harmless, is a change of all that it names; what it did is
// not known. So a new call of AWS's is not taken for one that does nothing.

// head says which call a record is of.
type head struct {
	EventSource string `json:"eventSource"`
	EventName   string `json:"eventName"`
	EventType   string `json:"eventType"`
	ReadOnly    *bool  `json:"readOnly"` // since version 1.01 of records
}

// reads reports whether the call changes nothing.
func (h *head) reads() bool {
	if h.ReadOnly != nil {
		return *h.ReadOnly
	}
	for _, verb := range []string{"Describe", "Get", "List", "Search", "Export", "Test"} {
		if strings.HasPrefix(h.EventName, verb) {
			return true
		}
	}
	return false
}

// harmless are calls that name things and change nothing that decides about packets: tags,
// what is made from a thing, records of it, and the defaults of what is made later.
var harmless = setOf(`CreateTags DeleteTags CreateFlowLogs DeleteFlowLogs
	CreateLaunchTemplate CreateLaunchTemplateVersion ModifyLaunchTemplate DeleteLaunchTemplate DeleteLaunchTemplateVersions
	CreateFleet ModifyFleet RequestSpotInstances RequestSpotFleet ModifySpotFleetRequest
	CreateNetworkInterfacePermission DeleteNetworkInterfacePermission
	CreateNetworkInsightsPath CreateNetworkInsightsAccessScope StartNetworkInsightsAnalysis StartNetworkInsightsAccessScopeAnalysis
	CreateTrafficMirrorTarget CreateTrafficMirrorSession ModifyTrafficMirrorSession
	ModifySubnetAttribute ModifyVpcAttribute ModifyManagedPrefixListAttribute ModifyAddressAttribute ResetAddressAttribute`)

func setOf(words string) map[string]bool {
	out := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		out[word] = true
	}
	return out
}

// instanceCalls are those that can change the ENIs of an instance that they name: their
// public addresses, whether they are there, and by ModifyInstanceAttribute their groups.
var instanceCalls = setOf(`StartInstances StopInstances TerminateInstances AssociateAddress DisassociateAddress ModifyInstanceAttribute`)

// idForm is the form of an id of what a definition has, of an association, or of an instance.
var idForm = regexp.MustCompile(`^(acl|aclassoc|cagw|eigw|eipalloc|eipassoc|eni|i|igw|lgw|nat|pcx|pl|rtb|rtbassoc|sg|subnet|tgw|tgw-attach|tgw-rtb|vgw|vpc|vpce|vpcbpa-exclude)-[0-9a-z]+$`)

// named returns the ids of the things that a call which is not followed can have changed, in
// order.
func named(c *Change, raw json.RawMessage) []string {
	var r struct {
		Request  any `json:"requestParameters"`
		Response any `json:"responseElements"`
	}
	if json.Unmarshal(raw, &r) != nil {
		return nil
	}
	if c.Event == "ModifyVpcBlockPublicAccessOptions" {
		return []string{c.Account + "/" + c.Region}
	}
	if members, ok := r.Request.(map[string]any); ok && c.Event == "ModifyInstanceAttribute" {
		// One attribute at a time; the others are none of the network.
		if members["groupSet"] == nil && members["sourceDestCheck"] == nil && members["attribute"] == nil {
			return nil
		}
	}
	found := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, member := range v {
				walk(member)
			}
		case []any:
			for _, element := range v {
				walk(element)
			}
		case string:
			if kind := idForm.FindStringSubmatch(v); kind != nil && c.changes(kind[1]) {
				found[v] = true
			}
		}
	}
	walk(r.Request)
	walk(r.Response)
	if members, ok := r.Request.(map[string]any); ok && len(found) == 0 { // an Elastic IP may be named by its address alone
		if text, ok := members["publicIp"].(string); ok {
			if a, err := netip.ParseAddr(text); err == nil {
				found[a.String()] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// changes reports whether the call can have changed a thing of a kind that it names.
func (c *Change) changes(kind string) bool {
	switch kind {
	case "i":
		return instanceCalls[c.Event]
	case "vpc", "subnet", "sg": // something is made in it
		return !strings.HasPrefix(c.Event, "Create")
	}
	return true
}
