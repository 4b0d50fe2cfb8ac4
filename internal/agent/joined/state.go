package joined

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"weir/internal/agent"
	"weir/internal/agent/config"
	"weir/internal/agentapi"
	"weir/internal/durable"
	"weir/internal/netmodel"
)

// Identity is who the agent is to its server.
type Identity struct {
	// Server is its address, of [agentapi.ParseServer], and Pin of its certificate.
	Server string       `json:"server"`
	Pin    agentapi.Pin `json:"pin"`
	// ID is the agent's, "" while the server has not answered yet.
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Credential string    `json:"credential"`
	Joined     time.Time `json:"joined"`
}

// kept is a policy that was in force, as it came.
type kept struct {
	// Agent is its id at the server: after another join it has another one.
	Agent    string          `json:"agent"`
	Received time.Time       `json:"received"`
	Policy   json.RawMessage `json:"policy"`
}

// folder is what is kept of a server, in the agent's state folder.
const folder = "server"

// ErrNotJoined says that there is no server in a folder.
var ErrNotJoined = errors.New("the agent has not joined a server: 'weir-agent join' does")

// readPrivate reads a JSON file that is for its owner alone.
func readPrivate(path string, to any) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s is not used, since others can read or write it (mode %04o): chmod 600", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := agentapi.Decode(text, to); err != nil {
		return fmt.Errorf("%s is %w", path, err)
	}
	return nil
}

// writePrivate writes a JSON file for its owner alone.
func writePrivate(dir, name string, doc any) error {
	text, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	if err := durable.MakeDir(dir); err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(dir, name), text, 0o600)
}

// readIdentity reads who the agent is. It fails with [ErrNotJoined] where it has not joined.
func readIdentity(dir string) (*Identity, error) {
	var i Identity
	err := readPrivate(filepath.Join(dir, "agent.json"), &i)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotJoined
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what joined: %w", err)
	}
	return &i, nil
}

// readKept reads the policy that was in force last; nil: none was, of this server.
func readKept(dir, id string) (*kept, error) {
	var k kept
	err := readPrivate(filepath.Join(dir, "policy.json"), &k)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the policy of before: %w", err)
	}
	if k.Agent != id {
		return nil, nil
	}
	return &k, nil
}

// policyOf makes of what a server says what the agent does. It fails where not all of it is understood; flow logs that the agent can't make are in Refused.
func policyOf(text []byte, c *config.Config) (*agent.Policy, *agentapi.Policy, error) {
	var said agentapi.Policy
	if err := agentapi.Decode(text, &said); err != nil {
		return nil, &said, fmt.Errorf("a policy that is %w", err)
	}
	p := &agent.Policy{
		Generation: said.Generation, Refused: map[string]string{},
		Documents: netmodel.Documents("the server's network.yaml", []byte(said.Network)),
	}
	for i := range said.FlowLogs {
		l, err := flowLogOf(&said.FlowLogs[i], c.Buckets)
		if err != nil {
			p.Refused[l.ID] = err.Error()
			continue
		}
		p.FlowLogs = append(p.FlowLogs, l)
	}
	return p, &said, agent.CheckPolicy(c, p)
}
