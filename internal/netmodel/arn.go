package netmodel

import (
	"regexp"
	"strings"
)

// arn are the parts of an ARN: arn:partition:service:region:account:resource.
//
// Source: IAM user guide, "Identify AWS resources with Amazon Resource Names (ARNs)".
type arn struct{ service, region, account, resource string }

// parseARN returns the parts of an ARN, all "" of what is none.
func parseARN(text string) arn {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return arn{}
	}
	return arn{service: parts[2], region: parts[3], account: parts[4], resource: parts[5]}
}

var zoneRegion = regexp.MustCompile(`^[a-z]{2,3}(-[a-z]+)+-[0-9]+`)

// regionOf returns the region of an Availability Zone, Local Zone or Wavelength Zone, or of
// a network border group, by its name: eu-west-1 of eu-west-1a, us-west-2 of
// us-west-2-lax-1a.
//
// Source: EC2 user guide, "Regions and Zones".
func regionOf(zone string) string { return zoneRegion.FindString(zone) }

// lastID returns the id at the end of an ARN's resource: vpc-1 of vpc/vpc-1.
func (a arn) lastID() string { return a.resource[strings.LastIndexByte(a.resource, '/')+1:] }
