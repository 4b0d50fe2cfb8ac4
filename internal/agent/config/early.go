package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// early are the seconds after which windows may be closed before their interval is over: multiples of the 5 s between two reads that a minute has a whole
// number of, so that a minute's windows make up the minute. AWS has no such thing: it is for labs, where nobody wants to wait.
var early = []int{5, 10, 15, 20, 30}

// closeEvery reads how long windows are that are closed early.
func (r *reader) closeEvery(to *time.Duration, n *yaml.Node) error {
	var text string
	if err := r.text(&text)(n); err != nil {
		return err
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || !slices.Contains(early, seconds) {
		words := make([]string, len(early))
		for i, s := range early {
			words[i] = strconv.Itoa(s)
		}
		return r.bad(n, "%q is none of %s seconds", text, strings.Join(words, ", "))
	}
	*to = time.Duration(seconds) * time.Second
	return nil
}
