package function

import (
	"errors"
	"strings"
	"testing"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// arg is an argument of a type, whose SQL is "a".
func arg(k types.Kind) Arg { return Arg{Type: types.Type{Kind: k}, SQL: "a"} }

func text(s string) Arg {
	return Arg{Type: types.Type{Kind: types.Varchar, Length: max(1, len(s))}, SQL: quote(s), Text: &s}
}

func whole(n int64, sql string) Arg {
	return Arg{Type: types.Type{Kind: types.Integer}, SQL: sql, Int: &n}
}

func array(elem types.Kind) Arg {
	return Arg{Type: types.ArrayOf(types.Type{Kind: elem}), SQL: "l"}
}

func lambda(params int, body types.Kind) Arg {
	return Arg{Params: params, Lambda: func([]types.Type) (types.Type, string, error) {
		return types.Type{Kind: body}, "lambda x: x", nil
	}}
}

func TestBind(t *testing.T) {
	tests := []struct {
		name   string
		fn     string
		args   []Arg
		sql    string
		result string
	}{
		{"exact", "length", []Arg{text("abc")}, "length('abc')", "bigint"},
		{"of another type", "length", []Arg{arg(types.Varbinary)}, "octet_length(a)", "bigint"},
		{"null fits the first form", "length", []Arg{{SQL: "NULL"}}, "length(CAST(NULL AS VARCHAR))", "bigint"},
		{"a whole number is widened", "strpos", []Arg{text("a"), text("b"), whole(2, "2")}, "trino_strpos('a', 'b', CAST(2 AS BIGINT))", "bigint"},
		{"letters are bound", "reverse", []Arg{array(types.Integer)}, "list_reverse(l)", "array(integer)"},
		{
			"letters take the common type", "concat",
			[]Arg{array(types.Integer), arg(types.BigInt)},
			"CASE WHEN CAST(l AS BIGINT[]) IS NOT NULL THEN list_append(CAST(l AS BIGINT[]), a) END", "array(bigint)",
		},
		{"any number", "concat", []Arg{text("a"), text("b"), text("c"), text("d")}, "('a' || 'b' || 'c' || 'd')", "varchar"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, ok := Lookup(tt.fn)
			if !ok {
				t.Fatalf("no function %s", tt.fn)
			}
			sql, result, err := f.Bind(&Call{Name: tt.fn, Args: tt.args})
			if err != nil {
				t.Fatal(err)
			}
			if sql != tt.sql || result.String() != tt.result {
				t.Errorf("got  %s: %s\nwant %s: %s", sql, result, tt.sql, tt.result)
			}
		})
	}
}

func TestBindErrors(t *testing.T) {
	tests := []struct {
		name string
		fn   string
		args []Arg
		code string
		want string
	}{
		{"type", "chr", []Arg{text("abc")}, athenasql.CodeTypeMismatch, "Unexpected parameters (varchar(3)) for function chr. Expected: chr(bigint)"},
		{"number of arguments", "chr", nil, athenasql.CodeTypeMismatch, "Unexpected parameters () for function chr. Expected: chr(bigint)"},
		{"refused", "word_stem", []Arg{text("abc")}, athenasql.CodeNotSupported, "function word_stem is not supported"},
		{"a constant", "split_part", []Arg{text("abc"), text(","), whole(0, "0")}, athenasql.CodeInvalidArgument, "Index must be greater than zero"},
		{"a random value", "lower", []Arg{{Type: types.Type{Kind: types.Varchar}, SQL: "CAST(random() AS VARCHAR)"}}, athenasql.CodeNotSupported, "random value"},
		{"a lambda where none is taken", "lower", []Arg{lambda(1, types.Integer)}, athenasql.CodeTypeMismatch, "Unexpected parameters (lambda of 1)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, ok := Lookup(tt.fn)
			if !ok {
				t.Fatalf("no function %s", tt.fn)
			}
			_, _, err := f.Bind(&Call{Name: tt.fn, Args: tt.args})
			e, ok := errors.AsType[*athenasql.Error](err)
			if !ok || e.Code != tt.code || !strings.Contains(e.Message, tt.want) {
				t.Errorf("got %v, want %s: ...%s", err, tt.code, tt.want)
			}
		})
	}
}

func TestNotFound(t *testing.T) {
	for name, hint := range map[string]string{
		"ifnull": "in Athena it is coalesce(a, b)", "GROUP_CONCAT": "listagg", "regexp_lik": "did you mean regexp_like?", "completely_unknown_name": "",
	} {
		e := NotFound(name, athenasql.Span{})
		if e.Code != athenasql.CodeFunctionNotFound || e.Message != "Function '"+name+"' not registered" || !strings.Contains(e.Hint, hint) || (hint == "") != (e.Hint == "") {
			t.Errorf("%s: %v, hint %q", name, e, e.Hint)
		}
	}
}

func TestCastHint(t *testing.T) {
	for _, tt := range []struct {
		fn   string
		args []Arg
		want string
	}{
		{"from_unixtime", []Arg{text("1700000000")}, "argument 1 is of the type varchar(10): CAST(... AS double)"},
		{"split_part", []Arg{text("a,b"), text(","), text("1")}, "argument 3 is of the type varchar(1): CAST(... AS bigint)"},
		{"date_format", []Arg{whole(1, "1"), text("%Y")}, "argument 1 is of the type integer: from_unixtime(...) is the time of seconds since 1970"},
		{"split_part", []Arg{whole(1, "1"), text(","), text("1")}, ""},
	} {
		f, _ := Lookup(tt.fn)
		_, _, err := f.Bind(&Call{Name: tt.fn, Args: tt.args})
		e, ok := errors.AsType[*athenasql.Error](err)
		if !ok || e.Hint != tt.want {
			t.Errorf("%s: %v, hint %q, want %q", tt.fn, err, e.Hint, tt.want)
		}
	}
}

// TestForeign says that nothing is both a function and one of other engines.
func TestForeign(t *testing.T) {
	for name := range foreign {
		if _, ok := Lookup(name); ok {
			t.Errorf("%s is a function of Athena too", name)
		}
	}
}

func TestFailure(t *testing.T) {
	tests := []struct{ name, text, code, message string }{
		{"raised", "Invalid Input Error: database/sql/driver: API error: " + FailText("INVALID_FUNCTION_ARGUMENT", "it's bad") + "\n\nLINE 1: ...", "INVALID_FUNCTION_ARGUMENT", "it's bad"},
		{"within JSON", `{"exception_type":"Invalid Input","exception_message":"x: athena<DIVISION_BY_ZERO>a \"b\"<athena>"}`, "DIVISION_BY_ZERO", `a "b"`},
		{"DuckDB's own", "Invalid Input Error: Map keys must be unique.", "INVALID_FUNCTION_ARGUMENT", "Duplicate map keys are not allowed"},
		{"another", "IO Error: no such file", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, ok := Failure(tt.text)
			if !ok {
				e = &athenasql.Error{}
			}
			if ok != (tt.code != "") || e.Code != tt.code || e.Message != tt.message {
				t.Errorf("got %+v, %v", e, ok)
			}
		})
	}
}
