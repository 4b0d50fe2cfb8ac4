package console

import (
	"strconv"

	"weir/flowlog"
)

// namesOf returns the names that people know a field's numbers by, for showing
// beside them; none for most fields. The map is shared and must not be changed.
func namesOf(f flowlog.FieldID) map[string]string {
	switch f {
	case flowlog.SrcPort, flowlog.DstPort:
		return portNames
	case flowlog.Protocol:
		return protocolNames
	case flowlog.TrafficPath:
		return pathNames
	case flowlog.EncryptionStatus:
		return encryptionNames
	}
	return noNames
}

var noNames = map[string]string{}

// protocolNames are the usual names of protocols above IP, portNames those of
// services by their well-known port. A name says what the port is for, not what
// the packets were.
var (
	protocolNames = usualNames(flowlog.Protocols())
	portNames     = usualNames(flowlog.Services())
)

// usualNames returns the first name of each number.
func usualNames(list []flowlog.NamedNumber) map[string]string {
	out := map[string]string{}
	for _, n := range list {
		number := strconv.FormatInt(n.Number, 10)
		if _, ok := out[number]; !ok {
			out[number] = n.Name
		}
	}
	return out
}

// pathNames are the paths of outgoing traffic (VPC user guide, field traffic-path).
var pathNames = map[string]string{
	"1": "same VPC", "2": "internet gateway or gateway endpoint", "3": "virtual private gateway", "4": "peering, same region",
	"5": "peering, other region", "6": "local gateway", "7": "gateway endpoint", "8": "internet gateway",
}

// encryptionNames are the states of encryption in transit (VPC user guide, field
// encryption-status).
var encryptionNames = map[string]string{"0": "not encrypted", "1": "Nitro", "2": "application", "3": "Nitro and application"}
