package logs

import (
	"context"
	"maps"
	"slices"
	"strings"

	"weir/internal/awsapi"
)

const maxTags = 50

func checkTags(tags map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return invalid("The tag key %s begins with aws:, which is reserved for AWS.", key)
		}
	}
	return nil
}

// tagged returns the group that an ARN names, as TagResource and its like get it.
func (a *API) tagged(ctx context.Context, arn string) (string, error) {
	if !strings.HasPrefix(arn, "arn:") {
		return "", invalid("%s is not an ARN.", arn)
	}
	if parts := strings.SplitN(arn, ":", 7); len(parts) == 7 && parts[2] == "logs" && parts[5] != "log-group" {
		return "", invalid("Tags of %s are not kept by this server: log groups have tags.", parts[5])
	}
	name, err := a.identified(arn)
	if err != nil {
		return "", err
	}
	if _, _, err := a.groups.find(ctx, name); err != nil {
		return "", err
	}
	return name, nil
}

// tag adds tags to a group. A group has at most 50.
func (a *API) tag(ctx context.Context, group string, tags map[string]string, tooMany error) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	found, err := a.groups.writable(ctx, group)
	if err != nil {
		return err
	}
	all := maps.Clone(found.Tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, tags)
	if len(all) > maxTags {
		return tooMany
	}
	return answer(a.Store.Tag(ctx, group, tags))
}

type tagsResponse struct {
	Tags map[string]string `json:"tags"`
}

func (a *API) tags(ctx context.Context, group string) (*tagsResponse, error) {
	found, _, err := a.groups.find(ctx, group)
	if err != nil {
		return nil, err
	}
	out := &tagsResponse{Tags: found.Tags}
	if out.Tags == nil {
		out.Tags = map[string]string{}
	}
	return out, nil
}

func (a *API) untag(ctx context.Context, group string, keys []string) error {
	if _, err := a.groups.writable(ctx, group); err != nil {
		return err
	}
	return answer(a.Store.Untag(ctx, group, keys))
}

func tooManyTags(arn string) error {
	e := awsapi.Errorf("TooManyTagsException", "A resource can have no more than 50 tags.")
	e.Members = map[string]any{"resourceName": arn}
	return e
}
