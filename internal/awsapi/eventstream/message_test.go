package eventstream

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"weir/internal/source/sourcetest"
)

// session is what StartLiveTail answers with.
var session = []Message{
	Event("initial-response", []byte("{}")),
	Event("sessionStart", []byte(`{"requestId":"r","sessionId":"s","logGroupIdentifiers":["arn:aws:logs:us-east-1:000000000000:log-group:g"]}`)),
	Event("sessionUpdate", []byte(`{"sessionMetadata":{"sampled":false},"sessionResults":[{"timestamp":1,"ingestionTime":2,"message":"größe","logStreamName":"l","logGroupIdentifier":"g"}]}`)),
	Event("sessionUpdate", []byte(`{"sessionMetadata":{"sampled":true},"sessionResults":[]}`)),
	Exception("SessionTimeoutException", []byte(`{"message":"over"}`)),
}

// stream returns the frames of messages.
func stream(t testing.TB, messages []Message) []byte {
	t.Helper()
	var b []byte
	for _, m := range messages {
		var err error
		if b, err = Append(b, m); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestGoSDK lets AWS's SDK for Go read a session of StartLiveTail.
func TestGoSDK(t *testing.T) {
	body := stream(t, session)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ContentType)
		_, _ = w.Write(body)
	}))
	defer server.Close()
	client := cloudwatchlogs.New(cloudwatchlogs.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AK", "SK", ""),
		APIOptions: []func(*middleware.Stack) error{func(s *middleware.Stack) error {
			// Without it the client asks the host stream-127.0.0.1.
			return s.Initialize.Add(middleware.InitializeMiddlewareFunc("NoHostPrefix", func(
				ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
			) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
			}), middleware.Before)
		}},
	})
	out, err := client.StartLiveTail(t.Context(), &cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{"g"}})
	if err != nil {
		t.Fatal(err)
	}
	events := out.GetStream()
	defer events.Close()
	var got []string
	for e := range events.Events() {
		switch e := e.(type) {
		case *types.StartLiveTailResponseStreamMemberSessionStart:
			got = append(got, "start "+aws.ToString(e.Value.SessionId))
		case *types.StartLiveTailResponseStreamMemberSessionUpdate:
			var text strings.Builder
			text.WriteString("update")
			for _, r := range e.Value.SessionResults {
				text.WriteString(" " + aws.ToString(r.Message))
			}
			got = append(got, text.String())
		}
	}
	if diff := cmp.Diff([]string{"start s", "update größe", "update"}, got); diff != "" {
		t.Error(diff)
	}
	over, ok := errors.AsType[*types.SessionTimeoutException](events.Err())
	if !ok || over.ErrorMessage() != "over" {
		t.Errorf("%v", events.Err())
	}
}

// TestBotocore lets botocore read the same frames.
func TestBotocore(t *testing.T) {
	const program = `
import json, sys
from botocore.eventstream import EventStreamBuffer
b = EventStreamBuffer()
b.add_data(sys.stdin.buffer.read())
print(json.dumps([[[{"Name": k, "Value": v} for k, v in m.headers.items()], m.payload.decode()] for m in b]))
`
	cmd := exec.CommandContext(t.Context(), sourcetest.Python(t, "botocore"), "-c", program)
	cmd.Stdin = bytes.NewReader(stream(t, session))
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var raw [][2]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	var got []Message
	for _, r := range raw {
		var m Message
		var payload string
		if err := errors.Join(json.Unmarshal(r[0], &m.Headers), json.Unmarshal(r[1], &payload)); err != nil {
			t.Fatal(err)
		}
		m.Payload = []byte(payload)
		got = append(got, m)
	}
	if diff := cmp.Diff(session, got); diff != "" {
		t.Error(diff)
	}
}

func TestRead(t *testing.T) {
	b := stream(t, session)
	r := bytes.NewReader(b)
	var got []Message
	for {
		m, err := Read(r)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	if diff := cmp.Diff(session, got); diff != "" {
		t.Error(diff)
	}
	if name := got[4].Header(":exception-type"); name != "SessionTimeoutException" || got[4].Header("none") != "" {
		t.Errorf("%q", name)
	}
	one := stream(t, session[:1])
	for i := 1; i < len(one); i++ {
		if _, err := Read(bytes.NewReader(one[:i])); !errors.Is(err, errTruncated) {
			t.Errorf("%d of %d bytes: %v", i, len(one), err)
		}
	}
	for i := range one {
		bad := bytes.Clone(one)
		bad[i] ^= 0x40
		if _, err := Read(bytes.NewReader(bad)); err == nil || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
}

// frame makes a frame of any headers, with right checksums.
func frame(total, headers uint32, rest []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, total)
	b = binary.BigEndian.AppendUint32(b, headers)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	b = append(b, rest...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func TestReadRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		frame []byte
		want  string
	}{
		"too short":         {frame(15, 0, nil), "15 bytes"},
		"headers too long":  {frame(16, 1, nil), "16 bytes with 1 of headers"},
		"huge":              {frame(1<<31, 0, nil), "bytes with 0 of headers"},
		"huge headers":      {frame(1<<31, 1<<30, nil), "of headers"},
		"no name":           {frame(20, 4, []byte{0, 7, 0, 0}), "truncated"},
		"short header":      {frame(18, 2, []byte{1, 'a'}), "truncated"},
		"short value":       {frame(21, 5, []byte{1, 'a', 7, 0, 9}), "truncated"},
		"a value of a type": {frame(21, 5, []byte{1, 'a', 0, 0, 0}), `"a": its value is of type 0`},
	} {
		if _, err := Read(bytes.NewReader(tt.frame)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAppendRefused(t *testing.T) {
	many := make([]Header, 3)
	for i := range many {
		many[i] = Header{"h", strings.Repeat("v", maxValue)}
	}
	for name, m := range map[string]Message{
		"no name":      {Headers: []Header{{"", "v"}}},
		"long name":    {Headers: []Header{{strings.Repeat("n", 256), "v"}}},
		"long value":   {Headers: []Header{{"n", strings.Repeat("v", 1<<16)}}},
		"many headers": {Headers: many},
		"long payload": {Payload: make([]byte, maxPayload+1)},
	} {
		if b, err := Append([]byte("x"), m); err == nil || string(b) != "x" {
			t.Errorf("%s: %v, %d bytes", name, err, len(b))
		}
	}
}

// FuzzRead looks for bytes that break the reader, or that it reads as what is written otherwise.
func FuzzRead(f *testing.F) {
	f.Add(stream(f, session[:1]))
	f.Add(frame(16, 0, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, err := Append(nil, m)
		if err != nil || !bytes.HasPrefix(b, again) {
			t.Fatalf("%+v: %v", m, err)
		}
	})
}
