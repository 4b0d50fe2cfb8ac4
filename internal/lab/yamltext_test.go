package lab

import (
	"strings"
	"testing"
)

// TestPlace finds what a path leads to, or leads to last.
func TestPlace(t *testing.T) {
	text := "hosts:\n  web: {eni: eni-web, serves: [80, 443]}\n  db: &db\n    eni: eni-db\n  same: *db\n---\nvpcs:\n  vpc-1: {cidrs: [10.0.0.0/16]}\nroutes:\n  - {to: b, via: c}\n"
	for _, tc := range []struct {
		path []any
		want string
	}{
		{[]any{"hosts", "web"}, "my.yaml: line 2, column 3"},
		{[]any{"hosts", "web", "serves"}, "my.yaml: line 2, column 23"},
		{[]any{"hosts", "web", "serves", 1}, "my.yaml: line 2, column 36"},
		{[]any{"hosts", "web", "serves", 2}, "my.yaml: line 2, column 23"},
		{[]any{"hosts", "web", "serves", item{"", "443"}}, "my.yaml: line 2, column 36"},
		{[]any{"routes", item{"to", "b"}, "via"}, "my.yaml: line 10, column 13"},
		{[]any{"routes", item{"to", "c"}, "via"}, "my.yaml: line 9, column 1"},
		{[]any{"hosts", "web", "runs", "port"}, "my.yaml: line 2, column 3"},
		{[]any{"hosts", "same", "eni"}, "my.yaml: line 4, column 5"},
		{[]any{"vpcs", "vpc-1"}, "my.yaml: line 8, column 3"}, // of the second document
		{[]any{"subnets", "subnet-1"}, "my.yaml"},
		{[]any{"hosts", 0}, "my.yaml: line 1, column 1"},
		{nil, "my.yaml"},
	} {
		if got := (yamlText{"my.yaml", []byte(text)}).place(tc.path...); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.path, got, tc.want)
		}
	}
	if got := (yamlText{name: "my.yaml"}).place("hosts"); got != "my.yaml" {
		t.Error(got)
	}
}

// FuzzPlace finds places in files of any kind.
func FuzzPlace(f *testing.F) {
	f.Add([]byte("hosts: {web: [80]}"), "hosts", "web", 0)
	f.Add([]byte("a: &a [*a]\nb: *a\n--- [1]"), "a", "", 1)
	f.Fuzz(func(t *testing.T, data []byte, one, two string, n int) {
		if got := (yamlText{"my.yaml", data}).place(one, two, max(n, 0)); !strings.HasPrefix(got, "my.yaml") {
			t.Error(got)
		}
	})
}
