package alarm

// A Rule is the rule of a composite alarm.
type Rule struct{}

// ParseRule reads a rule. Errors are [*Error] and name the place.
func ParseRule(text string) (*Rule, error) { return nil, errUnbuilt }

// Alarms returns the alarms that the rule names, as it names them: names or ARNs; each once, in their order.
func (r *Rule) Alarms() []string { return nil }

// NameOf returns the name in the ARN of an alarm, and what is no ARN as it is.
func NameOf(nameOrARN string) string { return nameOrARN }
