package config

import (
	"encoding/json"
	"fmt"

	"weir/flowlog"
)

// kept is a flow log as JSON has it.
type kept struct {
	*plain
	Format string
	Kind   flowlog.Kind
}

type plain FlowLog

// MarshalJSON returns the flow log for whoever keeps it with its records: the agent that delivers them may have another config.
func (l *FlowLog) MarshalJSON() ([]byte, error) {
	return json.Marshal(kept{(*plain)(l), l.Format.String(), l.Format.Kind()})
}

// UnmarshalJSON reads what [FlowLog.MarshalJSON] made.
func (l *FlowLog) UnmarshalJSON(data []byte) error {
	k := kept{plain: (*plain)(l)}
	err := json.Unmarshal(data, &k)
	if err == nil {
		if l.Format, err = flowlog.ParseLogFormat(k.Format); err == nil {
			l.Format, err = l.Format.As(k.Kind)
		}
	}
	if err != nil {
		return fmt.Errorf("no flow log is kept here: %w", err)
	}
	return nil
}
