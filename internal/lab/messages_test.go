package lab

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// posted returns what weir posts to a webhook.
func posted(t testing.TB, document string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"id": "1", "topic": "arn:aws:sns:eu-west-1:111122223333:woken", "message": document})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const sshDocument = `{"AlarmName":"ssh","NewStateValue":"ALARM","NewStateReason":"Threshold Crossed","Trigger":{"Period":60},
	"Weir":{"Text":"ALARM: ssh\n","Sources":[{"value":"203.0.113.200","count":20},{"value":"203.0.113.10","name":"x","count":1}]}}`

// TestReceiver has messages that come be shown in their order, and what is none be refused.
func TestReceiver(t *testing.T) {
	dir := t.TempDir()
	if _, err := Messages(dir, time.Time{}); !errors.Is(err, ErrDown) {
		t.Error(err)
	}
	if err := (&state{Dir: dir}).write(); err != nil {
		t.Fatal(err)
	}
	if got, err := Messages(dir, time.Time{}); err != nil || got == nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	r := &receiver{name: filepath.Join(dir, messagesFile), now: func() time.Time { return at }}
	for _, tc := range []struct {
		body string
		want int
	}{
		{posted(t, sshDocument), http.StatusOK},
		{posted(t, "TEST: a text\nof two lines"), http.StatusOK},
		{posted(t, ""), http.StatusBadRequest},
		{"{", http.StatusBadRequest},
		{`{"message":"` + strings.Repeat("x", mostMessage) + `"}`, http.StatusBadRequest},
		{posted(t, `{"AlarmName":"ssh","NewStateValue":"OK"}`), http.StatusOK},
	} {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(tc.body)))
		if w.Code != tc.want {
			t.Errorf("%.60s: %d %s", tc.body, w.Code, w.Body)
		}
		at = at.Add(time.Second)
	}
	first := Message{
		At: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), Alarm: "ssh", State: "ALARM", Reason: "Threshold Crossed", Text: "ALARM: ssh\n",
		Sources: []Talker{{"203.0.113.200", 20}, {"203.0.113.10", 1}},
	}
	text := Message{At: first.At.Add(time.Second), Text: "TEST: a text\nof two lines", Sources: []Talker{}}
	second := Message{At: first.At.Add(5 * time.Second), Alarm: "ssh", State: "OK", Sources: []Talker{}}
	for _, tc := range []struct {
		since time.Time
		want  []Message
	}{{time.Time{}, []Message{first, text, second}}, {first.At, []Message{first, text, second}}, {first.At.Add(2 * time.Second), []Message{second}}, {at, []Message{}}} {
		got, err := Messages(dir, tc.since)
		if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
			t.Error(tc.since, err, diff)
		}
	}
	if err := os.WriteFile(r.name, []byte("{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Messages(dir, time.Time{}); err == nil || !strings.Contains(err.Error(), messagesFile) {
		t.Error(err)
	}
}

// TestLostMessage has who sends try again what could not be kept.
func TestLostMessage(t *testing.T) {
	w := httptest.NewRecorder()
	r := &receiver{name: filepath.Join(t.TempDir(), "none", messagesFile), now: time.Now}
	r.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(posted(t, sshDocument))))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// FuzzMessage has what is taken name an alarm and its state, or have a text.
func FuzzMessage(f *testing.F) {
	f.Add([]byte(posted(f, sshDocument)))
	f.Add([]byte(`{"message":"{\"AlarmName\":\"a\",\"NewStateValue\":\"OK\",\"Weir\":{\"Sources\":[{\"count\":1e400}]}}"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := parseMessage(body)
		if err == nil && ((m.Alarm == "" || m.State == "") && m.Text == "" || m.Sources == nil) {
			t.Errorf("%+v", m)
		}
	})
}
