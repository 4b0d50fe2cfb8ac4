package contributor

// Contributes returns a function that says whether an event contributes to the rule, but for its value: to show the events behind a report. Format
// is the LogFormat of the events, "" where none is known; a rule that does not fit it, or looks at names that are not known, counts none of them. Owners may be nil, timestamp is in milliseconds since the epoch. The
// function is for one goroutine.
func (r *Rule) Contributes(format string, owners Owners, names Names) func(message string, timestamp int64) bool {
	p, c := r.single(format, owners, names)
	return func(message string, timestamp int64) bool {
		if p == nil {
			return false
		}
		p.load(message, timestamp)
		return p.matches(c, message)
	}
}

// ContributorOf is Contributes, and returns the keys of the contributor that an event is of; nil where it is of none.
func (r *Rule) ContributorOf(format string, owners Owners, names Names) func(message string, timestamp int64) []string {
	p, c := r.single(format, owners, names)
	return func(message string, timestamp int64) []string {
		if p == nil {
			return nil
		}
		p.load(message, timestamp)
		if !p.matches(c, message) {
			return nil
		}
		text, buf := p.keyOf(c)
		if buf != nil {
			text = string(buf)
		}
		return splitKey(text, len(c.keys))[:len(r.keys)]
	}
}

// single compiles the rule alone; nil where it does not fit.
func (r *Rule) single(format string, owners Owners, names Names) (*program, *compiled) {
	fitting, err := r.resolve(format)
	if err != nil || r.lacks(&names) != "" {
		return nil, nil
	}
	p := &program{owners: owners, names: names}
	p.place(fitting)
	c := p.compileRule(&keptRule{rule: r}, fitting)
	p.slots = p.makeSlots()
	return p, &c
}
