package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"weir/internal/lake"
	"weir/internal/logstore"
	"weir/internal/metricstore"
)

// Metrics of sources that deliver nothing: how many times as long as usual, at most, and for how long each has.
const (
	silenceRatio   = "SilenceRatio"
	silenceSeconds = "Silence"
)

// Dimensions of silenceSeconds.
const (
	dimensionSource  = "Source"
	dimensionFlowLog = "FlowLogId"
)

const (
	// silenceReader is the name of the position of silenceWatch.
	silenceReader = "delivery-silence"
	// longestLook is the longest time between two looks that was watched: where it was longer, weir did not run.
	longestLook = time.Minute
	// silentShown bounds the sources that a message names.
	silentShown = 10
)

// silenceWatch looks at how long the sources that are followed, and the log groups of the store that have records, have delivered nothing
// (docs/decisions/0043-what-watching-reads.md).
type silenceWatch struct {
	s       *Local
	store   *logstore.Store
	metrics metricSink
}

// read returns what is kept; nil where nothing was looked at yet.
func (w *silenceWatch) read(ctx context.Context) (*silences, error) {
	text, err := w.metrics.Position(ctx, silenceReader)
	if text == nil || err != nil {
		return nil, err
	}
	out := &silences{}
	if err := json.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("what is known of when sources deliver is damaged: %w", err)
	}
	return out, nil
}

// watched returns what can deliver now: sources that are followed, by their names, with why their last look failed or "", and log groups of the store by their origins.
func (w *silenceWatch) watched(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	states, err := followStates(w.s.lake.Data(), w.s.now())
	if err != nil {
		return nil, err
	}
	for i := range states {
		if states[i].Running {
			out[states[i].Source] = states[i].Error
		}
	}
	groups, err := w.store.Groups(ctx)
	if err != nil {
		return nil, err
	}
	for i := range groups {
		out[storedOrigin(groups[i].Name)] = ""
	}
	return out, nil
}

// look notes what came, and puts the numbers of the minute.
func (w *silenceWatch) look(ctx context.Context) error {
	now := w.s.now()
	kept, err := w.read(ctx)
	if err != nil {
		return err
	}
	first := kept == nil
	if first {
		kept = &silences{Looked: now.UnixMilli()}
	}
	came, last, err := w.s.lake.Came(ctx, kept.Object)
	if err != nil {
		return err
	}
	if first {
		came = nil // nobody saw when it did
	}
	watched, err := w.watched(ctx)
	if err != nil {
		return err
	}
	kept.Object = last
	kept.pass(now, func(source string) bool { _, is := watched[source]; return is })
	for i := range came {
		if key, counts := deliveryOf(&came[i]); counts {
			kept.came(key, came[i].Last)
		}
	}
	kept.forget(now)
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return w.metrics.Commit(ctx, silenceReader, text, kept.data(now, watched))
}

// deliveryOf returns whose delivery something is; false where it is neither of a source that is followed nor of a log group of the store.
func deliveryOf(c *lake.Came) (deliveryKey, bool) {
	if c.Followed != "" {
		return deliveryKey{c.Followed, c.FlowLogID}, true
	}
	return deliveryKey{Source: c.Source}, strings.HasPrefix(c.Source, StoredOrigin)
}

// data returns the numbers of a time. SilenceRatio is 0 where nothing is judged: there is a value whenever weir looks.
func (s *silences) data(now time.Time, watched map[string]string) []metricstore.Datum {
	datum := func(name, unit string, value float64, by ...metricstore.Dimension) metricstore.Datum {
		return metricstore.Datum{
			Metric: metricstore.Metric{Namespace: DeliveryNamespace, Name: name, Dimensions: by}, Time: now.UnixMilli(), Unit: unit, Resolution: 60,
			Values: []float64{value}, Counts: []float64{1},
		}
	}
	var out []metricstore.Datum
	most := 0.0
	for _, d := range s.Sources {
		if _, is := watched[d.Source]; !is {
			continue
		}
		most = max(most, d.ratio())
		if by, ok := d.dimensions(); ok {
			out = append(out, datum(silenceSeconds, "Seconds", float64(d.Silent)/1000, by...))
		}
	}
	return append(out, datum(silenceRatio, "None", most))
}

// dimensions returns those of the metric Silence; false where the name of a source can be none.
func (k deliveryKey) dimensions() ([]metricstore.Dimension, bool) {
	var out []metricstore.Dimension
	if k.FlowLog != "" {
		out = append(out, metricstore.Dimension{Name: dimensionFlowLog, Value: k.FlowLog})
	}
	out = append(out, metricstore.Dimension{Name: dimensionSource, Value: k.Source})
	return out, !slices.ContainsFunc(out, func(d metricstore.Dimension) bool {
		return len(d.Value) > longestID || !utf8.ValidString(d.Value) || strings.ContainsFunc(d.Value, unicode.IsControl)
	})
}

// says names the sources that are behind an alarm on one of the metrics, which goes off at a threshold.
func (w *silenceWatch) says(ctx context.Context, m metricstore.Metric, threshold float64) ([]string, error) {
	kept, err := w.read(ctx)
	if kept == nil || err != nil {
		return nil, err
	}
	watched, err := w.watched(ctx)
	if err != nil {
		return nil, err
	}
	var silent []*delivering
	for _, d := range kept.Sources {
		_, is := watched[d.Source]
		by, _ := d.dimensions()
		if is && (m.Name == silenceRatio && d.ratio() >= threshold || m.Name == silenceSeconds && slices.Equal(by, m.Dimensions)) {
			silent = append(silent, d)
		}
	}
	slices.SortStableFunc(silent, func(a, b *delivering) int { return cmp.Compare(b.ratio(), a.ratio()) })
	var out []string
	for _, d := range silent[:min(len(silent), silentShown)] {
		line := d.String()
		if failed := watched[d.Source]; failed != "" {
			line += "; the last look at it failed: " + failed
		}
		out = append(out, line)
	}
	if more := len(silent) - silentShown; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return out, nil
}
