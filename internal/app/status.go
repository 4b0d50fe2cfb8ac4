package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"weir/internal/lake"
)

// Status describes the lake, or what came from one source.
func (s *Local) Status(ctx context.Context, r StatusRequest) (*StatusReport, error) {
	report := &StatusReport{Source: r.Source}
	var err error
	if r.Source == "" {
		if report.Status, err = s.lake.Status(ctx, r.Most); err != nil {
			return nil, err
		}
		for _, t := range report.Tables {
			report.Records += t.Records
		}
		if report.Tail, err = s.tails.status(func(string) bool { return true }); err != nil {
			return nil, err
		}
	} else if err = s.sourceStatus(ctx, r, report); err != nil {
		return nil, err
	}
	if report.Following, err = followStates(s.lake.Data(), s.now()); err != nil {
		return nil, err
	}
	report.Following = slices.DeleteFunc(orEmpty(report.Following), func(f FollowState) bool {
		return r.Source != "" && f.Source != r.Source && !strings.HasPrefix(f.Source, strings.TrimSuffix(r.Source, "/")+"/")
	})
	report.Lines, err = s.lake.BadLines(ctx, r.Source, r.Most)
	report.Lines, report.Problems = orEmpty(report.Lines), orEmpty(report.Problems)
	return report, err
}

// sourceStatus describes what came from a source. The error is
// lake.ErrNothingTaken where the ledger knows no object of it.
func (s *Local) sourceStatus(ctx context.Context, r StatusRequest, report *StatusReport) error {
	objects, err := s.lake.Objects(ctx, r.Source)
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		return fmt.Errorf("%w: %s", lake.ErrNothingTaken, r.Source)
	}
	report.Status = lake.Status{
		Data: s.lake.Data(), Tables: []lake.TableStatus{}, Objects: map[lake.ObjectState]int64{}, Problems: []lake.Object{},
	}
	groups := map[string]bool{} // whose tails are all of the source
	for _, o := range objects {
		if o.Source == r.Source || strings.HasPrefix(o.Source, strings.TrimSuffix(r.Source, "/")+"/") {
			groups[folderOf(o.Source)] = true
		}
		report.Objects[o.State]++
		report.BadLines += o.Bad
		if (o.State == lake.Taken || o.State == lake.Changed) && o.SameAs == "" {
			report.Records += o.Records
		}
		if o.Problem == "" && o.Bad == 0 && o.State != lake.Failed {
			continue
		}
		report.ProblemsTotal++
		if len(report.Problems) < r.Most {
			report.Problems = append(report.Problems, o)
		}
	}
	report.Tail, err = s.tails.status(func(folder string) bool { return groups[folder] })
	return err
}
