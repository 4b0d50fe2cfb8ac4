package types_test

import (
	"errors"
	"math"
	"math/big"
	"testing"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

func name(s string, params ...int) athenasql.TypeName {
	return athenasql.TypeName{Name: s, Params: params}
}

func of(s string, elems ...athenasql.TypeName) athenasql.TypeName {
	return athenasql.TypeName{Name: s, Elems: elems}
}

func TestFromName(t *testing.T) {
	row := of("struct", name("int"), name("string"))
	row.Fields = []athenasql.Name{{Text: "a"}, {Text: "Odd name"}}
	for _, test := range []struct {
		name              athenasql.TypeName
		trino, hive, duck string
	}{
		{name("int"), "integer", "int", "INTEGER"},
		{name("string"), "varchar", "string", "VARCHAR"},
		{name("double precision"), "double", "double", "DOUBLE"},
		{name("float"), "real", "float", "FLOAT"},
		{name("decimal", 10, 2), "decimal(10,2)", "decimal(10,2)", "DECIMAL(10,2)"},
		{name("decimal"), "decimal(38,0)", "decimal(38,0)", "DECIMAL(38,0)"},
		{name("varchar", 5), "varchar(5)", "varchar(5)", "VARCHAR"},
		{name("char"), "char(1)", "char(1)", "VARCHAR"},
		{name("binary"), "varbinary", "binary", "BLOB"},
		{name("timestamp"), "timestamp(3)", "timestamp", "TIMESTAMP"},
		{name("timestamp with time zone", 6), "timestamp(6) with time zone", "timestamp(6) with time zone", "TIMESTAMPTZ"},
		{of("array", name("int")), "array(integer)", "array<int>", "INTEGER[]"},
		{of("map", name("varchar"), of("array", name("bigint"))), "map(varchar, array(bigint))", "map<string,array<bigint>>", "MAP(VARCHAR, BIGINT[])"},
		{row, `row(a integer, "Odd name" varchar)`, "struct<a:int,Odd name:string>", `STRUCT("a" INTEGER, "Odd name" VARCHAR)`},
		{name("ipaddress"), "ipaddress", "ipaddress", "VARCHAR"},
	} {
		got, err := types.FromName(test.name)
		if err != nil {
			t.Errorf("%s: %v", test.trino, err)
			continue
		}
		if got.String() != test.trino || got.Hive() != test.hive || got.SQL() != test.duck {
			t.Errorf("%s: got %s, %s, %s", test.trino, got, got.Hive(), got.SQL())
		}
	}
}

func TestFromNameRefuses(t *testing.T) {
	for code, refused := range map[string][]athenasql.TypeName{
		athenasql.CodeTypeNotFound: {
			name("text"), name("int", 3), name("decimal", 39), name("decimal", 3, 4), name("varchar", 0), of("array"), of("map", name("int")), name("row"),
			of("array", name("nothing")), name("timestamp", 13),
		},
		athenasql.CodeNotSupported: {name("timestamp", 9), name("time with time zone"), name("hyperloglog")},
	} {
		for _, n := range refused {
			_, err := types.FromName(n)
			var placed *athenasql.Error
			if !errors.As(err, &placed) || placed.Code != code {
				t.Errorf("%s%v: %v, want %s", n.Name, n.Params, err, code)
			}
		}
	}
}

var (
	varchar = types.Type{Kind: types.Varchar}
	integer = types.Type{Kind: types.Integer}
	bigint  = types.Type{Kind: types.BigInt}
	double  = types.Type{Kind: types.Double}
	utc     = types.Type{Kind: types.TimestampTZ, Precision: 3, Zone: "UTC"}
)

func dec(p, s int) types.Type { return types.Type{Kind: types.Decimal, Precision: p, Scale: s} }

func TestCommon(t *testing.T) {
	for _, test := range []struct {
		a, b types.Type
		want string
	}{
		{types.Type{}, integer, "integer"},
		{integer, bigint, "bigint"},
		{bigint, dec(4, 2), "decimal(21,2)"},
		{dec(38, 0), dec(10, 5), "decimal(38,5)"},
		{bigint, types.Type{Kind: types.Real}, "real"},
		{dec(4, 2), types.Type{Kind: types.Real}, "real"},
		{dec(4, 2), double, "double"},
		{types.Type{Kind: types.Varchar, Length: 3}, types.Type{Kind: types.Varchar, Length: 5}, "varchar(5)"},
		{types.Type{Kind: types.Varchar, Length: 3}, varchar, "varchar"},
		{types.Type{Kind: types.Varchar, Length: 3}, types.Type{Kind: types.Char, Length: 5}, "char(5)"},
		{types.Type{Kind: types.Date}, types.Type{Kind: types.Timestamp, Precision: 3}, "timestamp(3)"},
		{types.Type{Kind: types.Timestamp, Precision: 6}, utc, "timestamp(6) with time zone"},
		{types.ArrayOf(integer), types.ArrayOf(double), "array(double)"},
		{types.MapOf(varchar, integer), types.MapOf(varchar, bigint), "map(varchar, bigint)"},
		{types.RowOf([]string{"a", "b"}, integer, integer), types.RowOf([]string{"a", "c"}, bigint, types.Type{}), "row(a bigint, integer)"},
		{varchar, integer, "none"},
		{varchar, types.Type{Kind: types.Date}, "none"},
		{varchar, types.Type{Kind: types.IPAddress}, "none"},
		{types.ArrayOf(integer), types.ArrayOf(varchar), "none"},
		{types.Type{Kind: types.Boolean}, integer, "none"},
	} {
		for range 2 {
			got, ok := types.Common(test.a, test.b)
			if s := got.String(); ok && s != test.want || !ok && test.want != "none" {
				t.Errorf("%s, %s: %s %v, want %s", test.a, test.b, s, ok, test.want)
			}
			test.a, test.b = test.b, test.a
		}
	}
}

func TestCoerces(t *testing.T) {
	if !types.Coerces(integer, bigint) || types.Coerces(bigint, integer) || !types.Coerces(types.Type{}, varchar) || types.Coerces(varchar, types.Type{Kind: types.Varchar, Length: 2}) {
		t.Error("integer to bigint, unknown to varchar, and neither bigint to integer nor varchar to varchar(2)")
	}
	tokyo := utc
	tokyo.Zone = "Asia/Tokyo"
	if !types.Coerces(tokyo, utc) {
		t.Error("zones are not looked at")
	}
	if both, ok := types.Common(tokyo, utc); !ok || !both.Zoneless() || utc.Zoneless() {
		t.Errorf("two zones: %+v %v", both, ok)
	}
}

// decimal and orderedMap have the form of the driver's types.
type decimal struct {
	Width, Scale uint8
	Value        *big.Int
}

type orderedMap struct{ keys, values []any }

func (m *orderedMap) Keys() []any   { return m.keys }
func (m *orderedMap) Values() []any { return m.values }

func TestText(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 123456000, time.UTC)
	stamp := types.Type{Kind: types.Timestamp, Precision: 3}
	tokyo := types.Type{Kind: types.TimestampTZ, Precision: 3, Zone: "Asia/Tokyo"}
	offset := types.Type{Kind: types.TimestampTZ, Precision: 0, Zone: "+05:30"}
	for _, test := range []struct {
		v    any
		t    types.Type
		want string
	}{
		{true, types.Type{Kind: types.Boolean}, "true"},
		{int32(-7), integer, "-7"},
		{1e7, double, "1.0E7"},
		{9999999.0, double, "9999999.0"},
		{0.001, double, "0.001"},
		{0.00012, double, "1.2E-4"},
		{math.Inf(-1), double, "-Infinity"},
		{math.NaN(), double, "NaN"},
		{math.Copysign(0, -1), double, "-0.0"},
		{float32(0.1), types.Type{Kind: types.Real}, "0.1"},
		{decimal{4, 2, big.NewInt(-5)}, dec(4, 2), "-0.05"},
		{decimal{4, 0, big.NewInt(50)}, dec(4, 0), "50"},
		{at, stamp, "2026-01-31 12:00:00.123"},
		{at, types.Type{Kind: types.Date}, "2026-01-31"},
		{at, types.Type{Kind: types.Time, Precision: 6}, "12:00:00.123456"},
		{at, utc, "2026-01-31 12:00:00.123 UTC"},
		{at, tokyo, "2026-01-31 21:00:00.123 Asia/Tokyo"},
		{at, offset, "2026-01-31 17:30:00 +05:30"},
		{"00000000000000000000ffff0a000001", types.Type{Kind: types.IPAddress}, "10.0.0.1"},
		{"20010db8000000000000000000000001", types.Type{Kind: types.IPAddress}, "2001:db8::1"},
		{[]byte("hi"), types.Type{Kind: types.Varbinary}, "68 69"},
		{"ab", types.Type{Kind: types.Char, Length: 4}, "ab  "},
		{[]any{int32(1), nil}, types.ArrayOf(integer), "[1, null]"},
		{map[string]any{"a": int32(1), "field1": "x"}, types.RowOf([]string{"a", ""}, integer, varchar), "{a=1, field1=x}"},
		{orderedMap{[]any{"k"}, []any{[]any{2.0}}}, types.MapOf(varchar, types.ArrayOf(double)), "{k=[2.0]}"},
		{int64(2*86400000 + 3*3600000 + 4), types.Type{Kind: types.IntervalDay}, "2 03:00:00.004"},
		{int64(-1), types.Type{Kind: types.IntervalDay}, "-0 00:00:00.001"},
		{int32(-14), types.Type{Kind: types.IntervalYear}, "-1-2"},
	} {
		got, ok := types.Text(test.v, test.t)
		if !ok || got != test.want {
			t.Errorf("%v as %s: got %q, want %q", test.v, test.t, got, test.want)
		}
	}
	if s, ok := types.Text(nil, varchar); ok {
		t.Errorf("NULL is %q", s)
	}
}
