package servicetest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Records is a service like CloudWatch Logs or Firehose, which holds what it was sent as often as it was sent.
type Records struct {
	*Service
	// now is the service's clock, in milliseconds since the epoch.
	now func() int64
	mu  sync.Mutex
	// got are the records by how often they were taken, and broken is what a request was that the service does not take.
	got    map[string]int
	broken string
}

// The limits of AWS's services. Sources: API references, PutLogEvents and PutRecordBatch.
const (
	mostAge     = 14 * 24 * time.Hour
	mostEvents  = 10_000
	mostBatch   = 1_048_576
	eventRoom   = 26
	mostSpan    = 24 * time.Hour
	mostRecords = 500
	mostBytes   = 4 << 20
)

// NewRecords starts a service that takes any credentials, log group and delivery stream. now is its clock.
func NewRecords(t testing.TB, seed uint64, now func() time.Time) *Records {
	t.Helper()
	s := &Records{got: map[string]int{}, now: func() int64 { return now().UnixMilli() }}
	s.Service = start(t, seed, nil, http.HandlerFunc(s.answer), refuseRecords)
	return s
}

// Got returns how often each record was taken, and what was wrong with a request, "" where nothing was.
func (s *Records) Got() (records map[string]int, broken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.got), s.broken
}

func (s *Records) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client left
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch target := r.Header.Get("X-Amz-Target"); target {
	case "Logs_20140328.PutLogEvents":
		s.events(w, body)
	case "Firehose_20150804.PutRecordBatch":
		s.batch(w, body)
	default:
		s.broken = target
		writeJSON(w, http.StatusBadRequest, "UnknownOperationException", target)
	}
}

// events takes log events, but for those that are too old.
func (s *Records) events(w http.ResponseWriter, body []byte) {
	var in struct {
		LogStreamName string `json:"logStreamName"`
		LogEvents     []struct {
			Timestamp int64  `json:"timestamp"`
			Message   string `json:"message"`
		} `json:"logEvents"`
	}
	err := json.Unmarshal(body, &in)
	size, old := 0, 0
	for i, e := range in.LogEvents {
		size += len(e.Message) + eventRoom
		if i > 0 && e.Timestamp < in.LogEvents[i-1].Timestamp {
			err = fmt.Errorf("event %d is older than the one before", i)
		}
		if e.Timestamp < s.now()-mostAge.Milliseconds() {
			old++
		}
	}
	n := len(in.LogEvents)
	if err != nil || n == 0 || n > mostEvents || size > mostBatch || in.LogEvents[n-1].Timestamp-in.LogEvents[0].Timestamp > mostSpan.Milliseconds() {
		s.broken = fmt.Sprintf("%d events of %d bytes: %v", n, size, err)
		writeJSON(w, http.StatusBadRequest, "InvalidParameterException", s.broken)
		return
	}
	for _, e := range in.LogEvents[old:] {
		s.got[in.LogStreamName+" "+e.Message]++
	}
	answer := map[string]any{}
	if old > 0 {
		answer["rejectedLogEventsInfo"] = map[string]any{"tooOldLogEventEndIndex": old}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// batch takes records of Firehose, but for one in sixteen where the weather is not fair, which it is too busy for.
func (s *Records) batch(w http.ResponseWriter, body []byte) {
	var in struct{ Records []struct{ Data []byte } }
	err := json.Unmarshal(body, &in)
	size := 0
	for _, r := range in.Records {
		size += len(r.Data)
	}
	if err != nil || len(in.Records) == 0 || len(in.Records) > mostRecords || size > mostBytes {
		s.broken = fmt.Sprintf("%d records of %d bytes: %v", len(in.Records), size, err)
		writeJSON(w, http.StatusBadRequest, "InvalidArgumentException", s.broken)
		return
	}
	var answers []map[string]string
	failed := 0
	for i, r := range in.Records {
		if weather, _, _, ms := s.Service.now(); weather != Fair && ms%16 == 0 {
			failed++
			answers = append(answers, map[string]string{"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."})
			continue
		}
		s.got[string(r.Data)]++
		answers = append(answers, map[string]string{"RecordId": fmt.Sprint(i)})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"FailedPutCount": failed, "RequestResponses": answers})
}

// refuseRecords answers with an error of CloudWatch Logs or Firehose.
func refuseRecords(w http.ResponseWriter, _ *http.Request, why Weather, choice int) {
	switch {
	case why == Full || choice%3 == 0:
		writeJSON(w, http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
	case choice%3 == 1:
		writeJSON(w, http.StatusInternalServerError, "InternalFailure", "")
	default:
		writeJSON(w, http.StatusServiceUnavailable, "ServiceUnavailableException", "The service cannot complete the request.")
	}
}

func writeJSON(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}
