package labtest_test

import (
	"testing"

	"weir/labtest"
)

// What a test of another module looks like: it has a lab, runs a scenario in it, sends something of its own and asks what became of it. TestLabtest of package cli does the same.
func ExampleUp() {
	var t *testing.T // the test's own

	lab := labtest.Up(t, labtest.Options{})
	lab.Run(t, "inbound-reject-by-group")

	if out, code := lab.Exec(t, "client", "bash", "-c", "echo > /dev/tcp/"+lab.Host(t, "web-a").Public+"/80"); code != 0 {
		t.Error(out)
	}
	rows := lab.QueryUntil(t, "SELECT DISTINCT action FROM vpc_flow_logs WHERE dstport = 80 AND interface_id = 'eni-web-a'", func(rows [][]string) bool { return len(rows) > 0 })
	if rows[0][0] != "ACCEPT" {
		t.Error(rows)
	}
}
