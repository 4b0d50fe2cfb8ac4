// Package web holds the built files of the console's browser side. What comes in
// is the folder dist, which `npm run build` makes of the sources beside it and
// which is committed, so that building weir needs no Node; package
// internal/console serves it.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns the built files: index.html, and under assets those whose names
// hold a hash of their content.
func Dist() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only a name that is no path can fail
	}
	return files
}
