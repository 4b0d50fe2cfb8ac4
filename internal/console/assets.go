package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
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
	delete(a, "/index.html")
	return a
}

// ServeHTTP serves a file by its path; / is the page.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	name := r.URL.Path
	if name == "/" {
		name = "index.html"
	}
	w.Header().Set("ETag", file.etag)
	w.Header().Set("Cache-Control", file.cache)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.content))
}
