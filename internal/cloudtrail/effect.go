package cloudtrail

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"weir/internal/netmodel"
)

// Effect is one thing that a call did, as the event says it. Just one of Rule, Entry, Route,
// Groups and Association is set, or Whole is.
type Effect struct {
	// ID is the security group, the network ACL, the route table, the ENI or the association
	// that ended.
	ID string
	// What is [netmodel.Came], [netmodel.Went] or [netmodel.Changed].
	What string
	// Direction is that of Rule or Entry.
	Direction netmodel.Direction
	// Rule came, went, or is what the rule with its ID changed to. One that went may have an
	// ID only, and no Peer. Old events know no ids.
	Rule *netmodel.GroupRule
	// Undescribed says that a Rule which changed has no Description because the event does not
	// say it. AWS does not document whether the one of before stays.
	Undescribed bool
	// Entry came, went, or is what the entry with its number changed to. One that went has a
	// Number only.
	Entry *netmodel.ACLEntry
	// Route came or went. One that went has no Target.
	Route *netmodel.Route
	// Groups are the security groups of an ENI from then on.
	Groups []string
	// Whole says that the security group or ENI itself came or went. One that came has its
	// Groups.
	Whole bool
	// Association is what a subnet has from then on.
	Association *Association
}

// Association connects a subnet, which the event does not name, with a network ACL.
type Association struct{ ID, NetworkACL string }

// String returns the effect for people: "sg-1 ingress came tcp:443 10.0.0.0/8 (sgr-1)".
func (e Effect) String() string {
	words := []string{e.ID}
	if e.Direction != "" {
		words = append(words, string(e.Direction))
	}
	words = append(words, e.What)
	switch {
	case e.Rule != nil && e.Rule.Peer == netmodel.Peer{}:
		words = append(words, e.Rule.ID)
	case e.Rule != nil:
		words = append(words, netmodel.Text(*e.Rule))
	case e.Entry != nil && e.What == netmodel.Went:
		words = append(words, strconv.Itoa(e.Entry.Number))
	case e.Entry != nil:
		words = append(words, netmodel.Text(*e.Entry))
	case e.Route != nil && e.What == netmodel.Went:
		words = append(words, e.Route.CIDR.String())
	case e.Route != nil:
		words = append(words, e.Route.String())
	case e.Association != nil:
		words = append(words, e.Association.NetworkACL, "("+e.Association.ID+")")
	case e.Whole && len(e.Groups) == 0:
	default:
		words = append(words, netmodel.Text(e.Groups))
	}
	return strings.Join(words, " ")
}

// effects find what a call did. An error says why that is not clear.
var effects = map[string]func(c *Change, request, response json.RawMessage) ([]Effect, error){
	"AuthorizeSecurityGroupIngress":   authorized(netmodel.Ingress),
	"AuthorizeSecurityGroupEgress":    authorized(netmodel.Egress),
	"RevokeSecurityGroupIngress":      revoked(netmodel.Ingress),
	"RevokeSecurityGroupEgress":       revoked(netmodel.Egress),
	"ModifySecurityGroupRules":        modified,
	"CreateNetworkAclEntry":           entry(netmodel.Came),
	"ReplaceNetworkAclEntry":          entry(netmodel.Changed),
	"DeleteNetworkAclEntry":           entry(netmodel.Went),
	"ReplaceNetworkAclAssociation":    associated,
	"ModifyNetworkInterfaceAttribute": groupsSet,
	"CreateSecurityGroup":             whole(netmodel.Came),
	"DeleteSecurityGroup":             whole(netmodel.Went),
	"CreateNetworkInterface":          interfaceMade,
	"DeleteNetworkInterface":          whole(netmodel.Went),
	"RunInstances":                    interfacesMade,
	"CreateRoute":                     route(netmodel.Came),
	"DeleteRoute":                     route(netmodel.Went),
}

// read reads a member of a record.
func read(path string, data json.RawMessage, into any) error {
	if len(data) == 0 {
		return fmt.Errorf("%s: it is missing", path)
	}
	if err := json.Unmarshal(data, into); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
			return fmt.Errorf("%s.%s: %s where %s is expected", path, wrong.Field, wrong.Value, wrong.Type.Kind())
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
