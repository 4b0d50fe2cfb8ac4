package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/athenasql"
	"weir/internal/sharedtest"
)

// corpusQuery is a query of the corpus as it is run here.
type corpusQuery struct {
	name, ddl, text string
	fill            [][2]string // what stands in place of placeholders
}

// corpusQueries reads the corpus, and testdata/athena/corpus.txt.
func corpusQueries(t *testing.T) []corpusQuery {
	t.Helper()
	corpus, err := os.ReadFile(sharedtest.Path(t, "corpus", "athena-queries.md"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)\n### (A[0-9]+)\n.*?```sql\n(.*?)```").FindAllSubmatch(corpus, -1) {
		texts[string(m[1])] = string(m[2])
	}
	list, err := os.ReadFile(filepath.Join("testdata", "athena", "corpus.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var out []corpusQuery
	for line := range strings.Lines(string(list)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		q := corpusQuery{name: parts[0], ddl: parts[1], text: texts[parts[0]]}
		for _, p := range parts[2:] {
			from, to, _ := strings.Cut(p, "=")
			q.fill = append(q.fill, [2]string{from, to})
		}
		out = append(out, q)
	}
	if len(texts) != len(out) {
		t.Fatalf("the corpus has %d queries, and testdata %d", len(texts), len(out))
	}
	return out
}

// filled returns the text of a query over the tables of a database.
func (q *corpusQuery) filled(database string) string {
	text := q.text
	for _, f := range q.fill {
		to := f[1]
		if to == "default" {
			to = database
		}
		text = strings.ReplaceAll(text, f[0], to)
	}
	return text
}

// athenaTexts runs a statement and returns its rows as texts, and the columns' names.
func athenaTexts(t *testing.T, s AthenaService, database, text string) ([][]string, []string, error) {
	t.Helper()
	result, err := s.Athena(t.Context(), AthenaRequest{Text: text, Database: database})
	if err != nil {
		return nil, nil, err
	}
	defer result.Close()
	var names []string
	for _, c := range result.Columns {
		names = append(names, c.Name)
	}
	out := [][]string{}
	for {
		row, err := result.Next()
		if errors.Is(err, io.EOF) {
			return out, names, nil
		}
		if err != nil {
			return nil, nil, err
		}
		var texts []string
		for _, p := range result.Texts(row) {
			if p == nil {
				texts = append(texts, null)
			} else {
				texts = append(texts, *p)
			}
		}
		out = append(out, texts)
	}
}

// corpusTables makes the tables of a DDL in a database of its own, and returns it.
func corpusTables(t *testing.T, s AthenaService, ddl, text, parquet string) string {
	t.Helper()
	database := "d_" + ddl
	if _, _, err := athenaTexts(t, s, "", "CREATE DATABASE "+database); err != nil {
		t.Fatal(err)
	}
	statements, err := os.ReadFile(filepath.Join("testdata", "athena", "ddl", ddl+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	for statement := range strings.SplitSeq(string(statements), ";\n") {
		days := []string{""}
		if strings.Contains(statement, "${day}'") && strings.Contains(statement, "ADD IF NOT EXISTS") {
			days = corpusDays
		}
		for _, day := range days {
			filled := strings.NewReplacer("${text}", "file://"+text, "${parquet}", "file://"+parquet).Replace(statement)
			if day != "" {
				filled = strings.NewReplacer("${day}", day, "${slashed}", strings.ReplaceAll(day, "-", "/")).Replace(filled)
			}
			if _, _, err := athenaTexts(t, s, database, filled); err != nil {
				t.Fatalf("%s: %v\n%s", ddl, err, filled)
			}
		}
	}
	return database
}

// corpusFolder writes the records as text and as Parquet, and opens a data directory.
func corpusFolder(t *testing.T) (s *Local, flows []corpusFlow, text, parquet string) {
	t.Helper()
	flows, text, parquet = corpusFlows(), t.TempDir(), t.TempDir()
	writeText(t, text, flows)
	writeParquet(t, parquet, flows)
	s, err := OpenLocal(t.Context(), LocalOptions{Data: filepath.Join(t.TempDir(), "data"), Now: func() time.Time { return corpusNow }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, flows, text, parquet
}

// TestAthenaCorpus runs the queries of the corpus, each under the DDL of its source, and compares what they give with what Go computes from the records.
func TestAthenaCorpus(t *testing.T) {
	queries := corpusQueries(t)
	s, flows, text, parquet := corpusFolder(t)
	databases := map[string]string{}
	var ran []string
	for _, q := range queries {
		t.Run(q.name, func(t *testing.T) {
			if databases[q.ddl] == "" {
				databases[q.ddl] = corpusTables(t, s, q.ddl, text, parquet)
			}
			rows, columns, err := athenaTexts(t, s, databases[q.ddl], q.filled(databases[q.ddl]))
			if q.name == "A16" {
				refusedColumn(t, err)
				ran = append(ran, "| A16 | "+q.ddl+" | refused: COLUMN_NOT_FOUND | `event_date` is in no DDL of its source |")
				return
			}
			if err != nil {
				t.Fatal(err, errors.Unwrap(err))
			}
			a := corpusWants[q.name](&view{flows: seen(flows, q.ddl), columns: columns, slashed: q.ddl == "projection"})
			if err := a.check(rows); err != nil {
				t.Fatal(err)
			}
			ran = append(ran, fmt.Sprintf("| %s | %s | yes | %s |", q.name, q.ddl, checkedHow(&a)))
		})
	}
	if len(ran) == len(queries) {
		corpusPage(t, ran)
	}
}

func refusedColumn(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*athenasql.Error](err)
	if !ok || e.Code != athenasql.CodeColumnNotFound || e.Line == 0 || !strings.Contains(e.Message, "event_date") {
		t.Errorf("%v, want COLUMN_NOT_FOUND of event_date, with its place", err)
	}
}

// seen returns the records that the tables of a DDL show.
func seen(flows []corpusFlow, ddl string) []corpusFlow {
	var out []corpusFlow
	for _, f := range flows {
		switch ddl {
		case "vpcflow", "hive_parquet", "hive_parquet_named", "lake":
		case "projection":
			if f.account != "111122223333" {
				continue
			}
		default:
			if f.account != "111122223333" || f.region != "us-east-1" {
				continue
			}
		}
		out = append(out, f)
	}
	return out
}

func checkedHow(a *corpusAnswer) string {
	switch {
	case a.limit > 0 && len(a.order) == 0:
		return "so many rows, each one of those that match"
	case a.limit > 0:
		return "all columns of the first rows, and their order"
	case len(a.order) > 0:
		return "all rows and columns, and their order"
	}
	return "all rows and columns"
}

// corpusPage compares docs/reference/athena-corpus.md with what ran.
func corpusPage(t *testing.T, ran []string) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", "reference", "athena-corpus.md")
	text := "# Public queries of Athena that run here\n\n" +
		"Generated by `go test ./internal/app -run TestAthenaCorpus`; with `WEIR_UPDATE=1` that writes this page anew.\n\n" +
		"58 queries from AWS's guide and public repositories, each under the DDL of its source (`internal/app/testdata/athena/ddl`), over records of 18 days\n" +
		"as text and Parquet objects in AWS's layouts. What each gives is compared with what Go computes from the records, without SQL. Neither Athena nor Trino was run.\n\n" +
		"| query | DDL | ran | checked |\n| --- | --- | --- | --- |\n" + strings.Join(ran, "\n") + "\n"
	if os.Getenv("WEIR_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, []byte(text)) {
		t.Errorf("docs/reference/athena-corpus.md is of before (-have +want):\n%s", cmp.Diff(string(have), text))
	}
}

// notOfLake are queries whose shape the lake's own tables don't have: "2026/11/18" in dt, a date that is a text, a table's own name.
var notOfLake = []string{"A57", "A64", "A72", "A74"}

// TestAthenaCorpusOfLake runs the queries over the lake's own tables, without DDL.
func TestAthenaCorpusOfLake(t *testing.T) {
	queries := corpusQueries(t)
	s, flows, text, _ := corpusFolder(t)
	if _, err := s.Open(t.Context(), OpenRequest{Sources: []string{text}, All: true}, nil); err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		if slices.Contains(notOfLake, q.name) {
			continue
		}
		t.Run(q.name, func(t *testing.T) {
			filled := strings.ReplaceAll(q.filled(AthenaDatabase), "vpc_flow_logs_000000000000", "vpc_flow_logs")
			rows, columns, err := athenaTexts(t, s, "", filled)
			if q.name == "A16" {
				refusedColumn(t, err)
				return
			}
			if err != nil {
				t.Fatal(err, errors.Unwrap(err))
			}
			a := corpusWants[q.name](&view{flows: seen(flows, "lake"), lake: true, columns: columns, slashed: q.ddl == "projection"})
			if err := a.check(rows); err != nil {
				t.Fatal(err)
			}
		})
	}
}
