package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"weir/internal/app"
	"weir/internal/query"
)

// athenaForms are Q1 to Q6 in Athena's SQL, beside the native SQL that gives the same rows.
var athenaForms = []struct{ name, sql, athena string }{
	{"Q1", theQuestions[0].sql, `SELECT srcaddr, sum(bytes) AS b FROM vpc_flow_logs GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10`},
	{"Q2", theQuestions[1].sql, `SELECT dstport, count(*) AS n FROM vpc_flow_logs WHERE action = 'REJECT' GROUP BY 1 ORDER BY 2 DESC, 1`},
	{"Q3", theQuestions[2].sql, `SELECT start - start % 60 AS minute, srcaddr, count(*) AS n FROM vpc_flow_logs WHERE dstport IN (22, 3389) AND protocol = 6 GROUP BY 1, 2 ORDER BY 1, 2`},
	{"Q4", theQuestions[3].sql, `SELECT start - start % 300 AS slot, interface_id, sum(bytes) AS b FROM vpc_flow_logs GROUP BY 1, 2 ORDER BY 1, 2`},
	{
		"Q5", theQuestions[4].sql, `SELECT srcaddr, dstaddr, sum(bytes) AS b FROM vpc_flow_logs
			WHERE contains('10.0.0.0/16', CAST(dstaddr AS ipaddress)) AND ` + publicSource + ` GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 10`,
	},
	{
		"Q6", insightsForms[5].sql, `SELECT srcaddr, dstaddr, dstport, count(*) AS n FROM vpc_flow_logs
			WHERE action = 'REJECT' AND weir_pair = 'accepted' GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 10`,
	},
}

// publicSource says in Athena's SQL that srcaddr is of the internet: it has no function for it. These are the networks that ip_class gives another class, so that
// both forms find the same.
var publicSource = func() string {
	var out []string
	for _, n := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "::/3", "4000::/2", "8000::/1", "2001:db8::/32", "3fff::/20",
	} {
		out = append(out, "NOT contains('"+n+"', CAST(srcaddr AS ipaddress))")
	}
	return strings.Join(out, " AND ")
}()

// athena asks the lake each question in Athena's SQL and in native SQL in turn, and compares the processor time that they take and the rows.
func (b *bench) athena(ctx context.Context) error {
	s, err := app.OpenLocal(ctx, app.LocalOptions{Data: b.data(), ReadOnly: true})
	if err != nil {
		return err
	}
	defer s.Close()
	for _, q := range athenaForms {
		var runs []pair
		for i := range max(b.runs, 15) + 1 {
			mine, rows, err := processorTime(func() (int, error) { return athenaCount(ctx, s, q.athena) })
			if err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			theirs, others, err := processorTime(func() (int, error) { return sqlCount(ctx, s, fmt.Sprintf(q.sql, table)) })
			if err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			if rows != others {
				return fmt.Errorf("%s: %d rows in Athena's SQL, %d in native SQL", q.name, rows, others)
			}
			if i > 0 {
				runs = append(runs, pair{mine, theirs})
			}
		}
		ratio, low, high := median(runs, func(p pair) float64 { return float64(p.mine) / float64(p.theirs) })
		b.row(q.name+" in Athena's SQL: processor time", "at most 1.15 times that of native SQL", ratio <= 1.15, "%.2f times (%.2f to %.2f)", ratio, low, high)
	}
	return nil
}

// athenaCount runs a statement and counts its rows.
func athenaCount(ctx context.Context, s app.AthenaService, text string) (int, error) {
	result, err := s.Athena(ctx, app.AthenaRequest{Text: text})
	if err != nil {
		return 0, err
	}
	defer result.Close()
	return counted(result.Next)
}

// sqlCount runs native SQL and counts its rows.
func sqlCount(ctx context.Context, s *app.Local, text string) (int, error) {
	rows, err := s.Query(ctx, app.SQLRequest{SQL: text, Scope: query.Scope{}})
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	return counted(rows.Next)
}

func counted(next func() ([]any, error)) (int, error) {
	for n := 0; ; n++ {
		if _, err := next(); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}
