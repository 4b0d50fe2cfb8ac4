package app

import (
	"strings"
	"testing"
)

// TestNameNotes tells of names of flow logs in another spelling.
func TestNameNotes(t *testing.T) {
	for text, want := range map[string]string{
		`stats count(*) by srcAddr`:                                   "",
		`stats count(*) by srcaddr`:                                   "no record of a flow log has a field srcaddr: it is srcAddr, as on AWS; --any-case finds it by any spelling",
		`filter dst_port = 22 and action = "REJECT" | fields srcaddr`: "srcaddr: it is srcAddr; dst_port: it is dstPort",
		`parse @message "* * * *" as version, account_id, interface_id, srcaddr | fields srcaddr`: "",
		`stats count(*) as srcaddr by srcAddr | sort srcaddr`:                                     "",
		`fields nonsense`: "",
	} {
		q, err := CheckLogsQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		got := nameNotes(q)
		for part := range strings.SplitSeq(want, "; ") {
			if !strings.Contains(strings.Join(got, "; "), part) {
				t.Errorf("%s: %v, want %s", text, got, want)
			}
		}
		if want == "" && len(got) > 0 {
			t.Errorf("%s: %v", text, got)
		}
	}
}
