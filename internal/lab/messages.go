package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// mostMessage bounds a message in bytes; SNS's have 256 KiB at most, and JSON within JSON doubles what it quotes.
const mostMessage = 1 << 20

// A Message is what the lab's receiver got: of an alarm, or a text that somebody has published, which has no alarm, state and reason.
type Message struct {
	// At is when it came.
	At      time.Time `json:"at"`
	Alarm   string    `json:"alarm"`
	State   string    `json:"state"`
	Reason  string    `json:"reason"`
	Sources []Talker  `json:"sources"`
	// Text is what people are told, or was published.
	Text string `json:"text"`
}

// A Talker is an address, and how many of the log events behind an alarm it has.
type Talker struct {
	Address string  `json:"address"`
	Events  float64 `json:"events"`
}

// notice is what weir posts to a webhook, as far as it is read. Message has AWS's document of an alarm, as text.
type notice struct {
	Message string `json:"message"`
}

// document is AWS's document of an alarm with weir's member.
type document struct {
	AlarmName      string
	NewStateValue  string
	NewStateReason string
	Weir           struct {
		Text    string
		Sources []struct {
			Value string  `json:"value"`
			Count float64 `json:"count"`
		}
	}
}

// parseMessage reads what was posted.
func parseMessage(body []byte) (*Message, error) {
	var n notice
	if err := json.Unmarshal(body, &n); err != nil {
		return nil, err
	}
	if n.Message == "" {
		return nil, errors.New("it has no message")
	}
	var d document
	if err := json.Unmarshal([]byte(n.Message), &d); err != nil || d.AlarmName == "" || d.NewStateValue == "" {
		return &Message{Text: n.Message, Sources: []Talker{}}, nil //nolint:nilerr // it is of no alarm, such as a test's
	}
	m := &Message{Alarm: d.AlarmName, State: d.NewStateValue, Reason: d.NewStateReason, Text: d.Weir.Text, Sources: []Talker{}}
	for _, s := range d.Weir.Sources {
		m.Sources = append(m.Sources, Talker{s.Value, s.Count})
	}
	return m, nil
}

// receiver keeps the messages that are posted to it, a line each.
type receiver struct {
	name string
	now  func() time.Time
	mu   sync.Mutex
}

// ServeHTTP takes a message. Who sent it is told of what is none, and tries what could not be kept again.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, mostMessage))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m, err := parseMessage(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m.At = r.now().UTC()
	if err := r.keep(m); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (r *receiver) keep(m *Message) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f, err := os.OpenFile(r.name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// receive answers at an address until ctx is done.
func receive(ctx context.Context, address, file string) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: &receiver{name: file, now: time.Now}, ReadTimeout: mostTalk, WriteTimeout: mostTalk}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() { _ = server.Serve(l) }() // it ends with ctx
	return nil
}

// Messages returns what the receiver of a lab got since a time, in the order in which it came.
func Messages(dir string, since time.Time) ([]Message, error) {
	s, err := read(dir)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, ErrDown
	}
	data, err := os.ReadFile(filepath.Join(dir, messagesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return []Message{}, nil
	}
	if err != nil {
		return nil, err
	}
	out := []Message{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 2*mostMessage)
	for lines.Scan() {
		var m Message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return nil, fmt.Errorf("%s: %w", messagesFile, err)
		}
		if !m.At.Before(since) {
			out = append(out, m)
		}
	}
	return out, lines.Err()
}
