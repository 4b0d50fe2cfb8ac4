package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Removed is what [Down] took away.
type Removed struct {
	Processes  int      `json:"processes"`
	Namespaces []string `json:"namespaces"`
	Dir        bool     `json:"dir"`
}

// mostDown is how long processes may take to end, and how long another lab that is built or taken away is waited for.
const mostDown = 10 * time.Second

// Down takes away all that a lab of a folder has made, also where its maker was killed halfway, and what is left of it where that has been done before. A folder that is no
// lab's stays.
func Down(ctx context.Context, dir string) (*Removed, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("to take a lab away takes root: %w", os.ErrPermission)
	}
	unlock, err := awaitBuilds(ctx, mostDown) // who only looks whether there is a lab already must not leave this one up
	if err != nil {
		return &Removed{Namespaces: []string{}}, err
	}
	out, err := down(ctx, dir)
	return out, errors.Join(err, unlock())
}

// down takes a lab away while nobody else builds one or takes one away.
func down(ctx context.Context, dir string) (*Removed, error) {
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
	return out, removeFolder(dir)
}

// removeFolder removes a lab's folder, and of a mount point all that is in it. What says that it is a lab's is the last, so that Down knows it where it was killed before.
func removeFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if e.Name() != stateFile {
			errs = append(errs, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(dir, stateFile)); err != nil {
		return err
	}
	if err := os.Remove(dir); !errors.Is(err, syscall.EBUSY) {
		return err
	}
	return nil // a file system is mounted there
}
