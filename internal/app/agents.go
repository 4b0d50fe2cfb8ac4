package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"weir/internal/agentapi"
	"weir/internal/agentserver"
	"weir/internal/agentstore"
	"weir/internal/flowlogstore"
)

// AgentListen says where agents are answered.
type AgentListen struct {
	// Listen is an address with a port; "": agents are not answered.
	Listen string
	// TLSCert and TLSKey are PEM files; "": a certificate that is made once, in DATA/secrets.
	TLSCert, TLSKey string
	// Ready, which may be nil, is called with the URL at which agents are answered.
	Ready func(url string)
}

// agentsEvery is how often it is looked for another definition, and for what agents said.
const agentsEvery = time.Second

// agents answers weir-agent, and makes its policy.
type agents struct {
	s        *Local
	flows    *flowlogstore.Store
	store    *agentstore.Store
	policies *agentserver.Policies
	log      *slog.Logger
	networks *stamped[*agentNetwork]

	made    *agentNetwork // that the policy in force is of
	of      int64         // the generation of flow logs that it is of
	said    string        // the last trouble
	skipped map[string]string
}

// openAgents begins to listen for agents; the listener is nil where none are to be answered. The caller closes both.
func openAgents(ctx context.Context, s *Local, flows *flowlogstore.Store, o ServeOptions) (*agents, net.Listener, error) {
	if o.Agents.Listen == "" {
		if o.Agents.TLSCert != "" || o.Agents.TLSKey != "" {
			return nil, nil, &UsageError{Message: "a certificate for agents needs an address for them", Hint: "--agent-listen 0.0.0.0:8789"}
		}
		return nil, nil, nil
	}
	cert, err := agentCertificate(s.lake.Data(), o)
	if err != nil {
		return nil, nil, err
	}
	store, err := agentstore.Open(context.WithoutCancel(ctx), s.lake.Data(), s.now)
	if err != nil {
		return nil, nil, err
	}
	a := &agents{s: s, flows: flows, store: store, policies: agentserver.NewPolicies(store), log: o.Log, of: -1}
	a.networks = &stamped[*agentNetwork]{data: s.lake.Data(), make: a.network}
	if err := store.Know(ctx, agentapi.PinOf(cert.Leaf)); err != nil {
		if e, ok := errors.AsType[*agentstore.Error](err); ok {
			err = &UsageError{Message: e.Message, Hint: e.Hint}
		}
		return nil, nil, errors.Join(err, a.close())
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", o.Agents.Listen)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("cannot listen for agents: %w", err), a.close())
	}
	return a, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*cert}, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS13}), nil
}

// agentCertificate returns the certificate that agents know the server by: the user's, or the one that was made.
func agentCertificate(data string, o ServeOptions) (*tls.Certificate, error) {
	if (o.Agents.TLSCert == "") != (o.Agents.TLSKey == "") {
		return nil, &UsageError{Message: "TLS for agents needs both a certificate and its key", Hint: "give both --agent-tls-cert and --agent-tls-key, or neither"}
	}
	if o.Agents.TLSCert == "" {
		now := time.Now
		if o.Now != nil {
			now = o.Now
		}
		return agentstore.Certificate(data, now())
	}
	cert, err := tls.LoadX509KeyPair(o.Agents.TLSCert, o.Agents.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("cannot load the certificate for agents: %w", err)
	}
	return &cert, nil
}

// handler answers agents.
func (a *agents) handler() http.Handler {
	return agentserver.Handler(agentserver.Options{Store: a.store, Policies: a.policies, Hold: agentserver.Hold, Log: a.log})
}

// close closes the file.
func (a *agents) close() error { return a.store.Close() }

// run keeps the policy and the states of delivery up to date, until ctx ends.
func (a *agents) run(ctx context.Context) {
	tick := time.NewTicker(agentsEvery)
	defer tick.Stop()
	for {
		err := a.look(ctx)
		if ctx.Err() != nil {
			return
		}
		said := ""
		if err != nil {
			said = err.Error()
		}
		if said != a.said && err != nil { // what stays so is said once
			a.log.Error("agents get no newer policy", "error", err)
		}
		a.said = said
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// look puts the policy of now in force, and says how delivery goes. Where there is no policy of now the one of before stays.
func (a *agents) look(ctx context.Context) error {
	n, err := a.networks.get(ctx)
	all, generation, listed := a.flows.List(ctx)
	if listed != nil {
		return listed
	}
	if err == nil && n != nil && (n != a.made || generation != a.of) {
		policy, skipped := n.policy(all, a.s)
		number, failed := a.policies.Publish(ctx, policy)
		if failed != nil {
			return failed
		}
		a.made, a.of, a.skipped = n, generation, skipped
		a.log.Info("the policy of agents", "generation", number, "flow_logs", len(policy.FlowLogs), "passed_over", len(skipped))
	}
	return errors.Join(err, a.deliveries(ctx, all))
}

// deliveries has flow logs say what agents say of their delivery, and why none is asked for it.
func (a *agents) deliveries(ctx context.Context, all []flowlogstore.FlowLog) error {
	failed, err := a.store.Deliveries(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		f := &all[i]
		why := a.skipped[f.ID]
		if why == "" {
			why = failed[f.ID]
		}
		state := flowlogstore.Success
		if why != "" {
			state, why = flowlogstore.Failed, classed(why)
		}
		if f.Delivery == state && f.DeliveryError == why {
			continue
		}
		if err := a.flows.SetDelivery(ctx, f.ID, state, why); err != nil && !errors.As(err, new(*flowlogstore.Error)) { // it may be gone meanwhile
			return err
		}
		if why != "" {
			a.log.Warn("records of a flow log are not delivered", "flow_log", f.ID, "why", why)
		}
	}
	return nil
}

// classed returns why a delivery failed with one of AWS's three words before it: what has none is neither about rights nor about rates.
//
// Source: AWS, FlowLog, DeliverLogsErrorMessage.
func classed(why string) string {
	for _, class := range []string{"Access error", "Rate limited", "Unknown error"} {
		if strings.HasPrefix(why, class) {
			return why
		}
	}
	return "Unknown error: " + why
}
