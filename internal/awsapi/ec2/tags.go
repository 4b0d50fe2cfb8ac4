package ec2

import (
	"maps"
	"slices"
	"strings"

	"weir/internal/awsapi"
)

// flowLogType is the type of flow logs among the resources that can have tags.
const flowLogType = "vpc-flow-log"

// A tag of a request. EC2 tells an empty value from none.
type tag struct {
	Key   string  `json:"Key"`
	Value *string `json:"Value"`
}

type tagOut struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type tagSpecification struct {
	ResourceType string `json:"ResourceType"`
	Tags         []tag  `json:"Tag"`
}

// flowLogTags returns the tags of a request that makes flow logs.
//
// Source: the words are those that EC2's users see where they tag other resources.
func flowLogTags(specifications []tagSpecification) (map[string]string, error) {
	switch {
	case len(specifications) == 0:
		return nil, nil
	case len(specifications) > 1:
		return nil, awsapi.Errorf("InvalidParameter", "The same resource type may not be specified more than once in tag specifications")
	}
	s := specifications[0]
	switch {
	case s.ResourceType == "":
		return nil, invalidValue("Tag specification resource type must have a value")
	case s.ResourceType != flowLogType:
		return nil, invalidValue("'%s' is not a valid taggable resource type for this operation.", s.ResourceType)
	case len(s.Tags) == 0:
		return nil, invalidValue("Tag specification must have at least one tag")
	}
	return tagMap(s.Tags, true)
}

// tagMap returns tags by key. A value may be left out where that is the same as an empty one.
func tagMap(tags []tag, mayLack bool) (map[string]string, error) {
	out := map[string]string{}
	for _, t := range tags {
		if _, twice := out[t.Key]; twice {
			return nil, invalidValue("Duplicate tag key '%s' specified.", t.Key)
		}
		if t.Value == nil && !mayLack {
			return nil, invalidValue("Tag value cannot be null. Use empty string instead.")
		}
		out[t.Key] = ""
		if t.Value != nil {
			out[t.Key] = *t.Value
		}
	}
	return out, nil
}

// sortedTags returns tags in the order of their keys.
func sortedTags(tags map[string]string) []tagOut {
	var out []tagOut
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tagOut{k, tags[k]})
	}
	return out
}

// checkTagged checks the ids of resources whose tags change: flow logs alone have tags here.
//
// Source of the first part of the text: AWS, Amazon EC2 API Reference, "Error codes": InvalidID; moto.
func checkTagged(ids []string) error {
	if len(ids) == 0 {
		return missing("ResourceId")
	}
	if err := checkCount("ResourceId", len(ids)); err != nil {
		return err
	}
	for _, id := range ids {
		if !strings.HasPrefix(id, "fl-") {
			return awsapi.Errorf("InvalidID", "The ID '%s' is not valid: flow logs alone have tags on this server", id)
		}
	}
	return nil
}
