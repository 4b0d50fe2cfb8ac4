package logs

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/logstore"
)

// messages returns the messages of an answer.
func messages(out object) []string {
	var all []string
	for _, e := range out["events"].([]any) {
		all = append(all, e.(object)["message"].(string))
	}
	return all
}

func TestPutLogEvents(t *testing.T) {
	s := newServer(t, nil)
	s.group("g", "s")
	now := testTime.UnixMilli()
	const hour, day = 3_600_000, 86_400_000
	events := func(times ...int64) object {
		var list []object
		for _, at := range times {
			list = append(list, object{"timestamp": at, "message": "m"})
		}
		return object{"logGroupName": "g", "logStreamName": "s", "logEvents": list}
	}
	big := func(sizes ...int) object {
		var list []object
		for _, n := range sizes {
			list = append(list, object{"timestamp": now, "message": strings.Repeat("ä", n/2)})
		}
		return object{"logGroupName": "g", "logStreamName": "s", "logEvents": list}
	}
	many := make([]int64, 10_001)
	for i := range many {
		many[i] = now
	}
	tests := []struct {
		name string
		in   object
		want string // the error, or what was rejected
	}{
		{"all is well", events(now-hour, now, now), "<nil>"},
		{"a full batch", big(1_048_576 - 26), "<nil>"},
		{"10,000 events", events(many[1:]...), "<nil>"},
		{"too old and too new", events(now-15*day, now-14*day-1, now-hour, now, now+2*hour+1, now+3*hour), "map[tooNewLogEventStartIndex:4 tooOldLogEventEndIndex:2]"},
		{"at the edges", events(now - 14*day), "<nil>"},
		{"too much", big(1_000_000, 48_576-52+2), "InvalidParameterException: Upload too large: 1048578 bytes exceeds limit of 1048576"},
		{"not in order", events(now, now-1), "InvalidParameterException: Log events in a single PutLogEvents request must be in chronological order."},
		{"over a day", events(now-25*hour, now), "InvalidParameterException: The batch of log events in a single PutLogEvents request cannot span more than 24 hours."},
		{"over a day, but for what is rejected", events(now-15*day, now), "map[tooOldLogEventEndIndex:1]"},
		{"no such stream", object{"logGroupName": "g", "logStreamName": "x", "logEvents": []object{{"timestamp": now, "message": "m"}}}, "ResourceNotFoundException: The specified log stream does not exist."},
		{"no such group", object{"logGroupName": "x", "logStreamName": "x", "logEvents": []object{{"timestamp": now, "message": "m"}}}, "ResourceNotFoundException: The specified log group does not exist."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if status, out := s.send("PutLogEvents", tt.in); status == 200 {
				got = fmt.Sprint(out["rejectedLogEventsInfo"])
				if out["nextSequenceToken"] == "" {
					t.Error("no sequence token")
				}
			} else {
				got = out["__type"].(string) + ": " + out["message"].(string)
			}
			if got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
	if got := s.refused("PutLogEvents", events(many...)); !strings.Contains(got, "at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to 10000") {
		t.Error(got)
	}
	withEntity := events(now)
	withEntity["entity"] = object{"keyAttributes": object{"Type": "Service", "Name": "x"}}
	if got := s.ok("PutLogEvents", withEntity)["rejectedEntityInfo"]; fmt.Sprint(got) != "map[errorType:UnsupportedLogGroupType]" {
		t.Errorf("entity: %v", got)
	}
}

func TestGetLogEventsGoesBothWays(t *testing.T) {
	s := newServer(t, nil)
	s.group("g", "s", "other")
	now := testTime.UnixMilli()
	get := func(more object) object {
		in := object{"logGroupName": "g", "logStreamName": "s", "limit": 2}
		maps.Copy(in, more)
		return s.ok("GetLogEvents", in)
	}
	step := func(from object, token string) object {
		return get(object{"nextToken": from[token]})
	}
	check := func(what string, out object, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, messages(out)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	const f, b = "nextForwardToken", "nextBackwardToken"
	empty := get(nil)
	check("an empty stream", empty)
	if step(empty, f)[f] != empty[f] || step(empty, b)[b] != empty[b] {
		t.Error("tokens of an empty stream change")
	}
	s.put("s", now-10, "1", "2", "3", "4", "5")
	s.put("other", now-10, "x")
	check("what came behind an empty page", step(empty, f), "1", "2")
	newest := get(nil)
	check("the newest", newest, "4", "5")
	older := step(newest, b)
	check("older", older, "2", "3")
	oldest := step(older, b)
	check("oldest", oldest, "1")
	end := step(oldest, b)
	check("before the oldest", end)
	if end[b] != oldest[b] {
		t.Error("the token at the beginning changes")
	}
	check("and forward again", step(end, f), "1", "2")
	check("forward from the middle", step(older, f), "4", "5")
	tail := step(newest, f)
	check("behind the newest", tail)
	if tail[f] != newest[f] {
		t.Error("the token at the end changes")
	}
	check("and backward again", step(tail, b), "4", "5")
	s.put("s", now, "6")
	check("what came later", step(tail, f), "6")
	check("from the head", get(object{"startFromHead": true}), "1", "2")
	check("a range", get(object{"startTime": now - 9, "endTime": now - 8}), "2")
	check("a range of nothing", get(object{"endTime": 0}))
	check("by ARN", s.ok("GetLogEvents", object{"logGroupIdentifier": s.api.groupARN("g") + ":", "logStreamName": "s", "limit": 1}), "6")
	for name, token := range map[string]string{"no token": "x", "another letter": "x/" + strings.TrimPrefix(tail[f].(string), "f/"), "a changed one": tail[f].(string) + "A"} {
		if got := s.refused("GetLogEvents", object{"logGroupName": "g", "logStreamName": "s", "nextToken": token}); got != "InvalidParameterException: The specified nextToken is invalid." {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := s.refused("GetLogEvents", object{"logGroupName": "g", "logStreamName": "none"}); got != "ResourceNotFoundException: The specified log stream does not exist." {
		t.Error(got)
	}
}

func TestPagesOfEventsAreBounded(t *testing.T) {
	s := newServer(t, nil)
	s.group("g", "s")
	for range 3 {
		s.put("s", testTime.UnixMilli(), strings.Repeat("a", 500_000), strings.Repeat("b", 500_000))
	}
	total := 0
	in := object{"logGroupName": "g"}
	for range 10 {
		out := s.ok("FilterLogEvents", in)
		if n := len(out["events"].([]any)); n > 2 {
			t.Fatalf("a page of %d events of 500,000 bytes", n)
		}
		total += len(out["events"].([]any))
		if out["nextToken"] == nil {
			break
		}
		in["nextToken"] = out["nextToken"]
	}
	if total != 6 {
		t.Errorf("%d of 6 events", total)
	}
	if got := messages(s.ok("GetLogEvents", object{"logGroupName": "g", "logStreamName": "s"})); len(got) != 2 {
		t.Errorf("a page of %d events", len(got))
	}
}

// TestFilterLogEventsGivesEachEventOnce pages in both directions over events of few times, with equal ones
// among them, while more come.
func TestFilterLogEventsGivesEachEventOnce(t *testing.T) {
	s := newServer(t, nil)
	s.group("g", "a", "b", "c")
	r := rand.New(rand.NewPCG(1, 2))
	now := testTime.UnixMilli()
	n := 0
	add := func() {
		for _, stream := range []string{"a", "b", "c"} {
			var batch []string
			for range r.IntN(6) + 1 {
				batch = append(batch, fmt.Sprintf("m%d", r.IntN(3)))
			}
			events := []object{}
			at := now - int64(r.IntN(4))*1000
			for _, m := range batch {
				events = append(events, object{"timestamp": at, "message": m})
			}
			s.ok("PutLogEvents", object{"logGroupName": "g", "logStreamName": stream, "logEvents": events})
			n += len(batch)
		}
	}
	for range 10 {
		add()
	}
	for _, head := range []bool{true, false} {
		for _, limit := range []int{1, 3, 7, 1000} {
			var all []object
			in := object{"logGroupName": "g", "limit": limit, "startFromHead": head, "startTime": now - 86_400_000}
			for pages := 0; ; pages++ {
				out := s.ok("FilterLogEvents", in)
				if fmt.Sprint(out["searchedLogStreams"]) != "[]" {
					t.Fatalf("searchedLogStreams is %v", out["searchedLogStreams"])
				}
				for _, e := range out["events"].([]any) {
					all = append(all, e.(object))
				}
				if out["nextToken"] == nil {
					break
				}
				in = object{"logGroupName": "g", "limit": limit, "nextToken": out["nextToken"], "startTime": now - 86_400_000}
			}
			ids := map[string]bool{}
			for _, e := range all {
				id := e["eventId"].(string)
				if len(id) != 56 || ids[id] {
					t.Fatalf("eventId %s comes again or is no AWS one", id)
				}
				ids[id] = true
			}
			if len(all) != n {
				t.Errorf("head %v, limit %d: %d of %d events", head, limit, len(all), n)
			}
			sorted := slices.IsSortedFunc(all, func(x, y object) int {
				d := int(x["timestamp"].(float64) - y["timestamp"].(float64))
				if !head {
					d = -d
				}
				return d
			})
			if !sorted {
				t.Errorf("head %v, limit %d: not in order", head, limit)
			}
		}
	}
}

// A token's event may be gone when the next page is asked for: then none of the others is passed over.
func TestPageBehindAnEventThatIsGone(t *testing.T) {
	event := func(message string, ordinal int) logstore.Event {
		return logstore.Event{Group: lakeGroup, Stream: "eni-1-all", Timestamp: 1000, Ingestion: 2000, Message: message, Ordinal: ordinal}
	}
	lake := &fakeLake{events: []logstore.Event{event("a", 0), event("b", 0), event("b", 1), event("c", 0)}}
	s := newServer(t, func(o *Options) { o.Lake = lake })
	page := s.ok("FilterLogEvents", object{"logGroupName": lakeGroup, "limit": 2})
	next := object{"logGroupName": lakeGroup, "nextToken": page["nextToken"]}
	if diff := cmp.Diff([]string{"b", "c"}, messages(s.ok("FilterLogEvents", next))); diff != "" {
		t.Error(diff)
	}
	lake.events = []logstore.Event{event("b", 1), event("c", 0)}
	if diff := cmp.Diff([]string{"b", "c"}, messages(s.ok("FilterLogEvents", next))); diff != "" {
		t.Error(diff)
	}
}

func TestFilterLogEvents(t *testing.T) {
	s := newServer(t, nil)
	s.group("g", "eni-1-all", "eni-2-all", "other")
	now := testTime.UnixMilli()
	s.put("eni-1-all", now-10, "1 ACCEPT", "2 REJECT")
	s.put("eni-2-all", now-5, "3 REJECT")
	s.put("other", now, "4 REJECT")
	tests := []struct {
		name string
		in   object
		want []string
		err  string
	}{
		{name: "all", in: object{"interleaved": true}, want: []string{"1 ACCEPT", "2 REJECT", "3 REJECT", "4 REJECT"}},
		{name: "a pattern", in: object{"filterPattern": "REJECT"}, want: []string{"2 REJECT", "3 REJECT", "4 REJECT"}},
		{name: "a space-delimited one", in: object{"filterPattern": "[n>2, action]"}, want: []string{"3 REJECT", "4 REJECT"}},
		{name: "streams", in: object{"logStreamNames": []string{"other", "eni-1-all"}}, want: []string{"1 ACCEPT", "2 REJECT", "4 REJECT"}},
		{name: "a prefix", in: object{"logStreamNamePrefix": "eni-"}, want: []string{"1 ACCEPT", "2 REJECT", "3 REJECT"}},
		{name: "both ends inclusive", in: object{"startTime": now - 9, "endTime": now - 5}, want: []string{"2 REJECT", "3 REJECT"}},
		{name: "by identifier", in: object{"logGroupName": nil, "logGroupIdentifier": "arn:aws:logs:us-west-2:111111111111:log-group:g:", "limit": 1}, want: []string{"1 ACCEPT"}},
		{name: "the latest first", in: object{"startFromHead": false, "startTime": now - 9}, want: []string{"4 REJECT", "3 REJECT", "2 REJECT"}},
		{name: "the latest first, too early", in: object{"startFromHead": false, "startTime": 1}, err: "InvalidParameterException: startFromHead false needs a startTime on or after 2024-01-01T00:00:00Z."},
		{name: "names and a prefix", in: object{"logStreamNames": []string{"other"}, "logStreamNamePrefix": "e"}, err: "InvalidParameterException: logStreamNames and logStreamNamePrefix are mutually exclusive parameters."},
		{name: "no such stream", in: object{"logStreamNames": []string{"none"}}, err: "ResourceNotFoundException: The specified log stream does not exist."},
		{name: "no such group", in: object{"logGroupName": "none"}, err: "ResourceNotFoundException: The specified log group does not exist."},
		{name: "another account", in: object{"logGroupName": nil, "logGroupIdentifier": "arn:aws:logs:us-west-2:222222222222:log-group:g"}, err: "ResourceNotFoundException: The specified log group does not exist."},
		{name: "no group", in: object{"logGroupName": nil}, err: "InvalidParameterException: Either logGroupName or logGroupIdentifier must be given."},
		{name: "another ARN", in: object{"logGroupName": nil, "logGroupIdentifier": "arn:aws:s3:::bucket"}, err: "InvalidParameterException: arn:aws:s3:::bucket is not the ARN of a log group."},
		{name: "a bad pattern", in: object{"filterPattern": "[a"}, err: "InvalidParameterException: If a filter pattern starts with '[' it must end with ']', at offset 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := object{"logGroupName": "g"}
			maps.Copy(in, tt.in)
			if tt.err != "" {
				if got := s.refused("FilterLogEvents", in); !strings.HasPrefix(got, tt.err) {
					t.Errorf("got %s", got)
				}
				return
			}
			if diff := cmp.Diff(tt.want, messages(s.ok("FilterLogEvents", in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLakeGroupsCanOnlyBeRead(t *testing.T) {
	line := "2 123456789010 eni-1 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
	lake := fakeLake{events: []logstore.Event{{Group: lakeGroup, Stream: "eni-1-all", Timestamp: testTime.UnixMilli(), Ingestion: 2, Message: line}}}
	s := newServer(t, func(o *Options) { o.Lake = lake })
	s.group("a")
	out := s.ok("DescribeLogGroups", object{})
	if diff := cmp.Diff([]any{"/weir/flow-logs", "a"}, []any{out["logGroups"].([]any)[0].(object)["logGroupName"], out["logGroups"].([]any)[1].(object)["logGroupName"]}); diff != "" {
		t.Error(diff)
	}
	if got := messages(s.ok("GetLogEvents", object{"logGroupName": lakeGroup, "logStreamName": "eni-1-all"})); len(got) != 1 || got[0] != line {
		t.Errorf("events %q", got)
	}
	id := s.ok("StartQuery", object{"logGroupName": lakeGroup, "startTime": 0, "endTime": 1, "queryString": "rows 1"})["queryId"]
	if id == nil {
		t.Error("no query")
	}
	name := object{"logGroupName": lakeGroup}
	for op, more := range map[string]object{
		"DeleteLogGroup": {}, "DeleteRetentionPolicy": {}, "PutRetentionPolicy": {"retentionInDays": 7},
		"CreateLogStream": {"logStreamName": "x"}, "DeleteLogStream": {"logStreamName": "eni-1-all"},
		"PutLogEvents":  {"logStreamName": "eni-1-all", "logEvents": []object{{"timestamp": testTime.UnixMilli(), "message": "m"}}},
		"TagLogGroup":   {"tags": object{"a": "b"}},
		"UntagLogGroup": {"tags": []string{"a"}},
	} {
		maps.Copy(more, name)
		if got := s.refused(op, more); got != "InvalidParameterException: The log group /weir/flow-logs is read-only: its events are the flow log records of the lake." {
			t.Errorf("%s: %s", op, got)
		}
	}
	if got := s.refused("CreateLogGroup", name); got != "ResourceAlreadyExistsException: The specified log group already exists" {
		t.Error(got)
	}
}
