package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"weir/internal/netmodel"
	"weir/internal/source/describe"
	"weir/internal/source/s3"
)

// LiveRequest asks AWS for a network's definition.
type LiveRequest struct {
	Profile, EndpointURL string
	// Env holds the caller's AWS_* variables.
	Env map[string]string
	// Regions are asked each; none means the one of the environment or the profile.
	Regions []string
	// Progress, which may be nil, gets in Done and Total how many calls are made.
	Progress func(Progress)
}

// LiveNetwork is what AWS said.
type LiveNetwork struct {
	// At is when the first question was asked.
	At         time.Time
	Documents  []netmodel.Document
	Unanswered []Unanswered
}

// Unanswered is a call that AWS refused, or does not have in a region.
type Unanswered = describe.Missing

// DescribeNetwork asks AWS for the definitions of networks of one account, region by region,
// by read-only calls. It fails as [describe.Network] does, and where nothing was answered.
func DescribeNetwork(ctx context.Context, req LiveRequest) (LiveNetwork, error) {
	out := LiveNetwork{At: time.Now()}
	c := describe.Config{
		Access:  s3.Access{Profile: req.Profile, EndpointURL: req.EndpointURL, Env: req.Env},
		Regions: req.Regions,
	}
	if req.Progress != nil {
		c.Progress = func(done, total int) { req.Progress(Progress{Done: done, Total: total}) }
	}
	answers, err := describe.Network(ctx, c)
	if err != nil {
		return out, err
	}
	for _, a := range answers {
		for _, d := range a.Documents {
			out.Documents = append(out.Documents, netmodel.Document{Name: d.Name, Data: d.Data, Account: a.Account, Region: a.Region})
		}
		out.Unanswered = append(out.Unanswered, a.Missing...)
	}
	if len(out.Documents) == 0 {
		return out, errors.New("AWS answered nothing")
	}
	return out, nil
}

// SaveDocuments writes documents below a folder, by their names. The folder must be empty or
// not there yet: files of another time would be read with them. Others can't read it.
func SaveDocuments(dir string, docs []netmodel.Document) error {
	entries, err := os.ReadDir(dir)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("cannot save the answers: %w", err)
	case len(entries) > 0:
		return &UsageError{Message: fmt.Sprintf("cannot save the answers: %s is not empty", dir)}
	}
	for _, d := range docs {
		name := filepath.Join(dir, filepath.FromSlash(d.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return fmt.Errorf("cannot save the answers: %w", err)
		}
		if err := os.WriteFile(name, d.Data, 0o600); err != nil {
			return fmt.Errorf("cannot save the answers: %w", err)
		}
	}
	return nil
}
