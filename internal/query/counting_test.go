package query

import (
	"encoding/json"
	"testing"
	"time"

	"weir/flowlog"
)

func TestCountingOf(t *testing.T) {
	ref := func(f flowlog.FieldID) Expr { return &Ref{flowlog.FieldByID(f).Column} }
	unknown := &Call{MapGet, []Expr{ref(flowlog.WeirUnknown), &Literal{"shade"}}}
	for _, tt := range []struct {
		name  string
		kind  flowlog.Kind
		scope Scope
		exprs []Expr
		want  Counting
	}{
		{"nothing", flowlog.KindVPC, Scope{}, nil, Once},
		{"times", flowlog.KindVPC, Scope{From: time.Unix(1, 0), To: time.Unix(2, 0)}, nil, Once},
		{"a flow", flowlog.KindVPC, Scope{}, []Expr{ref(flowlog.SrcAddr), &Call{Eq, []Expr{ref(flowlog.Action), &Literal{"REJECT"}}}}, Once},
		// The sender's interval may have less of the flow than the receiver's.
		{"large records", flowlog.KindVPC, Scope{}, []Expr{&Call{Gt, []Expr{ref(flowlog.Bytes), &Literal{int64(1)}}}}, PerInterface},
		{"a time", flowlog.KindVPC, Scope{}, []Expr{&Call{Gt, []Expr{ref(flowlog.Start), &Literal{int64(1)}}}}, PerInterface},
		{"an interface", flowlog.KindVPC, Scope{Interfaces: []string{"eni-1"}}, []Expr{ref(flowlog.SrcAddr)}, PerInterface},
		{"a region", flowlog.KindVPC, Scope{Regions: []string{"eu-west-1"}}, nil, PerInterface},
		{"a VPC", flowlog.KindVPC, Scope{}, []Expr{&Call{Not, []Expr{&Call{Eq, []Expr{ref(flowlog.VPCID), &Literal{"vpc-1"}}}}}}, PerInterface},
		{"what became of the answer", flowlog.KindVPC, Scope{}, []Expr{ref(flowlog.WeirPair)}, PerInterface},
		{"a flow log", flowlog.KindVPC, Scope{FlowLogs: []string{"fl-1"}}, nil, EveryRecord},
		{"an object and an interface", flowlog.KindVPC, Scope{Interfaces: []string{"eni-1"}}, []Expr{ref(flowlog.WeirObject)}, EveryRecord},
		{"a field that weir does not know", flowlog.KindVPC, Scope{}, []Expr{unknown}, EveryRecord},
		{"repeats", flowlog.KindVPC, Scope{}, []Expr{ref(flowlog.WeirRepeat)}, EveryRecord},
		{"transit gateways", flowlog.KindTGW, Scope{}, nil, EveryRecord},
	} {
		if got := CountingOf(tt.kind, tt.scope, tt.exprs...); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	for _, c := range []Counting{EveryRecord, PerInterface, Once} {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back Counting
		if err := json.Unmarshal(text, &back); err != nil || back != c {
			t.Errorf("%s becomes %s: %v", text, back, err)
		}
	}
	if err := new(Counting).UnmarshalText([]byte("twice")); err == nil {
		t.Error("a counting of twice")
	}
}
