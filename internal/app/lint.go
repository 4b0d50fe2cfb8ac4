package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"weir/internal/policy"
)

// LintRequest asks what can be said against a network's definition.
type LintRequest struct {
	NetworkSource
	// Severity is that of the findings that are wanted, with those that are more severe; "":
	// all.
	Severity policy.Severity
}

// LintReport is what can be said against a definition.
type LintReport struct {
	Findings []policy.Finding `json:"findings"`
	// SecurityGroups and NetworkACLs are how many were looked at.
	SecurityGroups int `json:"security-groups"`
	NetworkACLs    int `json:"network-acls"`
	// Problems are files that could not be taken, and Missing what the definition refers to
	// and does not hold.
	Problems []string `json:"problems,omitempty"`
	Missing  []string `json:"missing,omitempty"`
	// Partial are files whose answer has another page, Unknown the members of answers that
	// this weir does not know, and Unused the keys of answers that nothing is made of.
	Partial []string `json:"partial,omitempty"`
	Unknown []string `json:"unknown,omitempty"`
	Unused  []string `json:"unused,omitempty"`
	// Definition says which of the imported versions were looked at; nil: files were.
	Definition *CheckedDefinition `json:"definition,omitempty"`
}

// ErrSeverity says that a text names no severity.
var ErrSeverity = fmt.Errorf("no severity: %s", severities())

func severities() string {
	var names []string
	for _, s := range policy.Severities {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// Lint returns the findings about a definition. It fails where the definition has rules that
// AWS does not have, and with [versions.ErrNone] where nothing was imported.
func Lint(ctx context.Context, req LintRequest) (LintReport, error) {
	if req.Severity != "" && !slices.Contains(policy.Severities, req.Severity) {
		return LintReport{}, fmt.Errorf("%w, and not %q", ErrSeverity, req.Severity)
	}
	loaded, kept, err := req.load(ctx)
	if err != nil {
		return LintReport{}, err
	}
	findings, err := policy.Lint(loaded.Network)
	if err != nil {
		return LintReport{}, err
	}
	out := LintReport{
		Findings:       []policy.Finding{},
		SecurityGroups: len(loaded.SecurityGroups), NetworkACLs: len(loaded.NetworkACLs), Missing: loaded.Missing(),
		Partial: loaded.Partial, Unknown: loaded.Unknown, Unused: loaded.Unused,
	}
	if kept != nil {
		out.Definition = &CheckedDefinition{kept.At, kept.InForce}
	}
	least := req.Severity
	for _, f := range findings {
		if least == "" || slices.Index(policy.Severities, f.Severity) <= slices.Index(policy.Severities, least) {
			out.Findings = append(out.Findings, f)
		}
	}
	for _, p := range loaded.Problems {
		out.Problems = append(out.Problems, p.String())
	}
	return out, nil
}
