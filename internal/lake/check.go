package lake

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"weir/flowlog"
)

// Checked is what Check found.
type Checked struct {
	Hours   int   `json:"hours"`
	Records int64 `json:"records"`
	Objects int64 `json:"objects"`
	// Differences are the hours in which lake and ledger disagree, object by
	// object; empty where all is well.
	Differences []Difference `json:"differences"`
}

// Difference is an object whose records in an hour are not what was taken.
type Difference struct {
	Table string    `json:"table"`
	Hour  time.Time `json:"hour"`
	// URL is the object's; for a file that can't be read it is the file's path.
	URL string `json:"url"`
	// Taken is how many records the ledger has, Found how many the lake has.
	Taken int64 `json:"taken"`
	Found int64 `json:"found"`
	// Problem says what differs.
	Problem string `json:"problem"`
}

// Check reads every record and compares, for each object and hour, number and
// checksum with what was taken. progress, which may be nil, is called after each
// hour.
func (l *Lake) Check(ctx context.Context, progress func(done, total int)) (Checked, error) {
	var out Checked
	// A commit between the ledger's sums and the snapshot would look like a
	// difference, so both are read while no commit is under way. A reader, which
	// can't hold the lock, tries again until they agree on the moment.
	ledger, snap, err := l.ledgerAndSnapshot(ctx)
	if err != nil {
		return out, err
	}
	files := map[hourKey][]DataFile{}
	for _, k := range kinds {
		for _, f := range snap.Files(k, Bounds{}) {
			key := hourKey{k, f.Hour.Unix()}
			files[key] = append(files[key], f)
		}
	}
	for key := range files {
		if ledger[key] == nil {
			ledger[key] = map[string]hourSum{}
		}
	}
	keys := make([]hourKey, 0, len(ledger))
	objects := map[string]bool{}
	for key, sums := range ledger {
		keys = append(keys, key)
		for url := range sums {
			objects[url] = true
		}
	}
	slices.SortFunc(keys, func(a, b hourKey) int { return int(a.hour-b.hour)*4 + int(a.kind) - int(b.kind) })
	out.Objects = int64(len(objects))
	for i, key := range keys {
		found, err := l.sumHour(ctx, key, files[key], &out)
		if err != nil {
			return out, err
		}
		out.compare(key, ledger[key], found)
		if progress != nil {
			progress(i+1, len(keys))
		}
	}
	out.Hours = len(keys)
	return out, nil
}

// A reader tries so often, and pauses so long between, to find a moment at which
// the writer is not in the middle of a commit.
const (
	checkTries = 100
	checkPause = 20 * time.Millisecond
)

// ledgerAndSnapshot reads the ledger's sums and a snapshot of the same moment.
func (l *Lake) ledgerAndSnapshot(ctx context.Context) (map[hourKey]map[string]hourSum, *Snapshot, error) {
	if l.lock != nil {
		l.write.Lock()
		defer l.write.Unlock()
		if err := l.recover(ctx); err != nil {
			return nil, nil, err
		}
		sums, err := l.ledgerSums(ctx)
		if err != nil {
			return nil, nil, err
		}
		snap, err := l.Snapshot(ctx)
		return sums, snap, err
	}
	for range checkTries {
		before, err := l.Snapshot(ctx)
		if err != nil {
			return nil, nil, err
		}
		sums, err := l.ledgerSums(ctx)
		if err != nil {
			return nil, nil, err
		}
		open, err := queryStrings(ctx, l.state, "SELECT id FROM batches")
		if err != nil {
			return nil, nil, err
		}
		after, err := l.Snapshot(ctx)
		if err != nil {
			return nil, nil, err
		}
		if len(open) == 0 && before.Same(after) {
			return sums, after, nil
		}
		if len(open) > 0 && !isLocked(l.paths.lock) {
			return nil, nil, ErrUnfinished
		}
		select {
		case <-time.After(checkPause):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	return nil, nil, fmt.Errorf("the lake changes too fast to be checked beside its writer: %w", ErrLocked)
}

// ledgerSums returns what was taken, by hour and object.
func (l *Lake) ledgerSums(ctx context.Context) (map[hourKey]map[string]hourSum, error) {
	rows, err := l.state.QueryContext(ctx, `SELECT h.tbl, h.hour, o.url, h.records, h.checksum FROM object_hours h
		JOIN objects o ON o.id = h.object WHERE o.state = 'taken'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[hourKey]map[string]hourSum{}
	for rows.Next() {
		var tbl, url string
		var key hourKey
		var sum hourSum
		var checksum int64
		if err := rows.Scan(&tbl, &key.hour, &url, &sum.records, &checksum); err != nil {
			return nil, err
		}
		key.kind, sum.checksum = kindOf(tbl), uint64(checksum)
		if out[key] == nil {
			out[key] = map[string]hourSum{}
		}
		out[key][url] = sum
	}
	return out, rows.Err()
}

// sumHour sums up what lies in an hour, by object. Files that can't be read are
// differences.
func (l *Lake) sumHour(ctx context.Context, key hourKey, files []DataFile, out *Checked) (map[string]hourSum, error) {
	found := map[string]hourSum{}
	for _, f := range files {
		batches, err := readFile(ctx, f.Path)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			if _, statErr := os.Stat(f.Path); statErr != nil {
				err = statErr
			}
			out.Differences = append(out.Differences, Difference{
				Table: namespace + "." + tableName(key.kind), Hour: f.Hour, URL: f.Path, Taken: f.Records,
				Problem: err.Error(),
			})
			continue
		}
		for _, b := range batches {
			out.Records += int64(b.Len())
			addSums(found, b)
		}
	}
	return found, nil
}

// addSums adds a batch's records to the sums of their objects.
func addSums(found map[string]hourSum, b *flowlog.Batch) {
	objects := b.Texts(flowlog.WeirObject)
	for i, h := range recordHashes(b) {
		url := ""
		if code := objects.At(i); code != 0 {
			url = objects.Dict[code]
		}
		sum := found[url]
		sum.records++
		sum.checksum += h
		found[url] = sum
	}
}

// compare notes the differences of an hour.
func (c *Checked) compare(key hourKey, taken, found map[string]hourSum) {
	urls := map[string]bool{}
	for url := range taken {
		urls[url] = true
	}
	for url := range found {
		urls[url] = true
	}
	for _, url := range sortedKeys(urls) {
		t, f := taken[url], found[url]
		if t == f {
			continue
		}
		d := Difference{
			Table: namespace + "." + tableName(key.kind), Hour: time.Unix(key.hour, 0).UTC(), URL: url,
			Taken: t.records, Found: f.records, Problem: "records differ in value",
		}
		if t.records != f.records {
			d.Problem = "records are missing or too many"
		}
		c.Differences = append(c.Differences, d)
	}
}
