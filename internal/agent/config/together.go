package config

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"
)

// names are what people call the types.
var names = map[DestinationType]string{Folder: "a folder", S3: "a bucket", CloudWatchLogs: "a log group", Firehose: "a delivery stream"}

// together refuses keys of a destination that do not go with what it is, or with each other. said are the values by key.
func (r *reader) together(d *Delivery, region string, said map[string]*yaml.Node) error {
	for _, key := range slices.Sorted(maps.Keys(said)) {
		if types := only[key]; types != nil && !slices.Contains(types, d.Type) {
			return r.bad(said[key], "%s is not for %s", key, names[d.Type])
		}
	}
	if region != "" && d.Region != "" && region != d.Region {
		return r.bad(said["region"], "the ARN says another region, %s", d.Region)
	}
	if d.NoSignRequest {
		for _, key := range []string{"profile", "role", "kms-key"} {
			if n := said[key]; n != nil {
				return r.bad(n, "%s takes credentials, and no-sign-request has none", key)
			}
		}
	}
	if d.CrossAccountRole != "" && d.Role == "" { // AWS's words, with the keys' names; spec d.4
		return r.bad(said["cross-account-role"], "When providing a role for cross-account delivery, both role and cross-account-role must be set.")
	}
	key, role := "role", d.Role
	if d.CrossAccountRole != "" {
		key, role = "cross-account-role", d.CrossAccountRole
	}
	// Requests name a log group or stream and no account: they are of the account of who asks.
	if m := roleARN.FindStringSubmatch(role); m != nil && d.Type != S3 && d.Account != "" && m[1] != d.Account {
		return r.bad(said[key], "the role is of account %s, and what the ARN names of %s: take a role there", m[1], d.Account)
	}
	return nil
}
