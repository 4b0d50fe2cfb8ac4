package contributor

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
)

// benchRules are 20 rules that match all records and 80 with filters, as they are written for flow logs.
func benchRules() []string {
	const fields = `"Fields":{"3":"interface-id","4":"srcaddr","5":"dstaddr","6":"srcport","7":"dstport","8":"protocol","9":"packets","10":"bytes","13":"action"},`
	keys := []string{`"srcaddr"`, `"dstaddr"`, `"srcaddr","dstaddr"`, `"interface-id"`, `"dstport"`}
	var out []string
	for i := range 100 {
		aggregate, value := "Count", ""
		if i%2 == 0 {
			aggregate, value = "Sum", `,"ValueOf":"bytes"`
		}
		filters := ""
		if i >= 20 {
			filters = []string{
				fmt.Sprintf(`{"Match":"dstport","EqualTo":%d}`, i), `{"Match":"protocol","EqualTo":17},{"Match":"action","In":["REJECT"]}`,
				fmt.Sprintf(`{"Match":"srcaddr","StartsWith":["10.%d."]}`, i), fmt.Sprintf(`{"Match":"interface-id","In":["eni-%d","eni-%d"]}`, i, i+1),
			}[i%4]
		}
		out = append(out, fmt.Sprintf(`%s%s"Contribution":{"Keys":[%s],"Filters":[%s]%s},"AggregateOn":"%s"}`, clf, fields, keys[i%len(keys)], filters, value, aggregate))
	}
	return out
}

// benchEvents are records of so many source addresses.
func benchEvents(n, sources int) []Event {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]Event, n)
	for i := range out {
		src := r.IntN(sources)
		out[i] = Event{
			Timestamp: (hourStart + int64(i)*60/int64(n)) * 1000, Ingestion: hourStart * 1000,
			Message: fmt.Sprintf("2 123456789010 eni-%d 10.%d.%d.%d 10.0.0.%d %d %d %d %d %d 1418530010 1418530070 %s OK",
				r.IntN(50), src>>16, src>>8&255, src&255, r.IntN(200), 1024+r.IntN(60000), []int{22, 53, 80, 443, 3389}[r.IntN(5)],
				[]int{6, 17}[r.IntN(2)], 1+r.IntN(100), 40+r.IntN(100_000), []string{"ACCEPT", "ACCEPT", "ACCEPT", "REJECT"}[r.IntN(4)]),
		}
	}
	return out
}

// BenchmarkAdd counts events of one log group with 100 rules on one core: first without commits, then with one a second at 50,000 events a
// second.
func BenchmarkAdd(b *testing.B) {
	for _, c := range []struct {
		name    string
		sources int
		commits bool
	}{{"counting", 10_000, false}, {"commits", 10_000, true}, {"commits,1000000sources", 1_000_000, true}} {
		b.Run(c.name, func(b *testing.B) {
			s := open(b, b.TempDir(), Options{Now: func() time.Time { return time.Unix(hourStart, 0) }, MaxPending: 5_000_000})
			if c.commits {
				s.maxPending = 500_000
			}
			for i, definition := range benchRules() {
				put(b, s, fmt.Sprint(i), definition)
			}
			events := benchEvents(200_000, c.sources)
			batch := []Batch{{Group: "g", Format: "", Events: events}}
			if !c.commits {
				if err := s.Add(b.Context(), "r", nil, batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			n := 0
			for b.Loop() {
				from := n * 10_000 % len(events)
				batch[0].Events = events[from : from+10_000]
				if err := s.Add(b.Context(), "r", nil, batch); err != nil {
					b.Fatal(err)
				}
				if n++; c.commits && n%5 == 0 {
					commit(b, s)
				}
			}
			b.ReportMetric(float64(n)*10_000/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkJSON counts events of JSON with 100 rules on one core.
func BenchmarkJSON(b *testing.B) {
	s := open(b, b.TempDir(), Options{Now: func() time.Time { return time.Unix(hourStart, 0) }, MaxPending: 5_000_000})
	paths := []string{"$.srcaddr", "$.query.name", "$.status", "$.user.id", "$.region"}
	for i := range 100 {
		filter := ""
		if i >= 20 {
			filter = fmt.Sprintf(`{"Match":"$.status","EqualTo":%d}`, 200+i)
		}
		put(b, s, fmt.Sprint(i), fmt.Sprintf(`%s"Contribution":{"Keys":[%q],"Filters":[%s]},"AggregateOn":"Count"}`, jsonRule, paths[i%len(paths)], filter))
	}
	batch := Batch{Group: "g"}
	for i := range 10_000 {
		batch.Events = append(batch.Events, Event{hourStart * 1000, hourStart * 1000, fmt.Sprintf(
			`{"time":"2026-11-30T01:00:00Z","region":"eu-west-1","srcaddr":"10.0.%d.%d","query":{"name":"host%d.example.com","type":"A"},"status":%d,"user":{"id":"u%d"}}`,
			i>>8, i&255, i%1000, 200+i%200, i%77)})
	}
	n := 0
	for b.Loop() {
		if err := s.Add(b.Context(), "r", nil, []Batch{batch}); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)*10_000/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkPending says what a contributor takes in memory.
func BenchmarkPending(b *testing.B) {
	s := open(b, b.TempDir(), Options{Now: func() time.Time { return time.Unix(hourStart, 0) }, MaxPending: 5_000_000})
	put(b, s, "rule", clf+`"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for b.Loop() {
		m := int64(n / 10_000) // a minute of 10,000
		if err := s.Add(b.Context(), "r", nil, []Batch{{Group: "g", Events: []Event{{(hourStart + m*60) * 1000, hourStart * 1000, fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255)}}}}); err != nil {
			b.Fatal(err)
		}
		n++
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "bytes/contributor")
	runtime.KeepAlive(s)
}

// BenchmarkReport reads what a rule counted of an hour of 10,000 contributors a minute, committed every five seconds, and of its last five
// minutes.
func BenchmarkReport(b *testing.B) {
	s := open(b, b.TempDir(), Options{Now: func() time.Time { return time.Unix(hourStart+3599, 0) }})
	put(b, s, "rule", benchRules()[0])
	events := benchEvents(20_000, 10_000)
	for second := int64(0); second < 3600; second += 5 {
		batch := Batch{Group: "g"}
		for i := range 2000 {
			e := events[(int(second)*400+i)%len(events)]
			e.Timestamp, e.Ingestion = (hourStart+second)*1000, hourStart*1000+3600_000
			batch.Events = append(batch.Events, e)
		}
		if err := s.Add(b.Context(), "r", nil, []Batch{batch}); err != nil {
			b.Fatal(err)
		}
		commit(b, s)
	}
	b.Run("hour", func(b *testing.B) {
		for b.Loop() {
			if r := report(b, s, "rule"); r.UniqueContributors == 0 {
				b.Fatal(r)
			}
		}
	})
	minutes := func(r *ReportRequest) {
		r.From, r.To, r.Period, r.Metrics = hourStart+3300, hourStart+3600, 60, []string{UniqueContributors, Sum}
	}
	b.Run("top", func(b *testing.B) {
		for b.Loop() {
			if r := report(b, s, "rule", minutes); r.UniqueContributors == 0 {
				b.Fatal(r)
			}
		}
	})
	b.Run("metric", func(b *testing.B) {
		for b.Loop() {
			r := report(b, s, "rule", func(r *ReportRequest) {
				r.From, r.To, r.Period, r.MaxContributors, r.Metrics, r.Live = hourStart+3540, hourStart+3600, 60, 1, []string{MaxContributorValue}, true
			})
			if len(r.Datapoints) != 1 {
				b.Fatal(r)
			}
		}
	})
}

// BenchmarkNewcomers asks, as an alarm does each minute, which of 200 contributors are new, who contributed in every minute of 14 days: where each came a minute
// before, where one did not come at all, and the same for the first time.
func BenchmarkNewcomers(b *testing.B) {
	c := newClock()
	s := open(b, b.TempDir(), Options{Now: c.now})
	put(b, s, "rule", strings.Replace(clf, CloudWatchSchema, WeirSchema, 1)+`"Contribution":{"Keys":["1"]},"AggregateOn":"Count"}`)
	end := int64(hourStart + newAfter)
	for at := int64(hourStart); at < end; at += 60 {
		c.t = time.Unix(at+59, 0)
		batch := Batch{Group: "g"}
		for i := range 200 {
			batch.Events = append(batch.Events, Event{at * 1000, at * 1000, fmt.Sprintf("c%d", i)})
		}
		if err := s.Add(b.Context(), "r", nil, []Batch{batch}); err != nil {
			b.Fatal(err)
		}
		if at%600 == 0 {
			commit(b, s)
		}
		if at%3600 == 1200 { // the hour before is over and left alone
			if err := s.Tidy(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	ask := func(b *testing.B, from int64, want int, before func()) {
		for b.Loop() {
			before()
			all, err := s.Newcomers(b.Context(), NewRequest{Name: "rule", From: from, To: from + 300, Period: 300, Live: true})
			if err != nil || len(all) != 1 || len(all[0].Keys) != want {
				b.Fatal(all, err)
			}
		}
	}
	b.Run("none", func(b *testing.B) { ask(b, end-300, 0, func() {}) })
	c.t = time.Unix(end+59, 0)
	if err := s.Add(b.Context(), "r", nil, []Batch{{Group: "g", Events: []Event{{end * 1000, end * 1000, "new"}}}}); err != nil {
		b.Fatal(err)
	}
	commit(b, s)
	b.Run("one", func(b *testing.B) { ask(b, end, 1, func() {}) })
	b.Run("one,first", func(b *testing.B) { ask(b, end, 1, func() { s.seen = seenHours{} }) })
}

// BenchmarkTidy makes one run of an hour that is over, of 20,000 contributors in each minute, committed every minute, and reads its report.
func BenchmarkTidy(b *testing.B) {
	c := newClock()
	s := open(b, b.TempDir(), Options{Now: c.now, MaxPending: 5_000_000})
	put(b, s, "rule", clf+`"Contribution":{"Keys":["1"],"ValueOf":"2"},"AggregateOn":"Sum"}`)
	var took time.Duration
	n := 0
	for b.Loop() {
		b.StopTimer()
		start := hourStart + int64(n)*secondsPerHour
		for minute := range int64(60) {
			at := start + minute*60
			c.t = time.Unix(at+59, 0)
			batch := Batch{Group: "g"}
			for i := range 20_000 {
				batch.Events = append(batch.Events, Event{at * 1000, at * 1000, fmt.Sprintf("10.%d.%d.%d %d", i*7%250, i>>8, i&255, 40+i*7919%100_000)})
			}
			if err := s.Add(b.Context(), "r", nil, []Batch{batch}); err != nil {
				b.Fatal(err)
			}
			commit(b, s)
		}
		c.t = time.Unix(start+secondsPerHour+settled, 0)
		b.StartTimer()
		if err := s.Tidy(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		began := time.Now()
		r := report(b, s, "rule", func(r *ReportRequest) { r.From, r.To = start, start+secondsPerHour })
		took += time.Since(began)
		if r.UniqueContributors != 20_000 {
			b.Fatal(r.UniqueContributors)
		}
		n++
		b.StartTimer()
	}
	b.ReportMetric(float64(took.Milliseconds())/float64(n), "ms/report")
	b.ReportMetric(float64(runBytes(b, s))/float64(n), "B/hour")
}

// runBytes returns what all runs take, in bytes.
func runBytes(b *testing.B, s *Store) (bytes int64) {
	b.Helper()
	if err := s.db.QueryRowContext(b.Context(), "SELECT sum(length(data)) FROM chunks").Scan(&bytes); err != nil {
		b.Fatal(err)
	}
	return bytes
}
