package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
)

// defaultTexts are the files of the default lab, in a folder of their own.
func defaultTexts(t testing.TB) (dir string, all texts) {
	t.Helper()
	dir = t.TempDir()
	err := CopyDefinition("", dir)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, agentFile), agentConfig(defaultLab(t), &state{}), 0o600)
	}
	if err == nil {
		all, err = readTexts(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir, all
}

// changed returns the definition of files with a change made, and what is in the way of building it in a lab that is up.
func changed(t testing.TB, dir string, all texts, c *Change) (texts, *Definition, error) {
	t.Helper()
	was, err := ReadDefinition(dir)
	if err != nil {
		t.Fatal(err)
	}
	next, err := all.with(c)
	if err == nil {
		err = next.write(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	is, err := ReadDefinition(dir)
	if err != nil {
		return next, nil, err
	}
	if err := checkEnds(was, is); err != nil {
		return next, is, err
	}
	if hosts := is.hostsBeyond(was); len(hosts) > 0 {
		_, err = beyond(was, is, hosts)
	}
	return next, is, err
}

// checkSteps has the steps of a scenario be about what there is, and its changes be ones that a lab can make.
func checkSteps(t *testing.T, s *Scenario) {
	t.Helper()
	dir, all := defaultTexts(t)
	d := defaultLab(t)
	var err error
	for _, step := range s.Traffic {
		switch {
		case step.Change != nil:
			if all, d, err = changed(t, dir, all, step.Change); err == nil {
				_, err = config.Read(filepath.Join(dir, agentFile), all[agentFile])
			}
		case step.Stop != "", step.Start != "":
			_, err = d.servicesOf(&step)
		case step.Sends():
			_, err = d.endsOf(step)
		}
		if err != nil {
			t.Fatalf("%s: %s: %v", s.Name, step, err)
		}
	}
	logs, err := ownLogs(&state{}, []Scenario{*s})
	if err == nil {
		all, err = all.with(&Change{Agent: logs})
	}
	if err == nil {
		_, err = config.Read(filepath.Join(dir, agentFile), all[agentFile])
	}
	if err != nil {
		t.Errorf("%s: %v", s.Name, err)
	}
}

// zeta is a change that adds a host of a name, with 10.0.3.30.
func zeta(name string) *Change {
	return &Change{
		What:    "a host",
		Network: map[string]any{"network-interfaces": map[string]any{"eni-new": map[string]any{"subnet": "subnet-public-b", "addresses": []any{"10.0.3.30"}, "groups": []any{"sg-web"}}}},
		Lab:     map[string]any{"hosts": map[string]any{name: map[string]any{"eni": "eni-new"}}},
	}
}

// TestHostAdded has a host be added to a lab that is up: what is made beside it, what takes that back, and which ones can't be.
func TestHostAdded(t *testing.T) {
	dir, all := defaultTexts(t)
	was := defaultLab(t)
	_, is, err := changed(t, dir, all, zeta("zeta"))
	if err != nil {
		t.Fatal(err)
	}
	after, err := beyond(was, is, []string{"zeta"})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(taken(after.batches[router])), "\n")
	for _, line := range []string{"rule del priority 1015 iif eni-zeta lookup 1015", "route del table 1015 blackhole default metric 4000", "route del table 1000 10.0.3.30/32 dev eni-zeta"} {
		if !strings.Contains("\n"+taken(after.batches[router]), "\n"+line+"\n") {
			t.Errorf("no %s in %q", line, lines)
		}
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "rule del ") && !strings.HasPrefix(line, "route del ") {
			t.Errorf("%q", line)
		}
	}
	public := zeta("zeta")
	merge(public.Network, map[string]any{"network-interfaces": map[string]any{"eni-new": map[string]any{"public": map[string]any{"10.0.3.30": "198.51.100.77"}}}})
	for want, c := range map[string]*Change{
		"a name behind all others may do": zeta("box"),
		"vpc translates would be other":   public,
	} {
		dir, all := defaultTexts(t)
		if _, _, err := changed(t, dir, all, c); !errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestOtherAgent tells for which changes an agent has to begin anew.
func TestOtherAgent(t *testing.T) {
	_, all := defaultTexts(t)
	for _, tc := range []struct {
		patch map[string]any
		want  bool
	}{
		{map[string]any{"flow-logs": map[string]any{"fl-2": map[string]any{"resource": "vpc-lab"}}}, false},
		{map[string]any{"flow-logs": map[string]any{"fl-lab": nil}}, false},
		{map[string]any{"connections": 65536}, false},
		{map[string]any{"connections": 32}, true},
		{map[string]any{"rejects": nil}, true},
	} {
		next, err := all.with(&Change{Agent: tc.patch})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := otherAgent(all[agentFile], next[agentFile]); err != nil || got != tc.want {
			t.Errorf("%v: %v %v", tc.patch, got, err)
		}
		if diff := cmp.Diff(all[networkFile], next[networkFile]); diff != "" {
			t.Error(diff)
		}
	}
}
