package coverage

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// TestQuestionsHaveAllFields checks that each field of AWS answers just one question, so that
// a new one is not forgotten.
func TestQuestionsHaveAllFields(t *testing.T) {
	for _, kind := range []flowlog.Kind{flowlog.KindVPC, flowlog.KindTGW} {
		want, got := map[string]int{}, map[string]int{}
		for _, f := range flowlog.Fields(kind) {
			if !f.Own() && f.ID != flowlog.Version {
				want[f.Name] = 1
			}
		}
		for _, q := range questions {
			for _, id := range q.fields {
				if q.kind == kind {
					got[flowlog.FieldByID(id).Name]++
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// TestUnanswered asks of formats what they can't answer.
func TestUnanswered(t *testing.T) {
	every := func(kind flowlog.Kind, without ...string) string {
		var out []string
		for _, f := range flowlog.Fields(kind) {
			if !f.Own() {
				out = append(out, "${"+f.Name+"}")
			}
		}
		text := strings.Join(out, " ")
		for _, w := range without {
			text = strings.Replace(text, "${"+w+"}", "", 1)
		}
		return text
	}
	tests := []struct {
		name, resource, traffic, format string
		want                            []string
	}{
		{"every field", "vpc-1", "ALL", every(flowlog.KindVPC), nil},
		{"every field of a transit gateway", "tgw-1", "", every(flowlog.KindTGW), nil},
		{"no tcp-flags, no pkt-dstaddr", "vpc-1", "ALL", every(flowlog.KindVPC, "tcp-flags", "pkt-dstaddr"), []string{"tcp-flags", "pkt-dstaddr"}},
		{"no action of all", "vpc-1", "ALL", every(flowlog.KindVPC, "action"), []string{"action"}},
		{"no action of one", "vpc-1", "REJECT", every(flowlog.KindVPC, "action"), nil},
		{"no losses", "tgw-1", "", every(flowlog.KindTGW, "packets-lost-no-route", "packets-lost-blackhole"), []string{"packets-lost-no-route packets-lost-blackhole"}},
		{"not said", "vpc-1", "ALL", "", nil},
		{"fields of tomorrow", "vpc-1", "ALL", every(flowlog.KindVPC, "bytes") + " ${bytes-of-tomorrow}", []string{"bytes"}},
		{"by default", "vpc-1", "ALL", flowlog.DefaultFormat(flowlog.KindVPC).String(), []string{
			"vpc-id subnet-id", "instance-id", "tcp-flags", "flow-direction", "pkt-srcaddr pkt-dstaddr", "pkt-src-aws-service pkt-dst-aws-service",
			"reject-reason", "traffic-path", "type", "region az-id", "sublocation-type sublocation-id", "resource-id", "encryption-status",
			"interface-type", "next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type",
			"ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id " +
				"ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id",
			"instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2",
		}},
	}
	for _, test := range tests {
		r := of(t, answer(owner, `"FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "`+test.resource+`", "TrafficType": "`+test.traffic+`", "LogFormat": "`+test.format+`"}]`))
		var got []string
		for _, u := range r.Unanswered {
			got = append(got, strings.Join(u.Fields, " "))
			if u.Question == "" || u.Source == "" || len(u.FlowLogs) != 1 {
				t.Errorf("%s: %+v", test.name, u)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
