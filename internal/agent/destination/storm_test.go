package destination

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"weir/internal/agent/config"
)

// storm has a service fail at random.
type storm struct{ rng *rand.Rand }

// one is true in one of n cases.
func (s *storm) one(n int) bool { return s.rng.IntN(n) == 0 }

// linesOf are records that differ.
func linesOf(item, n int) (out []string) {
	for i := range n {
		out = append(out, strings.Replace(strings.Replace(accepted, "20641", fmt.Sprint(item*1000+i), 1), "eni-1235b8ca123456789", fmt.Sprint("eni-", i%5), 1))
	}
	return out
}

// weather delivers items until each is delivered, and returns the sum of what the destination says.
func weather(t *testing.T, l *config.FlowLog, rng *rand.Rand, records int) Outcome {
	t.Helper()
	var sum Outcome
	d := open(t, l)
	var items []*Item
	for i := range 20 {
		items = append(items, item(t, l, batch(t, linesOf(i, records)...)))
	}
	for len(items) > 0 {
		i := rng.IntN(len(items))
		out, err := deliver(t.Context(), t, d, items[i])
		sum.Objects += out.Objects
		sum.Records += out.Records
		sum.Repeated += out.Repeated
		sum.Lost += out.Lost
		if err == "" {
			items = slices.Delete(items, i, i+1)
		}
	}
	return sum
}

// TestStormOfObjects has each object at S3, and at a service that ignores If-None-Match, once.
func TestStormOfObjects(t *testing.T) {
	for _, ignores := range []bool{false, true} {
		o, url := newObjects(t)
		o.ignores = ignores
		s := storm{rand.New(rand.NewPCG(1, 2))}
		fail := func(w http.ResponseWriter, _ *http.Request) bool {
			if !s.one(2) {
				return false
			}
			if s.one(2) {
				cut()
			}
			refuse(w, 503, "SlowDown", "Please reduce your request rate.")
			return true
		}
		o.tell(fail, fail)
		sum := weather(t, atEndpoint(url), rand.New(rand.NewPCG(3, 4)), 3)
		there, puts := o.all()
		if sum != (Outcome{Objects: 20, Records: 60}) || len(there) != 20 || puts != 20 {
			t.Errorf("%+v: %d objects, %d writes", sum, len(there), puts)
		}
	}
}

// TestStormOfRequests has all records at Firehose, at least once, and knows which may be there twice.
func TestStormOfRequests(t *testing.T) {
	const records = 600 // two requests
	there := map[string]int{}
	s := storm{rand.New(rand.NewPCG(5, 6))}
	c, url := newCalls(t, nil)
	c.answer = func(c call, _ int) (int, string) {
		if s.one(4) {
			return 400, `{"__type":"LimitExceededException","message":"?"}`
		}
		var answers []string
		failed := 0
		for _, r := range sent(t, c) {
			if s.one(100) {
				failed++
				answers = append(answers, `{"ErrorCode":"ServiceUnavailableException","ErrorMessage":"Slow down."}`)
				continue
			}
			there[r]++
			answers = append(answers, `{"RecordId":"1"}`)
		}
		if s.one(4) {
			return 0, ""
		}
		return 200, fmt.Sprintf(`{"FailedPutCount":%d,"RequestResponses":[%s]}`, failed, strings.Join(answers, ","))
	}
	sum := weather(t, streamAt(url), rand.New(rand.NewPCG(7, 8)), records)
	c.mu.Lock()
	defer c.mu.Unlock()
	twice := 0
	for _, n := range there {
		if n > 1 {
			twice++
		}
	}
	if sum.Records != 20*records || sum.Lost != 0 || len(there) != 20*records || twice == 0 || twice > sum.Repeated {
		t.Errorf("%+v: %d records are there, %d more than once", sum, len(there), twice)
	}
}
