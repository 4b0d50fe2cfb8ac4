package subscription

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// read is a document as who gets it reads it.
type read struct {
	MessageType, Owner, LogGroup, LogStream string
	SubscriptionFilters                     []string
	LogEvents                               []Event
}

func unpack(t testing.TB, payload []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestVectors makes documents of others again: they have the same members in the same order.
func TestVectors(t *testing.T) {
	raw, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "cwl_subscription.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		ID       string
		Document json.RawMessage
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, v := range vectors {
		var want bytes.Buffer
		if err := json.Compact(&want, v.Document); err != nil {
			t.Fatal(err)
		}
		var d read
		if err := json.Unmarshal(v.Document, &d); err != nil {
			t.Fatal(err)
		}
		if d.MessageType == "" {
			continue // an event of FilterLogEvents
		}
		ran++
		payloads, dropped, err := Pack(Header{d.Owner, d.LogGroup, d.LogStream, d.SubscriptionFilters}, d.LogEvents)
		if err != nil || dropped != 0 || len(payloads) != 1 {
			t.Fatalf("%s: %d payloads, %d dropped, %v", v.ID, len(payloads), dropped, err)
		}
		if diff := cmp.Diff(want.String(), string(unpack(t, payloads[0]))); diff != "" {
			t.Errorf("%s: %s", v.ID, diff)
		}
	}
	if ran < 2 {
		t.Errorf("only %d documents", ran)
	}
}

// TestPack cuts random events of any size: all come back in their order, and no record is too large.
func TestPack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	noise := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(' ' + rnd.IntN(90))
		}
		return string(b)
	}
	for _, sizes := range [][]int{{}, {0}, {10, 20, 30}, {600_000, 500_000, 400_000, 10}, {900_000, 900_000}, {100, 1_000_000, 100}} {
		h := Header{"000000000000", "/vpc/flow", "eni-1-all", []string{"all"}}
		var events []Event
		for i, n := range sizes {
			events = append(events, Event{ID: fmt.Sprint(i), Timestamp: int64(i), Message: noise(n)})
		}
		if len(events) > 2 {
			events[1].Fields = map[string]string{"action": "<REJECT>"}
		}
		payloads, dropped, err := Pack(h, events)
		if err != nil || dropped != 0 {
			t.Fatalf("%d dropped, %v", dropped, err)
		}
		var got []Event
		for _, p := range payloads {
			if len(p) > MaxRecord {
				t.Errorf("a record of %d bytes", len(p))
			}
			var d read
			if err := json.Unmarshal(unpack(t, p), &d); err != nil {
				t.Fatal(err)
			}
			if d.MessageType != "DATA_MESSAGE" || d.Owner != h.Owner || d.LogGroup != h.LogGroup || d.LogStream != h.LogStream || !cmp.Equal(d.SubscriptionFilters, h.Filters) {
				t.Errorf("%+v", d)
			}
			got = append(got, d.LogEvents...)
		}
		if diff := cmp.Diff(events, got); diff != "" {
			t.Error(diff)
		}
	}
	large := make([]byte, 2*MaxRecord)
	for i := range large {
		large[i] = byte('0' + rnd.IntN(70))
	}
	events := []Event{{ID: "a"}, {ID: "b", Message: string(large)}, {ID: "c", Message: strings.Repeat("x", 4*MaxRecord)}, {ID: "d"}}
	payloads, dropped, err := Pack(Header{}, events)
	if err != nil || dropped != 1 || len(payloads) != 3 {
		t.Errorf("%d payloads, %d dropped, %v", len(payloads), dropped, err)
	}
}

func TestControl(t *testing.T) {
	p, err := Control(time.UnixMilli(1480640020557), "Checking health of destination Firehose.")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],` +
		`"logEvents":[{"id":"","timestamp":1480640020557,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}`
	if diff := cmp.Diff(want, string(unpack(t, p))); diff != "" {
		t.Error(diff)
	}
}

func TestLambda(t *testing.T) {
	var e struct{ AWSLogs struct{ Data string } }
	if err := json.Unmarshal(Lambda([]byte{0, 0xff, '"'}), &e); err != nil {
		t.Fatal(err)
	}
	if b, err := base64.StdEncoding.DecodeString(e.AWSLogs.Data); err != nil || string(b) != "\x00\xff\"" {
		t.Errorf("%q, %v", b, err)
	}
}
