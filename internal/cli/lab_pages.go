package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"weir/internal/lab"
	"weir/internal/lab/page"
)

// writePages writes the pages of scenarios that were run in the lab of a folder. It writes none where one is not as expected.
func writePages(ctx context.Context, dir, pages string, all []lab.Result, program lab.Program) error {
	texts := make([]string, len(all))
	for i := range all {
		r := &all[i]
		if r.NotRun != "" {
			continue
		}
		if !r.OK {
			return fmt.Errorf("no pages are written: %s is not as expected", r.Name)
		}
		recorded, err := lab.Records(ctx, dir, r, program)
		if err != nil {
			return fmt.Errorf("records of %s: %w", r.Name, err)
		}
		texts[i] = page.Scenario(r, recorded, dir)
	}
	if err := os.MkdirAll(pages, 0o755); err != nil {
		return err
	}
	var errs []error
	for i, text := range texts {
		if text == "" {
			continue // it was not run
		}
		errs = append(errs, os.WriteFile(filepath.Join(pages, all[i].Name+".md"), []byte(text), 0o644))
	}
	return errors.Join(errs...)
}

// showTimes prints a line for each scenario that was run several times: how often it was as expected, and how late its answer was at most.
func (c *cli) showTimes(all []lab.Result, times int) error {
	type sum struct {
		good int
		late float64
	}
	sums := map[string]*sum{}
	var names []string
	for i := range all {
		r := &all[i]
		if sums[r.Name] == nil {
			sums[r.Name] = &sum{}
			names = append(names, r.Name)
		}
		if r.OK {
			sums[r.Name].good++
			sums[r.Name].late = max(sums[r.Name].late, r.Late)
		}
	}
	var rows [][]string
	for _, name := range names {
		s := sums[name]
		late := "-"
		if s.good > 0 {
			late = fmt.Sprintf("%.1f s", s.late)
		}
		rows = append(rows, []string{name, fmt.Sprintf("%d of %d", s.good, times), late})
	}
	if _, err := fmt.Fprintln(c.out); err != nil {
		return err
	}
	return printTable(c.out, []tableColumn{{head: "SCENARIO"}, {head: "AS EXPECTED", right: true}, {head: "ANSWER AFTER THE WINDOW, AT MOST", right: true}}, rows)
}
