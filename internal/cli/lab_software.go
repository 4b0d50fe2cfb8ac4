package cli

import (
	"fmt"
	"strings"

	"weir/internal/lab"
)

// softwareOf returns a host's ports at which software listens, each with what it is.
func softwareOf(h *lab.HostStatus) (out []string) {
	is := h.Runs
	if h.Simple {
		is = "simple"
	}
	for _, port := range h.Ports {
		out = append(out, fmt.Sprintf("%d (%s)", port, is))
	}
	return out
}

// simpleHosts says which hosts have a simple listener in place of what they run, as a line; "": none has.
func simpleHosts(s *lab.Status) string {
	var names []string
	for i := range s.Hosts {
		if h := &s.Hosts[i]; h.Simple {
			names = append(names, h.Name+" ("+h.Runs+")")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "simple:   " + strings.Join(names, ", ") + " only answer with a line, since what they run is not installed; 'sudo weir lab doctor --install' installs it\n"
}
