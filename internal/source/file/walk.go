package file

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"weir/internal/source"
)

// walk is one listing.
type walk struct {
	sieve   *source.Sieve
	sel     source.Selection
	base    string          // the folder that keys are relative to
	foreign bool            // base itself lies in another service's folder
	entered map[string]bool // folders, by their paths without links
	given   map[string]bool // files, by their paths without links
	links   []string        // links, for after what is no link
}

// root lists one path that the caller named. Links come last, so that what they
// lead to is listed under its own path where it has one below the root.
func (w *walk) root(ctx context.Context, r root) error {
	if !r.folder {
		w.base = filepath.Dir(r.path)
		return w.link(ctx, r.path)
	}
	w.base = r.path
	w.foreign = parse(r.path).Level == source.Foreign
	w.links = nil
	if err := w.resolve(ctx, r.path, w.folder); err != nil {
		return err
	}
	for len(w.links) > 0 {
		link := w.links[0]
		w.links = w.links[1:]
		if err := w.link(ctx, link); err != nil {
			return err
		}
	}
	return nil
}

// parse reads AWS's layout from the path of a folder.
func parse(folder string) source.Folder {
	return source.ParseFolder(filepath.ToSlash(folder) + "/")
}

// resolve calls next with a path and the same without links.
func (w *walk) resolve(ctx context.Context, path string, next func(ctx context.Context, path, real string) error) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		w.sieve.Fail(fault("list", path, err))
		return nil
	}
	return next(ctx, path, real)
}

// folder lists a folder and what is below it.
func (w *walk) folder(ctx context.Context, path, real string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f := parse(path)
	switch {
	case w.entered[real]:
		return nil
	case f.Level == source.Foreign && !w.foreign:
		w.sieve.Skip(path, "logs of another service: "+f.Service)
		return nil
	case w.sel.Excludes(f):
		w.sieve.Prune()
		return nil
	}
	w.entered[real] = true
	entries, err := os.ReadDir(path)
	if err != nil {
		// What was read before the error is listed all the same.
		w.sieve.Fail(fault("list", path, err))
	}
	if isData(entries) {
		w.sieve.Skip(path, "a data directory of weir: what is in it was taken in before")
		return nil
	}
	for _, e := range entries {
		if err := w.entry(ctx, filepath.Join(path, e.Name()), filepath.Join(real, e.Name()), e.Type()); err != nil {
			return err
		}
	}
	return nil
}

// isData reports whether a folder is a data directory of weir.
func isData(entries []fs.DirEntry) bool {
	need := map[string]bool{"catalog.db": true, "state.db": true, "lake": true}
	for _, e := range entries {
		delete(need, e.Name())
	}
	return len(need) == 0
}

// entry takes one entry of a folder.
func (w *walk) entry(ctx context.Context, path, real string, mode fs.FileMode) error {
	switch {
	case mode&fs.ModeSymlink != 0:
		w.links = append(w.links, path)
		return nil
	case mode.IsDir() && strings.HasPrefix(filepath.Base(path), "."):
		w.sieve.Skip(path, "a hidden folder")
		return nil
	case mode.IsDir():
		return w.folder(ctx, path, real)
	case mode.IsRegular():
		return w.file(path, real)
	}
	w.sieve.Skip(path, "no regular file")
	return nil
}

// link follows a link to a file or folder, unless it leads to what was listed
// or to a folder above that: such a link is a loop, or most of the disk.
func (w *walk) link(ctx context.Context, path string) error {
	return w.resolve(ctx, path, func(ctx context.Context, path, real string) error {
		info, err := os.Stat(real)
		if err != nil {
			w.sieve.Fail(fault("list", path, err))
			return nil
		}
		if path != real && (w.given[real] || w.entered[real]) {
			w.sieve.Skip(path, "a link to "+real+", which is listed")
			return nil
		}
		if info.IsDir() && w.holdsEntered(real) {
			w.sieve.Skip(path, "a link to "+real+", which holds a listed folder")
			return nil
		}
		return w.entry(ctx, path, real, info.Mode().Type())
	})
}

// holdsEntered reports whether a listed folder lies below a folder.
func (w *walk) holdsEntered(folder string) bool {
	for e := range w.entered {
		if rel, err := filepath.Rel(folder, e); err == nil && filepath.IsLocal(rel) {
			return true
		}
	}
	return false
}

// file takes one regular file.
func (w *walk) file(path, real string) error {
	if w.given[real] {
		return nil
	}
	w.given[real] = true
	info, err := os.Stat(path)
	if err != nil {
		w.sieve.Fail(fault("list", path, err))
		return nil
	}
	// A time to come is another machine's clock, and no reason to wait for it.
	if age := time.Since(info.ModTime()); age >= 0 && age < w.sel.Settle {
		return nil
	}
	key, err := filepath.Rel(w.base, path)
	if err != nil {
		w.sieve.Fail(fault("list", path, err))
		return nil
	}
	k, _ := source.ParseKey(filepath.ToSlash(path))
	return w.sieve.Put(source.Object{
		Source:  w.base,
		Key:     filepath.ToSlash(key),
		URL:     path,
		Size:    info.Size(),
		ModTime: info.ModTime().UTC(),
		Info:    k,
	})
}
