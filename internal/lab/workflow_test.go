package lab

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestWorkflow reads the workflow of docs/howto/use-the-lab-in-ci.md as GitHub Actions does: jobs with a runner, and steps that run or use something.
func TestWorkflow(t *testing.T) {
	text, err := os.ReadFile("../../docs/howto/use-the-lab-in-ci.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml file=lab.yml\n")
	block, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("it has no workflow")
	}
	var w struct {
		Name        string            `yaml:"name"`
		On          []string          `yaml:"on"`
		Permissions map[string]string `yaml:"permissions"`
		Jobs        map[string]struct {
			RunsOn  string `yaml:"runs-on"`
			Minutes int    `yaml:"timeout-minutes"`
			Steps   []struct {
				Name string            `yaml:"name"`
				Uses string            `yaml:"uses"`
				With map[string]string `yaml:"with"`
				Run  string            `yaml:"run"`
				If   string            `yaml:"if"`
			} `yaml:"steps"`
		} `yaml:"jobs"`
	}
	if err := yaml.Load([]byte(block), &w, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	job := w.Jobs["lab"]
	if len(w.On) == 0 || len(w.Jobs) != 1 || job.RunsOn == "" || job.Minutes == 0 || len(job.Steps) == 0 {
		t.Fatalf("%+v", w)
	}
	for _, s := range job.Steps {
		if (s.Uses == "") == (s.Run == "") {
			t.Errorf("a step takes one of uses and run: %+v", s)
		}
	}
	if last := job.Steps[len(job.Steps)-1]; last.If != "always()" || !strings.Contains(last.Run, "weir lab down") {
		t.Errorf("the lab stays: %+v", last)
	}
}
