package agent

import (
	"context"
	"fmt"
	"time"

	"weir/internal/agent/config"
	"weir/internal/agent/spool"
)

// Stopped is the state of an agent that does not run. No agent can begin with it until it is closed.
type Stopped struct {
	spool *spool.Spool
	state string
	made  map[string]string
}

// OpenStopped opens the state that a config names. The policy is the server's that was last in force; nil: the config says the flow logs. It fails with [ErrRuns] where an agent has the state.
func OpenStopped(ctx context.Context, c *config.Config, p *Policy) (*Stopped, error) {
	there, err := spool.There(c.State)
	if err != nil {
		return nil, fmt.Errorf("cannot read the agent's state, which is its user's and root's: %w", err)
	}
	if !there {
		return nil, fmt.Errorf("no agent has its state in %s", c.State)
	}
	logs := c.FlowLogs
	if p != nil {
		logs = p.FlowLogs
	}
	s, err := spool.Open(ctx, c.State)
	if err != nil {
		return nil, err
	}
	return &Stopped{s, c.State, made(logs, p)}, nil
}

// ErrRuns says that an agent has a state.
var ErrRuns = spool.ErrTaken

// Leftovers returns what waits of a flow log that was taken out; "": of all.
func (s *Stopped) Leftovers(ctx context.Context, flowLog string) (*Leftovers, error) {
	ids, err := takenOut(s.spool, s.made, flowLog)
	out := &Leftovers{State: s.state, Leftovers: []Leftover{}}
	for i := 0; err == nil && i < len(ids); i++ {
		var l *Leftover
		if l, err = leftoverOf(ctx, s.spool, ids[i]); err == nil {
			out.Leftovers = append(out.Leftovers, *l)
		}
	}
	return out, err
}

// Drop gives up what waits of a flow log that was taken out, up to the number of an item. An error may come after some was given up: that is returned with it.
func (s *Stopped) Drop(ctx context.Context, flowLog string, through int64, at time.Time) (Dropped, error) {
	if _, err := takenOut(s.spool, s.made, flowLog); err != nil {
		return Dropped{}, err
	}
	return giveUp(ctx, s.spool, flowLog, through, at, func(items []spool.Item) ([]spool.Item, error) { return items, nil })
}

// Close closes it.
func (s *Stopped) Close() error { return s.spool.Close() }
