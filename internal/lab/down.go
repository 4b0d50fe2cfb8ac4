package lab

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Removed is what [Down] took away.
type Removed struct {
	Processes  int      `json:"processes"`
	Namespaces []string `json:"namespaces"`
	Dir        bool     `json:"dir"`
}

// mostDown is how long processes may take to end.
const mostDown = 10 * time.Second

// Down takes away all that a lab of a folder has made, also where its maker was killed halfway, and what is left of it where that has been done before. A folder that is no
// lab's stays.
func Down(ctx context.Context, dir string) (*Removed, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("to take a lab away takes root: %w", os.ErrPermission)
	}
	ctx, cancel := context.WithTimeout(ctx, mostDown)
	defer cancel()
	out := &Removed{Namespaces: []string{}}
	s, err := read(dir)
	if err != nil {
		return out, err
	}
	_, elsewhere, err := processes(dir)
	if err == nil && s == nil && elsewhere != "" {
		err = fmt.Errorf("%w, %s", ErrElsewhere, elsewhere)
	}
	if err != nil {
		return out, err
	}
	if out.Processes, err = end(ctx, dir); err != nil {
		return out, err
	}
	names, err := unmake(ctx)
	out.Namespaces = append(out.Namespaces, names...)
	if err != nil || s == nil {
		return out, err
	}
	out.Dir = true
	return out, os.RemoveAll(dir)
}
