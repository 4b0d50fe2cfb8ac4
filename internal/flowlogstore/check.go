package flowlogstore

import (
	"regexp"
	"slices"
	"strings"

	"weir/flowlog"
)

// Limits of a request.
//
// Sources: AWS's model of EC2 of August 2026; the API Reference of April 2026 still had 1,000 in place of 300.
const (
	maxResources        = 300
	maxTransitResources = 25
)

var trafficTypes = []string{"ACCEPT", "REJECT", "ALL"}

// resourceID is what follows the prefix. AWS's have 8 or 17 hexadecimal digits; definitions that people write by hand have words.
var resourceID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{0,62}$`)

// maxToken is the greatest length of a token, in characters.
//
// Source: AWS, Amazon EC2 Developer Guide, "Ensuring idempotency": 64 ASCII characters.
const maxToken = 64

// complete fills in what a request left out, and checks the rest. It leaves the lists as they are.
func (r *Request) complete(place Place) error {
	kind, ok := resources[r.ResourceType]
	switch {
	case len(r.ResourceIDs) == 0:
		return missing("ResourceId")
	case r.ResourceType == "":
		return missing("ResourceType")
	case !ok:
		return invalidValue("ResourceType", string(r.ResourceType), "VPC", "Subnet", "NetworkInterface", "TransitGateway", "TransitGatewayAttachment", "RegionalNatGateway")
	case len(r.Token) > maxToken || strings.ContainsFunc(r.Token, func(c rune) bool { return c < ' ' || c > '~' }):
		return refuse("InvalidParameterValue", "Invalid value for ClientToken: it can have %d characters of ASCII.", maxToken)
	}
	most := maxResources
	if kind.kind == flowlog.KindTGW {
		most = maxTransitResources
	}
	if len(r.ResourceIDs) > most {
		return invalid("The request has %d resources; %d are allowed for the resource type %s.", len(r.ResourceIDs), most, r.ResourceType)
	}
	for i, id := range r.ResourceIDs {
		rest, ok := strings.CutPrefix(id, kind.prefix+"-")
		if !ok || !resourceID.MatchString(rest) {
			return refuse("InvalidParameterValue", "Value (%s) for parameter ResourceId is invalid. Ids of the resource type %s begin with %s-.", id, r.ResourceType, kind.prefix)
		}
		if r.ResourceType == TransitGateway && strings.HasPrefix(id, resources[TransitGatewayAttachment].prefix+"-") {
			return refuse("InvalidParameterValue", "Value (%s) for parameter ResourceId is invalid. It is the id of a transit gateway attachment: the resource type is TransitGatewayAttachment.", id)
		}
		if slices.Contains(r.ResourceIDs[:i], id) {
			return invalid("The resource %s is in the request twice.", id)
		}
	}
	if err := r.completeTraffic(kind.kind); err != nil {
		return err
	}
	if err := r.completeDestination(place); err != nil {
		return err
	}
	if err := r.completeFormat(kind.kind); err != nil {
		return err
	}
	return checkTags(nil, r.Tags)
}

// completeTraffic checks what traffic is recorded, and how long it is aggregated.
func (c *Config) completeTraffic(kind flowlog.Kind) error {
	transit := kind == flowlog.KindTGW
	switch {
	case transit && c.TrafficType != "":
		return invalid("TrafficType is not supported for the resource type %s: leave it out.", c.ResourceType)
	case transit: // has none
	case c.TrafficType == "":
		return missing("TrafficType")
	case !slices.Contains(trafficTypes, c.TrafficType):
		return invalidValue("TrafficType", c.TrafficType, trafficTypes...)
	}
	if c.MaxAggregationInterval == 0 {
		c.MaxAggregationInterval = 600
	}
	if c.MaxAggregationInterval == 60 || c.MaxAggregationInterval == 600 && !transit {
		return nil
	}
	if transit {
		// Also where it was left out: the default is 600 for all types.
		return invalid("Invalid Flow Log Max Aggregation Interval: it must be 60 for the resource type %s.", c.ResourceType)
	}
	return invalid("Invalid Flow Log Max Aggregation Interval")
}
