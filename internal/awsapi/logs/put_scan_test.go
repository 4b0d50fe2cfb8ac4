package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi"
)

// plain is a request as encoding/json reads it.
type plain struct {
	Group, Stream string
	Events        []plainEvent
}

type plainEvent struct {
	Timestamp int64
	Message   string
}

func scanned(b *batch) plain {
	p := plain{Group: b.group, Stream: b.stream}
	for _, e := range b.events {
		p.Events = append(p.Events, plainEvent{e.Timestamp, string(e.Message)})
	}
	return p
}

func call(body []byte) *awsapi.Call {
	return &awsapi.Call{Service: &awsapi.Service{Shapes: shapes}, Body: body}
}

func TestScan(t *testing.T) {
	tests := []struct {
		name, body string
		fast       bool // the scanner reads it
		want       plain
		err        string
	}{
		{
			name: "as clients send it", fast: true, body: `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"a"},{"message":"b","timestamp":20}]}`,
			want: plain{"g", "s", []plainEvent{{1, "a"}, {20, "b"}}},
		},
		{
			name: "spaces, a token and another order", fast: true, body: " {\n \"sequenceToken\" : \"x\",\t\"logEvents\" : [ { \"timestamp\" : 0 , \"message\" : \"a\" } ] , \"logGroupName\":\"g\",\"logStreamName\":\"s\" }\r\n",
			want: plain{"g", "s", []plainEvent{{0, "a"}}},
		},
		{
			name: "escapes", fast: true, body: `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"\"\\\/\b\f\n\r\tä\u00e4\uD83D\ude00\u0000"},{"timestamp":1,"message":"b\u0041"}]}`,
			want: plain{"g", "s", []plainEvent{{1, "\"\\/\b\f\n\r\tää😀\x00"}, {1, "bA"}}},
		},
		{
			name: "half of a pair", body: `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"\ud83dx"}]}`,
			want: plain{"g", "s", []plainEvent{{1, "\ufffdx"}}},
		},
		{
			name: "an entity and others", body: `{"logGroupName":"g","logStreamName":"s","entity":{"keyAttributes":{"a":"b","c":"d"}},"other":[{}],"logEvents":[{"timestamp":1,"message":"a"}]}`,
			want: plain{"g", "s", []plainEvent{{1, "a"}}},
		},
		{
			name: "twice", body: `{"logGroupName":"x","logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"a","message":"b"}]}`,
			want: plain{"g", "s", []plainEvent{{1, "b"}}},
		},
		{name: "a number in another form", body: `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1e3,"message":"a"}]}`, want: plain{"g", "s", []plainEvent{{1000, "a"}}}},
		{name: "no events", body: `{"logGroupName":"g","logStreamName":"s","logEvents":[]}`, err: "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{name: "no message", body: `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1}]}`, err: "1 validation error detected: Value null at 'logEvents.1.member.message' failed to satisfy constraint: Member must not be null"},
		{name: "an empty message", body: `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":""}]}`, err: "1 validation error detected: Value '' at 'logEvents.1.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{name: "a negative time", body: `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":-1,"message":"a"}]}`, err: "1 validation error detected: Value '-1' at 'logEvents.1.member.timestamp' failed to satisfy constraint: Member must have value greater than or equal to 0"},
		{name: "a bad name", body: `{"logGroupName":"g g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"a"}]}`, err: `1 validation error detected: Value 'g g' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`},
		{name: "a number with a zero in front", body: `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":01,"message":"a"}]}`, err: "SerializationException: the body is not JSON: invalid character '1' after object key:value pair, at byte 68"},
		{name: "a control character", body: "{\"logGroupName\":\"g\",\"logStreamName\":\"s\",\"logEvents\":[{\"timestamp\":1,\"message\":\"a\nb\"}]}", err: "SerializationException: the body is not JSON: invalid character '\\n' in string literal, at byte 81"},
		{name: "more behind it", body: `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"a"}]}]`, err: "SerializationException: the body is not JSON: there is more behind the object, at byte 84"},
		{name: "cut off", body: `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"a`, err: "SerializationException: the body is not JSON: it ends too early"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := new(batch).scan([]byte(tt.body)); got != tt.fast {
				t.Errorf("scanned: %v", got)
			}
			b := new(batch)
			text := ""
			if err := b.decode(call([]byte(tt.body))); err != nil {
				text = err.Error()
			}
			if diff := cmp.Diff(tt.err, text); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(tt.want, scanned(b)); tt.err == "" && diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzScan: what the scanner reads is what encoding/json reads, and what it does not read is decided as
// all other requests are.
func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"a"},{"message":"\"\\\u00e4\uD83D\ude00","timestamp":20}]}`))
	f.Add([]byte("{ \"sequenceToken\":\"x\" , \"logGroupName\":\"g\",\"logStreamName\":\"\\u0073\",\"logEvents\":[{\"timestamp\":01,\"message\":\"a\n\"}]}"))
	f.Add([]byte(`{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"\ud83d\ud83d"}],"entity":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := new(batch)
		fast := b.scan(body)
		// The reference: encoding/json into a tree, members told apart by case.
		var in putLogEventsRequest
		err := awsapi.Decode(body, &in, shapes)
		if !fast {
			return
		}
		if err != nil {
			t.Fatalf("the scanner takes what is refused: %v", err)
		}
		want := plain{Group: in.Group, Stream: in.Stream}
		for _, e := range in.Events {
			want.Events = append(want.Events, plainEvent{*e.Timestamp, e.Message})
		}
		if diff := cmp.Diff(want, scanned(b)); diff != "" {
			t.Fatal(diff)
		}
		if !json.Valid(body) {
			t.Fatal("the scanner takes what is no JSON")
		}
	})
}

// fullRequest returns a request filled to 1,048,576 bytes, and how many events it has.
func fullRequest(tb testing.TB) ([]byte, int) {
	tb.Helper()
	const line = `2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK`
	const head = `{"logGroupName":"/vpc/flow","logStreamName":"eni-1235b8ca123456789-all","logEvents":[`
	var b strings.Builder
	b.WriteString(head)
	n := 0
	for {
		event := fmt.Sprintf(`{"timestamp":%d,"message":%q},`, testTime.UnixMilli()+int64(n), line)
		if b.Len()+len(event)+1 > 1<<20 || n == 10_000 {
			break
		}
		b.WriteString(event)
		n++
	}
	return []byte(strings.TrimSuffix(b.String(), ",") + "]}"), n
}

func TestFullRequestIsScanned(t *testing.T) {
	body, n := fullRequest(t)
	b := new(batch)
	if !b.scan(body) || len(b.events) != n {
		t.Fatalf("%d of %d events", len(b.events), n)
	}
	if err := b.decode(call(body[:len(body)-1])); !errors.As(err, new(*awsapi.Error)) {
		t.Fatalf("a body that is cut off: %v", err)
	}
}

func BenchmarkScan(b *testing.B) {
	body, n := fullRequest(b)
	var into batch
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if !into.scan(body) {
			b.Fatal("not scanned")
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkDecode is what the scanner spares.
func BenchmarkDecode(b *testing.B) {
	body, n := fullRequest(b)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		var in putLogEventsRequest
		if err := awsapi.Decode(body, &in, shapes); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkPutLogEvents is a request from its bytes to its durable events.
func BenchmarkPutLogEvents(b *testing.B) {
	s := newServer(b, nil)
	s.ok("CreateLogGroup", object{"logGroupName": "/vpc/flow"})
	s.ok("CreateLogStream", object{"logGroupName": "/vpc/flow", "logStreamName": "eni-1235b8ca123456789-all"})
	body, n := fullRequest(b)
	b.SetBytes(int64(len(body)))
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if status, answer := s.post("PutLogEvents", body); status != 200 {
				b.Fatal(answer)
			}
		}
	})
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
