package logs

import (
	"strings"

	"weir/internal/awsapi"
)

func (a *API) arn(resource string) string {
	return "arn:aws:logs:" + a.Region + ":" + a.Account + ":" + resource
}

func (a *API) groupARN(group string) string { return a.arn("log-group:" + group) }

// group returns the name of the group that a request names by exactly one of name and identifier.
//
// Source: the words for both were seen of DescribeLogStreams.
func (a *API) group(name, identifier string) (string, error) {
	switch {
	case name != "" && identifier != "":
		return "", awsapi.Errorf("ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	case name != "":
		return name, nil
	case identifier != "":
		return a.identified(identifier)
	}
	return "", invalid("Either logGroupName or logGroupIdentifier must be given.")
}

// identified returns the name of a group of a name or an ARN. ARNs of any partition and region are
// taken, and ends of "*" and ":", which clients leave there.
func (a *API) identified(identifier string) (string, error) {
	if !strings.HasPrefix(identifier, "arn:") {
		return identifier, nil
	}
	parts := strings.SplitN(identifier, ":", 7)
	if len(parts) < 7 || parts[2] != "logs" || parts[5] != "log-group" {
		return "", invalid("%s is not the ARN of a log group.", identifier)
	}
	if parts[4] != a.Account {
		return "", errNoGroup
	}
	name := strings.TrimSuffix(strings.TrimSuffix(parts[6], "*"), ":")
	if name == "" || strings.ContainsAny(name, ":*") {
		return "", invalid("%s is not the ARN of a log group.", identifier)
	}
	return name, nil
}
