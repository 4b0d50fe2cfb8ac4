package detection

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A Target is who is told: a subscription's protocol and endpoint, or, with Protocol "", the ARN of a topic that is there.
type Target struct {
	Protocol string `json:"protocol,omitempty"`
	Endpoint string `json:"endpoint"`
}

// targetForms says how targets are written.
const targetForms = "a target is the ARN of a topic, mailto:ADDRESS, an https:// or http:// URL that takes SNS's messages, slack:URL, teams:URL, webhook:URL, or command:NAME"

// ParseTarget reads who is told.
func ParseTarget(text string) (Target, error) {
	scheme, rest, ok := strings.Cut(text, ":")
	switch {
	case !ok || rest == "":
	case scheme == "arn":
		if parts := strings.Split(text, ":"); len(parts) == 6 && parts[2] == "sns" && parts[5] != "" {
			return Target{Endpoint: text}, nil
		}
		return Target{}, fmt.Errorf("%s is no ARN of a topic, arn:aws:sns:REGION:ACCOUNT:NAME", text)
	case scheme == "mailto":
		return Target{"email", rest}, nil
	case scheme == "http" || scheme == "https":
		return Target{scheme, text}, hasHost(text)
	case scheme == "command":
		return Target{scheme, rest}, nil
	case slices.Contains([]string{"slack", "teams", "webhook"}, scheme):
		return Target{scheme, rest}, hasHost(rest)
	}
	return Target{}, fmt.Errorf("%q is no target: %s", text, targetForms)
}

func hasHost(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is no http or https URL", text)
	}
	return nil
}

// String writes the target as ParseTarget reads it.
func (t Target) String() string {
	switch t.Protocol {
	case "", "http", "https":
		return t.Endpoint
	case "email":
		return "mailto:" + t.Endpoint
	}
	return t.Protocol + ":" + t.Endpoint
}
