package querytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/query"
)

// contractLog is the log that the contract is tested on: five records.
const contractLog = `version interface-id srcaddr bytes start weir-hour
2 eni-1 10.0.0.1 100 1772445600 1772445600
2 eni-1 10.0.0.2 200 1772445601 1772445600
2 eni-2 10.0.0.3 300 1772445602 1772445600
2 eni-2 10.0.0.4 400 1772445603 1772445600
2 eni-3 10.0.0.5 500 1772445604 1772445600
`

// contractPlan gives one row for each record of contractLog.
const contractPlan = "vpc | project srcaddr, bytes"

// contracts are the checks of what query.Engine and query.Rows promise besides
// right rows.
var contracts = []struct {
	name  string
	check func(e query.Engine) error
}{
	{"rows end", checkEnd},
	{"rows close", checkClose},
	{"max rows", checkMaxRows},
	{"timeout", checkTimeout},
	{"cancelled before", checkCancelledBefore},
	{"cancelled between rows", checkCancelledBetween},
	{"refused", checkRefused},
	{"explain", checkExplain},
	{"at once", checkAtOnce},
}

func runContract(t *testing.T, open Open) {
	batches, err := load(contractLog)
	if err != nil {
		t.Fatal(err)
	}
	engine := open(t, batches)
	for _, c := range contracts {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(engine); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("no records", func(t *testing.T) {
		if err := checkEmpty(open(t, nil)); err != nil {
			t.Error(err)
		}
	})
}

// run parses and runs a plan.
func run(ctx context.Context, e query.Engine, plan string, l query.Limits) (query.Rows, error) {
	p, err := parsePlan(plan)
	if err != nil {
		return nil, err
	}
	return e.Run(ctx, p, l)
}

// count parses and runs a plan and counts its rows.
func count(ctx context.Context, e query.Engine, plan string, l query.Limits) (int, error) {
	p, err := parsePlan(plan)
	if err != nil {
		return 0, err
	}
	rows, err := answer(ctx, e, p, l)
	return len(rows), err
}

// expectError says whether err is the one that is wanted.
func expectError(err, want error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("got error %v, want %v", err, want)
	}
	return nil
}

// checkEnd: after the last row comes io.EOF, also when asked again.
func checkEnd(e query.Engine) error {
	rows, err := run(context.Background(), e, contractPlan, query.Limits{})
	if err != nil {
		return err
	}
	defer rows.Close()
	for i := range 5 {
		if _, err := rows.Next(); err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	for range 2 {
		if _, err := rows.Next(); err != io.EOF {
			return fmt.Errorf("after the last row comes %v, want io.EOF", err)
		}
	}
	return rows.Close()
}

// checkClose: rows may be closed early and twice; then there are no more.
func checkClose(e query.Engine) error {
	rows, err := run(context.Background(), e, contractPlan, query.Limits{})
	if err != nil {
		return err
	}
	if _, err := rows.Next(); err != nil {
		return err
	}
	for range 2 {
		if err := rows.Close(); err != nil {
			return fmt.Errorf("close: %w", err)
		}
	}
	if row, err := rows.Next(); err == nil {
		return fmt.Errorf("closed rows give %s", formatRow(row))
	}
	if n, err := count(context.Background(), e, contractPlan, query.Limits{}); n != 5 || err != nil {
		return fmt.Errorf("after rows were closed early, the next query gives %d rows, %w", n, err)
	}
	return nil
}

// checkMaxRows: as many rows as the limit says pass, one more is ErrLimit.
func checkMaxRows(e query.Engine) error {
	for _, tt := range []struct {
		plan string
		max  int64
		want int // rows; -1 = ErrLimit
	}{
		{contractPlan, 0, 5},
		{contractPlan, 6, 5},
		{contractPlan, 5, 5},
		{contractPlan, 4, -1},
		{contractPlan, 1, -1},
		{contractPlan + " | limit 2", 2, 2},
		{contractPlan + " | where bytes > 400", 1, 1},
		{"vpc | aggregate n = count_rows()", 1, 1},
	} {
		n, err := count(context.Background(), e, tt.plan, query.Limits{MaxRows: tt.max})
		if tt.want < 0 {
			if err := expectError(err, query.ErrLimit); err != nil {
				return fmt.Errorf("%s with at most %d rows: %w (%d rows)", tt.plan, tt.max, err, n)
			}
		} else if err != nil || n != tt.want {
			return fmt.Errorf("%s with at most %d rows: %d rows, %v, want %d", tt.plan, tt.max, n, err, tt.want)
		}
	}
	return nil
}

// checkTimeout: a query that takes too long is ErrLimit; a timeout that is not
// reached does not show.
func checkTimeout(e query.Engine) error {
	_, err := count(context.Background(), e, contractPlan, query.Limits{Timeout: 1})
	if err := expectError(err, query.ErrLimit); err != nil {
		return fmt.Errorf("within a nanosecond: %w", err)
	}
	if n, err := count(context.Background(), e, contractPlan, query.Limits{Timeout: time.Hour}); n != 5 || err != nil {
		return fmt.Errorf("within an hour: %d rows, %w", n, err)
	}
	return nil
}

// checkCancelledBefore: a query whose context has ended does not run. A timeout
// beside it does not change why.
func checkCancelledBefore(e query.Engine) error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, l := range []query.Limits{{}, {Timeout: time.Hour}} {
		_, err := count(ctx, e, contractPlan, l)
		if err := expectError(err, context.Canceled); err != nil {
			return err
		}
	}
	return nil
}

// checkCancelledBetween: the context bounds the reading of rows too.
func checkCancelledBetween(e query.Engine) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	rows, err := run(ctx, e, contractPlan, query.Limits{})
	if err != nil {
		return err
	}
	defer rows.Close()
	if _, err := rows.Next(); err != nil {
		return err
	}
	cancel()
	_, err = rows.Next()
	return expectError(err, context.Canceled)
}

// checkRefused: Run and Explain check the plan.
func checkRefused(e query.Engine) error {
	bad := query.Plan{Kind: flowlog.KindVPC, Stages: []query.Stage{&query.Limit{N: -1}}}
	rows, err := e.Run(context.Background(), bad, query.Limits{})
	if err == nil {
		rows.Close()
	}
	_, explainErr := e.Explain(context.Background(), bad)
	return errors.Join(expectError(err, query.ErrRefused), expectError(explainErr, query.ErrRefused))
}

// checkExplain: what is not bounded reads all records; the columns are those that
// the plan reads; and nothing that is read is more than there is.
func checkExplain(e query.Engine) error {
	for _, plan := range []string{
		contractPlan,
		"vpc",
		"vpc | aggregate n = count_rows()",
		"vpc scope(from=2026-03-02T10:00:00Z, interface='eni-1') | where bytes > 100 | project srcaddr",
	} {
		p, err := parsePlan(plan)
		if err != nil {
			return err
		}
		cost, err := e.Explain(context.Background(), p)
		if err != nil {
			return fmt.Errorf("%s: %w", plan, err)
		}
		if diff := cmp.Diff(p.Reads(), slices.Clip(cost.Columns)); diff != "" {
			return fmt.Errorf("%s: columns (-want +got):\n%s", plan, diff)
		}
		if cost.Records > 5 || len(p.Stages) == 0 && cost.Records != 5 {
			return fmt.Errorf("%s: %d records are read of 5", plan, cost.Records)
		}
		if cost.Bytes > cost.BytesTotal || len(cost.Files) > cost.FilesTotal {
			return fmt.Errorf("%s: more is read than there is: %+v", plan, cost)
		}
	}
	return nil
}

// checkAtOnce: an engine is safe for concurrent use.
func checkAtOnce(e query.Engine) error {
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			plan := fmt.Sprintf("vpc | where bytes > %d", i*100)
			n, err := count(context.Background(), e, plan, query.Limits{})
			if want := max(0, 5-i); err != nil || n != want {
				errs[i] = fmt.Errorf("%s: %d rows, %v, want %d", plan, n, err, want)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// checkEmpty: an engine without records answers.
func checkEmpty(e query.Engine) error {
	for plan, want := range map[string]int{
		"vpc": 0,
		"tgw": 0,
		"vpc | aggregate n = count_rows(), s = sum(bytes)": 1,
		"vpc | aggregate n = count_rows() by srcaddr":      0,
	} {
		if n, err := count(context.Background(), e, plan, query.Limits{}); n != want || err != nil {
			return fmt.Errorf("%s: %d rows, %v, want %d", plan, n, err, want)
		}
	}
	return nil
}
