package app

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/detection"
)

// sent is a record of the default format: of a connection that begins at one of our hosts, in a minute.
func sent(src, dst string, srcPort, dstPort int, at int64) string {
	return fmt.Sprintf("2 123456789010 eni-1 %s %s %d %d 6 1 40 %d %d ACCEPT OK", src, dst, srcPort, dstPort, at, at+1)
}

// publish takes lists that know two countries and two services of AWS.
func (a *alerted) publish() {
	a.t.Helper()
	for _, text := range []string{
		"192.0.2.0,192.0.2.255,NO\n198.51.100.0,198.51.100.255,SE\n203.0.113.0,203.0.113.255,DK\n",
		`{"createDate": "2026-03-01-00-00-00", "prefixes": [
			{"ip_prefix": "192.0.2.0/24", "region": "eu-north-1", "service": "S3"}, {"ip_prefix": "192.0.2.0/24", "region": "eu-north-1", "service": "AMAZON"},
			{"ip_prefix": "198.51.100.0/24", "region": "eu-north-1", "service": "AMAZON"}], "ipv6_prefixes": []}`,
	} {
		if _, err := TakePublished(a.s.lake.Data(), strings.NewReader(text)); err != nil {
			a.t.Fatal(err)
		}
	}
}

// TestNewCountry learns for a day, and then tells once of each country and service that is new, with who sent to these.
func TestNewCountry(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Unix()
	for _, c := range []struct{ name, label, first, second string }{{"new-country", "dst-country", "NO", "SE"}, {"new-aws-service", "dst-service", "S3", "AMAZON"}} {
		a, endpoint := newAlerted(t, time.Unix(begin-60, 0))
		a.flowGroup("g", flowlog.DefaultFormat(flowlog.KindVPC).String())
		r := DetectionRequest{Name: c.name, Group: "g", Data: a.s.lake.Data(), Targets: []detection.Target{{Protocol: "http", Endpoint: endpoint}}}
		if _, err := AddDetection(t.Context(), a.s, &r); err == nil || !strings.Contains(err.Error(), c.name+" needs ") {
			t.Errorf("without a list: %v", err)
		}
		a.publish()
		a.add(r)
		a.confirm()
		// go on by the hour, and then by the minute around records.
		minute := begin
		until := func(to int64) {
			for ; minute+3600 <= to; minute += 3600 {
				a.put("g", minute, nil)
			}
		}
		around := func(lines ...string) {
			a.put("g", minute, lines)
			for range 12 {
				minute += 60
				a.put("g", minute, nil)
			}
		}
		check := func(when string, want ...string) {
			t.Helper()
			got, _ := a.told()
			got = slices.DeleteFunc(got, func(s string) bool { return !strings.HasSuffix(s, " ALARM") })
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s: %q, want %q", c.name, when, got, want)
			}
		}
		alarm := "weir-" + c.name + "-g ALARM"
		around(sent("10.0.0.8", "198.51.100.1", 50000, 443, minute))
		until(begin + 20*3600)
		around(sent("10.0.0.8", "198.51.100.2", 50000, 443, minute))
		check("while it learns")
		until(begin + 26*3600)
		around(
			sent("10.0.0.9", "203.0.113.1", 443, 50000, minute), // a reply
			sent("10.0.0.9", "10.1.0.1", 50000, 443, minute),    // within
			strings.Replace(sent("10.0.0.9", "192.0.2.1", 50000, 443, minute), "ACCEPT", "REJECT", 1),
			sent("10.0.0.8", "198.51.100.1", 50000, 443, minute),
		)
		check("nothing new")
		lines := times(10, func(i int) string { return sent("10.0.0.8", "198.51.100.1", 50000+i, 443, minute) })
		around(append(lines, times(3, func(i int) string { return sent("10.0.0.7", "192.0.2.1", 50000+i, 443, minute) })...)...)
		check("one new", alarm)
		_, texts := a.told()
		text := texts[alarm]
		for _, want := range []string{"New " + c.label + ": " + c.first + "\n", "10.0.0.7  3", "192.0.2.1 port 443/tcp  3", "weir why 10.0.0.7 192.0.2.1:443/tcp"} {
			if !strings.Contains(text, want) {
				t.Errorf("the message does not say %q:\n%s", want, text)
			}
		}
		if strings.Contains(text, "10.0.0.8") || strings.Contains(text, c.second) {
			t.Errorf("the message names others:\n%s", text)
		}
		until(begin + 50*3600)
		around(sent("10.0.0.7", "192.0.2.9", 50000, 443, minute))
		check("the next day", alarm)
		data := a.s.lake.Data()
		a.close()
		a.open(data)
		around(sent("10.0.0.7", "192.0.2.9", 50000, 443, minute), sent("10.0.0.7", "198.51.100.9", 50000, 443, minute))
		check("after a restart", alarm)
	}
}

// TestNewCountryLate is told of a new country once, with what the lake took up to twelve minutes late, and not of one that is in old logs that were opened.
func TestNewCountryLate(t *testing.T) {
	lines := map[int][]string{}
	const begin = 25 * 60 // minutes
	at := func(minute int) int64 { return watchedDay.Unix() + int64(minute)*60 }
	for i := range 10 {
		minute := begin + i
		lines[minute] = append(lines[minute], sent("10.0.0.8", "198.51.100.1", 50000, 443, at(minute)))
		if i == 9 {
			lines[minute] = append(lines[minute], sent("10.0.0.7", "203.0.113.1", 50000, 443, at(minute)))
		}
		if i == 3 || i == 7 {
			lines[minute] = append(lines[minute], sent("10.0.0.7", "192.0.2.1", 50000, 443, at(minute)))
		}
	}
	run := func(t *testing.T, delay int) ([]transition, []any) {
		a, endpoint := newAlerted(t, watchedDay)
		dir := filepath.Join(t.TempDir(), "logs")
		deliverFile(t, dir, "first.log", sent("10.0.0.8", "198.51.100.1", 50000, 443, at(-60)))
		a.take(dir, true)
		a.publish()
		a.add(DetectionRequest{Name: "new-country", Data: a.s.lake.Data(), Targets: []detection.Target{{Protocol: "http", Endpoint: endpoint}}})
		a.confirm()
		now := func(minute int) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.now = watchedDay.Add(time.Duration(minute) * time.Minute)
		}
		if err := a.w.watch.Settle(t.Context()); err != nil { // what reads begins with what comes from now on
			t.Fatal(err)
		}
		now(11)
		deliverFile(t, dir, "learned.log", sent("10.0.0.8", "198.51.100.1", 50000, 443, at(10)))
		a.take(dir, true)
		// Old logs are opened: what they have is known then, and wakes nobody.
		now(begin - 31)
		opened := filepath.Join(t.TempDir(), "opened")
		deliverFile(t, opened, "old.log", sent("10.0.0.7", "203.0.113.1", 50000, 443, at(begin-35)))
		a.take(opened, false)
		for minute := begin - 30; minute < begin+40; minute++ {
			now(minute)
			if of := lines[minute-1-delay]; of != nil {
				deliverFile(t, dir, fmt.Sprintf("%04d.log", minute), of...)
			}
			a.take(dir, true)
			a.at(a.clock())
		}
		var told []any
		for _, m := range a.got {
			told = append(told, m["Subject"])
		}
		return a.transitions("weir-new-country"), told
	}
	want, told := run(t, 0)
	alarms := slices.DeleteFunc(slices.Clone(told), func(subject any) bool { return !strings.HasPrefix(fmt.Sprint(subject), "ALARM") })
	if len(want) != 3 || len(alarms) != 1 { // the alarm, and OK before and after it
		t.Fatalf("transitions %v, messages %v", want, told)
	}
	got, gotTold := run(t, 12)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("transitions (-at once +late):\n%s", diff)
	}
	if diff := cmp.Diff(told, gotTold); diff != "" {
		t.Errorf("messages (-at once +late):\n%s", diff)
	}
}

// TestNewRefused: an alarm on the new contributors of AWS's rule says why it can't be judged.
func TestNewRefused(t *testing.T) {
	a, _ := newAlerted(t, watchedDay)
	a.call("logs", "CreateLogGroup", `{"logGroupName":"flows"}`, "")
	a.call("monitoring", "PutInsightRule", `{"RuleName":"top","RuleDefinition":`+quoted(`{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["flows"],"LogFormat":"CLF",
		"Contribution":{"Keys":["4"]},"AggregateOn":"Count"}`)+`}`, "")
	a.call("monitoring", "PutMetricAlarm", `{"AlarmName":"new","EvaluationPeriods":1,"Threshold":1,"ComparisonOperator":"GreaterThanOrEqualToThreshold",
		"Metrics":[{"Id":"e1","Expression":"INSIGHT_RULE_METRIC('top', 'NewContributors')","Period":60,"ReturnData":true}]}`, "")
	a.at(watchedDay.Add(time.Minute + time.Second))
	d, err := a.s.AlarmDetails(t.Context(), "new")
	if err != nil || !strings.Contains(fmt.Sprintf("%+v", d), "NewContributors is a metric of rules of the schema WeirLogRule") {
		t.Errorf("%+v, %v", d, err)
	}
	_, err = a.s.CallAPI(t.Context(), "monitoring", "PutInsightRule", []byte(`{"RuleName":"places","RuleDefinition":`+quoted(`{"Schema":{"Name":"WeirLogRule","Version":1},
		"LogGroupNames":["flows"],"LogFormat":"FlowLog","Contribution":{"Keys":["src-country"]},"AggregateOn":"Count"}`)+`}`))
	if err == nil || !strings.Contains(err.Error(), "no list of countries was imported: 'weir enrich import FILE' takes one") {
		t.Errorf("a rule without the list: %v", err)
	}
}
