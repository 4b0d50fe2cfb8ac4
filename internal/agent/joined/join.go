package joined

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"weir/internal/agentapi"
)

// Request says how to join.
type Request struct {
	// State is the agent's state folder.
	State string
	// Server is the address of the server, https://HOST:PORT.
	Server string
	Token  *agentapi.Token
	// Name is how people call the agent, and Version its program's.
	Name, Version string
	Now           func() time.Time
}

// Join joins a server, and keeps what it says in the state folder, in place of a server of before. The credential is on the disk before it is sent, so that a join that did not
// come to its end can be made again with the same token.
func Join(ctx context.Context, r *Request) (*Identity, error) {
	server, err := agentapi.ParseServer(r.Server)
	if err != nil {
		return nil, err
	}
	const file = "joining.json"
	dir := filepath.Join(r.State, folder)
	var before struct {
		Token    string   `json:"token"`
		Identity Identity `json:"identity"`
	}
	if err := readPrivate(filepath.Join(dir, file), &before); err != nil || before.Token != r.Token.ID || before.Identity.Name != r.Name || before.Identity.Server != server {
		before.Token = r.Token.ID
		before.Identity = Identity{Server: server, Pin: r.Token.Pin, Name: r.Name, Credential: agentapi.NewSecret()}
		if err := writePrivate(dir, file, &before); err != nil {
			return nil, fmt.Errorf("cannot keep what joins: %w", err)
		}
	}
	i := &before.Identity
	i.Pin = r.Token.Pin // a token that was damaged when it was copied may have had another one
	c := agentapi.NewClient(server, r.Token.Pin, "", "")
	defer c.Close()
	joined, err := c.Join(ctx, &agentapi.Join{TokenID: r.Token.ID, TokenSecret: r.Token.Secret, Name: r.Name, Version: r.Version, Credential: i.Credential})
	if err != nil {
		return nil, fmt.Errorf("cannot join: %w", err)
	}
	i.ID, i.Joined = joined.AgentID, r.Now().UTC().Truncate(time.Second)
	if err := writePrivate(dir, "agent.json", i); err != nil {
		return nil, fmt.Errorf("cannot keep what joined: %w", err)
	}
	return i, remove(dir, file)
}

// Final reports whether an error is a server's word, which does not change when it is asked again.
func Final(err error) bool {
	e, ok := errors.AsType[*agentapi.Error](err)
	return ok && e.Code != agentapi.CodeInternal || errors.Is(err, agentapi.ErrPin)
}
