package alarm

// Described is an alarm as it stands.
type Described struct {
	Definition
	State State
	// Reason says in words why the state is what it is, ReasonData in JSON, "" where there is none.
	Reason, ReasonData string
	// ConfigurationUpdated, StateUpdated and StateTransitioned are in milliseconds since the epoch: the last Put, the last time that
	// the state or its reason was written, and the last change of the state.
	ConfigurationUpdated, StateUpdated, StateTransitioned int64
	// EvaluationState is "" where all is well, EVALUATION_ERROR where the definition can't be evaluated, EVALUATION_FAILURE where values could not be
	// had. AWS's PARTIAL_DATA, of more than a query may ask for, is never one here: that is an error.
	EvaluationState string
	// SuppressedBy says what holds a composite alarm's actions back: WaitPeriod, ExtensionPeriod, Alarm, or "".
	SuppressedBy, SuppressedReason string
	// SilencedUntil is in milliseconds since the epoch: actions before it are held back. 0 is none. This is weir's own.
	SilencedUntil int64
}

// Type is MetricAlarm, CompositeAlarm or LogAlarm, as AWS names the kinds of alarms.
func (d *Definition) Type() string {
	switch {
	case d.Composite != nil:
		return "CompositeAlarm"
	case d.Log != nil:
		return "LogAlarm"
	default:
		return "MetricAlarm"
	}
}
