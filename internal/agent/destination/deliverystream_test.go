package destination

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"weir/internal/agent/config"
)

func streamAt(url string) *config.FlowLog {
	return flowLog(config.Delivery{Type: config.Firehose, DeliveryStream: "flows", Endpoint: url})
}

// sent are the records of a request.
func sent(t *testing.T, c call) (out []string) {
	t.Helper()
	var in struct {
		DeliveryStreamName string
		Records            []struct{ Data []byte }
	}
	if err := json.Unmarshal(c.body, &in); err != nil || in.DeliveryStreamName != "flows" {
		t.Errorf("%s: %v", c.body, err)
	}
	for _, r := range in.Records {
		out = append(out, string(r.Data))
	}
	return out
}

// TestDeliveryStream sends the record of spec c.7, and 501 in two requests.
func TestDeliveryStream(t *testing.T) {
	s, url := newCalls(t, func(call, int) (int, string) { return 200, `{"FailedPutCount":0,"RequestResponses":[]}` })
	l := streamAt(url)
	d := open(t, l)
	const line = "2 428961148399 eni-0e0bf7be352692297 - - - - - - - 1671029698 1671029728 - NODATA"
	if out, err := deliver(t.Context(), t, d, item(t, l, batch(t, line))); out != (Outcome{Records: 1}) || err != "" {
		t.Errorf("%+v: %s", out, err)
	}
	if got := sent(t, s.at(0)); !slices.Equal(got, []string{`{"message":"` + line + `"}` + "\n"}) {
		t.Errorf("%q", got)
	}
	many := make([]string, mostFirehoseRecords+1)
	for i := range many {
		many[i] = strings.Replace(accepted, "20641", fmt.Sprint(i), 1)
	}
	if out, err := deliver(t.Context(), t, d, item(t, l, batch(t, many...))); out != (Outcome{Records: 501}) || err != "" {
		t.Errorf("%+v: %s", out, err)
	}
	if a, b := len(sent(t, s.at(1))), len(sent(t, s.at(2))); a != 500 || b != 1 {
		t.Errorf("%d and %d records", a, b)
	}
}

// TestDeliveryStreamResumes has records that are refused alone: they alone are sent again.
func TestDeliveryStreamResumes(t *testing.T) {
	const (
		ok   = `{"RecordId":"1"}`
		slow = `{"ErrorCode":"ServiceUnavailableException","ErrorMessage":"Slow down."}`
		bad  = `{"ErrorCode":"InternalFailure","ErrorMessage":"Internal service failure."}`
	)
	answers := []string{
		`{"FailedPutCount":3,"RequestResponses":[` + strings.Join([]string{slow, ok, bad, slow}, ",") + `]}`,
		"",
		`{"FailedPutCount":2,"RequestResponses":[` + strings.Join([]string{bad, ok, slow}, ",") + `]}`,
		`{"FailedPutCount":1}`,
		`{"FailedPutCount":0,"RequestResponses":[` + ok + "," + ok + `]}`,
	}
	s, url := newCalls(t, func(_ call, n int) (int, string) {
		if answers[n] == "" {
			return 0, ""
		}
		return 200, answers[n]
	})
	l := streamAt(url)
	d := open(t, l)
	var lines []string
	for i := range 4 {
		lines = append(lines, strings.Replace(accepted, "20641", fmt.Sprint(i), 1))
	}
	it := item(t, l, batch(t, lines...))
	for i, want := range []struct {
		out  Outcome
		err  string
		sent []int
	}{
		{Outcome{Records: 1}, "Rate limited: put records into flows: ServiceUnavailableException: Slow down.", []int{0, 1, 2, 3}},
		{Outcome{}, "Unknown error: put records into flows: ", []int{0, 2, 3}},
		{Outcome{Records: 1, Repeated: 1}, "Unknown error: put records into flows: InternalFailure: Internal service failure.", []int{0, 2, 3}},
		{Outcome{}, "Unknown error: put records into flows: 0 answers for 2 records", []int{0, 3}},
		{Outcome{Records: 2, Repeated: 2}, "", []int{0, 3}},
	} {
		out, err := deliver(t.Context(), t, d, it)
		var envelopes []string
		for _, of := range want.sent {
			envelopes = append(envelopes, `{"message":"`+lines[of]+`"}`+"\n")
		}
		if out != want.out || !strings.HasPrefix(err, want.err) || (err == "") != (want.err == "") || !slices.Equal(sent(t, s.at(i)), envelopes) {
			t.Errorf("%d: %+v: %s: %q", i, out, err, sent(t, s.at(i)))
		}
	}
}

// TestRecordsFor cuts records at each limit of PutRecordBatch.
func TestRecordsFor(t *testing.T) {
	envelope := len(`{"message":""}` + "\n")
	full := strings.Repeat("x", mostFirehoseRecord-envelope)
	lines := []string{full, full, full, full, "last", full + "x", "<&>"}
	var s stream
	for _, l := range lines {
		s.events = append(s.events, event{1, l})
	}
	batches, large, err := recordsFor([]stream{s})
	if err != nil || large != 1 || len(batches) != 1 || len(batches[0]) != 6 || string(batches[0][5].Data) != `{"message":"<&>"}`+"\n" {
		t.Errorf("%d batches, %d too large: %v", len(batches), large, err)
	}
	s.events = append(s.events, event{1, full})
	if batches, _, err = recordsFor([]stream{s}); err != nil || len(batches) != 2 || len(batches[1]) != 1 {
		t.Errorf("%d batches: %v", len(batches), err)
	}
}
