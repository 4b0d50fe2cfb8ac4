package cloudtrail

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"weir/internal/netmodel"
)

// route returns the route that came or went. Of what a route can be to and lead to, published
// records have an IPv4 network, and gateways of the VPC.
func route(what string) func(*Change, json.RawMessage, json.RawMessage) ([]Effect, error) {
	return func(c *Change, request, _ json.RawMessage) ([]Effect, error) {
		const path = "requestParameters"
		var members map[string]json.RawMessage
		if err := read(path, request, &members); err != nil {
			return nil, err
		}
		var described netmodel.DescribedRoute
		texts := map[string]*string{"destinationCidrBlock": &described.DestinationCidrBlock}
		if what == netmodel.Came {
			texts["gatewayId"], texts["natGatewayId"] = &described.GatewayId, &described.NatGatewayId
			described.State, described.Origin = "active", "CreateRoute"
		} else {
			described.GatewayId = "local" // nothing says it, and one is needed
		}
		for _, name := range slices.Sorted(maps.Keys(members)) {
			into := texts[name]
			switch {
			case name == "routeTableId":
				continue
			case into == nil:
				return nil, fmt.Errorf("%s.%s: what that does is not known", path, name)
			}
			if err := read(path+"."+name, members[name], into); err != nil {
				return nil, err
			}
		}
		r, err := described.Route(path)
		if err != nil {
			return nil, err
		}
		if what == netmodel.Went {
			r = netmodel.Route{CIDR: r.CIDR}
		}
		return []Effect{{ID: c.IDs[0], What: what, Route: &r}}, nil
	}
}
