package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// heartbeat is how often an event stream without events shows that it is there, so
// that neither side nor a proxy between them takes it for dead.
const heartbeat = 20 * time.Second

// commitEvent is the data of the event commit.
type commitEvent struct {
	At      int64   `json:"at"`
	Kind    string  `json:"kind"`
	Records integer `json:"records"`
}

// events streams one event for each commit to the lake and one whenever alarms have changed, as server-sent events,
// until the reader goes away.
func (c *console) events(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	stream := http.NewResponseController(w)
	// A server's write timeout is for answers that end. Where it cannot be lifted
	// the stream breaks off at it and the page opens another.
	_ = stream.SetWriteDeadline(time.Time{})
	send := func(text string) bool {
		_, err := fmt.Fprint(w, text)
		return err == nil && stream.Flush() == nil
	}
	commits := c.Commits(r.Context())
	var alarms <-chan struct{}
	if c.Watching != nil {
		alarms = c.Watching.Alarms.Changes(r.Context())
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for open := send("retry: 2000\n\n"); open; {
		select {
		case <-r.Context().Done():
			return
		case commit, ok := <-commits:
			if !ok {
				return
			}
			open = send(eventOf(commit))
		case <-alarms:
			open = send("event: alarms\ndata: {}\n\n")
		case <-beat.C:
			open = send(": still here\n\n")
		}
	}
}

// eventOf writes a commit as an event.
func eventOf(commit Commit) string {
	data, err := json.Marshal(commitEvent{commit.At.Unix(), commit.Kind.String(), integer(commit.Records)})
	if err != nil {
		panic(err) // numbers and a name always have a JSON form
	}
	return fmt.Sprintf("event: commit\ndata: %s\n\n", data)
}
