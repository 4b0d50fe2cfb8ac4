package contributor

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"weir/internal/filterpattern"
)

// A slot is a field of the event that is looked at, and its number once somebody asked for it.
type slot struct {
	text    string
	present bool
	found   bool // whether the selector was followed, or the name looked up
	numeric answer
	value   float64
}

// An answer is to a question that is asked once for each event, if at all.
type answer uint8

const (
	unknown answer = iota
	no
	yes
)

// number returns the field's number; the text is read once for all rules.
func (s *slot) number() (float64, bool) {
	if s.numeric == unknown {
		v, ok := parseNumber(s.text)
		s.value, s.numeric = v, no
		if ok {
			s.numeric = yes
		}
	}
	return s.value, s.numeric == yes
}

// A groupFormat is a log group and the LogFormat of some of its events.
type groupFormat struct{ group, format string }

// A program is the rules of one log group and one LogFormat, made to be evaluated together: a line is split once, a selector followed once, a number read
// once for all of them.
type program struct {
	rules  []compiled
	owners Owners
	names  Names
	// positions, named and selectors are the fields that rules look at: their slots come in this order.
	positions []int
	named     []namedSlot
	selectors []*filterpattern.Selector
	most      int // the greatest position

	unfit []unfitRule
	// nameless are rules that counted nothing of the last events, since names that they look at are not known.
	nameless []unfitRule

	// What follows is of the event that is looked at.
	second int64 // of its time, since the epoch
	fields []string
	slots  []slot
	key    []byte
	object answer // whether the message is a JSON object
	// shards are those that were added to since the last freeze, by the places of rules; nil: none of the rule.
	shards map[shardTime][]*shard
}

// unfitRule is a rule that does not fit the group's format.
type unfitRule struct {
	rule   *keptRule
	reason string
}

// A compiled rule has places of slots.
type compiled struct {
	kept    *keptRule
	json    bool
	blind   bool // it looks at names that are not known
	filters []compiledFilter
	late    []compiledFilter // those of names, which cost more
	way     *compiledWay
	keys    []int // those of what is distinct behind
	only    bool  // there is one key, and nothing distinct
	value   int   // less than 0: there is none
	large   bool
}

type compiledFilter struct {
	*filter
	slot int
}

// compile makes the program of a group. format is its LogFormat, or "".
func compile(group, format string, rules []*keptRule) *program {
	p := &program{shards: map[shardTime][]*shard{}}
	type fit struct {
		kept *keptRule
		rule *Rule
	}
	var fitting []fit
	for _, k := range rules {
		if !k.rule.Matches(group) {
			continue
		}
		rule, err := k.rule.resolve(format)
		if err != nil {
			p.unfit = append(p.unfit, unfitRule{k, err.Error()})
			continue
		}
		fitting = append(fitting, fit{k, rule})
		p.place(rule)
	}
	for _, f := range fitting {
		p.rules = append(p.rules, p.compileRule(f.kept, f.rule))
	}
	p.slots = p.makeSlots()
	return p
}

func (p *program) makeSlots() []slot {
	return make([]slot, len(p.positions)+len(p.named)+len(p.selectors))
}

// place takes the positions and names that a rule looks at among those of the program.
func (p *program) place(r *Rule) {
	for _, fd := range r.fields() {
		if fd.selector == nil && !slices.Contains(p.positions, fd.position) {
			p.positions = append(p.positions, fd.position)
			p.most = max(p.most, fd.position)
		}
		if of := (namedSlot{fd.name, fd.position}); fd.name != nil && !slices.Contains(p.named, of) {
			p.named = append(p.named, of)
		}
	}
}

// compileRule compiles a rule that was resolved.
func (p *program) compileRule(k *keptRule, r *Rule) compiled {
	c := compiled{kept: k, json: r.format == formatJSON, value: -1, large: !r.skipsLarge(), way: p.compileWay(r)}
	for i := range r.filter {
		f := compiledFilter{&r.filter[i], p.slotOf(&r.filter[i].field)}
		if f.name != nil {
			c.late = append(c.late, f)
			continue
		}
		c.filters = append(c.filters, f)
	}
	for i := range r.keys {
		c.keys = append(c.keys, p.slotOf(&r.keys[i]))
	}
	for i := range r.distinct {
		c.keys = append(c.keys, p.slotOf(&r.distinct[i]))
	}
	c.only = len(c.keys) == 1
	if r.value != nil {
		c.value = p.slotOf(r.value)
	}
	return c
}

// slotOf returns the slot of a field; that of a position or a name is there.
func (p *program) slotOf(f *field) int {
	if f.name != nil {
		return len(p.positions) + slices.Index(p.named, namedSlot{f.name, f.position})
	}
	if f.selector == nil {
		return slices.Index(p.positions, f.position)
	}
	text := f.selector.String()
	i := slices.IndexFunc(p.selectors, func(s *filterpattern.Selector) bool { return s.String() == text })
	if i < 0 {
		i = len(p.selectors)
		p.selectors = append(p.selectors, f.selector)
	}
	return len(p.positions) + len(p.named) + i
}

// load makes an event the one that is looked at. Its time is in milliseconds since the epoch.
func (p *program) load(message string, timestamp int64) {
	p.object, p.second = unknown, floorDiv(timestamp, 1000)
	for i := range p.slots {
		p.slots[i] = slot{}
	}
	if p.most == 0 {
		return
	}
	p.fields = filterpattern.AppendFields(p.fields[:0], message, p.most)
	for i, position := range p.positions {
		if position <= len(p.fields) {
			p.slots[i] = slot{text: p.fields[position-1], present: true}
		}
	}
}

// at returns a slot of the event.
func (p *program) at(i int, message string) *slot {
	s := &p.slots[i]
	if n := i - len(p.positions); n >= 0 && !s.found {
		s.found = true
		if n < len(p.named) {
			p.tell(s, &p.named[n])
		} else {
			s.text, s.present = p.selectors[n-len(p.named)].Find(message)
		}
	}
	return s
}

// isObject reports whether the event is a JSON object. It is asked last, since it costs most.
func (p *program) isObject(message string) bool {
	if p.object == unknown {
		p.object = no
		if filterpattern.IsObject(message) {
			p.object = yes
		}
	}
	return p.object == yes
}

// matches reports whether the event that is looked at contributes to a rule, but for its value. Names are looked up for those events alone that
// nothing else keeps out.
func (p *program) matches(c *compiled, message string) bool {
	for i := range c.filters {
		if f := &c.filters[i]; !f.holds(p.at(f.slot, message)) {
			return false
		}
	}
	if c.way != nil && !p.goes(c.way) {
		return false
	}
	for i := range c.late {
		if f := &c.late[i]; !f.holds(p.at(f.slot, message)) {
			return false
		}
	}
	for _, k := range c.keys {
		if !p.at(k, message).present {
			return false
		}
	}
	return !c.json || p.isObject(message)
}

// keyOf returns the contributor that the event is of: see splitKey. It is a part of the message, or lies in p.key, until the next call.
func (p *program) keyOf(c *compiled) (text string, buf []byte) {
	if c.only {
		return clip(p.slots[c.keys[0]].text), nil
	}
	p.key = p.key[:0]
	for i, k := range c.keys {
		text := clip(p.slots[k].text)
		if i < len(c.keys)-1 {
			p.key = binary.AppendUvarint(p.key, uint64(len(text)))
		}
		p.key = append(p.key, text...)
	}
	return "", p.key
}

// clip cuts the value of a key off where AWS does, between characters.
func clip(text string) string {
	if len(text) <= maxKeyBytes {
		return text
	}
	n := maxKeyBytes
	for n > maxKeyBytes-utf8.UTFMax && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// splitKey returns the values that a contributor's key has. All but the last stand behind their length.
func splitKey(key string, n int) []string {
	out := make([]string, 0, n)
	for range n - 1 {
		size, at := binary.Uvarint([]byte(key[:min(len(key), binary.MaxVarintLen64)]))
		if at <= 0 || size > uint64(len(key)-at) {
			return append(out, key) // it was damaged on the disk
		}
		out = append(out, key[at:at+int(size)])
		key = key[at+int(size):]
	}
	return append(out, key)
}

// fields returns all that the rule looks at.
func (r *Rule) fields() []*field {
	var out []*field
	for i := range r.keys {
		out = append(out, &r.keys[i])
	}
	if r.value != nil {
		out = append(out, r.value)
	}
	for i := range r.filter {
		out = append(out, &r.filter[i].field)
	}
	for i := range r.distinct {
		out = append(out, &r.distinct[i])
	}
	return append(out, r.way.fields()...)
}
