package query

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// Short forms for tests.
func ref(name string) Expr { return &Ref{name} }
func lit(v any) Expr       { return &Literal{v} }
func call(f Func, args ...Expr) Expr {
	return &Call{f, args}
}

func TestCheckColumns(t *testing.T) {
	noSQL := TableColumns(flowlog.KindTGW)
	for i := range noSQL {
		noSQL[i].SQLType = ""
	}
	absent := lit(nil)
	for _, tt := range []struct {
		name string
		plan Plan
		want []Column
	}{
		{"no stages", Plan{Kind: flowlog.KindTGW}, noSQL},
		{"types", vpc(&Project{[]Named{
			{"a", ref("srcaddr")},
			{"b", ref("bytes")},
			{"c", ref("weir_hour")},
			{"d", ref("weir_unknown")},
			{"e", call(Eq, ref("bytes"), lit(1.5))},
			{"f", call(Add, ref("bytes"), lit(int64(1)))},
			{"g", call(Add, ref("bytes"), lit(1.0))},
			{"h", call(Div, ref("bytes"), ref("packets"))},
			{"i", call(Coalesce, absent, ref("srcport"), lit(0.5))},
			{"j", call(MapGet, ref("weir_unknown"), lit("x"))},
			{"k", call(ToTime, ref("start"))},
			{"l", call(Epoch, ref("weir_hour"))},
			{"m", call(IPPrefix, ref("srcaddr"), ref("srcport"))},
			{"n", call(IsAbsent, ref("weir_unknown"))},
		}}), []Column{
			{"a", Text, ""},
			{"b", Int, ""},
			{"c", Time, ""},
			{"d", TextMap, ""},
			{"e", Bool, ""},
			{"f", Int, ""},
			{"g", Float, ""},
			{"h", Float, ""},
			{"i", Float, ""},
			{"j", Text, ""},
			{"k", Time, ""},
			{"l", Int, ""},
			{"m", Text, ""},
			{"n", Bool, ""},
		}},
		{"absent takes the type around it", vpc(&Project{[]Named{
			{"a", call(Eq, absent, ref("bytes"))},
			{"b", call(Eq, absent, absent)},
			{"c", call(Add, absent, lit(int64(1)))},
			{"d", call(Coalesce, absent, lit("x"))},
			{"e", call(Lower, absent)},
			{"f", call(In, ref("srcport"), absent, lit(int64(1)))},
		}}, &Filter{absent}, &Sort{[]SortKey{{absent, false}}}), []Column{
			{"a", Bool, ""}, {"b", Bool, ""}, {"c", Int, ""}, {"d", Text, ""}, {"e", Text, ""}, {"f", Bool, ""},
		}},
		{"aggregate", vpc(&Aggregate{
			By: []Named{{"who", ref("srcaddr")}},
			Aggs: []Agg{
				{"n", CountRows, nil, nil},
				{"c", Count, ref("weir_unknown"), nil},
				{"d", CountDistinct, ref("dstaddr"), nil},
				{"s", Sum, ref("bytes"), nil},
				{"f", Sum, lit(1.5), nil},
				{"lo", Min, ref("weir_hour"), nil},
				{"hi", Max, ref("action"), nil},
				{"avg", Avg, ref("bytes"), nil},
			},
		}), []Column{
			{"who", Text, ""}, {"n", Int, ""}, {"c", Int, ""}, {"d", Int, ""}, {"s", Int, ""}, {"f", Float, ""}, {"lo", Time, ""}, {"hi", Text, ""}, {"avg", Float, ""},
		}},
		{
			"a stage sees what the one before gives",
			vpc(&Project{[]Named{{"x", ref("bytes")}}}, &Extend{[]Named{{"bytes", call(Mul, ref("x"), lit(int64(8)))}}}, &Sort{[]SortKey{{ref("bytes"), true}}}, &Limit{0}),
			[]Column{{"x", Int, ""}, {"bytes", Int, ""}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.plan.Check()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func vpc(stages ...Stage) Plan { return Plan{Kind: flowlog.KindVPC, Stages: stages} }

func TestCheckRefuses(t *testing.T) {
	one, x := lit(int64(1)), lit("x")
	where := func(e Expr) Plan { return vpc(&Filter{e}) }
	deep := lit(true)
	for range 300 {
		deep = call(Not, deep)
	}
	for _, tt := range []struct {
		name string
		plan Plan
		want string // the message
	}{
		{"no kind", Plan{}, "query refused: no table of kind 0"},
		{"interfaces of transit gateways", Plan{Kind: flowlog.KindTGW, Scope: Scope{Interfaces: []string{"eni-1"}}}, "query refused: scope: transit gateway flow logs have no interface_id"},
		{"no column", where(call(Eq, ref("dst_port"), one)), "query refused: stage 1 (filter): dst_port: no such column"},
		{"column of the other table", where(call(IsAbsent, ref("tgw_id"))), "query refused: stage 1 (filter): tgw_id: no such column"},
		{"extend does not see its own", vpc(&Extend{[]Named{{"a", ref("bytes")}, {"b", ref("a")}}}), "query refused: stage 1 (extend): column b: a: no such column"},
		{"project drops", vpc(&Project{[]Named{{"a", ref("bytes")}}}, &Sort{[]SortKey{{ref("bytes"), false}}}), "query refused: stage 2 (sort): bytes: no such column"},
		{"no boolean", where(ref("bytes")), "query refused: stage 1 (filter): bytes: is integer, not boolean"},
		{"types differ", where(call(Eq, ref("srcport"), x)), "query refused: stage 1 (filter): =(srcport, 'x'): argument 2 is text, but those before are integer"},
		{"text against time", where(call(Lt, ref("weir_hour"), x)), "query refused: stage 1 (filter): <(weir_hour, 'x'): argument 2 is text, but those before are time"},
		{"maps are not compared", where(call(Eq, ref("weir_unknown"), ref("weir_unknown"))), "query refused: stage 1 (filter): =(weir_unknown, weir_unknown): argument 1 is map, not boolean or integer or number or text or time"},
		{"argument type", where(call(Contains, ref("srcport"), x)), "query refused: stage 1 (filter): contains(srcport, 'x'): argument 1 is integer, not text"},
		{"no function", where(call("sqrt", one)), `query refused: stage 1 (filter): sqrt(1): no function "sqrt"`},
		{"too few", where(call(And, lit(true))), "query refused: stage 1 (filter): and(true): takes 2 or more arguments, not 1"},
		{"too many", where(call(Not, lit(true), lit(true))), "query refused: stage 1 (filter): not(true, true): takes 1 argument, not 2"},
		{"empty list", where(call(In, one)), "query refused: stage 1 (filter): in(1): takes 2 or more arguments, not 1"},
		{"list of columns", where(call(In, one, ref("bytes"))), "query refused: stage 1 (filter): in(1, bytes): argument 2 must be a constant"},
		{"CIDR", where(call(IPIn, ref("srcaddr"), lit("10.0.0.0/33"))), `query refused: stage 1 (filter): ip_in(srcaddr, '10.0.0.0/33'): "10.0.0.0/33" is no CIDR, such as 10.0.0.0/8 or 2001:db8::/32`},
		{"CIDR not constant", where(call(IPIn, ref("srcaddr"), ref("dstaddr"))), "query refused: stage 1 (filter): ip_in(srcaddr, dstaddr): argument 2 must be a constant"},
		{"CIDR absent", where(call(IPIn, ref("srcaddr"), lit(nil))), "query refused: stage 1 (filter): ip_in(srcaddr, absent): the constant must not be absent"},
		{"regexp", where(call(Matches, ref("srcaddr"), lit("(a"))), "query refused: stage 1 (filter): matches(srcaddr, '(a'): error parsing regexp: missing closing ): `(a`"},
		{"regexp beyond RE2", where(call(Matches, ref("srcaddr"), lit("(?=a)"))), "query refused: stage 1 (filter): matches(srcaddr, '(?=a)'): error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
		{"bin width", where(call(Eq, one, call(Bin, ref("start"), lit(int64(0))))), "query refused: stage 1 (filter): bin(start, 0): width 0 is not above 0"},
		{"bin of number", where(call(Eq, one, call(Bin, lit(1.5), one))), "query refused: stage 1 (filter): bin(1.5, 1): argument 1 is number, not integer"},
		{"constant of another type", where(call(Eq, one, lit(7))), "query refused: stage 1 (filter): 7: int is no constant"},
		{"infinity", where(call(Eq, one, lit(math.Inf(1)))), "query refused: stage 1 (filter): +Inf: number out of range"},
		{"nanoseconds", where(call(Lt, ref("weir_hour"), lit(time.Unix(0, 1)))), "query refused: stage 1 (filter): 1970-01-01T00:00:00.000000001Z: times are whole microseconds of the years 1 to 9999"},
		{"text not UTF-8", where(call(Eq, ref("action"), lit("\xff"))), "query refused: stage 1 (filter): '\xff': text is not UTF-8"},
		{"NUL", where(call(Eq, ref("action"), lit("a\x00"))), "query refused: stage 1 (filter): 'a\x00': text has a NUL character in it"},
		{"NUL in the scope", Plan{Kind: flowlog.KindVPC, Scope: Scope{Regions: []string{"a\x00"}}}, `query refused: scope: "a\x00": text has a NUL character in it`},
		{"far future", Plan{Kind: flowlog.KindVPC, Scope: Scope{To: time.Unix(math.MaxInt64, 0)}}, "query refused: scope: times are of the years 1 to 9999"},
		{"far past", Plan{Kind: flowlog.KindVPC, Scope: Scope{From: time.Unix(-1<<60, 0)}}, "query refused: scope: times are of the years 1 to 9999"},
		{"deep", where(deep), "query refused: stage 1 (filter): the expression nests deeper than 250"},
		{"no expression", where(nil), "query refused: stage 1 (filter): no expression"},
		{"no stage", vpc(nil), "query refused: stage 1 (unknown): <nil> is no stage"},
		{"absent without type", vpc(&Extend{[]Named{{"a", call(Coalesce, lit(nil))}}}), "query refused: stage 1 (extend): column a: coalesce(absent): absent has no type here"},
		{"limit", vpc(&Limit{5}, &Limit{-1}), "query refused: stage 2 (limit): -1 rows"},
		{"no columns", vpc(&Project{}), "query refused: stage 1 (project): no columns"},
		{"nothing added", vpc(&Extend{}), "query refused: stage 1 (extend): no columns"},
		{"no groups", vpc(&Aggregate{}), "query refused: stage 1 (aggregate): no columns"},
		{"no keys", vpc(&Sort{}), "query refused: stage 1 (sort): no keys"},
		{"sort by map", vpc(&Sort{[]SortKey{{ref("weir_unknown"), false}}}), "query refused: stage 1 (sort): weir_unknown: is map, not boolean or integer or number or text or time"},
		{"group by map", vpc(&Aggregate{By: []Named{{"m", ref("weir_unknown")}}}), "query refused: stage 1 (aggregate): column m: weir_unknown: is map, not boolean or integer or number or text or time"},
		{"sum of text", vpc(&Aggregate{Aggs: []Agg{{"s", Sum, ref("srcaddr"), nil}}}), "query refused: stage 1 (aggregate): column s: srcaddr: sum takes integer or number, not text"},
		{"sum of nothing", vpc(&Aggregate{Aggs: []Agg{{"s", Sum, nil, nil}}}), "query refused: stage 1 (aggregate): column s: sum takes an argument"},
		{"count of rows of something", vpc(&Aggregate{Aggs: []Agg{{"s", CountRows, one, nil}}}), "query refused: stage 1 (aggregate): column s: count_rows takes no argument"},
		{"no aggregate", vpc(&Aggregate{Aggs: []Agg{{"s", "median", one, nil}}}), `query refused: stage 1 (aggregate): column s: no aggregate "median"`},
		{"condition that is no truth value", vpc(&Aggregate{Aggs: []Agg{{"s", CountRows, nil, one}}}), "query refused: stage 1 (aggregate): column s: 1: is integer, not boolean"},
		{"name twice", vpc(&Extend{[]Named{{"Bytes", one}}}), `query refused: stage 1 (extend): two columns are named "Bytes"`},
		{"name twice in groups", vpc(&Aggregate{By: []Named{{"n", one}}, Aggs: []Agg{{"n", CountRows, nil, nil}}}), "query refused: stage 1 (aggregate): two columns are named n"},
		{"no name", vpc(&Project{[]Named{{"", one}}}), `query refused: stage 1 (project): "" is no column name`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			columns, err := tt.plan.Check()
			if err == nil {
				t.Fatalf("passed, with columns %v", columns)
			}
			if !errors.Is(err, ErrRefused) {
				t.Errorf("%v is not ErrRefused", err)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCheckCutsLongExpressions keeps messages readable.
func TestCheckCutsLongExpressions(t *testing.T) {
	args := []Expr{ref("srcport")}
	for range 5000 {
		args = append(args, lit("é"))
	}
	_, err := vpc(&Filter{&Call{In, args}}).Check()
	if err == nil || len(err.Error()) > 400 || !strings.Contains(err.Error(), "...") {
		t.Errorf("got %v", err)
	}
}

func TestReads(t *testing.T) {
	hour := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	var all []string
	for _, c := range TableColumns(flowlog.KindVPC) {
		all = append(all, c.Name)
	}
	for _, tt := range []struct {
		name string
		plan Plan
		want []string
	}{
		{"everything", vpc(), all},
		{"count", vpc(&Aggregate{Aggs: []Agg{{"n", CountRows, nil, nil}}}), nil},
		{"in the table's order", vpc(&Filter{call(Eq, ref("action"), lit("REJECT"))}, &Project{[]Named{{"x", ref("srcaddr")}}}), []string{"srcaddr", "action"}},
		{"dropped", vpc(&Extend{[]Named{{"x", ref("bytes")}, {"y", ref("packets")}}}, &Project{[]Named{{"z", ref("y")}}}), []string{"packets"}},
		{"sort and filter", vpc(&Sort{[]SortKey{{ref("end"), true}}}, &Limit{3}, &Project{[]Named{{"z", lit(true)}}}), []string{"end"}},
		{"conditions", vpc(&Aggregate{Aggs: []Agg{{"n", CountRows, nil, call(Eq, ref("action"), lit("ACCEPT"))}}}), []string{"action"}},
		{"groups", vpc(&Aggregate{By: []Named{{"a", ref("srcaddr")}}, Aggs: []Agg{{"s", Sum, ref("bytes"), nil}, {"p", Sum, ref("packets"), nil}}}, &Project{[]Named{{"s", ref("s")}}}), []string{"srcaddr", "bytes"}},
		{"scope", Plan{
			Kind:   flowlog.KindVPC,
			Scope:  Scope{From: hour, Accounts: []string{"1"}, Regions: []string{"r"}, Interfaces: []string{"eni-1"}, FlowLogs: []string{"fl-1"}},
			Stages: []Stage{&Aggregate{Aggs: []Agg{{"n", CountRows, nil, nil}}}},
		}, []string{"account_id", "interface_id", "start", "weir_hour", "weir_flow_log_id", "weir_region"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.plan.Reads()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
