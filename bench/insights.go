package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"weir/internal/insights"
	"weir/internal/query"
	"weir/internal/query/duckdb"
)

// insightsForms are Q1 to Q6 as Logs Insights queries, beside SQL that gives as many rows. The order of
// addresses differs, which in Insights is the natural one.
var insightsForms = []struct{ name, sql, insights string }{
	{"Q1", theQuestions[0].sql, `stats sum(bytes) as b by srcAddr | sort b desc | limit 10`},
	{"Q2", theQuestions[1].sql, `filter action = "REJECT" | stats count(*) as n by dstPort | sort n desc | limit 100000`},
	{"Q3", theQuestions[2].sql, `filter dstPort in [22, 3389] and protocol = 6 | stats count(*) as n by bin(1m), srcAddr | limit 100000`},
	{"Q4", theQuestions[3].sql, `stats sum(bytes) as b by bin(5m), interfaceId | limit 100000`},
	{"Q5", theQuestions[4].sql, `filter isIpv4InSubnet(dstAddr, "10.0.0.0/16") and isPublicIP(srcAddr) | stats sum(bytes) as b by srcAddr, dstAddr | sort b desc | limit 10`},
	{
		"Q6", `SELECT srcaddr, dstaddr, dstport, count(*) AS n FROM %s WHERE action = 'REJECT' AND weir_pair = 'accepted' GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 10`,
		`filter action = "REJECT" and weirPair = "accepted" | stats count(*) as n by srcAddr, dstAddr, dstPort | sort n desc | limit 10`,
	},
}

// insightsQuestions asks the lake each question as a Logs Insights query and in SQL in turn, and compares the
// processor time that they take and how many rows they give.
func (b *bench) insightsQuestions(ctx context.Context, engine *duckdb.Engine) error {
	for _, q := range insightsForms {
		read, err := insights.Read(q.insights, insights.CheckOptions{})
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		var runs []pair
		for i := range b.runs + 1 {
			mine, rows, err := processorTime(func() (int, error) {
				in := &duckdb.InsightsInput{End: 1 << 42, Now: 1 << 42, Lake: []duckdb.LakeGroup{{Name: "all"}}}
				result, err := engine.Insights(ctx, read, in, query.Limits{})
				if err != nil {
					return 0, err
				}
				return len(result.Rows), nil
			})
			if err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			theirs, others, err := processorTime(func() (int, error) {
				rows, _, err := sqlAsker(engine, fmt.Sprintf(q.sql, table))(ctx)
				return len(rows), err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			if rows != others {
				return fmt.Errorf("%s: %d rows as an Insights query, %d in SQL", q.name, rows, others)
			}
			if i > 0 {
				runs = append(runs, pair{mine, theirs})
			}
		}
		ratio, low, high := median(runs, func(p pair) float64 { return float64(p.mine) / float64(p.theirs) })
		b.row(q.name+" as a Logs Insights query: processor time", "at most 1.3 times that of SQL", ratio <= 1.3, "%.2f times (%.2f to %.2f)", ratio, low, high)
	}
	return nil
}

// processorTime returns the processor time that the process takes for a question, and its rows.
func processorTime(ask func() (int, error)) (time.Duration, int, error) {
	before, err := processTime()
	if err != nil {
		return 0, 0, err
	}
	rows, asked := ask()
	after, err := processTime()
	return after - before, rows, errors.Join(asked, err)
}

func processTime() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}
