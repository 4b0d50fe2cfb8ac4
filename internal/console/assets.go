package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// assets serves the page's built files from memory.
type assets map[string]asset

// asset is one file.
type asset struct {
	content []byte
	etag    string
	cache   string // the value of Cache-Control
}

// newAssets reads all files. Names under assets hold a hash of the content, so that
// a browser may keep those files for ever; it asks again for all others, and their
// ETag spares sending them.
func newAssets(files fs.FS) assets {
	a := assets{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		cache := "no-cache"
		if strings.HasPrefix(name, "assets/") {
			cache = "public, max-age=31536000, immutable"
		}
		a["/"+name] = asset{content, `"` + hex.EncodeToString(sum[:8]) + `"`, cache}
		return nil
	})
	if err != nil {
		panic(err) // files that are part of the program can be read
	}
	a["/"] = a["/index.html"]
	a["/query"] = a["/"]
	a["/alarms"] = a["/"]
	a["/contributors"] = a["/"]
	a["/dashboards"] = a["/"]
	a["/dashboards/"] = a["/"]
	delete(a, "/index.html")
	return a
}

// ServeHTTP serves a file by its path; /, /query, /alarms, /contributors, /dashboards and what is one level below that are the page, which
// finds out which one by its address.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path
	if id, ok := strings.CutPrefix(name, "/dashboards/"); ok && !strings.Contains(id, "/") {
		name = "/dashboards/"
	}
	file, ok := a[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if path.Ext(name) == "" {
		name = "index.html"
	}
	w.Header().Set("ETag", file.etag)
	w.Header().Set("Cache-Control", file.cache)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.content))
}
