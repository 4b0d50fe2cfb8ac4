package app

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// take takes what a folder has into the lake.
func (a *alerted) take(dir string, follow bool) {
	a.t.Helper()
	if _, err := a.s.Open(a.t.Context(), OpenRequest{Sources: []string{dir}, Brief: true, Follow: follow}, nil); err != nil {
		a.t.Fatal(err)
	}
}

// watchRefused makes a metric filter of refused flows, and an alarm on them that tells a topic when it goes off.
func (a *alerted) watchRefused(topic string) {
	a.t.Helper()
	a.call("logs", "PutMetricFilter", fmt.Sprintf(`{"logGroupName":%q,"filterName":"refused","filterPattern":%q,
		"metricTransformations":[{"metricName":"refused","metricNamespace":"Test","metricValue":"1","defaultValue":0}]}`, FlowLogsGroup, refusedPattern), "")
	a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":"refused","EvaluationPeriods":1,"Threshold":5,"ComparisonOperator":"GreaterThanThreshold",
		"Namespace":"Test","MetricName":"refused","Statistic":"Sum","Period":60,"TreatMissingData":"notBreaching","AlarmActions":[%q]}`, topic), "")
}

// transition is a change of an alarm's state, as its history tells it.
type transition struct{ At, Summary, Reason string }

// transitions returns what an alarm's history tells, the oldest first.
func (a *alerted) transitions(alarm string) (list []transition) {
	a.t.Helper()
	raw, err := a.s.CallAPI(a.t.Context(), "monitoring", "DescribeAlarmHistory", fmt.Appendf(nil, `{"AlarmName":%q,"HistoryItemType":"StateUpdate","ScanBy":"TimestampAscending","MaxRecords":100}`, alarm))
	if err != nil {
		a.t.Fatal(err)
	}
	var out struct {
		AlarmHistoryItems []struct {
			Timestamp                   any
			HistorySummary, HistoryData string
		}
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		a.t.Fatal(err)
	}
	for _, h := range out.AlarmHistoryItems {
		var data struct{ NewState struct{ StateReason string } }
		if err := json.Unmarshal([]byte(h.HistoryData), &data); err != nil {
			a.t.Fatal(err)
		}
		list = append(list, transition{fmt.Sprint(h.Timestamp), h.HistorySummary, data.NewState.StateReason})
	}
	return list
}

// TestAlarmLate delivers the same flows at once, twelve minutes late, and in any order meanwhile: the transitions are the same, also in their times
// and reasons, and there is one message.
func TestAlarmLate(t *testing.T) {
	lines := map[int][]string{} // by minute
	const some = 10
	for i := range some {
		for j := range 10 {
			action := "ACCEPT"
			if j < 3 || i >= 4 && i <= 6 {
				action = "REJECT" // from 12:04 to 12:06 all are
			}
			lines[i] = append(lines[i], flowLine(i*60+j*6, "eni-1", 50000, 22, 40, action))
		}
	}
	run := func(t *testing.T, delay func(minute int) int) ([]transition, []any) {
		a, endpoint := newAlerted(t, watchedDay)
		topic := a.topic(endpoint)
		dir := filepath.Join(t.TempDir(), "logs")
		deliverFile(t, dir, "first.log", flowLine(-7200, "eni-1", 1, 2, 3, "ACCEPT"))
		a.take(dir, true)
		a.watchRefused(topic)
		for minute := range some + 18 {
			a.mu.Lock()
			a.now = watchedDay.Add(time.Duration(minute) * time.Minute)
			a.mu.Unlock()
			for i := range some {
				if i+1+delay(i) == minute {
					deliverFile(t, dir, fmt.Sprintf("%02d.log", i), lines[i]...)
				}
			}
			a.take(dir, true)
			a.at(a.clock())
		}
		var told []any
		for _, m := range a.got {
			told = append(told, m["Subject"])
		}
		return a.transitions("refused"), told
	}
	want, told := run(t, func(int) int { return 0 })
	if len(want) != 3 || len(told) != 1 {
		t.Fatalf("transitions %v, messages %v", want, told)
	}
	random := rand.New(rand.NewPCG(3, 8))
	order := make([]int, some)
	for i := range order {
		order[i] = random.IntN(13)
	}
	for name, delay := range map[string]func(int) int{"late": func(int) int { return 12 }, "shuffled": func(i int) int { return order[i] }} {
		t.Run(name, func(t *testing.T) {
			got, gotTold := run(t, delay)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("transitions (-at once +%s):\n%s", name, diff)
			}
			if diff := cmp.Diff(told, gotTold); diff != "" {
				t.Errorf("messages (-at once +%s):\n%s", name, diff)
			}
		})
	}
}

// TestAlarmBackfill opens a month of logs, up to the minute, full of what an alarm is on: nobody is woken. What comes then wakes.
func TestAlarmBackfill(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	topic := a.topic(endpoint)
	a.watchRefused(topic)
	attack := func(minute int) (lines []string) {
		for j := range 10 {
			lines = append(lines, flowLine(minute*60+j, "eni-1", 50000, 22, 40, "REJECT"))
		}
		return lines
	}
	opened, followed := filepath.Join(t.TempDir(), "opened"), filepath.Join(t.TempDir(), "followed")
	for day := range 30 {
		deliverFile(t, opened, fmt.Sprintf("%02d.log", day), append(attack(-day*1440-1), attack(-day*1440)...)...)
	}
	a.take(opened, false)
	deliverFile(t, followed, "there.log", attack(0)...)
	a.take(followed, true)
	for minute := range 20 {
		a.at(watchedDay.Add(time.Duration(minute) * time.Minute))
	}
	if len(a.got) > 0 {
		t.Errorf("messages tell of what was opened: %v", a.got)
	}
	deliverFile(t, followed, "new.log", attack(20)...)
	a.take(followed, true)
	for minute := 20; minute < 40; minute++ {
		a.at(watchedDay.Add(time.Duration(minute) * time.Minute))
	}
	if len(a.got) != 1 {
		t.Errorf("%d messages tell of what came: %v", len(a.got), a.transitions("refused"))
	}
}
