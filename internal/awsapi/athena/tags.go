package athena

import (
	"maps"
	"strings"
)

const maxTags = 50

// merged returns tags with others added. A resource has at most 50; keys that begin with aws: are AWS's.
func merged(old map[string]string, more []tag) (map[string]string, error) {
	out := maps.Clone(old)
	if out == nil {
		out = map[string]string{}
	}
	for _, t := range more {
		switch {
		case t.Key == "":
			return nil, invalid("A tag has no key.")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return nil, invalid("The tag key %s begins with aws:, which is reserved for AWS.", t.Key)
		}
		out[t.Key] = t.Value
	}
	if len(out) > maxTags {
		return nil, invalid("A resource can have no more than %d tags.", maxTags)
	}
	return out, nil
}

// tagged returns the name of the workgroup that an ARN names. ARNs of any partition and region are taken.
func (a *API) tagged(arn string) (string, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[2] != "athena" {
		return "", invalid("%s is not an ARN of Athena.", arn)
	}
	kind, name, _ := strings.Cut(parts[5], "/")
	if kind != "workgroup" {
		return "", invalid("Tags of %s are not kept by this server: workgroups have tags.", parts[5])
	}
	if _, err := a.Store.group(name); err != nil || name == "" || parts[4] != a.Account {
		return "", notFound(arn, "The resource %s was not found.", arn)
	}
	return name, nil
}
