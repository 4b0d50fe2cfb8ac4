package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// scenarioName is what the name of a scenario looks like: files and folders are named by it.
var scenarioName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Choose returns the scenarios of some names, in order. A name that ends in .yaml or .yml, or has a slash, is a file with a scenario of one's own. The errors are [ErrNoScenario], [ErrScenario], and
// that of a file that can't be read.
func Choose(all []Scenario, names []string) ([]Scenario, error) {
	var out []Scenario
	for _, name := range names {
		one, err := choose(all, name)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(s Scenario) bool { return s.Name == one.Name }) {
			return nil, fmt.Errorf("%w: %s is there twice", ErrScenario, one.Name)
		}
		out = append(out, *one)
	}
	return out, nil
}

func choose(all []Scenario, name string) (*Scenario, error) {
	if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" || strings.Contains(name, "/") {
		return readScenario(name)
	}
	if i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name }); i >= 0 {
		return &all[i], nil
	}
	known := make([]string, len(all))
	for i, s := range all {
		known[i] = s.Name
	}
	return nil, fmt.Errorf("%w: there is no %s; there are %s", ErrNoScenario, name, strings.Join(known, ", "))
}

// readScenario reads a scenario of one's own, whose name is the file's without its ending.
func readScenario(file string) (*Scenario, error) {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	if !scenarioName.MatchString(name) {
		return nil, fmt.Errorf("%w: %s: a scenario has its file's name, which is of lower-case letters, digits and dashes", ErrScenario, file)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s, err := ParseScenario(file, data)
	if err != nil {
		return nil, err
	}
	s.Name, s.File = name, file
	return s, nil
}

// checkEnd says who of a step is not of a lab. Its errors are [ErrScenario].
func (d *Definition) checkEnd(s *Step) (err error) {
	switch {
	case s.Sends():
		_, err = d.endsOf(*s)
	case s.Stop != "", s.Start != "":
		_, err = d.servicesOf(s)
	}
	return err
}
