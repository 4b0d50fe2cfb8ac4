package lab

import "fmt"

// A spot is something of a definition's files: what leads to it in the lab's file or in the network's.
type spot struct {
	network bool
	path    []any
}

func inLab(path ...any) spot     { return spot{false, path} }
func inNetwork(path ...any) spot { return spot{true, path} }

// refuse says what is wrong with a definition, and where: the error is [ErrDefinition].
func (d *Definition) refuse(at spot, format string, args ...any) error {
	where := d.lab
	if at.network {
		where = d.network
	}
	text := fmt.Sprintf(format, args...)
	if where.name == "" { // nobody has told the file
		return fmt.Errorf("%w: %s", ErrDefinition, text)
	}
	return fmt.Errorf("%w: %s: %s", ErrDefinition, where.place(at.path...), text)
}
