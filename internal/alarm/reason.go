package alarm

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// shown is how many datapoints a reason lists behind "The most recent datapoints"; one that has fewer lists all in its sentence.
const shown = 5

// reasonOf says why a judgement asks for its state, in AWS's words. of names what is counted ("datapoint", "query result"); m is 0 where the
// alarm did not say how many of n it wants, which AWS tells in a shorter sentence.
//
// Source: reasons that AWS gave, as public messages of alarms show them; which of them is used where four datapoints are listed is a guess.
func reasonOf(j *judgement, comparison string, threshold float64, m, n int, of string) string {
	if j.state == InsufficientData {
		if n == 1 {
			return "Insufficient Data: 1 " + of + " was unknown."
		}
		return fmt.Sprintf("Insufficient Data: %d %ss were unknown.", n, of)
	}
	var listed []slot
	for _, s := range j.considered {
		if isBreaching(comparison, s.Value, threshold) == (j.state == Alarm) {
			listed = append(listed, s)
		}
	}
	if len(listed) == 0 {
		return "Threshold Crossed: " + received(len(j.considered), n, of) + " and " + treated(j, of) + "."
	}
	var b strings.Builder
	b.WriteString("Threshold Crossed: ")
	if m == 0 {
		b.WriteString(count(len(listed), of))
	} else {
		fmt.Fprintf(&b, "%d out of the last %d %ss", len(listed), n, of)
	}
	if len(listed) < shown {
		b.WriteString(" " + list(listed))
	}
	b.WriteString(" " + was(len(listed)))
	if j.state == OK {
		b.WriteString("not ")
	}
	fmt.Fprintf(&b, "%s the threshold (%s)", comparisonWords[comparison], number(threshold))
	if j.filled > 0 {
		b.WriteString(" and " + treated(j, of))
	}
	if len(listed) >= shown {
		crossed := " which crossed the threshold"
		if j.state == OK {
			crossed = ""
		}
		fmt.Fprintf(&b, ". The most recent %ss%s: %s", of, crossed, list(listed[:shown]))
	}
	if m > 0 {
		least, way := m, "OK -> ALARM"
		if j.state == OK {
			least, way = n-m+1, "ALARM -> OK"
		}
		fmt.Fprintf(&b, " (minimum %s for %s transition)", count(least, "datapoint"), way)
	}
	b.WriteString(".")
	return b.String()
}

var comparisonWords = map[string]string{
	"GreaterThanOrEqualToThreshold": "greater than or equal to",
	"GreaterThanThreshold":          "greater than",
	"LessThanThreshold":             "less than",
	"LessThanOrEqualToThreshold":    "less than or equal to",
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

func was(n int) string {
	if n == 1 {
		return "was "
	}
	return "were "
}

func received(there, n int, of string) string {
	if there == 0 {
		return "no " + of + "s were received for " + count(n, "period")
	}
	return count(there, of) + " " + was(there) + "received for " + count(n, "period")
}

// treated says what missing periods counted as.
func treated(j *judgement, of string) string {
	as := "NonBreaching"
	if j.asBreaching {
		as = "Breaching"
	}
	return count(j.filled, "missing "+of) + " " + was(j.filled) + "treated as [" + as + "]"
}

func list(slots []slot) string {
	texts := make([]string, len(slots))
	for i, s := range slots {
		texts[i] = number(s.Value).String() + " " + pointTime(s.time)
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// A reasonData is the JSON of a state's reason, of an alarm on a metric or an expression.
//
// Source: AWS's recorded answers, DescribeAlarms, StateReasonData: recent datapoints are written with the oldest first, evaluated ones with the newest
// first, and a missing one has a time alone. An expression has no statistic.
type reasonData struct {
	Version   string           `json:"version"`
	QueryDate string           `json:"queryDate"`
	StartDate string           `json:"startDate,omitempty"`
	Unit      string           `json:"unit,omitempty"`
	Statistic string           `json:"statistic,omitempty"`
	Period    int              `json:"period"`
	Recent    []number         `json:"recentDatapoints"`
	Threshold number           `json:"threshold"`
	Evaluated []evaluatedPoint `json:"evaluatedDatapoints"`
}

type evaluatedPoint struct {
	Timestamp   string  `json:"timestamp"`
	SampleCount *number `json:"sampleCount,omitempty"`
	Value       *number `json:"value,omitempty"`
}

// maxReasonData is how many characters StateReasonData may have.
const maxReasonData = 4000

// dataOf returns the JSON of a reason. slots are the evaluation range, the newest first. Where the whole would be longer than AWS's limit, the
// oldest evaluated datapoints are left out, and then the oldest recent ones: all of them are in the metric.
func dataOf(j *judgement, metric *Metric, slots []slot, now int64) (string, error) {
	d := reasonData{
		Version: "1.0", QueryDate: isoTime(now), Unit: metric.Unit, Statistic: metric.Statistic, Period: metric.EvaluationPeriod(),
		Recent: []number{}, Threshold: number(metric.Threshold),
	}
	for _, s := range slices.Backward(j.considered) {
		d.Recent = append(d.Recent, number(s.Value))
	}
	if len(j.considered) > 0 {
		d.StartDate = isoTime(j.considered[len(j.considered)-1].time * 1000)
	}
	for _, s := range evaluated(j, slots, metric.EvaluationPeriods) {
		p := evaluatedPoint{Timestamp: isoTime(s.time * 1000)}
		if s.there {
			p.Value = new(number(s.Value))
			if s.SampleCount > 0 {
				p.SampleCount = new(number(s.SampleCount))
			}
		}
		d.Evaluated = append(d.Evaluated, p)
	}
	recent, evaluated := d.Recent, d.Evaluated
	return fitting(len(recent)+len(evaluated), maxReasonData, func(k int) any {
		d.Recent, d.Evaluated = recent[max(0, len(recent)-k):], evaluated[:max(0, k-len(recent))]
		return d
	})
}

// fitting returns the JSON of the largest part that is no longer than a limit: part makes one of k things out of n.
func fitting(n, most int, part func(k int) any) (string, error) {
	text, err := json.Marshal(part(n))
	if err != nil || len(text) <= most {
		return string(text), err
	}
	k := sort.Search(n, func(k int) bool {
		text, err := json.Marshal(part(k + 1))
		return err != nil || len(text) > most
	})
	text, err = json.Marshal(part(k))
	return string(text), err
}

// evaluated returns the n newest periods, or as many as it takes to show each datapoint that was considered.
func evaluated(j *judgement, slots []slot, n int) []slot {
	if len(j.considered) > 0 {
		oldest := j.considered[len(j.considered)-1].time
		for n < len(slots) && slots[n-1].time > oldest {
			n++
		}
	}
	return slots[:min(n, len(slots))]
}
