package lab

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// ownFolder is where the records of scenarios' own flow logs lie, and the lake of them: records and data below a scenario's name.
const ownFolder = "own"

// mostWindows bounds how many windows a scenario waits for.
const mostWindows = 3

// An OwnFlowLog is a flow log that a scenario has for itself.
type OwnFlowLog struct {
	// Resource is the id of a VPC, a subnet or a network interface.
	Resource string `yaml:"resource" json:"resource"`
	// Traffic is ACCEPT, REJECT or ALL, and "" for ALL.
	Traffic string `yaml:"traffic" json:"traffic,omitempty"`
	// Format is a LogFormat; "": that of the lab's flow log.
	Format string `yaml:"format" json:"format,omitempty"`
}

// ownID is what the id of a scenario's flow log looks like. An agent takes no others.
var ownID = regexp.MustCompile(`^fl-[0-9a-z]+$`)

// checkFlowLogs returns what is wrong with a scenario's flow logs in themselves; the rest the agent says.
func (s *Scenario) checkFlowLogs() error {
	if s.Windows < 0 || s.Windows > mostWindows {
		return &misplaced{[]any{"windows"}, fmt.Errorf("windows is from 0 to %d", mostWindows)}
	}
	for i, q := range s.Questions() {
		if len(s.FlowLogs) > 0 && q.Kind() != "sql" {
			return fmt.Errorf("question %d: of flow logs of its own it asks in sql", i+1)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.FlowLogs)) {
		var err error
		switch l := s.FlowLogs[id]; {
		case !ownID.MatchString(id) || strings.HasPrefix(id, "fl-lab"):
			err = fmt.Errorf("%q is no id of a flow log of its own, such as fl-rejects: it has small letters and digits, and does not begin with fl-lab", id)
		case l.Resource == "":
			err = fmt.Errorf("%s: no resource", id)
		case l.Traffic != "" && !slices.Contains([]string{"ACCEPT", "REJECT", "ALL"}, l.Traffic):
			err = fmt.Errorf("%s: traffic is %q, and none of ACCEPT, REJECT, ALL", id, l.Traffic)
		}
		if err != nil {
			return &misplaced{[]any{"flow-logs", id}, err}
		}
	}
	return nil
}

// placeOf is where the questions of a scenario are asked: of one with flow logs of its own they are about their records, which a command takes.
func (r *Result) placeOf(at *place) *place {
	if len(r.FlowLogs) == 0 {
		return at
	}
	folder, own := filepath.Join(at.dir, ownFolder, r.Name), *at
	own.data = filepath.Join(folder, dataFolder)
	r.own = []string{"open", filepath.Join(folder, recordsFolder), "--data", own.data, "-q"}
	return &own
}

// takeOwn takes what has been delivered since into the lake of a scenario's own flow logs.
func (r *Result) takeOwn(ctx context.Context, at *place, program Program) error {
	if r.own == nil {
		return nil
	}
	_, err := at.output(ctx, program, r.own)
	return err
}

// ownLogs returns the patch of the agent's config that adds the flow logs of scenarios; nil: they have none.
func ownLogs(s *state, all []Scenario) (map[string]any, error) {
	logs, of := map[string]any{}, map[string]string{}
	for i := range all {
		for id, l := range all[i].FlowLogs {
			if of[id] != "" {
				return nil, fmt.Errorf("%w: %s is of %s and %s", ErrScenario, id, of[id], all[i].Name)
			}
			of[id] = all[i].Name
			log := map[string]any{
				"resource": l.Resource, "traffic": "ALL", "destination": filepath.Join(ownFolder, all[i].Name, recordsFolder), "interval": 60,
				"format": "${" + strings.Join(fields, "} ${") + "}",
			}
			if l.Traffic != "" {
				log["traffic"] = l.Traffic
			}
			if l.Format != "" {
				log["format"] = l.Format
			}
			if s.Every > 0 {
				log["close-every"] = int(s.Every.Seconds())
			}
			logs[id] = log
		}
	}
	if len(logs) == 0 {
		return nil, nil //nolint:nilnil // nothing to patch is no failure
	}
	return map[string]any{"flow-logs": logs}, nil
}
