package value

import (
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show writes a value so that its kind can be seen: absent, "text", 1, true, t'...', JSON.
func show(v Value) string {
	switch v.Kind() {
	case AbsentKind:
		return "absent"
	case BoolKind:
		if v.True() {
			return "true"
		}
		return "false"
	case TextKind:
		return `"` + v.String() + `"`
	case TimeKind:
		return "t'" + v.String() + "'"
	}
	return v.String()
}

func TestNumbersOfTexts(t *testing.T) {
	for s, want := range map[string]string{
		"0": "0", "-0": "0", "007": "7", "+5": "5", "-1.50": "-1.5", "1e3": "1000", "1E-2": "0.01", "12.0e+1": "120",
		"": "none", "-": "none", " 1": "none", "1 ": "none", ".5": "none", "5.": "none", "0x1f": "none", "1e": "none", "1e+": "none",
		"inf": "none", "NaN": "none", "1e999": "none", "1,000": "none", "１": "none", "1_000": "none", "--1": "none", "1.2.3": "none",
	} {
		got := "none"
		if f, ok := ParseNumber(s); ok {
			got = FormatNumber(f)
		}
		if got != want {
			t.Errorf("%q is the number %s, want %s", s, got, want)
		}
	}
}

func TestTextOfNumbers(t *testing.T) {
	for f, want := range map[float64]string{
		1048576: "1048576", 0.5: "0.5", 1e21: "1000000000000000000000", -1e-7: "-0.0000001", 12345678.9: "12345678.9",
		math.Copysign(0, -1): "0", 1 << 53: "9007199254740992",
	} {
		if got := FormatNumber(f); got != want {
			t.Errorf("%v is written %s, want %s", f, got, want)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if !Number(f).IsAbsent() {
			t.Errorf("%v is a value", f)
		}
	}
}

func TestNumberPattern(t *testing.T) {
	re := regexp.MustCompile(`^(` + NumberPattern + `)$`)
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		b := make([]byte, r.IntN(7))
		for i := range b {
			b[i] = "019+-.eE x"[r.IntN(10)]
		}
		if s := string(b); isNumber(s) != re.MatchString(s) {
			t.Fatalf("%q: isNumber says %v, the pattern %v", s, isNumber(s), re.MatchString(s))
		}
	}
}

func TestKinds(t *testing.T) {
	m, _ := ParseJSON(`{"a":{"b":[1.50,"x",null,true]},"a.c":2}`)
	tests := []struct {
		v            Value
		text, number string
		condition    bool
	}{
		{Absent, "none", "none", false},
		{Bool(true), "1", "1", true},
		{Bool(false), "0", "0", false},
		{Number(2.5), "2.5", "2.5", true},
		{Number(0), "0", "0", false},
		{Text("true"), "true", "none", true},
		{Text("TRUE"), "TRUE", "none", true},
		{Text("yes"), "yes", "none", false},
		{Text("0"), "0", "0", false},
		{Text("01"), "01", "1", true},
		{Text(""), "", "none", false},
		{Time(1769903999123), "2026-01-31 23:59:59.123", "1769903999123", true},
		{Time(-1), "1969-12-31 23:59:59.999", "-1", true},
		{m, "none", "none", false},
		{m.Get("a").Get("b"), "none", "none", false},
		{m.Get("a").Get("b").Index(0), "1.50", "1.5", true},
		{m.Get("a").Get("b").Index(2), "none", "none", false},
		{m.Step("a").Step("b").Step("3"), "1", "1", true},
		{m.Step("a").Step("b").Step("4"), "none", "none", false},
		{m.Step("a").Step("b").Step("x"), "none", "none", false},
		{m.Step("a.c"), "2", "2", true},
	}
	for _, test := range tests {
		text, number := "none", "none"
		if s, ok := test.v.Text(); ok {
			text = s
		}
		if f, ok := test.v.Number(); ok {
			number = FormatNumber(f)
		}
		if text != test.text || number != test.number || test.v.True() != test.condition {
			t.Errorf("%s: text %s, number %s, true %v; want %s, %s, %v", show(test.v), text, number, test.v.True(), test.text, test.number, test.condition)
		}
	}
	if got, want := m.String(), `{"a":{"b":[1.50,"x",null,true]},"a.c":2}`; got != want {
		t.Errorf("shown as %s, want %s", got, want)
	}
}

func TestCompare(t *testing.T) {
	list := List([]Value{Text("a")})
	day := Time(1769903999123)
	tests := []struct {
		x    Value
		op   string
		y    Value
		want string
	}{
		{Text("22"), "=", Number(22), "true"},
		{Text("22.0"), "=", Text("22"), "true"}, // both are numbers
		{Text("6"), "==", Text("6"), "true"},
		{Text("-"), "=", Text("-"), "true"},
		{Text("-"), ">", Number(5), "false"},
		{Text("-"), "<=", Number(5), "false"},
		{Text("-"), "!=", Number(5), "true"},
		{Text("9"), "<", Text("10"), "true"},
		{Text("a9"), "<", Text("a10"), "false"}, // by code point
		{Text("é"), ">", Text("z"), "true"},
		{Text("A"), "=", Text("a"), "false"},
		{Bool(true), "=", Text("TRUE"), "true"},
		{Text("false"), "=", Bool(false), "true"},
		{Bool(true), "=", Number(1), "true"},
		{Bool(true), "=", Text("1"), "true"},
		{Bool(true), "=", Text("yes"), "false"},
		{Bool(false), "!=", Text("true"), "true"},
		{Bool(true), "<", Text("true"), "false"},
		{day, "=", Text("2026-01-31 23:59:59.123"), "true"},
		{day, ">=", Text("2026-01-31"), "true"},
		{day, ">", Number(1769903999122), "true"},
		{day, "=", Text("1769903999123"), "true"},
		{Absent, "=", Text("a"), "absent"},
		{Text("a"), "!=", Absent, "absent"},
		{Absent, "=", list, "absent"},
		{list, "=", list, "false"},
		{list, "!=", Text("a"), "false"},
		{Text("a"), "<", list, "false"},
	}
	for _, test := range tests {
		if got := show(Compare(test.op, test.x, test.y)); got != test.want {
			t.Errorf("%s %s %s is %s, want %s", show(test.x), test.op, show(test.y), got, test.want)
		}
	}
}

func TestLogic(t *testing.T) {
	T, F, N := Bool(true), Bool(false), Absent
	for _, test := range []struct {
		name      string
		got, want Value
	}{
		{"T and N", And(T, N), N},
		{"F and N", And(F, N), F},
		{"N and F", And(N, F), F},
		{"T and T", And(T, Text("true")), T},
		{"T or N", Or(T, N), T},
		{"N or T", Or(N, T), T},
		{"F or N", Or(F, N), N},
		{"F or F", Or(F, Number(0)), F},
		{"not N", Not(N), N},
		{"not T", Not(Number(3)), F},
		{"not F", Not(Text("no")), T},
		{"in", In(Text("22"), []Value{Number(21), Number(22)}), T},
		{"in with absent", In(Text("22"), []Value{N, Number(22)}), T},
		{"in, none", In(Text("22"), []Value{N, Number(21)}), N},
		{"in, empty", In(Text("22"), nil), F},
		{"absent in", In(N, []Value{Number(1)}), N},
		{"like", Like(Number(2045), "04"), T},
		{"like, case", Like(Text("Error"), "error"), F},
		{"like absent", Like(N, ""), N},
		{"like list", Like(List(nil), ""), F},
		{"like no wildcard", Like(Text("ab"), "a*"), F},
		{"regex", LikeRegex(Text("204"), regexp.MustCompile(`^2\d\d$`)), T},
	} {
		if show(test.got) != show(test.want) {
			t.Errorf("%s is %s, want %s", test.name, show(test.got), show(test.want))
		}
	}
}

func TestArithmetic(t *testing.T) {
	for _, test := range []struct {
		x    Value
		op   string
		y    Value
		want string
	}{
		{Number(2), "^", Number(3), "8"},
		{Number(10), "%", Number(3), "1"},
		{Number(-10), "%", Number(3), "-1"},
		{Text("1"), "+", Text("2.5"), "3.5"},
		{Number(1), "/", Number(4), "0.25"},
		{Number(1), "/", Number(0), "absent"},
		{Number(0), "/", Number(0), "absent"},
		{Number(1), "%", Number(0), "absent"},
		{Number(1e308), "*", Number(10), "absent"},
		{Text("-"), "+", Number(1), "absent"},
		{Absent, "+", Number(1), "absent"},
		{List(nil), "+", Number(1), "absent"},
		{Time(1500), "-", Time(500), "1000"},
		{Bool(true), "+", Bool(true), "2"},
		{Number(0), "*", Number(-1), "0"},
	} {
		if got := show(Arithmetic(test.op, test.x, test.y)); got != test.want {
			t.Errorf("%s %s %s is %s, want %s", show(test.x), test.op, show(test.y), got, test.want)
		}
	}
	if got := show(Negate(Text("5"))); got != "-5" {
		t.Errorf("-5 is %s", got)
	}
	if got := show(Negate(Text("x"))); got != "absent" {
		t.Errorf("-x is %s", got)
	}
}

// The values are those of AWS's page of sort, in the order that it gives.
func TestNaturalOrder(t *testing.T) {
	want := strings.Fields("! # *%04 0# 5A 111A 2345_ @ @_ A A9876fghj a12345hfh 0 01 1 2 3")
	var values []Value
	for _, s := range want {
		values = append(values, Text(s))
	}
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	slices.SortStableFunc(values, func(x, y Value) int {
		if c := Order(x, y); c != 0 {
			return c
		}
		return strings.Compare(x.String(), y.String())
	})
	var got []string
	for _, v := range values {
		got = append(got, v.String())
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func randomValue(r *rand.Rand) Value {
	switch r.IntN(8) {
	case 0:
		return Absent
	case 1:
		return Number(float64(r.IntN(7) - 3))
	case 2:
		return Number(r.NormFloat64() * math.Pow(10, float64(r.IntN(40)-20)))
	case 3:
		return Time(int64(r.IntN(5)) - 2)
	case 4:
		return Bool(r.IntN(2) == 0)
	case 5:
		return List(nil)
	}
	const letters = "0019ab!é\x00\x01\x02~. -"
	runes := []rune(letters)
	var b strings.Builder
	for range r.IntN(8) {
		b.WriteRune(runes[r.IntN(len(runes))])
	}
	return Text(b.String())
}

func sign(n int) int { return threeWayInt(n, 0) }

func threeWayInt(a, b int) int { return threeWay(float64(a), float64(b)) }

func TestSortKeysAreInTheNaturalOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 100000 {
		x, y, z := randomValue(r), randomValue(r), randomValue(r)
		kx, ky := SortKey(x), SortKey(y)
		want := sign(Order(x, y))
		if kx == "" || ky == "" {
			want = -sign(Order(x, y)) // what comes last has the least key
		}
		if got := strings.Compare(kx, ky); got != want {
			t.Fatalf("keys of %q and %q compare %d, the values %d", x.String(), y.String(), got, want)
		}
		if sign(Order(x, y)) != -sign(Order(y, x)) {
			t.Fatalf("%q and %q both come first", x.String(), y.String())
		}
		if Order(x, y) <= 0 && Order(y, z) <= 0 && Order(x, z) > 0 {
			t.Fatalf("no order of %q, %q, %q", x.String(), y.String(), z.String())
		}
		if strings.Contains(kx, "\x00") {
			t.Fatalf("the key of %q has a NUL", x.String())
		}
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1.50,{"b":null}],"a":true}`, `[1 2]`, `{"a":1,}`, "null", "1e999", `"\ud800"`, "[", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := ParseJSON(s)
		if !ok {
			return
		}
		again, ok := ParseJSON(string(appendJSON(nil, v)))
		if !ok || again.String() != v.String() {
			t.Errorf("%q is read as %q and that as %q", s, v.String(), again.String())
		}
	})
}
