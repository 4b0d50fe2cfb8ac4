package dashboard

import (
	"embed"
	"fmt"
)

//go:embed ready/*.json
var readyFiles embed.FS

// Ready returns the dashboards that come with weir.
func Ready() []Dashboard {
	entries, err := readyFiles.ReadDir("ready")
	if err != nil {
		panic(err) // files that are part of the program can be read
	}
	out := make([]Dashboard, len(entries))
	for i, e := range entries {
		f, err := readyFiles.Open("ready/" + e.Name())
		if err == nil {
			err = Read(f, &out[i])
		}
		if err != nil {
			panic(fmt.Sprintf("%s: %v", e.Name(), err)) // a test reads them all
		}
	}
	return out
}
