package filter

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/query"
)

// berlin is the zone of the tests: UTC+1, from 2026-03-29 02:00 to 2026-10-25 03:00
// UTC+2.
func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// testOptions are VPC flow logs of a lake with two unknown fields.
func testOptions(t testing.TB) Options {
	return Options{Zone: berlin(t), Unknown: func(name string) bool { return name == "shade" || name == "new-field" }}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		// Operators.
		{"dstport = 22", "=(dstport, 22)"},
		{"dstport == 22", "=(dstport, 22)"},
		{"dstport != 22", "!=(dstport, 22)"},
		{"dstport <> 22", "!=(dstport, 22)"},
		{"dstport<22", "<(dstport, 22)"},
		{"dstport <= 22", "<=(dstport, 22)"},
		{"dstport > 22", ">(dstport, 22)"},
		{"dstport>=22", ">=(dstport, 22)"},
		{"dstport in (22, 3389)", "in(dstport, 22, 3389)"},
		{"dstport not in (22,3389)", "not(in(dstport, 22, 3389))"},
		{"dstport in (22, 22, ssh)", "=(dstport, 22)"},
		{"dstport in 22", "=(dstport, 22)"},
		{"dstport not in 22", "!=(dstport, 22)"},
		{"dstport in 1024..65535", "and(>=(dstport, 1024), <=(dstport, 65535))"},
		{"dstport not in 1024..65535", "or(<(dstport, 1024), >(dstport, 65535))"},
		{"dstport in 80..80", "=(dstport, 80)"},
		{"dstport in (ssh, 80..90, rdp)", "or(in(dstport, 22, 3389), and(>=(dstport, 80), <=(dstport, 90)))"},
		{"dstport is absent", "is_absent(dstport)"},
		{"dstport is null", "is_absent(dstport)"},
		{"dstport is present", "not(is_absent(dstport))"},
		{"dstport is not absent", "not(is_absent(dstport))"},
		{"dstport is not null", "not(is_absent(dstport))"},
		{"dstport is not present", "is_absent(dstport)"},
		{"instance-id contains 'a b'", "contains(instance_id, 'a b')"},
		{"instance-id not contains x", "not(contains(instance_id, 'x'))"},
		{"instance-id starts with i-0", "starts_with(instance_id, 'i-0')"},
		{"instance-id not starts with i-0", "not(starts_with(instance_id, 'i-0'))"},
		{`instance-id ~ /^i-\d+$/`, `matches(instance_id, '^i-\d+$')`},
		{`instance-id !~ /a b/`, `not(matches(instance_id, 'a b'))`},
		{`instance-id ~ /a\/b\\/`, `matches(instance_id, 'a/b\\')`},
		{`instance-id ~ 'a/b'`, `matches(instance_id, 'a/b')`},
		{`instance-id ~/x/ and dstport=1`, `and(matches(instance_id, 'x'), =(dstport, 1))`},

		// Names.
		{"DstPort = 22", "=(dstport, 22)"},
		{"log_status = ok", "=(log_status, 'OK')"},
		{"LOG-STATUS = NoData", "=(log_status, 'NODATA')"},
		{"pkt_src-aws_service = s3", "=(pkt_src_aws_service, 'S3')"},
		{"type = ipv4", "=(type, 'IPv4')"},
		{"weir-region = eu-west-1", "=(weir_region, 'eu-west-1')"},
		{"end > 5", ">(end, 5)"},
		{"shade = dark", "=(map_get(weir_unknown, 'shade'), 'dark')"},
		{"New_Field is absent", "is_absent(map_get(weir_unknown, 'new-field'))"},
		{"weir-unknown is present", "not(is_absent(weir_unknown))"},

		// Values.
		{"protocol = tcp", "=(protocol, 6)"},
		{"protocol in (UDP, icmp, ICMPv6, esp, gre, ah, sctp, 89)", "in(protocol, 17, 1, 58, 50, 47, 51, 132, 89)"},
		{"dstport = ssh or dstport = HTTPS or dstport = rdp", "or(=(dstport, 22), =(dstport, 443), =(dstport, 3389))"},
		{"dstport in ftp..ssh", "and(>=(dstport, 21), <=(dstport, 22))"},
		{"action = reject", "=(action, 'REJECT')"},
		{"action = 'Accept'", "=(action, 'ACCEPT')"},
		{"flow-direction = INGRESS", "=(flow_direction, 'ingress')"},
		{"flow-direction = 'INGRESS'", "=(flow_direction, 'INGRESS')"},
		{"account-id = 123456789012", "=(account_id, '123456789012')"},
		{"account-id = unknown", "=(account_id, 'unknown')"},
		{`instance-tag = 'it''s "x"'`, `=(instance_tag, 'it''s "x"')`},
		{`instance-tag = "it's ""x"""`, `=(instance_tag, 'it''s "x"')`},
		{"instance-tag = ''", "=(instance_tag, '')"},
		{"instance-tag = 'and'", "=(instance_tag, 'and')"},
		{"instance-tag = in", "=(instance_tag, 'in')"},
		{"instance-tag = Grün*?", "=(instance_tag, 'Grün*?')"},
		{"instance-tag = 2026-03-02", "=(instance_tag, '2026-03-02')"},
		{"instance-tag in (a, 'b c', 1..2)", "in(instance_tag, 'a', 'b c', '1..2')"},
		{"packets > 0", ">(packets, 0)"},
		{"bytes > 10MB", ">(bytes, 10000000)"},
		{"bytes > 10 mb", ">(bytes, 10000000)"},
		{"bytes >= 1.5GiB", ">=(bytes, 1610612736)"},
		{"bytes = 0.001kB", "=(bytes, 1)"},
		{"bytes in 1kB..1KiB", "and(>=(bytes, 1000), <=(bytes, 1024))"},
		{"bytes in (1 kB, 2 TB, 5)", "in(bytes, 1000, 2000000000000, 5)"},
		{"bytes = 9223372036854775807", "=(bytes, 9223372036854775807)"},

		// Addresses.
		{"srcaddr = 10.0.0.1", "=(srcaddr, '10.0.0.1')"},
		{"srcaddr = 2001:DB8:0:0::1", "=(srcaddr, '2001:db8::1')"},
		{"srcaddr = '2001:0db8::1'", "=(srcaddr, '2001:db8::1')"},
		{"srcaddr in 10.0.0.0/8", "ip_in(srcaddr, '10.0.0.0/8')"},
		{"srcaddr not in 10.1.2.3/8", "not(ip_in(srcaddr, '10.0.0.0/8'))"},
		{"srcaddr in 2001:DB8::/32", "ip_in(srcaddr, '2001:db8::/32')"},
		{"srcaddr in 10.0.0.1", "=(srcaddr, '10.0.0.1')"},
		{"srcaddr in (10.0.0.0/8, 192.0.2.1, ::1, fd00::/8)", "or(in(srcaddr, '192.0.2.1', '::1'), ip_in(srcaddr, '10.0.0.0/8'), ip_in(srcaddr, 'fd00::/8'))"},
		{"srcaddr not in (10.0.0.0/8, 192.0.2.1)", "and(!=(srcaddr, '192.0.2.1'), not(ip_in(srcaddr, '10.0.0.0/8')))"},
		{"srcaddr starts with 10.", "starts_with(srcaddr, '10.')"},
		{"srcaddr contains DB8", "contains(srcaddr, 'db8')"},
		{"addr = 10.0.0.1", "or(=(srcaddr, '10.0.0.1'), =(dstaddr, '10.0.0.1'))"},
		{"addr != 10.0.0.1", "and(!=(srcaddr, '10.0.0.1'), !=(dstaddr, '10.0.0.1'))"},
		{"addr in 10.0.0.0/8", "or(ip_in(srcaddr, '10.0.0.0/8'), ip_in(dstaddr, '10.0.0.0/8'))"},
		{"addr not in 10.0.0.0/8", "and(not(ip_in(srcaddr, '10.0.0.0/8')), not(ip_in(dstaddr, '10.0.0.0/8')))"},
		{"addr is absent", "and(is_absent(srcaddr), is_absent(dstaddr))"},
		{"addr is present", "or(not(is_absent(srcaddr)), not(is_absent(dstaddr)))"},
		{"port = ssh", "or(=(srcport, 22), =(dstport, 22))"},
		{"port >= 1024", "or(>=(srcport, 1024), >=(dstport, 1024))"},
		{"port in 20..22", "or(and(>=(srcport, 20), <=(srcport, 22)), and(>=(dstport, 20), <=(dstport, 22)))"},

		// Times: 10:00 in Berlin is 09:00 UTC.
		{"start >= 2026-03-02T10:00", ">=(start, 1772442000)"},
		{"start >= '2026-03-02 10:00:05'", ">=(start, 1772442005)"},
		{"start >= 2026-03-02 10:00:05", ">=(start, 1772442005)"},
		{"start < 2026-03-02t10:00:00.000z", "<(start, 1772445600)"},
		{"start < 2026-03-02T10:00:00+02:00", "<(start, 1772438400)"},
		{"start < 2026-03-02 10:00-00:30", "<(start, 1772447400)"},
		{"start >= 2026-03-02", ">=(start, 1772406000)"},
		{"start < 1772445600", "<(start, 1772445600)"},
		{"start in 2026-03-02T10:00..2026-03-02T11:00Z", "and(>=(start, 1772442000), <=(start, 1772449200))"},
		{"start in (1772445600, 2026-03-02 10:00)", "in(start, 1772445600, 1772442000)"},
		{"weir-hour >= 2026-03-02T10:00Z and end > 7", "and(>=(weir_hour, 2026-03-02T10:00:00Z), >(end, 7))"},
		{"weir-hour = 1772445600", "=(weir_hour, 2026-03-02T10:00:00Z)"},
		{"start >= 2026-07-01T10:00", ">=(start, 1782892800)"}, // summer time
		{"start >= 2026-10-25T02:30+02:00", ">=(start, 1792888200)"},

		// Joining. Negations go inward, absent fields with them.
		{"dstport = 1 and srcport = 2 and packets = 3", "and(=(dstport, 1), =(srcport, 2), =(packets, 3))"},
		{"dstport = 1 and (srcport = 2 and packets = 3)", "and(=(dstport, 1), =(srcport, 2), =(packets, 3))"},
		{"dstport = 1 or srcport = 2 and packets = 3", "or(=(dstport, 1), and(=(srcport, 2), =(packets, 3)))"},
		{"(dstport = 1 or srcport = 2) AND packets = 3", "and(or(=(dstport, 1), =(srcport, 2)), =(packets, 3))"},
		{"dstport in 1..2 and srcport = 2", "and(>=(dstport, 1), <=(dstport, 2), =(srcport, 2))"},
		{"not dstport = 1", "or(is_absent(dstport), !=(dstport, 1))"},
		{"not dstport != 1", "or(is_absent(dstport), =(dstport, 1))"},
		{"not dstport < 1", "or(is_absent(dstport), >=(dstport, 1))"},
		{"not dstport >= 1", "or(is_absent(dstport), <(dstport, 1))"},
		{"Not Not dstport = 1", "=(dstport, 1)"},
		{"not dstport in (1, 2)", "or(is_absent(dstport), not(in(dstport, 1, 2)))"},
		{"not dstport not in (1, 2)", "or(is_absent(dstport), in(dstport, 1, 2))"},
		{"not dstport in 1..2", "or(is_absent(dstport), <(dstport, 1), >(dstport, 2))"},
		{"not srcaddr in 10.0.0.0/8", "or(is_absent(srcaddr), not(ip_in(srcaddr, '10.0.0.0/8')))"},
		{"not instance-id contains x", "or(is_absent(instance_id), not(contains(instance_id, 'x')))"},
		{"not dstport is absent", "not(is_absent(dstport))"},
		{"not dstport is present", "is_absent(dstport)"},
		{"not (dstport = 1 and srcport = 2)", "or(is_absent(dstport), !=(dstport, 1), is_absent(srcport), !=(srcport, 2))"},
		{"not (dstport = 1 or not srcport = 2)", "and(or(is_absent(dstport), !=(dstport, 1)), =(srcport, 2))"},
		{"not addr = 10.0.0.1", "and(or(is_absent(srcaddr), !=(srcaddr, '10.0.0.1')), or(is_absent(dstaddr), !=(dstaddr, '10.0.0.1')))"},
		{"not addr != 10.0.0.1", "or(is_absent(srcaddr), =(srcaddr, '10.0.0.1'), is_absent(dstaddr), =(dstaddr, '10.0.0.1'))"},
		{"not addr is absent", "or(not(is_absent(srcaddr)), not(is_absent(dstaddr)))"},
		{"\n\tnot(dstport=1)\r\n", "or(is_absent(dstport), !=(dstport, 1))"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			e, err := Parse(tt.text, testOptions(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, e.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			checkRoundTrip(t, e, testOptions(t))
		})
	}
}

// checkRoundTrip checks that an expression is a condition on its table, and that its
// text gives it back.
func checkRoundTrip(t *testing.T, e query.Expr, o Options) {
	t.Helper()
	if _, err := query.CompileWhere(e, o.withDefaults().Kind); err != nil {
		t.Fatalf("%s: %v", e, err)
	}
	text, err := Format(e, o)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(text, o)
	if err != nil {
		t.Fatalf("%s is written as %q: %v", e, text, err)
	}
	// cmp takes time exponential in the depth of such trees.
	if !reflect.DeepEqual(e, back) {
		t.Fatalf("%s is written as %q, which is read as %s", e, text, back)
	}
}

func TestParseTransitGateway(t *testing.T) {
	o := Options{Kind: flowlog.KindTGW}
	e, err := Parse("tgw-id = tgw-1 and port = 443 and packets_lost_blackhole > 0 and start >= 2026-03-02T10:00", o)
	if err != nil {
		t.Fatal(err)
	}
	want := "and(=(tgw_id, 'tgw-1'), or(=(srcport, 443), =(dstport, 443)), >(packets_lost_blackhole, 0), >=(start, 1772445600))"
	if e.String() != want {
		t.Errorf("got %s, want %s", e, want)
	}
	checkRoundTrip(t, e, o)
	_, err = Parse("action = reject", o)
	var fault *Error
	if !errors.As(err, &fault) || fault.Message != "transit gateway flow logs have no action" || fault.Hint != "VPC flow logs have it" {
		t.Errorf("got %v", err)
	}
}

func TestFormat(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"DSTPORT==ssh", "dstport = 22"},
		{"protocol = 6 or protocol in (58, 200)", "protocol = tcp or protocol in (icmpv6, 200)"},
		{"not (srcport<1 or action=accept)", "(srcport is absent or srcport >= 1) and (action is absent or action != ACCEPT)"},
		{"addr in (10.0.0.0/8, ::1)", "srcaddr = ::1 or srcaddr in 10.0.0.0/8 or dstaddr = ::1 or dstaddr in 10.0.0.0/8"},
		{"log_status=ok and (port=1 or end<1772445600)", "log-status = OK and (srcport = 1 or dstport = 1 or end < 2026-03-02T11:00:00+01:00)"},
		{"bytes > 1MiB", "bytes > 1048576"},
		{"shade='a b' and shade='and' and shade=-x", "shade = 'a b' and shade = 'and' and shade = '-x'"},
		{"flow_direction = 'INGRESS' or flow_direction=EGRESS", "flow-direction = 'INGRESS' or flow-direction = egress"},
		{"shade !~ '/x' or shade ~ 'y' or shade not starts with 'it''s'", "shade !~ '/x' or shade ~ /y/ or shade not starts with 'it''s'"},
		{"weir-hour >= 2026-03-02T10:00Z", "weir-hour >= 2026-03-02T11:00:00+01:00"},
		{"dstport not in (1,2) and dstport is present", "dstport not in (1, 2) and dstport is present"},
	} {
		e, err := Parse(tt.text, testOptions(t))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Format(e, testOptions(t))
		if err != nil || got != tt.want {
			t.Errorf("%q is written as %q, %v, want %q", tt.text, got, err, tt.want)
		}
	}
}

// TestFormatFails gives expressions that no filter says.
func TestFormatFails(t *testing.T) {
	ref := func(name string) query.Expr { return &query.Ref{Name: name} }
	lit := func(v any) query.Expr { return &query.Literal{Value: v} }
	unknown := func(name any) query.Expr { return call(query.MapGet, ref("weir_unknown"), lit(name)) }
	port := call(query.Eq, ref("dstport"), lit(int64(1)))
	for _, e := range []query.Expr{
		nil, ref("dstport"), lit(true), call(query.And), call(query.Or, port), call(query.Not), call(query.Not, lit(true)),
		call(query.Not, port), call(query.Not, call(query.And, port, port)), call(query.And, port, lit(true)),
		call(query.Eq), call(query.Eq, ref("dstport")), call(query.Eq, lit(int64(1)), ref("dstport")),
		call(query.Eq, ref("dstport"), ref("srcport")), call(query.Eq, ref("DstPort"), lit(int64(1))),
		call(query.Eq, ref("tgw_id"), lit("x")), call(query.Eq, ref("nothing"), lit("x")),
		call(query.Eq, ref("dstport"), lit(1.5)), call(query.Eq, ref("dstport"), lit("22")), call(query.Eq, ref("dstport"), lit(int64(65536))),
		call(query.Eq, ref("dstport"), lit(nil)), call(query.Eq, ref("dstport"), lit(int64(-1))),
		call(query.Lt, ref("srcaddr"), lit("10.0.0.1")), call(query.Eq, ref("srcaddr"), lit("x")), call(query.Eq, ref("srcaddr"), lit("2001:DB8::1")),
		call(query.Eq, ref("action"), lit("reject")), call(query.Eq, ref("weir_unknown"), lit("x")), call(query.Eq, ref("weir_hour"), lit(int64(5))),
		call(query.Eq, ref("weir_hour"), lit(time.Unix(0, 5000))), call(query.Eq, ref("start"), lit(time.Unix(5, 0))), call(query.Eq, ref("start"), lit(int64(lastSecond+1))),
		call(query.In, ref("dstport"), lit(int64(1))), call(query.In, ref("dstport"), lit(int64(1)), lit(nil)), call(query.In, ref("dstport"), lit(int64(1)), lit(int64(1)), port),
		call(query.Contains, ref("dstport"), lit("1")), call(query.Contains, ref("srcaddr"), lit("DB8")), call(query.Contains, ref("instance_id"), lit(int64(1))),
		call(query.IPIn, ref("instance_id"), lit("10.0.0.0/8")), call(query.IPIn, ref("srcaddr"), lit("10.0.0.1/8")), call(query.IPIn, ref("srcaddr"), lit("x")),
		call(query.Matches, ref("instance_id"), lit("(")),
		call(query.Eq, unknown("none"), lit("x")), call(query.Eq, unknown("srcaddr"), lit("x")), call(query.Eq, unknown("Shade"), lit("x")), call(query.Eq, unknown(nil), lit("x")),
		call(query.Eq, call(query.Lower, ref("instance_id")), lit("x")), call(query.IsAbsent, ref("dstport"), lit("x")), call(query.Add, ref("dstport"), lit(int64(1))),
	} {
		if s, err := Format(e, testOptions(t)); err == nil {
			t.Errorf("%v is written as %q", e, s)
		}
	}
	if s, err := Format(call(query.Eq, unknown("shade"), lit("x")), Options{}); err == nil {
		t.Errorf("an unknown field that is not known is written as %q", s)
	}
}

// TestClocksChange reads local times in the nights in which clocks are changed.
func TestClocksChange(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int64 // 0 = refused
		hint string
	}{
		{"start >= 2026-03-29T01:59:59", 1774745999, ""},
		{"start >= 2026-03-29T02:00", 0, "there is no such date or time of day"},
		{"start >= 2026-03-29T02:59:59", 0, "there is no such date or time of day"},
		{"start >= 2026-03-29T03:00", 1774746000, ""},
		{"start >= 2026-10-25T01:59:59", 1792886399, ""},
		{"start >= 2026-10-25T02:00", 0, "write 2026-10-25T02:00:00+02:00 or 2026-10-25T02:00:00+01:00"},
		{"start >= 2026-10-25T02:59:59", 0, "write 2026-10-25T02:59:59+02:00 or 2026-10-25T02:59:59+01:00"},
		{"start >= 2026-10-25T03:00", 1792893600, ""},
		{"start >= 2026-10-25T02:59:59+01:00", 1792893599, ""},
		{"start >= 2026-02-29T10:00", 0, "there is no such date or time of day"},
		{"start >= 2026-03-02T24:00", 0, "there is no such date or time of day"},
		{"start >= 2026-03-02T10:60Z", 0, "there is no such date or time of day"},
	} {
		e, err := Parse(tt.text, testOptions(t))
		if tt.want == 0 {
			var fault *Error
			if !errors.As(err, &fault) || fault.Hint != tt.hint {
				t.Errorf("%q: got %v, %v, want hint %q", tt.text, e, err, tt.hint)
			}
			continue
		}
		want := &query.Call{Func: query.Ge, Args: []query.Expr{&query.Ref{Name: "start"}, &query.Literal{Value: tt.want}}}
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
		} else if diff := cmp.Diff(query.Expr(want), e); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

// TestDeepFilters reads what nests as deep as is allowed, and refuses one level
// more.
func TestDeepFilters(t *testing.T) {
	deep := func(n int) string {
		s := "dstport = 1"
		for i := range n {
			s = map[int]string{0: "srcport = 1 or packets = 1 and (", 1: "not ("}[i%2] + s + ")"
		}
		return s
	}
	e, err := Parse(deep(66), Options{}) // "not (" is two levels
	if err != nil {
		t.Fatal(err)
	}
	checkRoundTrip(t, e, Options{})
	if _, err := Parse(strings.Repeat("(", maxDepth)+"dstport = 1"+strings.Repeat(")", maxDepth), Options{}); err != nil {
		t.Error(err)
	}
	for _, text := range []string{strings.Repeat("(", maxDepth+1) + "dstport = 1", strings.Repeat("not ", 1e5) + "dstport = 1"} {
		if _, err := Parse(text, Options{}); err == nil || !strings.Contains(err.Error(), "nests deeper than 100") {
			t.Errorf("got %v", err)
		}
	}
}
