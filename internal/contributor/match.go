package contributor

// Contributes returns a function that says whether an event contributes to the rule, but for its value: to show the events behind a report. Format
// is the LogFormat of the events, "" where none is known; a rule that does not fit it counts none of them. Owners may be nil, timestamp is in milliseconds since the epoch. The
// function is for one goroutine.
func (r *Rule) Contributes(format string, owners Owners) func(message string, timestamp int64) bool {
	fitting, err := r.resolve(format)
	if err != nil {
		return func(string, int64) bool { return false }
	}
	p := &program{owners: owners}
	p.place(fitting)
	c := p.compileRule(&keptRule{rule: r}, fitting)
	p.slots = make([]slot, len(p.positions)+len(p.selectors))
	return func(message string, timestamp int64) bool {
		p.load(message, timestamp)
		return p.matches(&c, message)
	}
}
