package savedquery

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/athenasql"
	"weir/internal/insights"
)

// TestAll holds the saved queries against the names that AWS documents, and both texts against their languages and the fields that
// they say they need.
func TestAll(t *testing.T) {
	want := []string{
		"VpcFlowLogsAcceptedTraffic", "VpcFlowLogsAdminPortTraffic", "VpcFlowLogsIPv4Traffic", "VpcFlowLogsIPv6Traffic",
		"VpcFlowLogsRejectedTCPTraffic", "VpcFlowLogsRejectedTraffic", "VpcFlowLogsSshRdpTraffic", "VpcFlowLogsTopTalkers",
		"VpcFlowLogsTopTalkersPacketLevel", "VpcFlowLogsTopTalkingInstances", "VpcFlowLogsTopTalkingSubnets", "VpcFlowLogsTopTCPTraffic",
		"VpcFlowLogsTotalBytesTransferred", "VpcFlowLogsTotalBytesTransferredPacketLevel", "VpcFlowLogsTrafficFrmSrcAddr",
		"VpcFlowLogsTrafficToDstAddr",
	}
	var names []string
	for _, q := range All() {
		names = append(names, q.Name)
		if q.Description == "" || len(q.Fields) == 0 {
			t.Errorf("%s does not say what it finds or needs", q.Name)
		}
		athena, err := q.Athena(Fill{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := q.Insights(Fill{})
		if err != nil {
			t.Fatal(err)
		}
		if parsed, err := insights.ParseQuery(text); err != nil {
			t.Errorf("%s: %v", q.Name, err)
		} else if _, err := insights.Resolve(parsed, insights.CheckOptions{}); err != nil {
			t.Errorf("%s: %v", q.Name, err)
		}
		if _, err := athenasql.Parse(athena); err != nil {
			t.Errorf("%s: %v", q.Name, err)
		}
		if got := strings.Contains(athena, "?"); got != (q.Parameter != "") {
			t.Errorf("%s: a parameter in SQL: %t, and it has %q", q.Name, got, q.Parameter)
		}
		if diff := cmp.Diff(columnsIn(athena), columnsOf(q.Fields)); diff != "" {
			t.Errorf("%s: fields (-in its SQL +said):\n%s", q.Name, diff)
		}
	}
	slices.Sort(want)
	slices.Sort(names)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("names (-AWS +ours):\n%s", diff)
	}
}

// columnsIn returns the columns of flow logs that stand in SQL, in AWS's order.
func columnsIn(sql string) []string {
	in := strings.FieldsFunc(sql, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
	var out []string
	for _, f := range flowlog.Fields(flowlog.KindVPC) {
		if slices.Contains(in, f.Column) {
			out = append(out, f.Column)
		}
	}
	return out
}

// columnsOf returns the columns of fields, in AWS's order.
func columnsOf(fields []flowlog.FieldID) []string {
	var out []string
	for _, id := range slices.Sorted(slices.Values(fields)) {
		out = append(out, flowlog.FieldByID(id).Column)
	}
	return out
}

func TestFill(t *testing.T) {
	find := func(name string) *Query {
		q, ok := Find(name)
		if !ok {
			t.Fatalf("no query %s", name)
		}
		return q
	}
	from := time.Date(2026, 3, 2, 0, 0, 0, 1, time.UTC)
	to := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	got, err := find("vpcflowlogsTRAFFICtodstaddr").Athena(Fill{Table: "logs.vpc flow", Destination: "2001:DB8:0::1", From: from, To: to})
	want := `SELECT srcaddr, dstaddr, dstport, protocol, action,
  count(*) AS records, sum(packets) AS total_packets, sum(bytes) AS total_bytes
FROM logs."vpc flow"
WHERE dstaddr = '2001:db8::1'
  AND start >= 1772409601
  AND start < 1772496000
GROUP BY srcaddr, dstaddr, dstport, protocol, action
ORDER BY total_bytes DESC, srcaddr, dstaddr, dstport, protocol, action
LIMIT 1000`
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for name, c := range map[string]struct {
		query string
		fill  Fill
		want  string
	}{
		"no address":     {"VpcFlowLogsTopTCPTraffic", Fill{Source: "10.0.0.0/8"}, `the source address "10.0.0.0/8" is no IPv4 or IPv6 address`},
		"SQL":            {"VpcFlowLogsTopTCPTraffic", Fill{Source: "' OR 1 = 1 --"}, "is no IPv4 or IPv6 address"},
		"a zone":         {"VpcFlowLogsTopTCPTraffic", Fill{Source: "fe80::1%eth0"}, "is no IPv4 or IPv6 address"},
		"the other":      {"VpcFlowLogsTopTCPTraffic", Fill{Destination: "10.0.0.1"}, "VpcFlowLogsTopTCPTraffic takes no destination address"},
		"none taken":     {"VpcFlowLogsTopTalkers", Fill{Source: "10.0.0.1"}, "takes no source address"},
		"no table":       {"VpcFlowLogsTopTalkers", Fill{Table: "a..b"}, "a part of the name is empty"},
		"too many parts": {"VpcFlowLogsTopTalkers", Fill{Table: "a.b.c.d"}, "is no table"},
		"controls":       {"VpcFlowLogsTopTalkers", Fill{Table: "a\nb"}, "control characters"},
	} {
		if _, err := find(c.query).Athena(c.fill); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for table, want := range map[string]string{"": "vpc_flow_logs", "a": "a", "end": `"end"`, "A": `"A"`, "2x": `"2x"`, `a"b`: `"a""b"`, "d.t": "d.t", "c.select.t-1": `c."select"."t-1"`} {
		if got, err := tableName(table); got != want || err != nil {
			t.Errorf("table %q is %s, %v; want %s", table, got, err, want)
		}
	}
	if _, ok := Find("VpcFlowLogs"); ok {
		t.Error("a part of a name finds a query")
	}
}
