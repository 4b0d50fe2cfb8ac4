package lab

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/netmodel"
)

// rehearse holds scenarios against a lab before anything is sent: who is in a step, what changes make of its files, and flow logs of their own. Its errors are [ErrScenario], with the place in the
// scenario's file.
func (c *changer) rehearse(all []Scenario) error {
	for i := range all {
		err := c.rehearseOne(&all[i])
		if err != nil && all[i].File == "" && all[i].text.name != "" {
			err = fmt.Errorf("%w; it is a scenario of the default lab", err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *changer) rehearseOne(s *Scenario) (err error) {
	for _, id := range slices.Sorted(maps.Keys(s.FlowLogs)) {
		if err := s.FlowLogs[id].check(c.d.Network); err != nil {
			return s.refuse([]any{"flow-logs", id}, fmt.Errorf("%s: %w", id, err))
		}
	}
	d, files := c.d, c.now
	for i := range s.Traffic {
		step := &s.Traffic[i]
		if step.Change != nil {
			d, files, err = c.state.rehearseChange(c.d, d, files, step.Change)
		} else {
			err = d.checkEnd(step)
		}
		if err != nil {
			return s.refuse([]any{"traffic", i}, fmt.Errorf("step %d, %s: %w", i+1, step, err))
		}
	}
	return nil
}

// rehearseChange returns a lab with a change made to its files, and the files. Base is what it was built with.
func (s *state) rehearseChange(base, was *Definition, files texts, change *Change) (is *Definition, to texts, err error) {
	dir, err := os.MkdirTemp(s.Dir, "rehearsal-")
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if to, err = files.with(change); err == nil {
		err = to.write(dir)
	}
	if err != nil {
		return nil, nil, err
	}
	is, err = s.definitionIn(dir)
	if err == nil {
		err = changeable(base, was, is)
	}
	if err == nil && len(change.Agent) > 0 {
		_, err = config.Read(filepath.Join(dir, agentFile), to[agentFile])
	}
	if err != nil { // the file is of no use to who reads it: it has all of the lab
		return nil, nil, errors.New(strings.ReplaceAll(err.Error(), dir+"/", "with it in "))
	}
	return is, to, nil
}

// changeable says why a lab can't be changed while it is up. Base is what it was built with.
func changeable(base, was, is *Definition) error {
	for _, host := range base.hostsBeyond(is) {
		return fmt.Errorf("%w: host %s: a change takes none away that the lab was built with", ErrScenario, host)
	}
	if err := checkEnds(was, is); err != nil {
		return err
	}
	for _, of := range [][2]*Definition{{was, is}, {is, was}} {
		if hosts := of[1].hostsBeyond(of[0]); len(hosts) > 0 {
			if _, err := beyond(of[0], of[1], hosts); err != nil {
				return err
			}
		}
	}
	return nil
}

// check returns what is wrong with a flow log of a scenario's own in a network.
func (l OwnFlowLog) check(n *netmodel.Network) error {
	if n.VPCs[l.Resource] == nil && n.Subnets[l.Resource] == nil && n.Interfaces[l.Resource] == nil {
		return fmt.Errorf("there is no VPC, subnet or network interface %s", l.Resource)
	}
	if l.Format == "" {
		return nil
	}
	_, err := config.ParseFormat(l.Format, flowlog.KindVPC)
	return err
}
