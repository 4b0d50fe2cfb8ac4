package cli

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/app"
	"weir/internal/logstore"
)

// TestTailInterface shows the interface of a record by its name, else by its id, whatever the stream is called.
func TestTailInterface(t *testing.T) {
	const eni, none = "${interface-id} ${action}", "${action} ${bytes}"
	for name, c := range map[string]struct{ format, message, stream, interfaceName, want string }{
		"name":           {eni, "eni-1 ACCEPT", "s", "web", "web"},
		"id":             {eni, "eni-1 ACCEPT", "s", "", "eni-1"},
		"no id":          {none, "ACCEPT 7", "eni-2-all", "", "eni-2"},
		"no value of id": {eni, "- ACCEPT", "eni-2-all", "", "eni-2"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newTailPrinter(&cli{out: &bytes.Buffer{}}, false, time.UTC)
			e := app.LogEvent{Event: logstore.Event{Stream: c.stream, Message: c.message}, Format: c.format, InterfaceName: c.interfaceName}
			r, ok := p.record(&e)
			if !ok {
				t.Fatal("it is no record")
			}
			want := []string{"1970-01-01 00:00:00 UTC", "ACCEPT", c.want}
			if diff := cmp.Diff(want, p.row(&e, r)[:3]); diff != "" {
				t.Error(diff)
			}
		})
	}
}
