package query

import (
	"errors"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// beyond is an integer that needs more than 64 bits.
var beyond = new(big.Int).Lsh(big.NewInt(1), 64)

// testColumns are the columns of the rows that expressions are computed on here.
var testColumns = []Column{
	{Name: "i", Type: Int},
	{Name: "f", Type: Float},
	{Name: "s", Type: Text},
	{Name: "b", Type: Bool},
	{Name: "t", Type: Time},
	{Name: "m", Type: TextMap},
	{Name: "none", Type: Int},
	{Name: "nobool", Type: Bool},
	{Name: "notext", Type: Text},
	{Name: "big", Type: Int},
	{Name: "min", Type: Int},
	{Name: "max", Type: Int},
}

var testRow = []any{
	int64(7), 2.5, "Ab é", true, time.Unix(-1, 500_000_000).UTC(),
	map[string]string{"x-y": "1", "empty": ""},
	nil, nil, nil, beyond, int64(math.MinInt64), int64(math.MaxInt64),
}

func evalOn(t *testing.T, e Expr) (any, error) {
	t.Helper()
	eval, _, err := Compile(e, testColumns)
	if err != nil {
		t.Fatalf("%s: %v", e, err)
	}
	return eval(func(i int) any { return testRow[i] })
}

func TestEval(t *testing.T) {
	i, f, s, none := ref("i"), ref("f"), ref("s"), ref("none")
	n := func(v int64) Expr { return lit(v) }
	for _, tt := range []struct {
		expr Expr
		want any
	}{
		{call(Eq, i, n(7)), true},
		{call(Eq, i, lit(7.0)), true},
		{call(Lt, f, i), true},
		{call(Ge, f, lit(2.5)), true},
		{call(Ne, s, lit("x")), true},
		{call(Lt, lit("Z"), lit("a")), true},
		{call(Lt, lit("z"), lit("é")), true},
		{call(Gt, ref("b"), lit(false)), true},
		{call(Eq, ref("t"), lit(time.Unix(-1, 500_000_000).In(time.FixedZone("", 3600)))), true},
		{call(Eq, none, n(7)), nil},
		{call(Ne, none, none), nil},
		{call(Gt, ref("big"), ref("max")), true},
		{call(Lt, ref("max"), ref("big")), true},
		{call(Eq, ref("big"), ref("big")), true},
		{call(Eq, ref("max"), lit(9.223372036854775807e18)), true}, // made a number first

		{call(IsAbsent, none), true},
		{call(IsAbsent, i), false},
		{call(IsAbsent, call(Eq, none, n(7))), true},
		{call(In, i, n(1), n(7)), true},
		{call(In, i, n(1), n(2)), false},
		{call(In, i, n(1), lit(nil)), nil},
		{call(In, i, n(7), lit(nil)), true},
		{call(In, none, n(7)), nil},
		{call(In, i, n(1), lit(7.0)), true},
		{call(In, ref("big"), n(1)), false},
		{call(In, ref("t"), lit(time.Unix(-1, 500_000_000))), true},
		{call(Coalesce, none, i, n(1)), int64(7)},
		{call(Coalesce, none, i, lit(1.5)), 7.0},
		{call(Coalesce, none, lit(nil)), nil},

		{call(Contains, s, lit("b é")), true},
		{call(Contains, s, lit("ab")), false},
		{call(Contains, s, lit("")), true},
		{call(StartsWith, s, lit("Ab")), true},
		{call(StartsWith, s, s), true},
		{call(StartsWith, s, ref("notext")), nil},
		{call(Matches, s, lit("b.")), true},
		{call(Matches, s, lit("^b")), false},
		{call(Matches, s, lit("(?i)^aB É$")), true},
		{call(Matches, ref("notext"), lit(".")), nil},
		{call(Lower, s), "ab é"},
		{call(Lower, lit("ÄÉΣ")), "äéσ"},

		{call(IPIn, lit("10.1.2.3"), lit("10.0.0.0/8")), true},
		{call(IPIn, s, lit("10.0.0.0/8")), nil},
		{call(IPClass, lit("10.1.2.3")), "private"},
		{call(IPClass, s), nil},
		{call(IPPrefix, lit("10.1.2.3"), n(16)), "10.1.0.0/16"},
		{call(IPPrefix, lit("10.1.2.3"), ref("max")), nil},
		{call(IPPrefix, lit("10.1.2.3"), ref("big")), nil},
		{call(IPPrefix, lit("10.1.2.3"), none), nil},

		{call(Add, i, n(1)), int64(8)},
		{call(Sub, i, n(8)), int64(-1)},
		{call(Mul, i, n(-3)), int64(-21)},
		{call(Add, i, f), 9.5},
		{call(Sub, f, i), -4.5},
		{call(Mul, f, lit(2.0)), 5.0},
		{call(Mul, ref("min"), n(1)), int64(math.MinInt64)},
		{call(Mul, n(1<<31), n(-1<<32)), int64(math.MinInt64)},
		{call(Sub, n(-1), ref("max")), int64(math.MinInt64)},
		{call(Add, none, i), nil},
		{call(Div, i, n(2)), 3.5},
		{call(Div, i, n(0)), nil},
		{call(Div, f, lit(0.0)), nil},
		{call(Div, ref("big"), n(2)), 9223372036854775808.0},
		{call(Mod, i, n(4)), int64(3)},
		{call(Mod, n(-7), n(4)), int64(-3)},
		{call(Mod, n(7), n(-4)), int64(3)},
		{call(Mod, i, n(0)), nil},
		{call(Mod, ref("min"), n(-1)), int64(0)},
		{call(Bin, i, n(5)), int64(5)},
		{call(Bin, n(-1), n(300)), int64(-300)},
		{call(Bin, n(-300), n(300)), int64(-300)},
		{call(Bin, none, n(300)), nil},
		{call(Epoch, ref("t")), int64(-1)},
		{call(ToTime, n(1772445605)), time.Date(2026, 3, 2, 10, 0, 5, 0, time.UTC)},
		{call(ToTime, n(253402300799)), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
		{call(ToTime, n(-62135596800)), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},

		{call(MapGet, ref("m"), lit("x-y")), "1"},
		{call(MapGet, ref("m"), lit("empty")), ""},
		{call(MapGet, ref("m"), lit("X-Y")), nil},
		{call(MapGet, ref("m"), ref("notext")), nil},
	} {
		t.Run(tt.expr.String(), func(t *testing.T) {
			got, err := evalOn(t, tt.expr)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestLogic holds the whole truth tables of SQL's three-valued logic.
func TestLogic(t *testing.T) {
	values := []any{true, false, nil}
	exprs := []Expr{ref("b"), call(Not, ref("b")), ref("nobool")}
	tables := map[Func][3][3]any{
		And: {{true, false, nil}, {false, false, false}, {nil, false, nil}},
		Or:  {{true, true, true}, {true, false, nil}, {true, nil, nil}},
	}
	for f, table := range tables {
		for i := range values {
			for j := range values {
				got, err := evalOn(t, call(f, exprs[i], exprs[j]))
				if err != nil || got != table[i][j] {
					t.Errorf("%v %s %v = %v, %v, want %v", values[i], f, values[j], got, err, table[i][j])
				}
			}
		}
	}
	if got, err := evalOn(t, call(Not, ref("nobool"))); err != nil || got != nil {
		t.Errorf("not absent = %v, %v, want absent", got, err)
	}
	if got, err := evalOn(t, call(And, ref("b"), ref("nobool"), call(Not, ref("b")))); err != nil || got != false {
		t.Errorf("a false third argument gives %v, %v", got, err)
	}
}

func TestEvalOutOfRange(t *testing.T) {
	huge := lit(1e308)
	for _, e := range []Expr{
		call(Add, ref("max"), lit(int64(1))),
		call(Add, ref("min"), lit(int64(-1))),
		call(Sub, ref("min"), lit(int64(1))),
		call(Sub, lit(int64(0)), ref("min")),
		call(Mul, ref("max"), lit(int64(2))),
		call(Mul, ref("min"), lit(int64(-1))),
		call(Mul, lit(int64(1<<32)), lit(int64(1<<31))),
		call(Add, ref("big"), lit(int64(1))),
		call(Mod, lit(int64(1)), ref("big")),
		call(Bin, ref("big"), lit(int64(10))),
		call(Bin, ref("min"), lit(int64(10))),
		call(ToTime, ref("max")),
		call(ToTime, lit(int64(253402300800))),
		call(ToTime, lit(int64(-62135596801))),
		call(Mul, huge, lit(10.0)),
		call(Add, huge, huge),
		call(Div, huge, lit(0.1)),
		call(IsAbsent, call(Add, ref("max"), lit(int64(1)))),
		call(Coalesce, call(Add, ref("max"), lit(int64(1))), lit(int64(1))),
		call(Not, call(Eq, lit(int64(1)), call(Add, ref("max"), lit(int64(1))))),
		call(Or, call(Eq, lit(int64(1)), call(Add, ref("max"), lit(int64(1)))), lit(false)),
		call(Mul, lit(1.5), call(Add, ref("max"), lit(int64(1)))),
	} {
		if got, err := evalOn(t, e); err == nil {
			t.Errorf("%s = %v, want an error", e, got)
		} else if errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v is ErrRefused, but the query was right", e, err)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	if _, _, err := Compile(ref("nowhere"), testColumns); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
	if typ, err := TypeOf(lit(nil), testColumns); typ != 0 || err != nil {
		t.Errorf("type of absent: %v, %v", typ, err)
	}
	if typ, err := TypeOf(call(Div, ref("i"), ref("i")), testColumns); typ != Float || err != nil {
		t.Errorf("type of a quotient: %v, %v", typ, err)
	}
}

// TestFunctions checks that each entry of the table says how it is computed in
// exactly one way, and that no name stands twice.
func TestFunctions(t *testing.T) {
	seen := map[Func]bool{}
	for _, f := range functionTable {
		ways := 0
		for _, there := range []bool{f.one != nil, f.two != nil, f.bind != nil, f.fold != nil} {
			if there {
				ways++
			}
		}
		if ways != 1 || seen[f.name] {
			t.Errorf("%s: %d ways to compute it, seen before: %v", f.name, ways, seen[f.name])
		}
		seen[f.name] = true
		if f.bind != nil && !f.params[1].literal {
			t.Errorf("%s: the second argument must be a constant", f.name)
		}
	}
	if len(Functions()) != len(seen) || len(AggFuncs()) != 7 {
		t.Errorf("%d functions, %d aggregates", len(Functions()), len(AggFuncs()))
	}
}

func TestLiteralString(t *testing.T) {
	for want, v := range map[string]any{
		"absent": nil, "true": true, "-5": int64(-5), "0.5": 0.5, "2.0": 2.0, "1e+30": 1e30, "-0.0": math.Copysign(0, -1),
		"'it''s'": "it's", "2026-03-02T10:00:05Z": time.Date(2026, 3, 2, 11, 0, 5, 0, time.FixedZone("", 3600)),
	} {
		if got := lit(v).String(); got != want {
			t.Errorf("%#v prints %s, want %s", v, got, want)
		}
	}
}
