package joined

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"weir/internal/agent"
	"weir/internal/agent/config"
	"weir/internal/agentapi"
	"weir/internal/durable"
)

// reportEvery is how often the server is told how the agent is where nothing changed but counts.
const reportEvery = 30 * time.Second

// Options are what [Open] is told.
type Options struct {
	// Config has the server and the folder.
	Config  *config.Config
	Version string
	Log     *slog.Logger
	Now     func() time.Time
	// Wait waits for so long, or until ctx is done; nil: by the machine's clock.
	Wait func(ctx context.Context, d time.Duration)
}

// Agent is an agent that joined. It is safe for concurrent use.
type Agent struct {
	Options
	identity *Identity
	client   *agentapi.Client
	first    *agent.Policy
	offers   chan agent.Offer
	reports  chan *agentapi.Report

	keeping sync.Mutex // held while a policy is kept, before mu
	pending func()     // keeps the first policy once the agent runs by it; of keeping

	mu        sync.Mutex
	status    agent.ServerStatus
	inForce   agentapi.Policy // generation and digest
	refused   *agentapi.Refused
	lookedAt  agentapi.Policy // generation and digest of the last that came, in force or refused
	told      []byte          // what was reported last, without counts
	toldAt    time.Time
	reporting bool
}

// Open reads what the agent has of its server. It fails with [ErrNotJoined], where the folder is of another server than the config's, and where a file is damaged or can be
// read by others. A policy that was kept and that can't be carried out any more, as after the config changed, is said in the log, and the server is asked.
func Open(o Options) (*Agent, error) {
	server, err := agentapi.ParseServer(o.Config.Server)
	if err != nil {
		return nil, err
	}
	i, err := readIdentity(filepath.Join(o.Config.State, folder))
	if err != nil {
		return nil, err
	}
	if i.Server != server {
		return nil, fmt.Errorf("the agent joined %s, and its config says %s: 'weir-agent join' joins another server", i.Server, server)
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	a := &Agent{
		Options: o, identity: i, client: agentapi.NewClient(server, i.Pin, i.ID, i.Credential), offers: make(chan agent.Offer), reports: make(chan *agentapi.Report, 1),
		status: agent.ServerStatus{Server: server},
	}
	k, err := readKept(filepath.Join(o.Config.State, folder), i.ID)
	if err != nil || k == nil {
		return a, err
	}
	p, said, err := policyOf(k.Policy, o.Config)
	if err != nil {
		o.Log.Error("the policy of before can't be carried out any more; the server is asked", "generation", said.Generation, "error", err)
		return a, nil
	}
	a.first = p
	a.status.Generation, a.status.Since = said.Generation, k.Received
	a.inForce = agentapi.Policy{Generation: said.Generation, Digest: said.Digest}
	a.lookedAt = a.inForce
	return a, nil
}

// wait waits by the machine's clock.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Kept returns the policy that was in force when the agent ended; nil: none was.
func (a *Agent) Kept() *agent.Policy { return a.first }

// Offers has policies that the server has now.
func (a *Agent) Offers() <-chan agent.Offer { return a.offers }

// Status says what there is of the server.
func (a *Agent) Status() agent.ServerStatus {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status
}

// First returns the policy that an agent begins with: the one that was kept, or the server's first that can be carried out, which is waited for. It is called before Run.
func (a *Agent) First(ctx context.Context) (*agent.Policy, error) {
	if a.first != nil {
		return a.first, nil
	}
	a.Log.Info("waiting for the first policy", "server", a.identity.Server)
	for failed := 0; ctx.Err() == nil; {
		var first *agent.Policy
		answered := a.follow(ctx, func(p *agent.Policy) error { first = p; return nil }, a.keepLater)
		if first != nil {
			return first, nil
		}
		if a.send(ctx, a.reportOf(&agent.Status{})); answered {
			failed = 0
			continue
		}
		failed++
		a.Wait(ctx, agent.Backoff(failed))
	}
	return nil, ctx.Err()
}

// Run follows the server until ctx is done: it offers each policy, keeps those that are in force, and reports.
func (a *Agent) Run(ctx context.Context) {
	defer a.client.Close()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case r := <-a.reports:
				a.send(ctx, r)
			case <-ctx.Done():
				return
			}
		}
	})
	failed := 0
	for ctx.Err() == nil {
		if a.follow(ctx, func(p *agent.Policy) error { return a.offer(ctx, p) }, a.keepNow) {
			failed = 0
			continue
		}
		failed++
		a.Wait(ctx, agent.Backoff(failed))
	}
	wg.Wait()
}

// offer has a policy put in force.
func (a *Agent) offer(ctx context.Context, p *agent.Policy) error {
	answer := make(chan error, 1)
	select {
	case a.offers <- agent.Offer{Policy: p, Answer: func(err error) { answer <- err }}:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// follow asks the server once, has what it says taken, and then kept. It reports false where the server did not answer as it should.
func (a *Agent) follow(ctx context.Context, take func(*agent.Policy) error, keep func(p agentapi.Policy, text []byte)) bool {
	a.mu.Lock()
	at := a.lookedAt
	a.mu.Unlock()
	text, err := a.client.Policy(ctx, at.Generation, at.Digest)
	if ctx.Err() != nil {
		return true
	}
	a.heard(err)
	if err != nil || text == nil {
		return err == nil
	}
	p, said, err := policyOf(text, a.Config)
	now := agentapi.Policy{Generation: said.Generation, Digest: said.Digest}
	if said.Digest == "" { // not even its number was understood: it is asked for again, not at once
		a.refuse(now, err)
		return false
	}
	if err == nil {
		err = take(p)
	}
	if ctx.Err() != nil {
		return true
	}
	if errors.Is(err, agent.ErrAgain) {
		a.Log.Warn("a policy is not in force yet", "generation", now.Generation, "error", err)
		return false
	}
	if err != nil {
		a.refuse(now, err)
		return true
	}
	keep(now, text)
	return true
}

// heard notes whether the server answered, and says it once; and where it is another thing later that does not change by waiting, that too.
func (a *Agent) heard(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.status.Unheard
	if a.status.Unheard = ""; err != nil {
		a.status.Unheard = err.Error()
	} else {
		a.status.Heard = a.Now()
	}
	switch {
	case err != nil && (was == "" || Final(err) && was != err.Error()):
		a.Log.Warn("the server does not answer as it should; what it said last stays in force, and it is asked again", "error", err)
	case err == nil && was != "":
		a.Log.Info("the server answers again")
	}
}

// refuse notes that a policy can't be carried out.
func (a *Agent) refuse(p agentapi.Policy, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lookedAt = p
	a.refused = &agentapi.Refused{Generation: p.Generation, Reason: err.Error()}
	a.status.Refused = fmt.Sprintf("%d: %s", p.Generation, err)
	a.Log.Error("a policy can't be carried out, and the one of before stays in force", "generation", p.Generation, "error", err)
}

// keepLater has the first policy kept once the agent runs by it: before that nobody knows that the kernel takes it, and it would be in the way of a better one after a restart.
// Status has it already: nobody asks for that before it is in force.
func (a *Agent) keepLater(p agentapi.Policy, text []byte) {
	a.keeping.Lock()
	a.pending = func() { a.keep(p, text) }
	a.keeping.Unlock()
	a.taken(p)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status.Generation, a.status.Since = p.Generation, a.Now().UTC()
}

// taken notes that a policy can be carried out.
func (a *Agent) taken(p agentapi.Policy) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lookedAt, a.refused, a.status.Refused = p, nil, ""
}

// keepNow keeps a policy that is in force, in place of the first where that is not kept yet.
func (a *Agent) keepNow(p agentapi.Policy, text []byte) {
	a.keeping.Lock()
	defer a.keeping.Unlock()
	a.pending = nil
	a.keep(p, text)
	a.taken(p)
}

// keepFirst keeps the first policy, if it is not kept and no other one is in force.
func (a *Agent) keepFirst() {
	a.keeping.Lock()
	defer a.keeping.Unlock()
	if a.pending != nil {
		a.pending()
		a.pending = nil
	}
}

// keep notes that a policy is in force, and keeps it. Where it can't be kept it is in force all the same, and is asked for again after a restart.
func (a *Agent) keep(p agentapi.Policy, text []byte) {
	now := a.Now().UTC()
	if err := writePrivate(filepath.Join(a.Config.State, folder), "policy.json", &kept{a.identity.ID, now, json.RawMessage(bytes.TrimSpace(text))}); err != nil {
		a.Log.Error("a policy is in force, and can't be kept: after a restart the one of before is", "generation", p.Generation, "error", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inForce, a.status.Generation, a.status.Since = p, p.Generation, now
}

// remove removes a file of the folder, if it is there.
func remove(dir, name string) error {
	if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.SyncDir(dir)
}
