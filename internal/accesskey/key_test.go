package accesskey

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func create(t testing.TB, data, name string, allow ...string) Key {
	t.Helper()
	k, err := Create(data, name, "", allow, noon)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestCreate(t *testing.T) {
	data := t.TempDir()
	a, b := create(t, data, "a", "logs:*"), create(t, data, "b", "*")
	for _, k := range []Key{a, b} {
		if !regexp.MustCompile(`^WEIR[A-Z2-7]{16}$`).MatchString(k.ID) || !regexp.MustCompile(`^[A-Za-z0-9]{40}$`).MatchString(k.Secret) {
			t.Errorf("%+v", k)
		}
	}
	if a.ID == b.ID || a.Secret == b.Secret {
		t.Error("two keys are the same")
	}
	info, err := os.Stat(File(data))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	got, err := read(File(data))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Key{a, b}, got); diff != "" {
		t.Error(diff)
	}
	gone, err := Revoke(data, a.ID)
	if err != nil || gone.Name != "a" {
		t.Errorf("%+v, %v", gone, err)
	}
	if _, err := Revoke(data, "b"); err != nil {
		t.Error(err)
	}
	list, err := List(data)
	if err != nil || list != nil {
		t.Errorf("%+v, %v", list, err)
	}
	left, err := filepath.Glob(filepath.Join(data, "secrets", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{File(data), File(data) + ".lock"}, left); diff != "" {
		t.Error(diff)
	}
}

func TestRefused(t *testing.T) {
	data := t.TempDir()
	create(t, data, "taken", "*")
	for _, tt := range []struct{ name, comment, allow, want string }{
		{"taken", "", "*", `there is a key "taken" already`},
		{"", "", "*", `"" is no name of a key`},
		{"a b", "", "*", `"a b" is no name of a key`},
		{"x", strings.Repeat("c", 257), "*", "the comment has 257 bytes"},
		{"x", "", "", "a key that allows nothing"},
		{"x", "", "StartQuery", `"StartQuery" is no pattern of actions`},
		{"x", "", "logs:", `"logs:" is no pattern of actions`},
		{"x", "", "logs:Start Query", "is no pattern of actions"},
		{"x", "", "log:*", `no service "log"`},
		{"x", "", "*:*", `no service "*"`},
	} {
		var allow []string
		if tt.allow != "" {
			allow = []string{tt.allow}
		}
		_, err := Create(data, tt.name, tt.comment, allow, noon)
		if _, ok := errors.AsType[*Error](err); !ok || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	if _, err := Revoke(data, "nobody"); err == nil || !strings.Contains(err.Error(), `no key "nobody"`) {
		t.Error(err)
	}
	if list, err := List(data); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestAllows(t *testing.T) {
	for _, tt := range []struct {
		allow, action string
		want          bool
	}{
		{"*", "logs:StartQuery", true},
		{"logs:*", "logs:StartQuery", true},
		{"logs:*", "athena:StartQuery", false},
		{"logs:*", "logsx:StartQuery", false},
		{"LOGS:startquery", "logs:StartQuery", true},
		{"logs:Start*", "logs:StartQuery", true},
		{"logs:Start*", "logs:StopQuery", false},
		{"logs:*Query", "logs:StopQuery", true},
		{"logs:*Query", "logs:StopQueryX", false},
		{"logs:Get*Fields", "logs:GetLogGroupFields", true},
		{"logs:*e*e*", "logs:DescribeQueries", true},
		{"logs:*e*z*", "logs:DescribeQueries", false},
		{"logs:St??Query", "logs:StopQuery", true},
		{"logs:St??Query", "logs:StartQuery", false},
		{"athena:Get*,logs:Put*", "logs:PutLogEvents", true},
		{"athena:Get*,logs:Put*", "logs:GetLogEvents", false},
		{"logs:PutLogEvents", "logs:PutLogEvent", false},
	} {
		k := Key{Allow: strings.Split(tt.allow, ",")}
		if got := k.Allows(tt.action); got != tt.want {
			t.Errorf("%s allows %s: %v", tt.allow, tt.action, got)
		}
	}
}

// TestConcurrent makes and revokes keys from several sides: none is lost.
func TestConcurrent(t *testing.T) {
	data := t.TempDir()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 5 {
				name := fmt.Sprintf("k%d-%d", i, j)
				if _, err := Create(data, name, "", []string{"*"}, noon); err != nil {
					t.Error(err)
				}
				if j%2 == 1 {
					if _, err := Revoke(data, name); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if list, err := List(data); err != nil || len(list) != 4*3 {
		t.Errorf("%d keys, %v", len(list), err)
	}
}

// TestWrongLines shows that a line that is wrong costs itself only, is never lost, and is not quoted: it
// may have a secret.
func TestWrongLines(t *testing.T) {
	data := t.TempDir()
	good := create(t, data, "good", "*")
	write := func(lines ...string) {
		t.Helper()
		text, err := json.Marshal(good)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(File(data), []byte("# head\n\n"+strings.Join(lines, "\n")+"\n"+string(text)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ name, line, want string }{
		{"no JSON", `WEIRSECRET`, "keys:3: not the JSON object of a key"},
		{"an unknown member", `{"id":"SECRET","secret":"SECRET","name":"x","allow":["*"],"until":"2027"}`, "keys:3: not the JSON object"},
		{"a wrong pattern", `{"id":"A","secret":"SECRET","name":"x","allow":["x"]}`, `keys:3: "x" is no pattern`},
		{"no secret", `{"id":"A","name":"x","allow":["*"]}`, "keys:3: a key without a secret"},
		{"a wrong id", `{"id":"A/B","secret":"SECRET","name":"x","allow":["*"]}`, "keys:3: the id of a key"},
		{"two in a line", `{"id":"A","secret":"SECRET","name":"x","allow":["*"]}{}`, "keys:3: more than one"},
		{"twice", `{"id":"A","secret":"SECRET","name":"good","allow":["*"]}`, "keys:4: its name or id stands twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			write(tt.line)
			list, err := List(data)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%v", err)
			}
			if len(list) != 1 || list[0].Name != "good" {
				t.Errorf("%+v", list)
			}
			before, _ := os.ReadFile(File(data))
			if _, err := Create(data, "new", "", []string{"*"}, noon); err == nil {
				t.Error("the wrong line would be lost")
			}
			if after, _ := os.ReadFile(File(data)); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
	if err := os.Truncate(File(data), maxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := List(data); err == nil || !strings.Contains(err.Error(), "are taken") {
		t.Error(err)
	}
}

// FuzzParse looks for files that break the reader, or of which it takes what a key must not have.
func FuzzParse(f *testing.F) {
	f.Add([]byte("# head\n" + `{"id":"A","secret":"s","name":"x","allow":["logs:*"],"created":"2026-03-02T12:00:00Z"}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, _ := parse(text, "keys")
		names := map[string]bool{}
		for _, k := range keys {
			if err := k.check(); err != nil || names[k.Name] {
				t.Errorf("%+v: %v", k, err)
			}
			names[k.Name] = true
			k.Allows("logs:StartQuery")
		}
	})
}
