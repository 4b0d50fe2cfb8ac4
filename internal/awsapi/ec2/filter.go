package ec2

import (
	"slices"
	"strings"

	"weir/internal/awsapi"
	"weir/internal/flowlogstore"
)

type filter struct {
	Name   string   `json:"Name"`
	Values []string `json:"Value"`
}

// maxFilterValues is how many values the filters of a request can have.
//
// Source: AWS, Amazon EC2 API Reference, "Error codes": FilterLimitExceeded.
const maxFilterValues = 200

// Filters of operations. That of a tag's value has the tag's key behind tagFilter.
var (
	flowLogFilters = []string{"deliver-log-status", "flow-log-id", "log-destination-type", "log-group-name", "resource-id", "tag-key", "traffic-type"}
	tagFilters     = []string{"key", "resource-id", "resource-type", "value"}
)

const tagFilter = "tag:"

// checkFilters checks that filters are those that there are, and have values.
func checkFilters(filters []filter, known []string) error {
	values := 0
	for _, f := range filters {
		key, tag := strings.CutPrefix(f.Name, tagFilter)
		switch {
		case f.Name == "":
			return missing("Filter.Name")
		case !slices.Contains(known, f.Name) && (!tag || key == ""):
			return invalidValue("The filter '%s' is invalid. Filters are %s, tag:KEY.", f.Name, strings.Join(known, ", "))
		case len(f.Values) == 0:
			return missing("Filter.Value")
		}
		values += len(f.Values)
	}
	if values > maxFilterValues {
		return awsapi.Errorf("FilterLimitExceeded", "The maximum number of filter values specified on a single call is %d", maxFilterValues)
	}
	return nil
}

// matches reports whether something has for each filter a value that one of the filter's values is of.
func matches(filters []filter, of func(name string) []string) bool {
	for _, f := range filters {
		if !slices.ContainsFunc(of(f.Name), func(value string) bool {
			return slices.ContainsFunc(f.Values, func(pattern string) bool { return like(pattern, value) })
		}) {
			return false
		}
	}
	return true
}

// like reports whether a text is of a pattern with * for any characters and ? for one; a backslash takes the meaning of the next character.
//
// Source: AWS's SDK for Java, DescribeTagsRequest, of 2011: "? matches exactly one character".
func like(pattern, text string) bool {
	p, t := []rune(pattern), []rune(text)
	star, resume := -1, 0
	i, j := 0, 0
	for j < len(t) {
		escaped := i+1 < len(p) && p[i] == '\\'
		switch {
		case escaped && p[i+1] == t[j]:
			i, j = i+2, j+1
		case !escaped && i < len(p) && p[i] == '*':
			star, resume = i, j
			i++
		case !escaped && i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0: // the last star takes one more
			resume++
			i, j = star+1, resume
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// flowLogValues returns what a flow log has for a filter.
func flowLogValues(f *flowlogstore.FlowLog, name string) []string {
	switch name {
	case "deliver-log-status":
		return []string{string(f.Delivery)}
	case "flow-log-id":
		return []string{f.ID}
	case "log-destination-type":
		return []string{f.DestinationType}
	case "log-group-name":
		return present(f.LogGroup)
	case "resource-id":
		return []string{f.ResourceID}
	case "traffic-type":
		return present(f.TrafficType)
	case "tag-key":
		var keys []string
		for k := range f.Tags {
			keys = append(keys, k)
		}
		return keys
	}
	if value, ok := f.Tags[strings.TrimPrefix(name, tagFilter)]; ok {
		return []string{value}
	}
	return nil
}

func present(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}
