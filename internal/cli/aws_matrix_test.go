package cli

import (
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// matrixWritten is held while the page is written.
var matrixWritten sync.Mutex

// matrixPage says what each client is tested with, in a table for each service.
const matrixPage = "../../docs/reference/clients.md"

// The services of the page.
const (
	logsService       = "CloudWatch Logs"
	athenaService     = "Athena"
	cloudwatchService = "CloudWatch"
	snsService        = "SNS"
	ec2Service        = "EC2"
)

// withPrefix is the row of live tails that are called by the name with AWS's prefix.
const withPrefix = "StartLiveTail at `stream-HOST`"

// matrix is a table of the page.
type matrix struct {
	before, after string
	clients       []string                   // with their versions
	calls         map[string]map[string]bool // by client with its major version
}

// unversioned returns a client's name with its major version alone.
func unversioned(client string) string {
	name, _, _ := strings.Cut(client, ".")
	return name
}

// readMatrix reads the table of a service.
func readMatrix(t *testing.T, service string) *matrix {
	t.Helper()
	text, err := os.ReadFile(matrixPage)
	if err != nil {
		t.Fatal(err)
	}
	m := &matrix{calls: map[string]map[string]bool{}}
	before, rest, found := strings.Cut(string(text), "\n## "+service+"\n")
	between, rest, table := strings.Cut(rest, "| call |")
	if !found || !table {
		t.Fatalf("there is no table of %s", service)
	}
	m.before = before + "\n## " + service + "\n" + between
	rows, after, _ := strings.Cut("| call |"+rest, "\n\n")
	m.after = after
	for i, line := range strings.Split(strings.TrimSpace(rows), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		switch {
		case i == 0:
			m.clients = cells[1:]
			for _, c := range m.clients {
				m.calls[unversioned(c)] = map[string]bool{}
			}
		case i > 1:
			if len(cells) != len(m.clients)+1 {
				t.Fatalf("a row of %d cells: %s", len(cells), line)
			}
			for j, c := range m.clients {
				if cells[j+1] == "works" {
					m.calls[unversioned(c)][cells[0]] = true
				} else if cells[j+1] != "" {
					t.Fatalf("a cell that is neither empty nor works: %s", line)
				}
			}
		}
	}
	return m
}

// text returns the page.
func (m *matrix) text() string {
	var b strings.Builder
	b.WriteString(m.before + "| call | " + strings.Join(m.clients, " | ") + " |\n| --- |" + strings.Repeat(" --- |", len(m.clients)) + "\n")
	all := map[string]bool{}
	for _, calls := range m.calls {
		maps.Copy(all, calls)
	}
	for _, call := range slices.Sorted(maps.Keys(all)) {
		b.WriteString("| " + call + " |")
		for _, c := range m.clients {
			if m.calls[unversioned(c)][call] {
				b.WriteString(" works |")
			} else {
				b.WriteString(" |")
			}
		}
		b.WriteString("\n")
	}
	return b.String() + "\n" + m.after
}

// documented compares the calls of a service that a client made and that were answered well with what the page says of it, and
// writes them there with -update. client ends with its version, which must be the page's in CI; else the
// page says nothing of another one.
// Calls of skipped could not be made here.
func documented(t *testing.T, service, client string, calls map[string]bool, skipped ...string) {
	t.Helper()
	matrixWritten.Lock()
	defer matrixWritten.Unlock()
	m := readMatrix(t, service)
	name := unversioned(client)
	i := slices.IndexFunc(m.clients, func(c string) bool { return unversioned(c) == name })
	if i < 0 {
		t.Fatalf("%s has no column", name)
	}
	maps.DeleteFunc(calls, func(_ string, called bool) bool { return !called })
	if *update && len(skipped) == 0 {
		m.clients[i], m.calls[name] = client, calls
		if err := os.WriteFile(matrixPage, []byte(m.text()), 0o644); err != nil { //nolint:gosec // a page
			t.Fatal(err)
		}
		return
	}
	if m.clients[i] != client {
		if os.Getenv("WEIR_CI") != "1" {
			t.Logf("%s is tested, and the page is of %s", client, m.clients[i])
			return
		}
		t.Errorf("%s is tested, and the page is of %s", client, m.clients[i])
	}
	for _, call := range skipped {
		delete(m.calls[name], call)
		delete(calls, call)
	}
	if diff := cmp.Diff(m.calls[name], calls); diff != "" {
		t.Errorf("calls of %s (-page +made); go test ./internal/cli -run %s -update writes them:\n%s", client, t.Name(), diff)
	}
}

// TestClientMatrix checks that the page has the clients that tests have, and is as it would be written.
func TestClientMatrix(t *testing.T) {
	for service, part := range map[string]string{
		logsService: "cloudwatchlogs", athenaService: "athena", cloudwatchService: "cloudwatch", snsService: "sns", ec2Service: "ec2",
	} {
		m := readMatrix(t, service)
		var clients []string
		for _, c := range m.clients {
			clients = append(clients, unversioned(c))
		}
		want := []string{"boto3 1", "AWS SDK for Go v2, " + part + " 1", "AWS CLI 1", "AWS CLI 2"}
		if service != logsService && service != athenaService {
			want = append(want, "AWS SDK for JavaScript v3, client-"+part+" 3")
		}
		if diff := cmp.Diff(want, clients); diff != "" {
			t.Error(diff)
		}
		page, err := os.ReadFile(matrixPage)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m.text(), string(page)); diff != "" {
			t.Error(diff)
		}
	}
}
