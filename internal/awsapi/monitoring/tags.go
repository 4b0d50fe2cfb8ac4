package monitoring

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"weir/internal/alarm"
	"weir/internal/awsapi"
	"weir/internal/contributor"
)

// tag is AWS's Tag.
type tag struct {
	Key   string `json:"Key" required:"true" shape:"tagKey"`
	Value string `json:"Value" required:"true" shape:"tagValue"`
}

const maxTags = 50

// tagMap returns the tags of a request, nil for none.
func tagMap(tags []tag) (map[string]string, error) {
	if len(tags) > maxTags {
		return nil, invalidValue("A resource can have no more than %d tags.", maxTags)
	}
	var out map[string]string
	for _, t := range tags {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, invalidValue("The tag key %s begins with aws:, which is reserved for AWS.", t.Key)
		}
		if _, twice := out[t.Key]; twice {
			return nil, invalidValue("The tag key %s is there twice.", t.Key)
		}
		if out == nil {
			out = map[string]string{}
		}
		out[t.Key] = t.Value
	}
	return out, nil
}

// shownTags returns tags by key.
func shownTags(tags map[string]string) []tag {
	out := []tag{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tag{key, tags[key]})
	}
	return out
}

// A tagger keeps the tags of one kind of resource by name.
type tagger interface {
	Tags(ctx context.Context, name string) (map[string]string, error)
	Tag(ctx context.Context, name string, tags map[string]string) error
	Untag(ctx context.Context, name string, keys []string) error
}

// A taggedResource is what an ARN names.
type taggedResource struct {
	tagger
	kind, name string
}

// tagged returns what an ARN names: an alarm or an insight rule of the server.
func (a *API) tagged(arn string) (*taggedResource, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[2] != "cloudwatch" {
		return nil, invalidValue("%s is no ARN of CloudWatch.", arn)
	}
	if name, ok := strings.CutPrefix(parts[5], "alarm:"); ok && name != "" {
		if arn != a.alarmARN(name) {
			return nil, invalidValue("%s is no alarm of this server, whose ARNs are %s.", arn, a.alarmARN("NAME"))
		}
		return &taggedResource{a.Alarms, "alarm", name}, nil
	}
	// The ARNs of insight rules are made by clients: Terraform takes its own region, and no account where it is told to look up none.
	if parts[4] != a.Account && parts[4] != "" {
		return nil, invalidValue("%s is of another account than this server's, which is %s.", arn, a.Account)
	}
	if name, ok := strings.CutPrefix(parts[5], "insight-rule/"); ok && name != "" && a.InsightRules != nil {
		return &taggedResource{a.InsightRules, "insight rule", name}, nil
	}
	return nil, invalidValue("%s is no alarm (alarm:NAME) and no insight rule (insight-rule/NAME), which alone have tags.", arn)
}

// notThere says whether an error is that a resource is not there.
func notThere(err error) bool {
	wrong := new(alarm.Error)
	return errors.Is(err, contributor.ErrNoRule) || errors.As(err, &wrong) && wrong.Code == "ResourceNotFound"
}

// answer makes an error of changing a resource's tags one that clients get.
func (r *taggedResource) answer(err error) error {
	if notThere(err) {
		return &awsapi.Error{Code: "ResourceNotFoundException", Status: 404, Message: "There is no " + r.kind + " " + r.name + "."}
	}
	return answer(err)
}
