package agent

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"weir/internal/agent/config"
	"weir/internal/netmodel"
)

// A Policy is the network's definition and the flow logs, where a server says them and not the config's files.
type Policy struct {
	// Generation is the server's number of it.
	Generation int64
	Documents  []netmodel.Document
	FlowLogs   []config.FlowLog
	// Refused are flow logs that this agent can't make, by id, with why.
	Refused map[string]string
}

// An Offer is a policy that a server has now. Answer is called once: with nil when it is in force, or with why that of before stays.
type Offer struct {
	Policy *Policy
	Answer func(error)
}

// A ServerStatus is what an agent has of its server.
type ServerStatus struct {
	Server string `json:"server"`
	// Generation is of the policy in force, and Since when it came.
	Generation int64     `json:"generation"`
	Since      time.Time `json:"since"`
	// Heard is when the server last answered; the zero time: not since the agent began. Unheard says why it did not the last time, "" where it did.
	Heard   time.Time `json:"heard,omitzero"`
	Unheard string    `json:"unheard,omitempty"`
	// Refused says which newer policy can't be carried out, and why; "": none.
	Refused string `json:"refused,omitempty"`
}

// ErrAgain says that a policy can't be put in force now, for a reason that is not in it.
var ErrAgain = errors.New("what was counted until now can't be kept, so that nothing else is put in force; it is tried again")

// errPolicy says that the rules of a policy could not be put in force.
var errPolicy = errors.New("the rules can't be put in force")

// CheckPolicy fails where a policy can't be carried out with a config, as far as that can be said before anything runs.
func CheckPolicy(c *config.Config, p *Policy) error {
	_, _, err := p.apply(c)
	return err
}

// apply returns the definition of a policy, and a config with its flow logs.
func (p *Policy) apply(c *config.Config) (*network, *config.Config, error) {
	n, err := networkOfDocuments(c, p.Documents)
	if err == nil && len(n.unknown) > 0 {
		err = fmt.Errorf("the network definition has what this agent does not know: %s", n.unknown[0])
	}
	if err != nil {
		return nil, nil, err
	}
	with := *c
	with.FlowLogs = p.FlowLogs
	out, err := completed(&with, n)
	return n, out, err
}

// completed returns a config whose flow logs a definition has completed. The one that was read stays as it is: another definition may say another account or region.
func completed(c *config.Config, n *network) (*config.Config, error) {
	out := *c
	out.FlowLogs = slices.Clone(c.FlowLogs)
	if err := settle(&out, n); err != nil {
		return nil, err
	}
	return &out, nil
}

// first returns the definition and the config that an agent begins with.
func (o *Options) first() (*network, *config.Config, error) {
	if o.Policy != nil {
		return o.Policy.apply(o.Config)
	}
	n, err := loadNetwork(o.Config)
	if err != nil {
		return nil, nil, err
	}
	conf, err := completed(o.Config, n)
	return n, conf, err
}

// take puts another policy in force. Where that fails, the one of before stays, or is put in force again.
func (a *agent) take(p *Policy) error {
	n, conf, err := p.apply(a.Config)
	if err != nil {
		return err
	}
	if err := a.decides(n); err != nil {
		return err
	}
	if !a.turn() {
		return ErrAgain
	}
	if err := a.replace(n, conf); err != nil {
		return err
	}
	if !a.record(conf.FlowLogs) {
		return ErrAgain
	}
	a.mu.Lock()
	a.refused = p.Refused
	a.mu.Unlock()
	a.Log.Info("another policy is in force", "generation", p.Generation, "flow_logs", len(conf.FlowLogs), "refused_flow_logs", len(p.Refused))
	return nil
}

// decides fails where nothing can be decided by a definition at a device that is counted: the program would be taken away there, and all would pass. An interface that the
// definition has no more is let go.
func (a *agent) decides(n *network) error {
	for _, w := range a.attached {
		if w.Interface == "" || n.Interfaces[w.Interface] == nil {
			continue
		}
		if _, err := n.policyOf(w.Interface, w.Mode); err != nil {
			return err
		}
	}
	return nil
}

// replace puts another definition and config in force, once all is kept that was counted by those of before. Where the kernel does not take their rules, those of before stay in
// force. What was counted until then, also while the rules were put in force, is told as it was: an interface may be another now, or be gone.
func (a *agent) replace(n *network, c *config.Config) error {
	was, wasConf := a.network, a.Config
	a.use(n, c)
	err := a.look(true)
	if errors.Is(err, errPolicy) {
		a.use(was, wasConf)
		a.unlooked(a.look(true))
		return err
	}
	a.unlooked(err)
	return nil
}

// use has the agent go by another definition and config. Records are made by it as soon as what is in force has counted nothing else: see goOn.
func (a *agent) use(n *network, c *config.Config) {
	a.network, a.until = n, &until{n, a.recorder.logs}
	a.mu.Lock()
	a.Config = c
	a.mu.Unlock()
}

// differs reports whether one of the interfaces that windows are open of is another by another definition, or is not there.
func (r *recorder) differs(n *network) bool {
	for _, w := range r.windows {
		for id := range w.Open() {
			if !reflect.DeepEqual(r.network.Interfaces[id], n.Interfaces[id]) || !reflect.DeepEqual(r.network.TransitGatewayAttachments[id], n.TransitGatewayAttachments[id]) {
				return true
			}
		}
	}
	return false
}

// tell tells who asked for it how the agent is.
func (a *agent) tell() {
	if a.Report != nil {
		a.Report(a.status())
	}
}
