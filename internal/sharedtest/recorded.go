package sharedtest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// Recordings reads what AWS answered to LocalStack's tests of a service, with values masked that differ from run to run: by the id of the test
// ("…test_sns.py::TestSNSTopicCrud::test_create_topic") and the name of the answer. The file is one of data/vectors/localstack-aws-snapshots.
func Recordings(t testing.TB, file string) map[string]map[string]any {
	t.Helper()
	raw, err := os.ReadFile(Path(t, "data", "vectors", "localstack-aws-snapshots", file))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]struct {
		Content map[string]any `json:"recorded-content"`
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for id, r := range all {
		out[id] = r.Content
	}
	return out
}

// Recorded returns what gives an answer of [Recordings] by what the id of its test ends with behind "::", and its name. The test fails where there is none.
func Recorded(t testing.TB, file string) func(test, name string) any {
	t.Helper()
	all := Recordings(t, file)
	return func(test, name string) any {
		t.Helper()
		for id, answers := range all {
			if strings.HasSuffix(id, "::"+test) && answers[name] != nil {
				return answers[name]
			}
		}
		t.Fatalf("%s has no %s of %s", file, name, test)
		return nil
	}
}
