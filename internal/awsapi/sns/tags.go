package sns

import (
	"maps"
	"slices"
)

type tag struct {
	Key   string `json:"Key" required:"true"`
	Value string `json:"Value" required:"true"`
}

// tagMap returns tags by key.
func tagMap(list []tag) (map[string]string, error) {
	out := map[string]string{}
	for _, t := range list {
		if _, twice := out[t.Key]; twice {
			return nil, invalid("Duplicated keys are not allowed.")
		}
		out[t.Key] = t.Value
	}
	return out, nil
}

// tagList returns tags in the order of their keys.
func tagList(tags map[string]string) []tag {
	out := []tag{}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tag{k, tags[k]})
	}
	return out
}
