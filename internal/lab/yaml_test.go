package lab

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// TestFaults has what is wrong with a file be said in its own words, with the place.
func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "my.yaml: an empty file",
		"# nothing":                              "my.yaml: an empty file",
		"hosts:\n  web: {eni: eni-web\n":         "my.yaml: line 3, column 1: did not find expected ',' or '}'",
		"hosts:\n  web: {eni: e, servs: [80]}":   "my.yaml: line 2, column 17: no key servs; there are eni, serves, runs, port, listeners, database",
		"host: {}":                               "my.yaml: line 1, column 1: no key host; there are network, hosts, internet, vpcs",
		"hosts:\n  web: {serves: [80000]}":       "my.yaml: line 2, column 18: 80000 where a port from 0 to 65535 is expected",
		"hosts:\n  web: {serves: 80}":            "my.yaml: line 2, column 17: 80 where a list is expected",
		"hosts:\n  web: [80]":                    "my.yaml: line 2, column 8: a list where a mapping is expected",
		"- network":                              "my.yaml: line 1, column 1: a list where a mapping is expected",
		"network: {}":                            "my.yaml: line 1, column 10: a mapping where a text is expected",
		"hosts: {a: {serves: [80, ~]}}":          "my.yaml: line 1, column 26: no value where an item of a list is expected",
		"network: a\n---\nnetwork: b":            "my.yaml: it has several documents, each behind a line ---, and takes one",
		"internet: {a: {address: x}}":            `my.yaml: line 1, column 25: ParseAddr("x"): unable to parse IP`,
		"hosts: {a: {port: -1}, b: {port: '1'}}": "my.yaml: line 1, column 19: -1 where a port from 0 to 65535 is expected; line 1, column 34: 1 where a port from 0 to 65535 is expected",
	} {
		if err := decode("my.yaml", []byte(text), new(file)); err == nil || err.Error() != want {
			t.Errorf("%q:\n%v\n%s", text, err, want)
		}
	}
}

// FuzzDecode has each fault be said in one line that begins with the file.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{"", "hosts: {web: {eni: e, serves: [80]}}", "network: [", "internet: {a: {address: 192.0.2.1}}", "a: &a {<<: *a}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := decode("my.yaml", data, new(file)); err != nil && !strings.HasPrefix(err.Error(), "my.yaml: ") {
			t.Error(err)
		}
	})
}

// TestCheckDefinition names the files that somebody has, not the copies of a lab.
func TestCheckDefinition(t *testing.T) {
	dir := t.TempDir()
	if err := CopyDefinition("", dir); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, definitionFile)
	if err := CheckDefinition(own); err != nil {
		t.Error(err)
	}
	for _, tc := range []struct{ name, from, to, want string }{
		{definitionFile, "203.0.113.66", "203.0.113.200", own + ": line 22, column 3: scanner: 203.0.113.200 is that of attacker"},
		{definitionFile, "serves: [80]", "serve: [80]", own + ": line 7, column 27: no key serve"},
		{networkFile, "instance: i-web-a", "instanz: i-web-a", filepath.Join(dir, networkFile) + ": line 18, column 40: no key instanz"},
		{networkFile, "to: 0.0.0.0/0, via: nat-a", "to: 0.0.0.0/0, via: vgw-1", filepath.Join(dir, networkFile) + ": line 179, column 9: rtb-private: the route to 0.0.0.0/0: a route to a vpn-gateway is not built"},
		{networkFile, "addresses: [10.0.4.10]", "addresses: [10.0.9.10]", filepath.Join(dir, networkFile) + ": line 22, column 70: eni-db-b: 10.0.9.10 lies outside of subnet-private-b"},
		{networkFile, "groups: [sg-app]", "groups: [sg-ap]", filepath.Join(dir, networkFile) + ": line 20, column 3: can't decide at eni-app-a: its security group sg-ap is not in the input"},
		{networkFile, "{tcp: 8080, to: sg-app}", "{tcp: 8080, to: sg-files}", filepath.Join(dir, networkFile) + ": line 51, column 9: sg-web:egress:tcp:8080:sg-files: references to groups of other VPCs"},
	} {
		own := filepath.Join(dir, definitionFile)
		if err := CopyDefinition("", dir); err != nil {
			t.Fatal(err)
		}
		edit(t, filepath.Join(dir, tc.name), tc.from, tc.to)
		if err := CheckDefinition(own); !errors.Is(err, ErrDefinition) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.to, err)
		}
	}
}
