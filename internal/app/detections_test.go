package app

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/detection"
	"weir/internal/flowlogstore"
	"weir/internal/logstore"
	"weir/internal/sharedtest"
)

// add makes a detection and returns what was done with its parts.
func (a *alerted) add(r DetectionRequest) string {
	a.t.Helper()
	made, err := AddDetection(a.t.Context(), a.s, &r)
	if err != nil {
		a.t.Fatal(err)
	}
	return partsText(made)
}

func partsText(m *DetectionMade) string {
	var out []string
	for _, p := range m.Parts {
		out = append(out, p.Done+" "+p.Kind+" "+p.Name)
	}
	return strings.Join(out, "\n")
}

// confirm confirms the subscriptions that wait for it.
func (a *alerted) confirm() {
	a.t.Helper()
	a.deliver()
	for _, text := range a.links {
		link, err := url.Parse(text)
		if err != nil {
			a.t.Fatal(err)
		}
		rec := httptest.NewRecorder()
		a.api.before(http.NotFoundHandler()).ServeHTTP(rec, httptest.NewRequestWithContext(a.t.Context(), http.MethodGet, link.RequestURI(), nil))
		if rec.Code != http.StatusOK {
			a.t.Fatalf("the confirmation: %d %s", rec.Code, rec.Body)
		}
	}
	a.links = nil
}

// flowGroup makes a log group whose events are records of a format.
func (a *alerted) flowGroup(name, format string) {
	a.t.Helper()
	if err := a.s.ChangeLogGroup(a.t.Context(), LogGroupChange{Name: name, Create: true, SetFormat: true, Format: format}); err != nil {
		a.t.Fatal(err)
	}
	a.call("logs", "CreateLogStream", fmt.Sprintf(`{"logGroupName":%q,"logStreamName":"eni-1"}`, name), "")
	if err := a.w.watch.Settle(a.t.Context()); err != nil { // what reads begins with what comes from now on
		a.t.Fatal(err)
	}
}

// put puts records of a minute into a group when the minute is over, and lets all be done that is due then.
func (a *alerted) put(group string, minute int64, lines []string) {
	a.t.Helper()
	a.mu.Lock()
	a.now = time.Unix(minute+60, 0)
	a.mu.Unlock()
	var events []logstore.InputEvent
	for _, line := range lines {
		events = append(events, logstore.InputEvent{Timestamp: minute * 1000, Message: []byte(line)})
	}
	if len(events) > 0 {
		if _, err := a.w.watch.store.Put(a.t.Context(), group, "eni-1", events, a.clock()); err != nil {
			a.t.Fatal(err)
		}
	}
	a.at(time.Unix(minute+61, 0))
}

// told returns which alarms changed to which state, sorted, and the messages that say so.
func (a *alerted) told() (states []string, texts map[string]string) {
	a.t.Helper()
	texts = map[string]string{}
	for _, m := range a.got {
		var body struct {
			AlarmName, NewStateValue string
			Weir                     weirMember
		}
		text, _ := m["Message"].(string)
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			a.t.Fatal(err)
		}
		states = append(states, body.AlarmName+" "+body.NewStateValue)
		texts[body.AlarmName+" "+body.NewStateValue] = body.Weir.Text
	}
	slices.Sort(states) // messages of one time come in any order
	return states, texts
}

// attackRows returns the connections of a set of real flow records, by the minute in which they begin.
func attackRows(t *testing.T, set string) (byMinute map[int64][]string, first, last int64) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sharedtest.Path(t, "data", "flowrecords", "wrccdc-"+set), set+"_connections.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	byMinute = map[int64][]string{}
	for i, r := range rows[1:] {
		at, err := strconv.ParseFloat(r[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		minute := int64(at) / 60 * 60
		if i == 0 {
			first, last = minute, minute
		}
		first, last = min(first, minute), max(last, minute)
		byMinute[minute] = append(byMinute[minute], fmt.Sprintf("2 123456789010 eni-1 %s %s %s %s 6 10 840 %d %d ACCEPT OK", r[1], r[3], r[2], r[4], int64(at), int64(at)+1))
	}
	return byMinute, first, last
}

// TestRealAttacks replays real connections: the attack on RDP is told of for its first minute, with who it was, and the few at SSH are not.
func TestRealAttacks(t *testing.T) {
	for _, c := range []struct{ set, name string }{{"rdp", "rdp-bruteforce"}, {"ssh", "ssh-bruteforce"}} {
		rows, first, last := attackRows(t, c.set)
		a, endpoint := newAlerted(t, time.Unix(first-60, 0))
		a.flowGroup("flows", flowlog.DefaultFormat(flowlog.KindVPC).String())
		r := DetectionRequest{
			Name: c.name, Group: "flows", Values: map[string]float64{detection.Threshold: 100, detection.Period: 60},
			Targets: []detection.Target{{Protocol: "http", Endpoint: endpoint}},
		}
		if got := a.add(r); strings.Count(got, "made ") != 6 {
			t.Errorf("made:\n%s", got)
		}
		if got := a.add(r); strings.Count(got, "unchanged ") != 6 {
			t.Errorf("the second time:\n%s", got)
		}
		a.confirm()
		states := map[int64]string{}
		for minute := first - 60; minute <= last+60; minute += 60 {
			a.put("flows", minute, rows[minute])
			for _, w := range a.detections() {
				for _, alarm := range w.Alarms {
					if strings.HasSuffix(alarm.Name, "-accepted") {
						states[minute] = alarm.State
					}
				}
			}
		}
		got, texts := a.told()
		if c.set == "ssh" {
			want := []string{"weir-ssh-bruteforce-flows-accepted OK", "weir-ssh-bruteforce-flows-refused OK"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("SSH: %s", diff)
			}
			for minute, state := range states {
				if state != "OK" {
					t.Errorf("SSH at %d: %s", minute, state)
				}
			}
			continue
		}
		want := []string{
			"weir-rdp-bruteforce-flows-accepted ALARM", "weir-rdp-bruteforce-flows-accepted OK", "weir-rdp-bruteforce-flows-accepted OK",
			"weir-rdp-bruteforce-flows-refused OK",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("RDP: %s", diff)
		}
		// The last minutes have 199 and 30 source ports.
		if states[1521911640] != "OK" || states[1521911700] != "ALARM" || states[1521911940] != "ALARM" || states[1521912000] != "OK" {
			t.Errorf("RDP: %v", states)
		}
		for _, want := range []string{"10.164.94.120  1500", "port 3389/tcp", "Since 2018-03-24 17:15:00 UTC", "weir why 10.164.94.120 10.47.8.208:3389/tcp", "17:15:00  1453"} {
			if text := texts["weir-rdp-bruteforce-flows-accepted ALARM"]; !strings.Contains(text, want) {
				t.Errorf("the message does not say %q:\n%s", want, text)
			}
		}
	}
}

func (a *alerted) detections() []WatchedDetection {
	a.t.Helper()
	out, err := Detections(a.t.Context(), a.s)
	if err != nil {
		a.t.Fatal(err)
	}
	return out
}

// detected replays records of the log group g by the minute against a detection, and returns its alarms' states after each minute: a letter each, O(K), A(LARM) or I(NSUFFICIENT_DATA).
func (a *alerted) detected(alarm string, from int64, minutes int, records func(minute int) []string) string {
	a.t.Helper()
	var out strings.Builder
	for minute := range minutes {
		a.put("g", from+int64(minute)*60, records(minute))
		for _, w := range a.detections() {
			for _, of := range w.Alarms {
				if of.Name == alarm {
					out.WriteString(of.State[:1])
				}
			}
		}
	}
	return out.String()
}

// withFlags is a format that tells directions and flags, flagged a record of it.
const withFlags = "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${bytes} ${action} ${log-status} ${tcp-flags} ${flow-direction}"

func flagged(src, dst string, srcPort, dstPort, bytes int, action string, flags int, direction string) string {
	return fmt.Sprintf("eni-1 %s %s %d %d 6 %d %s OK %d %s", src, dst, srcPort, dstPort, bytes, action, flags, direction)
}

// times returns a record as often as asked for, with another number each time.
func times(n int, record func(i int) string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = record(i)
	}
	return out
}

// TestDetections replays what each detection finds, and what looks like it and is not.
func TestDetections(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Unix()
	standard := flowlog.DefaultFormat(flowlog.KindVPC).String()
	plain := func(src, dst string, srcPort, dstPort int, action string) string {
		return fmt.Sprintf("2 123456789010 eni-1 %s %s %d %d 6 1 40 %d %d %s OK", src, dst, srcPort, dstPort, begin, begin+1, action)
	}
	for _, c := range []struct {
		name, detection, format, alarm string
		values                         map[string]float64
		minutes                        [][]string
		want                           string
	}{
		{
			name: "attempts by flags", detection: "ssh-bruteforce", format: withFlags, alarm: "weir-ssh-bruteforce-g-refused",
			values: map[string]float64{detection.Threshold: 10, detection.Period: 60},
			minutes: [][]string{
				times(10, func(int) string { return flagged("192.0.2.1", "10.0.0.1", 4000, 22, 40, "REJECT", 2, "ingress") }),      // each a record with SYN
				times(9, func(i int) string { return flagged("192.0.2.1", "10.0.0.1", 4000+i, 22, 40, "REJECT", 2, "ingress") }),   // too few
				times(20, func(i int) string { return flagged("192.0.2.1", "10.0.0.1", 4000+i, 22, 40, "REJECT", 0, "ingress") }),  // no beginning
				times(20, func(i int) string { return flagged("192.0.2.1", "10.0.0.1", 4000+i, 22, 40, "REJECT", 18, "ingress") }), // an answer
				times(20, func(i int) string { return flagged("10.0.0.1", "192.0.2.1", 4000+i, 22, 40, "REJECT", 2, "egress") }),   // the other way
				times(20, func(i int) string { return flagged("192.0.2.1", "10.0.0.1", 4000+i, 22, 40, "ACCEPT", 2, "ingress") }),  // not refused
				times(20, func(i int) string { return flagged("192.0.2.1", "10.0.0.1", 4000+i, 23, 40, "REJECT", 2, "ingress") }),  // another port
				times(20, func(i int) string {
					return flagged(fmt.Sprint("192.0.2.", i), "10.0.0.1", 1, 22, 40, "REJECT", 2, "ingress")
				}), // each once
			},
			want: "AOOOOOOO",
		},
		{
			name: "attempts by source ports", detection: "rdp-bruteforce", format: standard, alarm: "weir-rdp-bruteforce-g-accepted",
			values: map[string]float64{detection.Threshold: 10, detection.Period: 120},
			minutes: [][]string{
				times(20, func(i int) string { return plain("192.0.2.1", "10.0.0.1", 4000+i%5, 3389, "ACCEPT") }), // five
				times(20, func(i int) string { return plain("192.0.2.1", "10.0.0.1", 4003+i%5, 3389, "ACCEPT") }), // eight in two minutes, and not ten
				times(20, func(i int) string { return plain("192.0.2.1", "10.0.0.1", 4010+i%5, 3389, "ACCEPT") }), // ten in the last two
				nil, nil,
			},
			want: "OOAOO",
		},
		{
			name: "scanned ports", detection: "port-scan", format: standard, alarm: "weir-port-scan-g-ports", values: map[string]float64{detection.Threshold: 10, detection.Period: 60},
			minutes: [][]string{
				times(10, func(i int) string { return plain("192.0.2.1", "10.0.0.1", 4000, 20+i, "REJECT") }),
				times(10, func(i int) string { return plain("192.0.2.1", "10.0.0.1", 443, 40000+i, "ACCEPT") }), // replies
				times(10, func(i int) string { return plain("192.0.2.1", fmt.Sprint("10.0.0.", i), 4000, 22, "ACCEPT") }),
			},
			want: "AOO",
		},
		{
			name: "scanned hosts", detection: "port-scan", format: withFlags, alarm: "weir-port-scan-g-hosts", values: map[string]float64{detection.Threshold: 10, detection.Period: 60},
			minutes: [][]string{
				times(10, func(i int) string { return flagged("192.0.2.1", "10.0.0.1", 4000, 20+i, 40, "REJECT", 2, "ingress") }),
				times(10, func(i int) string {
					return flagged("192.0.2.1", fmt.Sprint("10.0.0.", i), 443, 40000, 40, "ACCEPT", 18, "ingress")
				}),
				times(10, func(i int) string {
					return flagged("192.0.2.1", fmt.Sprint("10.0.0.", i), 4000, 40000, 40, "ACCEPT", 3, "ingress")
				}),
			},
			want: "OOA",
		},
		{
			name: "bytes out", detection: "large-egress", format: withFlags, alarm: "weir-large-egress-g", values: map[string]float64{detection.Threshold: 3e9, detection.Period: 60},
			minutes: [][]string{
				times(3, func(i int) string { return flagged("10.0.0.1", "192.0.2.1", 4000+i, 443, 1e9, "ACCEPT", 0, "egress") }),
				times(9, func(i int) string { return flagged("10.0.0.1", "10.1.0.1", 4000+i, 443, 1e9, "ACCEPT", 0, "egress") }), // within
				times(9, func(i int) string {
					return flagged("192.0.2.1", "198.51.100.1", 4000+i, 443, 1e9, "ACCEPT", 0, "ingress")
				}), // in
				times(4, func(i int) string {
					return flagged(fmt.Sprint("10.0.0.", i%2), "192.0.2.1", 4000+i, 443, 1e9, "ACCEPT", 0, "egress")
				}), // two each
			},
			want: "AOOO",
		},
		{
			name: "losses", detection: "loss", format: standard, alarm: "weir-loss-g", values: map[string]float64{detection.Period: 60},
			minutes: [][]string{
				{fmt.Sprintf("2 123456789010 eni-1 - - - - - - - %d %d - SKIPDATA", begin, begin+1)},
				{fmt.Sprintf("2 123456789010 eni-1 - - - - - - - %d %d - NODATA", begin, begin+1)},
				{plain("192.0.2.1", "10.0.0.1", 4000, 22, "REJECT")},
			},
			want: "AOO",
		},
	} {
		a, _ := newAlerted(t, time.Unix(begin-60, 0))
		a.flowGroup("g", c.format)
		a.add(DetectionRequest{Name: c.detection, Group: "g", Values: c.values})
		got := a.detected(c.alarm, begin, len(c.minutes), func(minute int) []string { return c.minutes[minute] })
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestRejectSpike: nothing in the first hour, then what is above the level of the hour before and above the floor; what was a spike counts in the level after it.
func TestRejectSpike(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Unix()
	a, _ := newAlerted(t, time.Unix(begin, 0))
	a.flowGroup("g", withFlags)
	a.add(DetectionRequest{Name: "reject-spike", Group: "g", Values: map[string]float64{detection.Threshold: 20, detection.Times: 3}})
	rejects := map[int]int{5: 200, 62: 31, 63: 40, 70: 0, 71: 100, 72: 100, 75: 27}
	got := a.detected("weir-reject-spike-g", begin, 140, func(minute int) []string {
		n, given := rejects[minute]
		if !given {
			n = 5
		}
		if minute > 130 {
			n = 0
		}
		return times(n+3, func(i int) string {
			action := "REJECT"
			if i >= n {
				action = "ACCEPT"
			}
			return flagged("192.0.2.1", "10.0.0.1", 4000+i, 22, 40, action, 2, "ingress")
		})
	})
	// Minute 62: the average of the minutes from 2 on is 8.25, with the 200 of minute 5, so 31 are above 24.75; minute 63: 8.7, so 40 are above; of 71 and 72 both are; 27 of
	// minute 75 are below three times 9.1.
	want := map[int]bool{62: true, 63: true, 71: true, 72: true}
	for minute := range got {
		if (got[minute] == 'A') != want[minute] {
			t.Errorf("minute %d: %c in %s", minute, got[minute], got)
		}
	}
}

// TestDeliveryFailed tells of flow logs whose delivery fails, with their errors, and that they are delivered again.
func TestDeliveryFailed(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	a, endpoint := newAlerted(t, begin)
	a.add(DetectionRequest{Name: "delivery-failed", Targets: []detection.Target{{Protocol: "webhook", Endpoint: endpoint}}})
	if got := a.add(DetectionRequest{Name: "delivery-failed"}); got != "unchanged alarm weir-delivery-failed" {
		t.Errorf("the second time: %s", got)
	}
	a.call("ec2", "CreateFlowLogs", `{"ResourceId":["vpc-11111111"],"ResourceType":"VPC","TrafficType":"ALL","LogDestinationType":"s3","LogDestination":"arn:aws:s3:::bucket"}`, "")
	made, _, err := a.w.delivery.flows.List(t.Context())
	if err != nil || len(made) != 1 {
		t.Fatalf("%d flow logs, %v", len(made), err)
	}
	want := made[0].ID + " of vpc-11111111: FAILED, Access error"
	var got strings.Builder
	for minute := range 4 {
		switch minute {
		case 1:
			err = a.w.delivery.flows.SetDelivery(t.Context(), made[0].ID, flowlogstore.Failed, "Access error")
		case 3:
			err = a.w.delivery.flows.SetDelivery(t.Context(), made[0].ID, flowlogstore.Success, "")
		}
		if err != nil {
			t.Fatal(err)
		}
		at := begin.Add(time.Duration(minute) * time.Minute)
		a.mu.Lock()
		a.now = at.Add(30 * time.Second)
		a.mu.Unlock()
		if err := a.w.delivery.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.at(at.Add(61 * time.Second))
		got.WriteString(a.detections()[0].State[:1])
		if minute == 2 {
			d, err := a.s.AlarmDetails(t.Context(), "weir-delivery-failed")
			if err != nil || d.Why == nil || !slices.Equal(d.Why.Says, []string{want}) {
				t.Errorf("details do not say %q: %+v, %v", want, d, err)
			}
		}
	}
	if got.String() != "OAAO" {
		t.Errorf("states %s", got.String())
	}
	if !slices.ContainsFunc(a.got, func(m map[string]any) bool {
		text, err := json.Marshal(m)
		return err == nil && strings.Contains(string(text), want)
	}) {
		t.Errorf("no message says %q: %v", want, a.got)
	}
}
