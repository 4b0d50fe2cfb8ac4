package lake

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"weir/flowlog"
)

// paths are the places of one DATA directory, all absolute.
type paths struct {
	data, lake, catalog, state, lock string
}

// newPaths returns the places below dir, which need not exist.
func newPaths(dir string) (paths, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return paths{}, fmt.Errorf("cannot find the data directory %s: %w", dir, err)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real // one lake has one set of paths, by whatever way it is reached
	}
	return paths{
		data:    abs,
		lake:    filepath.Join(abs, "lake"),
		catalog: filepath.Join(abs, "catalog.db"),
		state:   filepath.Join(abs, "state.db"),
		lock:    filepath.Join(abs, "lock"),
	}, nil
}

// tableDir returns the folder of a table.
func (p paths) tableDir(k flowlog.Kind) string {
	return filepath.Join(p.lake, namespace, tableName(k))
}

const namespace = "flow"

// tableName returns the Iceberg name of a kind's table.
func tableName(k flowlog.Kind) string {
	if k == flowlog.KindTGW {
		return "tgw_records"
	}
	return "records"
}

// kinds are the kinds of records, one table each.
var kinds = []flowlog.Kind{flowlog.KindVPC, flowlog.KindTGW}

// fileURI returns a path as Iceberg metadata holds it.
func fileURI(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// uriPath returns the path of a URI made by fileURI.
func uriPath(uri string) (string, error) {
	if !strings.HasPrefix(uri, "file:") {
		return uri, nil
	}
	u, err := url.Parse(uri)
	if err != nil {
		return "", fmt.Errorf("bad file name in the table's metadata: %w", err)
	}
	return filepath.FromSlash(u.Path), nil
}

// relative returns a data file's path relative to DATA/lake, as the ledger keeps
// it.
func (p paths) relative(path string) string {
	rel, err := filepath.Rel(p.lake, path)
	if err != nil {
		return path
	}
	return rel
}
