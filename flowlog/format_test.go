package flowlog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// Formats of AWS's own examples (VPC user guide, flow log records examples).
const (
	tcpFlagsFormat    = "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status"
	natFormat         = "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr"
	regionalNATFormat = "resource-id instance-id interface-id subnet-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr"
	tgwENIFormat      = "version interface-id account-id vpc-id subnet-id instance-id srcaddr dstaddr srcport dstport protocol tcp-flags type pkt-srcaddr pkt-dstaddr action log-status"
	v5Format          = "version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id vpc-id subnet-id instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags pkt-srcaddr pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status"
)

// mustFormat reads a format of plain names or of EC2's spelling.
func mustFormat(t testing.TB, s string) flowlog.Format {
	t.Helper()
	f, err := flowlog.ParseLogFormat(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// allFields returns the format of all of AWS's fields of a kind, in AWS's
// order.
func allFields(t testing.TB, k flowlog.Kind) flowlog.Format {
	t.Helper()
	var names []string
	for _, f := range flowlog.Fields(k) {
		if !f.Own() {
			names = append(names, f.Name)
		}
	}
	return mustFormat(t, strings.Join(names, " "))
}

func TestParseLogFormat(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
		kind     flowlog.Kind
		unknown  []string
	}{
		{name: "EC2", in: "${version} ${account-id} ${srcaddr}", want: []string{"version", "account-id", "srcaddr"}, kind: flowlog.KindVPC},
		{name: "plain names", in: "version account-id", want: []string{"version", "account-id"}, kind: flowlog.KindVPC},
		{name: "both mixed", in: "${version} account-id", want: []string{"version", "account-id"}, kind: flowlog.KindVPC},
		{name: "columns, upper case", in: "VERSION ${Account_ID}", want: []string{"version", "account-id"}, kind: flowlog.KindVPC},
		{name: "spaces and line ends", in: "  ${version}\t${bytes}\n${start} ", want: []string{"version", "bytes", "start"}, kind: flowlog.KindVPC},
		{name: "one field", in: "${bytes}", want: []string{"bytes"}, kind: flowlog.KindVPC},
		{name: "transit gateway", in: "${tgw-id} ${bytes}", want: []string{"tgw-id", "bytes"}, kind: flowlog.KindTGW},
		{name: "weir's own", in: "${weir-hour} ${srcaddr}", want: []string{"weir-hour", "srcaddr"}, kind: flowlog.KindVPC},
		{name: "unknown", in: "${srcaddr} ${New_Field-3}", want: []string{"srcaddr", "new-field-3"}, kind: flowlog.KindVPC, unknown: []string{"new-field-3"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			f, err := flowlog.ParseLogFormat(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, f.Names()); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			if f.Kind() != tc.kind {
				t.Errorf("kind %s, want %s", f.Kind(), tc.kind)
			}
			if diff := cmp.Diff(tc.unknown, f.UnknownFields()); diff != "" {
				t.Errorf("unknown fields (-want +got):\n%s", diff)
			}
			checkFormatRoundTrip(t, f)
		})
	}
}

// checkFormatRoundTrip checks that a format survives being written in both of
// its spellings.
func checkFormatRoundTrip(t *testing.T, f flowlog.Format) {
	t.Helper()
	for _, printed := range []string{f.String(), f.Header()} {
		again, err := flowlog.ParseLogFormat(printed)
		if err != nil || !again.Equal(f) || again.Kind() != f.Kind() {
			t.Errorf("%q reads as %q, kind %s (error %v)", printed, again, again.Kind(), err)
		}
	}
}

func TestParseLogFormatRefusals(t *testing.T) {
	long := strings.Repeat("x", 65)
	tests := []struct{ name, in, want string }{
		{"empty", "", "flowlog: log format: no fields"},
		{"blank", " \t ", "flowlog: log format: no fields"},
		{"no closing brace", "${version} ${srcaddr", `flowlog: field 2 of the log format: "${srcaddr" has no closing brace`},
		{"empty braces", "${}", `flowlog: field 1 of the log format: "${}" is no field name`},
		{"no space between", "${version}${srcaddr}", `flowlog: field 1 of the log format: "${version}${srcaddr}" is no field name`},
		{"commas", "version,srcaddr", `flowlog: field 1 of the log format: "version,srcaddr" is no field name`},
		{"digit first", "${2fast}", `flowlog: field 1 of the log format: "${2fast}" is no field name`},
		{"too long", long, `flowlog: field 1 of the log format: "` + long[:40] + `..." is no field name`},
		{"a record", header + " ACCEPT", `flowlog: field 15 of the log format: "ACCEPT" is no field name`},
		{"twice", "${srcaddr} ${bytes} ${srcaddr}", "flowlog: log format: field srcaddr stands there twice"},
		{"twice in two spellings", "${log-status} ${LOG_STATUS}", "flowlog: log format: field log-status stands there twice"},
		{"both kinds", "${interface-id} ${tgw-id}", "flowlog: log format: field interface-id is of VPC flow logs only and tgw-id of transit gateway flow logs only"},
		{"the map", "${weir-unknown}", "flowlog: log format: field weir-unknown has no text form"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			f, err := flowlog.ParseLogFormat(tc.in)
			if err == nil {
				t.Fatalf("read as %q", f)
			}
			if err.Error() != tc.want {
				t.Errorf("error %q, want %q", err, tc.want)
			}
		})
	}
}

func TestParseHeader(t *testing.T) {
	tests := []struct {
		name, line string
		ok         bool
	}{
		{"default", header, true},
		{"columns", strings.ReplaceAll(header, "-", "_"), true},
		{"upper case", strings.ToUpper(header), true},
		{"a marked name among unknown ones", "time srcaddr colour", true},
		{"words, all known", "version packets bytes", true},
		{"one word, known", "action", true},
		{"words, one unknown", "version packets bytes colour", false},
		{"prose", "The start of the action", false},
		{"a record", accept, false},
		{"a record without traffic", nodata, false},
		{"twice", "srcaddr srcaddr", false},
		{"both kinds", "interface-id tgw-id", false},
		{"EC2's spelling", "${version} ${srcaddr}", false},
		{"nothing", "", false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			f, ok := flowlog.ParseHeader(tc.line)
			if ok != tc.ok {
				t.Fatalf("read as %q: %v, want %v", f, ok, tc.ok)
			}
			if ok && f.Header() != strings.ReplaceAll(strings.ToLower(tc.line), "_", "-") {
				t.Errorf("header %q", f.Header())
			}
		})
	}
}

// TestRecordVersion checks what stands in the version field against AWS's own
// examples and its rule: the highest version among the fields of the format.
func TestRecordVersion(t *testing.T) {
	tests := []struct {
		name, format string
		want         int
	}{
		{"default", header, 2},
		{"version 2 fields in another order", "bytes srcaddr version", 2},
		{"example: TCP flag sequence", tcpFlagsFormat, 3},
		{"example: traffic through a transit gateway", tgwENIFormat, 3},
		{"example: service name, traffic path, flow direction", v5Format, 5},
		{"example: regional NAT gateway", regionalNATFormat, 9},
		{"rule: fields of versions 2, 3 and 4", "version srcaddr vpc-id region", 4},
		{"ECS", "version ecs-task-id", 7},
		{"Block Public Access", "version reject-reason", 8},
		{"encryption controls", "version encryption-status", 10},
		{"tags", "version asg-tag-2", 11},
		{"unknown fields and weir's own do not count", "version srcaddr weir-hour brand-new", 2},
		{"all of transit gateways", flowlog.DefaultFormat(flowlog.KindTGW).Header(), 6},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if got := mustFormat(t, tc.format).RecordVersion(); got != tc.want {
				t.Errorf("version %d, want %d", got, tc.want)
			}
		})
	}
}

func TestFormatFields(t *testing.T) {
	f := mustFormat(t, "srcaddr brand-new bytes")
	if f.Len() != 3 || !f.Has(flowlog.Bytes) || f.Has(flowlog.Packets) {
		t.Errorf("%d fields, has bytes %v, has packets %v", f.Len(), f.Has(flowlog.Bytes), f.Has(flowlog.Packets))
	}
	if fd, ok := f.Field(2); !ok || fd.ID != flowlog.Bytes {
		t.Errorf("third field %v, %v", fd, ok)
	}
	if fd, ok := f.Field(1); ok {
		t.Errorf("second field %v", fd)
	}
	names := f.Names()
	names[0] = "changed"
	if f.Header() != "srcaddr brand-new bytes" {
		t.Errorf("the names are no copy: %s", f.Header())
	}
	if f.Equal(mustFormat(t, "bytes brand-new srcaddr")) {
		t.Error("equal in another order")
	}
	if zero := (flowlog.Format{}); zero.String() != "" || zero.Len() != 0 {
		t.Errorf("the zero format: %q", zero)
	}
}

func TestFormatShared(t *testing.T) {
	for format, want := range map[string]bool{
		"version srcaddr bytes log-status": true,
		"srcaddr brand-new":                true,
		"srcaddr weir-object":              true,
		"srcaddr action":                   false,
		"srcaddr tgw-id":                   false,
	} {
		if got := mustFormat(t, format).Shared(); got != want {
			t.Errorf("%s: %v", format, got)
		}
	}
}
