package logs

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"maps"

	"weir/internal/awsapi"
	"weir/internal/logstore"
)

type getLogRecordRequest struct {
	Pointer string `json:"logRecordPointer" required:"true"`
	Unmask  bool   `json:"unmask"` // nothing is masked
}

type getLogRecordResponse struct {
	Record map[string]string `json:"logRecord"`
}

// getLogRecord gives all fields of the event that a pointer (@ptr) is of.
//
// Source: AWS, GetLogRecord.
func (a *API) getLogRecord(ctx context.Context, _ *awsapi.Call, in *getLogRecordRequest) (*getLogRecordResponse, error) {
	group, stream, timestamp, ok := pointed(in.Pointer)
	if !ok {
		return nil, invalid("The specified logRecordPointer is invalid.")
	}
	g, reader, err := a.groups.find(ctx, group)
	if err != nil {
		return nil, err
	}
	format := recordFormat(g)
	request := logstore.ReadRequest{Group: group, Streams: []string{stream}, From: timestamp, To: timestamp + 1}
	for e, err := range reader.Read(ctx, request) {
		if err != nil {
			return nil, answer(err)
		}
		if e.Ptr() != in.Pointer {
			continue
		}
		out := &getLogRecordResponse{Record: map[string]string{"@ptr": in.Pointer}}
		maps.Insert(out.Record, a.fieldsOf(&e, format))
		return out, nil
	}
	return nil, notFound("The specified log record does not exist.")
}

// pointed returns what a pointer of [logstore.Event.Ptr] says.
func pointed(pointer string) (group, stream string, timestamp int64, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(pointer)
	if err != nil || len(raw) == 0 || raw[0] != 1 {
		return "", "", 0, false
	}
	raw = raw[1:]
	millis, n := binary.Uvarint(raw)
	if n <= 0 || millis > 1<<62 || len(raw) < n+14 {
		return "", "", 0, false
	}
	raw = raw[n+14:] // 14: the digest
	length, n := binary.Uvarint(raw)
	if n <= 0 || length > uint64(len(raw)-n) {
		return "", "", 0, false
	}
	raw = raw[n:]
	return string(raw[:length]), string(raw[length:]), int64(millis), true
}
