package config

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"weir/flowlog"
	"weir/internal/agentapi"
)

// server reads the address of a server.
func (r *reader) server(c *Config, n *yaml.Node) error {
	if err := r.text(&c.Server)(n); err != nil {
		return err
	}
	server, err := agentapi.ParseServer(c.Server)
	if err != nil {
		return r.bad(n, "%s", err)
	}
	c.Server = server
	return nil
}

// oneSource fails where the network's definition and flow logs come from two places, or from none: which of them counted would be a guess.
func (r *reader) oneSource(c *Config, root *yaml.Node) error {
	at := map[string]*yaml.Node{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		at[root.Content[i].Value] = root.Content[i]
	}
	local, joined, need := []string{"network", "flow-logs"}, []string{"buckets"}, []string{"interfaces"}
	if c.Server == "" {
		need = []string{"network", "interfaces", "flow-logs"}
	}
	for _, key := range need {
		if at[key] == nil {
			return r.bad(root, "no %s", key)
		}
	}
	if c.Server == "" {
		for _, key := range joined {
			if at[key] != nil {
				return r.bad(at[key], "%s is of an agent that has a server", key)
			}
		}
		return nil
	}
	for _, key := range local {
		if at[key] != nil {
			return r.bad(at[key], "the server says the network and the flow logs: leave out %s, or server", key)
		}
	}
	return nil
}

// ParseFormat reads a LogFormat of a kind of flow logs. Fields that nobody knows are refused, and weir's own that only the lake has.
func ParseFormat(text string, kind flowlog.Kind) (flowlog.Format, error) {
	f, err := flowlog.ParseLogFormat(text)
	if err == nil {
		f, err = f.As(kind)
	}
	if err != nil {
		return f, formatError(strings.TrimPrefix(err.Error(), "flowlog: "))
	}
	return f, checkFields(f, kind)
}

// formatError says what is wrong with a LogFormat.
type formatError string

// Error returns it.
func (e formatError) Error() string { return string(e) }
