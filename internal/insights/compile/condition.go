package compile

import (
	"slices"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// condition compiles an operand of and, or, not and filter as BOOLEAN, NULL where it is absent. loose
// says that false and NULL are one to the caller, which has shorter forms that DuckDB can hold against
// statistics.
func (c *compiler) condition(x insights.Expr, loose bool) (string, bool) {
	s, ok := c.truthOf(x, loose)
	return s, ok && fits(s)
}

// truthOf compiles a condition of any size.
func (c *compiler) truthOf(x insights.Expr, loose bool) (string, bool) {
	if e, ok := c.ofStats(x); ok {
		return e.truth(), true
	}
	switch x := x.(type) {
	case *insights.Unary:
		if x.Op != "-" {
			s, ok := c.condition(x.X, false)
			return "(NOT " + s + ")", ok
		}
	case *insights.Binary:
		switch x.Op {
		case "and", "or":
			var list []string
			for _, operand := range operands(x.Op, x) {
				s, ok := c.condition(operand, loose)
				if !ok {
					return "", false
				}
				list = append(list, s)
			}
			return "(" + strings.Join(list, " "+strings.ToUpper(x.Op)+" ") + ")", true
		case "=", "==", "!=", "<", "<=", ">", ">=":
			return c.comparison(x, loose)
		}
	case *insights.Like:
		return c.like(x)
	case *insights.In:
		return c.among(x, loose)
	case *insights.Call:
		if s, ok, done := c.predicate(x, loose); done {
			return s, ok
		}
	}
	e, ok := c.expression(x)
	if !ok {
		return "", false
	}
	return e.truth(), true
}

// operands returns what and or or stands between, in order: long chains of it are not deep then.
func operands(op string, x insights.Expr) []insights.Expr {
	var out []insights.Expr
	for {
		b, ok := x.(*insights.Binary)
		if !ok || b.Op != op {
			break
		}
		out = append(out, b.Y)
		x = b.X
	}
	out = append(out, x)
	slices.Reverse(out)
	return out
}

// truth returns the SQL of a value as a condition.
func (e *Expression) truth() string {
	if e.IsConstant {
		switch {
		case e.Kind == Absent:
			return "CAST(NULL AS BOOLEAN)"
		case e.Constant.True():
			return "true"
		}
		return "false"
	}
	switch e.Kind {
	case Absent:
		return "CAST(NULL AS BOOLEAN)"
	case Bool:
		return e.SQL
	case Int, Float, Time:
		return "(" + e.SQL + " <> 0)"
	case Digits:
		if e.Dash {
			return "coalesce(" + e.SQL + " <> 0, false)"
		}
		return "(" + e.SQL + " <> 0)"
	}
	return FnTaggedTrue + "(" + e.tagged() + ")"
}

// comparison compiles x op y.
func (c *compiler) comparison(x *insights.Binary, loose bool) (string, bool) {
	a, ok := c.expression(x.X)
	if !ok {
		return "", false
	}
	b, ok := c.expression(x.Y)
	if !ok {
		return "", false
	}
	return compare(x.Op, a, b, loose), true
}

// turned is the operator where both sides change places.
var turned = map[string]string{"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// compare compiles a op b.
func compare(op string, a, b Expression, loose bool) string {
	if op == "==" {
		op = "="
	}
	if a.IsConstant && b.IsConstant {
		r := constant(value.Compare(op, a.Constant, b.Constant))
		return r.truth()
	}
	if a.Kind == Absent || b.Kind == Absent {
		return "CAST(NULL AS BOOLEAN)"
	}
	if a.IsConstant {
		a, b, op = b, a, turned[op]
	}
	if b.IsConstant {
		if s := compareConstant(op, a, b, loose); s != "" {
			return s
		}
	}
	switch {
	case a.isNumber() && b.isNumber():
		return "(" + a.number() + " " + sqlOperator(op) + " " + b.number() + ")"
	case (op == "=" || op == "!=") && a.Kind == Text && b.Kind == Text && (a.Address || b.Address):
		// An address is no number, so that texts are compared.
		return "(" + a.text() + " " + sqlOperator(op) + " " + b.text() + ")"
	}
	return FnCompare + "(" + Quote(op) + ", " + a.tagged() + ", " + b.tagged() + ")"
}

func sqlOperator(op string) string {
	if op == "!=" {
		return "<>"
	}
	return op
}

// compareConstant compiles a op constant where that has a form of its own, else "".
func compareConstant(op string, a, b Expression, loose bool) string {
	_, number := b.Constant.Number()
	text, _ := b.Constant.Text()
	switch a.Kind {
	case Int, Digits, Float:
		if number {
			return a.against(op, a.SQL+" "+sqlOperator(op)+" "+b.number(), false, loose)
		}
		if b.Kind != Text {
			return ""
		}
		// A number beside a text that is none: never equal, and neither before the other.
		switch {
		case a.Dash && text == "-" && (op == "=" || op == "<=" || op == ">="):
			return "(" + a.SQL + " IS NULL)"
		case a.Dash && text == "-" && op == "!=":
			return "(" + a.SQL + " IS NOT NULL)"
		case a.Dash && op == "=":
			return "false"
		case a.Dash && op == "!=":
			return "true"
		case a.Dash: // the texts "-" and the constant
			if value.Compare(op, value.Text("-"), b.Constant).True() {
				return "(" + a.SQL + " IS NULL)"
			}
			return "false"
		case op == "!=":
			return "CASE WHEN " + a.SQL + " IS NOT NULL THEN true END"
		}
		return "CASE WHEN " + a.SQL + " IS NOT NULL THEN false END"
	case Text:
		switch {
		case number && b.Kind != Time:
			// A text that is no number is neither equal to it nor before or behind it.
			s := "(" + FnNumber + "(" + a.SQL + ") " + sqlOperator(op) + " " + b.number() + ")"
			if loose && op != "!=" {
				return s
			}
			s = "coalesce(" + s + ", " + truthText(op == "!=") + ")"
			if a.present() {
				return s
			}
			return "CASE WHEN " + a.SQL + " IS NOT NULL THEN " + s + " END"
		case b.Kind == Text && (op == "=" || op == "!="):
			return a.against(op, a.SQL+" "+sqlOperator(op)+" "+b.SQL, text == "-", loose)
		}
	}
	return ""
}

func truthText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// against completes a comparison of the expression with a constant, which is the text "-" where is:
// where the expression is "-", SQL has NULL.
func (e *Expression) against(op, sql string, is, loose bool) string {
	if !e.Dash {
		return "(" + sql + ")"
	}
	if is { // no column has "-" but as NULL
		if op == "=" {
			return "(" + e.SQL + " IS NULL)"
		}
		return "(" + e.SQL + " IS NOT NULL)"
	}
	switch {
	case op == "!=":
		return "coalesce(" + sql + ", true)"
	case loose:
		return "(" + sql + ")"
	}
	return "coalesce(" + sql + ", false)"
}

// like compiles x like a text or a regular expression.
func (c *compiler) like(x *insights.Like) (string, bool) {
	e, ok := c.expression(x.X)
	if !ok || !plain(x.Text) {
		return "", false
	}
	if e.Kind == Absent {
		return "CAST(NULL AS BOOLEAN)", true
	}
	s := "contains(" + e.text() + ", " + Quote(x.Text) + ")"
	if x.Regex {
		s = match(e.text(), x.Text)
	}
	if x.Not {
		s = "(NOT " + s + ")"
	}
	return s, true
}

// match compiles a search for a regular expression. DuckDB's is RE2 as Go's is; only signs that both
// read alike are left to it.
func match(text, re string) string {
	for i := range len(re) {
		if re[i] < ' ' || re[i] > '~' {
			return FnMatch + "(" + text + ", " + Quote(re) + ")"
		}
	}
	if strings.Contains(re, "(?") || strings.ContainsAny(re, "\\{") && !onlyPunctuation(re) {
		return FnMatch + "(" + text + ", " + Quote(re) + ")"
	}
	return "regexp_matches(" + text + ", " + Quote(re) + ")"
}

// onlyPunctuation says that each backslash stands before punctuation or one of d, w and s, and that
// no braces repeat.
func onlyPunctuation(re string) bool {
	for i := 0; i < len(re); i++ {
		switch re[i] {
		case '{':
			return false
		case '\\':
			i++
			if i < len(re) && strings.IndexByte(`.\/-+*?()[]|^$dwsDWS`, re[i]) < 0 {
				return false
			}
		}
	}
	return true
}

// among compiles x in [a, b].
func (c *compiler) among(x *insights.In, loose bool) (string, bool) {
	if x.Query != nil {
		return "", false
	}
	e, ok := c.expression(x.X)
	if !ok {
		return "", false
	}
	list := make([]Expression, len(x.List))
	for i := range x.List {
		if list[i], ok = c.expression(x.List[i]); !ok {
			return "", false
		}
	}
	loose = loose && !x.Not
	s := inList(e, list, loose)
	if s == "" {
		or := make([]string, len(list))
		for i := range list {
			or[i] = compare("=", e, list[i], loose)
		}
		s = "(" + strings.Join(or, " OR ") + ")"
		if len(list) == 0 {
			s = "false"
		}
	}
	if x.Not {
		s = "(NOT " + s + ")"
	}
	return s, true
}

// inList compiles a list of constants that are compared alike, else "".
func inList(e Expression, list []Expression, loose bool) string {
	if e.IsConstant || len(list) == 0 {
		return ""
	}
	texts := make([]string, len(list))
	for i := range list {
		if !list[i].IsConstant {
			return ""
		}
		_, number := list[i].Constant.Number()
		switch {
		case number && slices.Contains([]Kind{Int, Digits, Float}, e.Kind):
			texts[i] = list[i].number()
		case !number && list[i].Kind == Text && e.Kind == Text:
			if t, _ := list[i].Constant.Text(); t == "-" && e.Dash {
				return ""
			}
			texts[i] = list[i].SQL
		default:
			return ""
		}
	}
	return e.against("=", e.SQL+" IN ("+strings.Join(texts, ", ")+")", false, loose)
}
