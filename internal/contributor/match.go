package contributor

import "slices"

// Contributes returns a function that says whether an event contributes to the rule, but for its value: to show the events behind a report. The
// function is for one goroutine.
func (r *Rule) Contributes() func(message string) bool {
	p := &program{}
	for _, f := range r.fields() {
		if f.selector == nil && !slices.Contains(p.positions, f.position) {
			p.positions = append(p.positions, f.position)
			p.most = max(p.most, f.position)
		}
	}
	c := p.compileRule(&keptRule{rule: r})
	p.slots = make([]slot, len(p.positions)+len(p.selectors))
	return func(message string) bool {
		p.load(message)
		return p.matches(&c, message)
	}
}
