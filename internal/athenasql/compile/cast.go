package compile

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/function"
	"weir/internal/athenasql/types"
)

// cast compiles CAST and TRY_CAST.
func (e *env) cast(x *athenasql.Cast) value {
	to, err := types.FromName(x.To)
	check(err)
	v := e.expr(x.Of)
	return e.c.castTo(v, to, x.Try, x.Span)
}

// castTo casts a value. What can't be cast is an error when it is met, or NULL with TRY_CAST.
//
// Source: Trino documentation, "Conversion functions"; Trino's operators of each type.
func (c *compiler) castTo(v value, to types.Type, try bool, at athenasql.Span) value {
	if out, ok := c.castConstant(v, to); ok {
		out.at = at
		return out
	}
	if v.typ.Kind == types.TimestampTZ && to.Kind == types.TimestampTZ {
		to.Zone = v.typ.Zone
		return value{sql: rounded(v.sql, v.typ, to), typ: to, at: at, constant: v.constant}
	}
	if types.Coerces(v.typ, to) {
		out := c.coerce(v, to)
		out.at, out.column = at, nil
		return out
	}
	k := casting{c: c, from: v.typ, to: to, try: try, at: at}
	return value{sql: k.sql(v.sql), typ: to, at: at, constant: v.constant, finite: v.finite}
}

// casting is a cast between two types.
type casting struct {
	c        *compiler
	from, to types.Type
	try      bool
	at       athenasql.Span
}

func (k casting) refuse() string {
	err := athenasql.Errorf(athenasql.CodeTypeMismatch, k.at, "Cannot cast %s to %s", k.from, k.to)
	panic(bail{err})
}

// plain is a cast of DuckDB that means the same.
func (k casting) plain(sql string) string {
	if k.try {
		return "TRY_CAST(" + sql + " AS " + k.to.SQL() + ")"
	}
	return "CAST(" + sql + " AS " + k.to.SQL() + ")"
}

// checked makes what a cast gives NULL for an error, unless what it is cast from is NULL; text is that for the message.
func (k casting) checked(result, sql, text string) string {
	if k.try {
		return result
	}
	fail := function.FailExpr(athenasql.CodeInvalidCast, "'Cannot cast ''' || "+text+" || ''' to "+k.name()+"'")
	return "coalesce(" + result + ", CASE WHEN " + sql + " IS NOT NULL THEN " + fail + " END)"
}

// name is the type's name in Trino's messages of casts.
func (k casting) name() string {
	if k.to.Kind == types.Integer {
		return "INT"
	}
	return strings.ToUpper(k.to.String())
}

func (k casting) sql(sql string) string {
	if k.from.Kind == types.Char {
		// As a char has no blanks at its end there, it casts as the varchar with them.
		sql = fmt.Sprintf("rpad(%s, %d, ' ')", sql, k.from.Length)
		k.from = types.Type{Kind: types.Varchar, Length: k.from.Length}
	}
	switch k.to.Kind {
	case types.Varchar, types.Char:
		return k.toText(sql)
	case types.Boolean:
		return k.toBoolean(sql)
	case types.TinyInt, types.SmallInt, types.Integer, types.BigInt, types.Double, types.Real, types.Decimal:
		return k.toNumber(sql)
	case types.Date, types.Time, types.Timestamp, types.TimestampTZ:
		return k.toMoment(sql)
	case types.Varbinary:
		if k.from.Kind == types.Varchar {
			return "encode(" + sql + ")"
		}
		if k.from.Kind == types.IPAddress {
			return function.IPToBinary(sql)
		}
	case types.UUID:
		if k.from.Kind == types.Varchar {
			return k.checked("TRY_CAST("+sql+" AS UUID)", sql, sql)
		}
	case types.IPAddress:
		return k.toAddress(sql)
	case types.IPPrefix:
		return k.toPrefix(sql)
	case types.JSON:
		return k.toJSON(sql)
	case types.Array, types.Row, types.Map:
		return k.toNested(sql)
	}
	return k.refuse()
}

// numeric is the form of a text that is a number, with the blanks around it that Java trims.
const (
	blank   = `[\x00-\x20]*`
	numeric = `[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?`
)

// matching casts a text that has a form.
func (k casting) matching(sql, form string) string {
	text := "CASE WHEN regexp_full_match(" + sql + ", " + quoteText(blank+form+blank) + ") THEN regexp_replace(" + sql + ", '^[\\x00-\\x20]+|[\\x00-\\x20]+$', '', 'g') END"
	return k.checked("TRY_CAST("+text+" AS "+k.to.SQL()+")", sql, sql)
}

func (k casting) toNumber(sql string) string {
	from := k.from
	whole := k.to.IsInteger()
	switch {
	case from.Kind == types.Varchar && whole:
		return k.matching(sql, "[+-]?[0-9]+")
	case from.Kind == types.Varchar && k.to.Kind == types.Decimal:
		return k.matching(sql, numeric)
	case from.Kind == types.Varchar:
		return k.matching(sql, "("+numeric+"|[+-]?(NaN|Infinity))")
	case from.Kind == types.Boolean && k.to.Kind == types.Decimal:
		return k.plain("CAST(" + sql + " AS INTEGER)")
	case from.Kind == types.Boolean:
		return k.plain(sql)
	case (from.Kind == types.Double || from.Kind == types.Real) && whole:
		// Half away from zero, where DuckDB's cast rounds to even.
		return k.plain("round(" + sql + ")")
	case (from.Kind == types.Double || from.Kind == types.Real) && k.to.Kind == types.Decimal:
		// Of the digits that the number shows, as Java's BigDecimal.valueOf.
		return k.plain("CAST(" + sql + " AS VARCHAR)")
	case from.IsInteger() && whole:
		return k.narrowed(sql)
	case from.IsNumeric():
		return k.plain(sql)
	case from.Kind == types.JSON:
		return k.fromJSON(sql)
	}
	return k.refuse()
}

// narrowed casts a whole number to a smaller type. DuckDB would take the cast away where its result is compared with a constant, and so make a comparison true that is
// NULL or an error.
func (k casting) narrowed(sql string) string {
	bits := map[types.Kind]int{types.TinyInt: 8, types.SmallInt: 16, types.Integer: 32}[k.to.Kind]
	least := -(int64(1) << (bits - 1))
	out := fmt.Sprintf("(CASE WHEN %s BETWEEN %d AND %d THEN CAST(%s AS %s)", sql, least, -(least + 1), sql, k.to.SQL())
	if !k.try {
		out += " WHEN " + sql + " IS NOT NULL THEN " + function.FailExpr(athenasql.CodeOutOfRange, quoteText("Out of range for "+k.to.Name()+": ")+" || "+sql)
	}
	return out + " END)"
}

func (k casting) toBoolean(sql string) string {
	switch {
	case k.from.Kind == types.Varchar:
		return k.checked("CASE WHEN regexp_full_match("+sql+", '(?i)t|1|true') THEN TRUE WHEN regexp_full_match("+sql+", '(?i)f|0|false') THEN FALSE END", sql, sql)
	case k.from.IsNumeric():
		return "(" + sql + " <> 0)"
	case k.from.Kind == types.JSON:
		return k.fromJSON(sql)
	}
	return k.refuse()
}

func (k casting) toText(sql string) string {
	var text string
	cut := false
	switch k.from.Kind {
	case types.Varchar:
		text, cut = sql, true
	case types.Decimal:
		text = decimalText(sql, k.from)
	case types.Boolean, types.TinyInt, types.SmallInt, types.Integer, types.BigInt, types.Date, types.UUID:
		text = "CAST(" + sql + " AS VARCHAR)"
	case types.Double, types.Real:
		text = function.FloatText(sql, k.from)
	case types.Timestamp:
		text = momentText(sql, k.from.Precision)
	case types.TimestampTZ:
		text = "(" + momentText(function.ToLocal(sql, k.from.Zone), k.from.Precision) + " || " + quoteText(" "+k.from.Zone) + ")"
	case types.Time:
		text = "substr(" + momentText("(DATE '1970-01-01' + "+sql+")", k.from.Precision) + ", 12)"
	case types.IPAddress:
		text = function.IPToText(sql)
	case types.IPPrefix:
		text = function.PrefixToText(sql)
	case types.JSON:
		text = k.fromJSON(sql)
	default:
		return k.refuse()
	}
	if k.to.Length > 0 {
		switch {
		case cut:
			text = fmt.Sprintf("left(%s, %d)", text, k.to.Length)
		case k.try:
			text = fmt.Sprintf("CASE WHEN length(%s) <= %d THEN %s END", text, k.to.Length, text)
		default:
			text = fmt.Sprintf("CASE WHEN length(%s) > %d THEN %s ELSE %s END", text, k.to.Length,
				function.FailExpr(athenasql.CodeInvalidCast, "'Value ' || "+text+" || ' cannot be represented as "+k.to.String()+"'"), text)
		}
	}
	if k.to.Kind == types.Char {
		text = "rtrim(" + text + ", ' ')"
	}
	if strings.HasPrefix(text, "CASE") {
		text = "(" + text + ")"
	}
	return text
}

// decimalText is a decimal as a text. Where all digits are behind the point, DuckDB writes none before it.
func decimalText(sql string, t types.Type) string {
	switch {
	case t.Precision > t.Scale:
		return "CAST(" + sql + " AS VARCHAR)"
	case t.Precision < 38:
		return fmt.Sprintf("CAST(CAST(%s AS DECIMAL(%d,%d)) AS VARCHAR)", sql, t.Precision+1, t.Scale)
	}
	return "regexp_replace(CAST(" + sql + " AS VARCHAR), '^(-?)[.]', '\\10.')"
}

// momentText is a timestamp as a text with just the digits of its precision.
func momentText(sql string, precision int) string {
	switch precision {
	case 0:
		return "strftime(" + sql + ", '%Y-%m-%d %H:%M:%S')"
	case 3:
		return "strftime(" + sql + ", '%Y-%m-%d %H:%M:%S.%g')"
	case 6:
		return "strftime(" + sql + ", '%Y-%m-%d %H:%M:%S.%f')"
	}
	return fmt.Sprintf("left(strftime(%s, '%%Y-%%m-%%d %%H:%%M:%%S.%%f'), %d)", sql, 20+precision)
}

// rounded brings a timestamp to a lower precision, half up.
func rounded(sql string, from, to types.Type) string {
	if from.Precision <= to.Precision {
		return sql
	}
	unit := 1
	for range 6 - to.Precision {
		unit *= 10
	}
	us := fmt.Sprintf("(epoch_us(%s) + %d)", sql, unit/2)
	name := "make_timestamp"
	if to.Kind == types.TimestampTZ {
		name = "make_timestamptz"
	}
	return fmt.Sprintf("%s(%s - (%s %% %d + %d) %% %d)", name, us, us, unit, unit, unit)
}

func (k casting) toMoment(sql string) string {
	from := k.from
	switch k.to.Kind {
	case types.Date:
		switch from.Kind {
		case types.Varchar:
			return k.matching(sql, `[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}`)
		case types.Timestamp:
			return "CAST(" + sql + " AS DATE)"
		case types.TimestampTZ:
			return "CAST(" + function.ToLocal(sql, from.Zone) + " AS DATE)"
		}
	case types.Timestamp:
		switch from.Kind {
		case types.Varchar:
			form := `[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,6})?)?)?`
			return rounded(k.matching(sql, form), types.Type{Kind: types.Timestamp, Precision: 6}, k.to)
		case types.Timestamp:
			return rounded(sql, from, k.to)
		case types.TimestampTZ:
			return rounded(function.ToLocal(sql, from.Zone), from, k.to)
		}
	case types.TimestampTZ:
		switch from.Kind {
		case types.Timestamp:
			return rounded(function.FromLocal(sql, "UTC"), from, k.to)
		case types.Varchar:
			k.c.hinted("CAST(x AS timestamp) AT TIME ZONE 'UTC', where all are in one zone", athenasql.CodeNotSupported, k.at,
				"casting texts that are no constants to a timestamp with time zone is not supported: each may have a zone of its own")
		}
	case types.Time:
		switch from.Kind {
		case types.Varchar:
			if k.to.Precision == 6 {
				return k.matching(sql, `[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,6})?)?`)
			}
		case types.Timestamp:
			if from.Precision <= k.to.Precision {
				return "CAST(" + sql + " AS TIME)"
			}
		case types.TimestampTZ:
			if from.Precision <= k.to.Precision {
				return "CAST(" + function.ToLocal(sql, from.Zone) + " AS TIME)"
			}
		}
		k.c.fail(athenasql.CodeNotSupported, k.at, "casting %s to %s is not supported", from, k.to)
	}
	return k.refuse()
}

func (k casting) toAddress(sql string) string {
	switch k.from.Kind {
	case types.Varchar:
		if k.try {
			return function.TryCastToIP(sql)
		}
		return function.CastToIP(sql)
	case types.Varbinary:
		if !k.try {
			return function.BinaryToIP(sql)
		}
		k.c.fail(athenasql.CodeNotSupported, k.at, "TRY_CAST of varbinary to ipaddress is not supported")
	case types.IPPrefix:
		return function.PrefixToIP(sql)
	}
	return k.refuse()
}

// toPrefix casts to a network.
func (k casting) toPrefix(sql string) string {
	switch k.from.Kind {
	case types.Varchar:
		if k.try {
			return function.Try(function.CastToPrefix(sql))
		}
		return function.CastToPrefix(sql)
	case types.IPAddress:
		return function.PrefixOfIP(sql)
	}
	return k.refuse()
}

// toNested casts element by element.
func (k casting) toNested(sql string) string {
	if k.from.Kind == types.JSON {
		k.c.fail(athenasql.CodeNotSupported, k.at, "casting json to %s is not supported", k.to.Name())
	}
	if k.from.Kind != k.to.Kind || len(k.from.Elems) != len(k.to.Elems) {
		return k.refuse()
	}
	if k.try {
		k.c.fail(athenasql.CodeNotSupported, k.at, "TRY_CAST to %s is not supported", k.to.Name())
	}
	elem := func(sql string, i int) string {
		return k.c.castTo(value{sql: sql, typ: k.from.Elems[i]}, k.to.Elems[i], false, k.at).sql
	}
	switch k.to.Kind {
	case types.Array:
		p := quoteName("e" + fmt.Sprint(k.c.next))
		k.c.next++
		return "list_transform(" + sql + ", lambda " + p + ": " + elem(p, 0) + ")"
	case types.Row:
		parts := make([]string, len(k.from.Elems))
		for i := range k.from.Elems {
			parts[i] = quoteName(k.to.StructKey(i)) + " := " + elem("struct_extract("+sql+", "+quoteText(k.from.StructKey(i))+")", i)
		}
		return "(CASE WHEN " + sql + " IS NOT NULL THEN struct_pack(" + strings.Join(parts, ", ") + ") END)"
	}
	k.c.fail(athenasql.CodeNotSupported, k.at, "casting %s to %s is not supported", k.from, k.to)
	return ""
}

// toJSON casts to json: numbers, booleans and texts.
func (k casting) toJSON(sql string) string {
	switch k.from.Kind {
	case types.Boolean, types.TinyInt, types.SmallInt, types.Integer, types.BigInt, types.Varchar:
		return "CAST(to_json(" + sql + ") AS VARCHAR)"
	}
	k.c.fail(athenasql.CodeNotSupported, k.at, "casting %s to json is not supported", k.from)
	return ""
}

// fromJSON casts from json: a text, a number or a boolean; JSON's null is NULL.
func (k casting) fromJSON(sql string) string {
	text := "json_extract_string(CAST(" + sql + " AS JSON), '$')"
	kind := "json_type(CAST(" + sql + " AS JSON))"
	if k.to.Kind == types.Varchar && k.to.Length == 0 {
		result := "CASE WHEN " + kind + " IN ('VARCHAR', 'BIGINT', 'UBIGINT', 'BOOLEAN') THEN " + text + " END"
		return k.checkedJSON(result, kind)
	}
	if k.to.IsInteger() || k.to.Kind == types.Boolean {
		result := "CASE WHEN " + kind + " IN ('BIGINT', 'UBIGINT') THEN TRY_CAST(" + text + " AS " + k.to.SQL() + ") END"
		if k.to.Kind == types.Boolean {
			result = "CASE WHEN " + kind + " = 'BOOLEAN' THEN " + text + " = 'true' END"
		}
		return k.checkedJSON(result, kind)
	}
	k.c.hinted("json_extract_scalar(x, '$.a') gives a varchar", athenasql.CodeNotSupported, k.at, "casting json to %s is not supported", k.to)
	return ""
}

func (k casting) checkedJSON(result, kind string) string {
	if k.try {
		return result
	}
	fail := function.FailExpr(athenasql.CodeInvalidCast, "'Cannot cast to "+k.name()+"'")
	return "coalesce(" + result + ", CASE WHEN " + kind + " <> 'NULL' THEN " + fail + " END)"
}

// castConstant casts a constant text at once, so that DuckDB sees a plain constant; false where it is left to be cast, or to fail, when it is met.
func (c *compiler) castConstant(v value, to types.Type) (value, bool) {
	if v.text == nil {
		return value{}, false
	}
	trimmed := strings.TrimFunc(*v.text, func(r rune) bool { return r <= ' ' })
	switch {
	case to.IsInteger():
		n, err := strconv.ParseInt(trimmed, 10, map[types.Kind]int{types.TinyInt: 8, types.SmallInt: 16, types.Integer: 32, types.BigInt: 64}[to.Kind])
		if err == nil && !strings.Contains(trimmed, "_") {
			return integerOf(n, to), true
		}
	case to.Kind == types.Date:
		if m := dateForm.FindStringSubmatch(trimmed); m != nil {
			if at, ok := dateOf(m[1:]); ok {
				return dateValue(at), true
			}
		}
	case to.Kind == types.Timestamp || to.Kind == types.TimestampTZ:
		if m, ok := timestampLiteral(trimmed); ok && m.typ.Precision <= to.Precision && (m.typ.Kind == to.Kind || m.typ.Kind == types.Timestamp) {
			to.Zone = m.typ.Zone
			if to.Kind == types.TimestampTZ && m.typ.Kind == types.Timestamp {
				to.Zone = "UTC"
			}
			m = c.coerce(m, to)
			m.typ = to
			return m, true
		}
		if m, ok := timestampLiteral(trimmed); to.Kind == types.TimestampTZ && ok {
			m.sql, m.typ.Precision = rounded(m.sql, m.typ, to), to.Precision
			return m, true
		}
	case to.Kind == types.IPAddress:
		if digits, ok := addressDigits(trimmed); ok && trimmed == *v.text {
			return value{sql: quoteText(digits), typ: to, constant: true}, true
		}
	case to.Kind == types.Decimal:
		if _, ok := new(big.Rat).SetString(trimmed); ok && decimalForm.MatchString(strings.TrimLeft(trimmed, "+-")) {
			whole, fraction, _ := strings.Cut(strings.TrimLeft(trimmed, "+-0"), ".")
			if len(fraction) <= to.Scale && len(whole) <= to.Precision-to.Scale {
				return decimalOf(strings.TrimPrefix(trimmed, "+"), to), true
			}
		}
	}
	return value{}, false
}
