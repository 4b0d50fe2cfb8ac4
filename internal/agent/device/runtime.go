package device

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// A Runtime knows what containers are called by their ids, as control groups have these. It is the seam for orchestrators: one that knows the pod or the task of a container
// returns its name there.
type Runtime interface {
	// Names returns the names of a container; none where it is not one of its own, or it can't look.
	Names(id string) []string
}

// docker is Docker's folder of containers, which root alone may read.
type docker string

// dockerState is where that is if its data-root is not set.
const dockerState docker = "/var/lib/docker/containers"

// Names returns the name of a container of Docker.
func (d docker) Names(id string) []string {
	file := filepath.Join(string(d), id, "config.v2.json")
	about, err := os.Stat(file)
	if err != nil || about.Size() > mostState {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	if name := dockerName(text, id); name != "" {
		return []string{name}
	}
	return nil
}

// dockerName returns the name of a container by what Docker keeps of it; "": it is of another, or has none.
//
// Source: moby, daemon/container/container.go: Container.ToDisk; names begin with a slash.
func dockerName(text []byte, id string) string {
	var state struct{ ID, Name string }
	if json.Unmarshal(text, &state) != nil || state.ID != id {
		return ""
	}
	return strings.TrimPrefix(state.Name, "/")
}
