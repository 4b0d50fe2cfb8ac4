package synth

import (
	"time"

	"weir/flowlog"
)

// A Story is something planted in the records, with a question that finds it.
type Story struct {
	// Name is a short word for the story, such as "ssh-brute-force".
	Name string
	// Title and What tell it to a person: a line, and one or two sentences.
	Title, What string
	// Question is a filter expression in weir's language for people that matches
	// the records of the story that count, and no others.
	Question string
	// From and To bound the time of the story, To exclusive.
	From, To time.Time
	// Records is how many records the question matches, Bytes the sum of their
	// bytes.
	Records, Bytes int64
}

// planting is a planted story in the making, or traffic that prepares one.
type planting struct {
	story *Story // nil for what only prepares one
	quota quota  // events for each minute
	// What an event makes: records in all, and those of them that are REJECT,
	// NODATA or SKIPDATA, IPv6.
	records, rejects, quiet, v6 int64
	// event makes the n-th event. The first record made while m.answers is set is
	// counted as an answer to the question.
	event func(m *minute, n int64)
}

// part returns how many events a story has: so many of a million records, and
// at least a few.
func (p *plan) part(perMillion int64) int64 { return max(p.w.cfg.Records*perMillion/1_000_000, 8) }

// minuteAt returns the minute at so many thousandths of the time.
func (p *plan) minuteAt(permille int) int { return p.minutes * permille / 1000 }

// over returns a quota over a part of the time, in thousandths.
func (p *plan) over(events int64, from, to int, shape func(n int) func(int) uint64) quota {
	first := p.minuteAt(from)
	n := max(p.minuteAt(to)-first, 1)
	return newQuota(events, first, n, shape(n))
}

// even spreads events evenly.
func even(int) func(int) uint64 { return flat }

// newPlantings returns all stories, in a fixed order, and after them what only
// prepares one.
func newPlantings(p *plan) []*planting {
	plantings := gatewayStories(p)
	if p.w.cfg.Format.Kind() == flowlog.KindVPC {
		plantings = networkStories(p)
	}
	start := p.w.cfg.Start
	for _, t := range plantings {
		if t.story != nil {
			first, n := t.quota.first, len(t.quota.sums)-1
			t.story.From = start.Add(time.Duration(first) * time.Minute)
			t.story.To = start.Add(time.Duration(first+n) * time.Minute)
		}
	}
	return plantings
}

// networkStories returns the stories of the VPC.
func networkStories(p *plan) []*planting {
	return []*planting{
		bruteForce(p), probe(p), portScan(p), missingRule(p), brokenReplies(p), unsolicited(p), upload(p), export(p),
		lostRecords(p), silence(p), devices(p), latePackets(p),
		workingReplies(p),
	}
}

// addr returns the text of an address of the book.
func (p *plan) addr(n uint32) string { return p.w.book.entries[n].text }
