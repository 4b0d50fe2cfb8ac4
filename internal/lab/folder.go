package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder returns the one name by which a lab's folder is known, absolute, whatever symbolic links lead to it: its processes are known by that. It need not be there. The error is [ErrFolder].
func Folder(dir string) (string, error) {
	if dir == "" {
		return "", fmt.Errorf("%w: its name is empty", ErrFolder)
	}
	at, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrFolder, err)
	}
	for there, below := at, ""; ; there, below = filepath.Dir(there), filepath.Join(filepath.Base(there), below) {
		found, err := filepath.EvalSymlinks(there)
		switch {
		case err == nil:
			return filepath.Join(found, below), nil
		case !errors.Is(err, fs.ErrNotExist), there == filepath.Dir(there):
			return at, nil // what is wrong with it is said where it is used
		}
	}
}

// sameFolder reports whether two names are of one folder, which may be known by several.
func sameFolder(a, b string) bool {
	if a == b {
		return true
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
