package discover_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
)

// path reads a path: parts between dots, those in backticks as they are.
func path(s string) []insights.FieldPart {
	var parts []insights.FieldPart
	for s != "" {
		if rest, ok := strings.CutPrefix(s, "`"); ok {
			name, after, _ := strings.Cut(rest, "`")
			parts = append(parts, insights.FieldPart{Name: name, Quoted: true})
			s = strings.TrimPrefix(after, ".")
			continue
		}
		name, after, _ := strings.Cut(s, ".")
		parts = append(parts, insights.FieldPart{Name: name})
		s = after
	}
	return parts
}

func get(e *discover.Event, o discover.Options, name string) string {
	v := discover.New(e, o).Get(path(name))
	if v.IsAbsent() {
		return "absent"
	}
	return v.Kind().String() + " " + v.String()
}

func TestSystemFields(t *testing.T) {
	format := flowlog.DefaultFormat(flowlog.KindVPC)
	e := &discover.Event{
		Account: "123456789012", Group: "/vpc", Stream: "eni-1-all", Timestamp: 1769903999123, Ingestion: 1769904000000,
		Message: "text", Ptr: "abc", Format: &format,
	}
	for name, want := range map[string]string{
		"@timestamp": "time 2026-01-31 23:59:59.123", "@ingestionTime": "time 2026-02-01 00:00:00.000", "@message": "text text",
		"@logStream": "text eni-1-all", "@log": "text 123456789012:/vpc", "@ptr": "text abc", "@aws.account": "text 123456789012",
		"@aws.region": "text eu-central-1", "@data_source_name": "text amazon_vpc", "@data_source_type": "text flow",
		"@entity.KeyAttributes.Type": "absent", "@duration": "absent", "logStream": "absent", "message": "absent", "@Message": "absent",
	} {
		if got := get(e, discover.Options{Region: "eu-central-1"}, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestFieldsOfJSON(t *testing.T) {
	e := &discover.Event{Message: ` {"level":"INFO","n":1.50,"ok":true,"none":null,"params":{"job_id":"J","user.id":"u"},"items":[{"id":7},"x"],"@timestamp":"own","a-b":"c","empty":{}} and more`}
	for name, want := range map[string]string{
		"level": "text INFO", "Level": "absent", "n": "number 1.50", "ok": "boolean 1", "none": "absent", "params": "absent", "params.job_id": "text J",
		"params.`user.id`": "text u", "params.user.id": "absent", "items.0.id": "number 7", "items.1": "text x", "items.2": "absent",
		"@@timestamp": "text own", "`a-b`": "text c", "empty": "absent", "@timestamp": "time 1970-01-01 00:00:00.000", "`params.job_id`": "absent",
	} {
		if got := get(e, discover.Options{AnyCase: true}, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"items.0": `{"id":7}`, "params": `{"job_id":"J","user.id":"u"}`, "level": "INFO", "@@timestamp": "own", "@timestamp": "", "none": "", "items.9": ""} {
		if got := discover.New(e, discover.Options{}).Part(path(name)).String(); got != want {
			t.Errorf("the part %s is %s, want %s", name, got, want)
		}
	}
	want := []string{"level", "n", "ok", "params.job_id", "params.`user.id`", "items.0.id", "items.1", "@@timestamp", "`a-b`"}
	if d := cmp.Diff(want, discover.New(e, discover.Options{}).Names()); d != "" {
		t.Error(d)
	}
	for _, message := range []string{"", "x", `[{"a":1}]`, `{"a":1`, `{"a":tru}`, `x {"a":1}`} {
		if got := get(&discover.Event{Message: message}, discover.Options{}, "a"); got != "absent" {
			t.Errorf("%s has a field: %s", message, got)
		}
	}
}

func TestTheFirst200FieldsAreDiscovered(t *testing.T) {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, `,"f%d":[%d]`, i, i)
	}
	e := &discover.Event{Message: "{" + b.String()[1:] + "}"}
	for name, want := range map[string]string{"f0.0": "number 0", "f199.0": "number 199", "f200.0": "absent"} {
		if got := get(e, discover.Options{}, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// A document that is nothing but brackets costs what its length costs.
func TestDeepDocuments(t *testing.T) {
	const depth = 4900
	e := &discover.Event{Message: strings.Repeat(`{"a":[`, depth) + "1" + strings.Repeat("]}", depth)}
	if n := len(discover.New(e, discover.Options{}).Names()); n != 1 {
		t.Fatalf("%d fields", n)
	}
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			discover.New(e, discover.Options{}).Names()
		}
	}).AllocedBytesPerOp()
	if most := int64(2000 * len(e.Message)); allocated > most {
		t.Errorf("%d bytes are needed for a message of %d", allocated, len(e.Message))
	}
}

func TestFieldsOfFlowLogRecords(t *testing.T) {
	format, err := flowlog.ParseLogFormat("${interface-id} ${srcaddr} ${bytes} ${start} ${pkt-dst-aws-service} ${new-kind-of-field}")
	if err != nil {
		t.Fatal(err)
	}
	e := &discover.Event{Message: "eni-1 10.0.0.1 - 1772415780 S3 x", Format: &format}
	for name, want := range map[string]string{
		"interfaceId": "text eni-1", "srcAddr": "text 10.0.0.1", "bytes": "text -", "start": "text 1772415780", "startTime": "text 1772415780",
		"pktDstAwsService": "text S3", "newKindOfField": "text x", "srcaddr": "absent", "SrcAddr": "absent", "interface_id": "absent", "dstAddr": "absent", "endTime": "absent",
	} {
		if got := get(e, discover.Options{}, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"srcaddr": "text 10.0.0.1", "SRC_ADDR": "text 10.0.0.1", "interface_id": "text eni-1", "`interface-id`": "text eni-1", "new_kind_of_field": "text x", "dstaddr": "absent",
	} {
		if got := get(e, discover.Options{AnyCase: true}, name); got != want {
			t.Errorf("in any case %s is %s, want %s", name, got, want)
		}
	}
	e.Message += " more"
	if got := get(e, discover.Options{}, "srcAddr"); got != "absent" {
		t.Errorf("a line with more words is a record: %s", got)
	}
	want := []string{"interfaceId", "srcAddr", "bytes", "start", "pktDstAwsService", "newKindOfField"}
	if d := cmp.Diff(want, discover.New(&discover.Event{Message: "1 2 3 4 5 6", Format: &format}, discover.Options{}).Names()); d != "" {
		t.Error(d)
	}
}

// The names are those of parseVPC's documented output, and those that tools ask for.
func TestFlowNames(t *testing.T) {
	for name, want := range map[string]string{
		"version": "version", "account-id": "accountId", "interface-id": "interfaceId", "srcaddr": "srcAddr", "dstaddr": "dstAddr",
		"srcport": "srcPort", "dstport": "dstPort", "log-status": "logStatus", "vpc-id": "vpcId", "tcp-flags": "tcpFlags", "type": "type",
		"pkt-srcaddr": "pktSrcAddr", "pkt-dstaddr": "pktDstAddr", "az-id": "azId", "sublocation-type": "sublocationType",
		"pkt-src-aws-service": "pktSrcAwsService", "flow-direction": "flowDirection", "traffic-path": "trafficPath",
		"ecs-service-name": "ecsServiceName", "tgw-src-vpc-account-id": "tgwSrcVpcAccountId", "weir-pair": "weirPair", "log_status": "logStatus",
	} {
		if got := discover.FlowName(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	seen := map[string]bool{}
	for _, f := range discover.FlowFields() {
		if seen[strings.ToLower(f.Name)] {
			t.Errorf("two fields are called %s", f.Name)
		}
		seen[strings.ToLower(f.Name)] = true
		if id, ok := discover.LookupFlow(f.Name, false); !ok || id != f.ID {
			t.Errorf("%s is not found", f.Name)
		}
	}
	if len(seen) != flowlog.NumFields+2 {
		t.Errorf("%d names for %d fields", len(seen), flowlog.NumFields)
	}
}

func FuzzFields(f *testing.F) {
	f.Add(`{"a":[{"b":1}],"@x":"y","":{"":0}}`)
	f.Add(`{"a":1}{"b"`)
	f.Fuzz(func(t *testing.T, message string) {
		fields := discover.New(&discover.Event{Message: message}, discover.Options{})
		for _, name := range fields.Names() {
			if strings.Count(name, "`")%2 == 0 && !strings.Contains(name, "``") && fields.Get(path(name)).IsAbsent() {
				t.Errorf("%s is named and absent", name)
			}
		}
	})
}
