package ebpf

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// judged is what was done at an interface in one generation.
type judged struct {
	ID    string  `json:"id"`
	Mode  Mode    `json:"mode"`
	Names string  `json:"names,omitempty"` // the name of the naming's document, in hexadecimal; "" without a policy
	names *naming // that document
}

// keep writes a generation down, before anything is decided by it.
func (p *Program) keep(gen uint16, by []judged) error {
	for slot := range by {
		j := &by[slot]
		if j.names == nil {
			continue
		}
		text, err := json.Marshal(j.names)
		if err != nil {
			return err
		}
		sum := sumOf(text)
		j.Names = hex.EncodeToString(sum[:])
		if same, ok := p.namings[j.Names]; ok {
			j.names = same
			continue
		}
		d := document{sum, kindNaming}
		if err := p.erase(d); err != nil { // what is left of it where it could not be written before
			return err
		}
		if err := p.write(d, j.names); err != nil {
			return err
		}
		p.namings[j.Names] = j.names
	}
	d := generationDocument(gen)
	if err := p.erase(d); err != nil {
		return err
	}
	return p.write(d, by)
}

// retire forgets the generations that nothing refers to.
func (p *Program) retire(used *[maxGeneration + 1]bool) error {
	refers := map[string]bool{}
	for gen, by := range p.generations {
		if used[gen] || gen == p.word.gen || gen == p.old.gen {
			for slot := range by {
				refers[by[slot].Names] = true
			}
			continue
		}
		if err := p.erase(generationDocument(gen)); err != nil {
			return err
		}
		delete(p.generations, gen)
	}
	return p.retireNamings(refers)
}

// retireNamings forgets all namings but those that generations refer to.
func (p *Program) retireNamings(refers map[string]bool) error {
	for name := range p.namings {
		if refers[name] {
			continue
		}
		var d document
		d.kind = kindNaming
		if _, err := hex.Decode(d.name[:], []byte(name)); err != nil {
			return err
		}
		if err := p.erase(d); err != nil {
			return err
		}
		delete(p.namings, name)
	}
	return nil
}

// recall reads what a process before wrote down. A generation that it did not write wholly was never in force.
func (p *Program) recall() error {
	documents, err := p.documents()
	if err != nil {
		return err
	}
	for d, text := range documents {
		if d.kind != kindNaming {
			continue
		}
		n := new(naming)
		if err := json.Unmarshal(text, n); err != nil {
			return fmt.Errorf("can't read what was written down: %w", err)
		}
		p.namings[hex.EncodeToString(d.name[:])] = n
	}
	refers := map[string]bool{}
	for d, text := range documents {
		if d.kind != kindGeneration {
			continue
		}
		var by []judged
		if err := json.Unmarshal(text, &by); err != nil {
			return fmt.Errorf("can't read what was written down: %w", err)
		}
		gen := uint16(d.name[0]) | uint16(d.name[1])<<8
		for slot := range by {
			if by[slot].Names == "" {
				continue
			}
			if by[slot].names = p.namings[by[slot].Names]; by[slot].names == nil {
				return fmt.Errorf("generation %d refers to rules that are not written down", gen)
			}
			refers[by[slot].Names] = true
		}
		p.generations[gen] = by
	}
	for _, gen := range []uint16{p.word.gen, p.old.gen} {
		if p.generations[gen] == nil {
			return fmt.Errorf("generation %d, which is in force or was, is not written down", gen)
		}
	}
	return p.retireNamings(refers)
}
