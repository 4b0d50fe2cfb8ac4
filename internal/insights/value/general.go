package value

var generalFuncs = []*Func{
	{
		Name: "ispresent", Signature: "ispresent(value)", Min: 1, Max: 1, Result: BoolKind, Source: sourceGeneral,
		Doc:  "Whether there is a value.",
		Call: func(_ *Context, args []Value) Value { return Bool(!args[0].IsAbsent()) },
	},
	{
		Name: "coalesce", Signature: "coalesce(value, ...)", Min: 1, Max: -1, Source: sourceGeneral,
		Doc: "The first of the values that is there.",
		Call: func(_ *Context, args []Value) Value {
			for _, a := range args {
				if !a.IsAbsent() {
					return a
				}
			}
			return Absent
		},
	},
	{
		Name: "case", Signature: "case(condition, value, ...[, default])", Min: 2, Max: 21, Source: sourceGeneral,
		Doc: "The value behind the first condition that is true, of at most 10; else the default, where one is given.",
		Call: func(_ *Context, args []Value) Value {
			for len(args) > 1 {
				if args[0].True() {
					return args[1]
				}
				args = args[2:]
			}
			if len(args) == 1 {
				return args[0]
			}
			return Absent
		},
	},
	{
		Name: "if", Signature: "if(condition, then, else)", Min: 3, Max: 3, Source: sourceGeneral,
		Doc: "The second argument where the first is true, else the third.",
		Call: func(_ *Context, args []Value) Value {
			if args[0].True() {
				return args[1]
			}
			return args[2]
		},
	},
	{
		Name: "isNumeric", Signature: "isNumeric(value)", Min: 1, Max: 1, Result: BoolKind, Source: sourceGeneral,
		Doc: "Whether the value is a number.",
		Call: func(_ *Context, args []Value) Value {
			_, ok := args[0].Number()
			return Bool(ok)
		},
	},
	{
		Name: "messageSize", Signature: "messageSize(text)", Min: 1, Max: 1, Result: NumberKind, Source: sourceGeneral,
		Doc:  "How many bytes the text has in UTF-8.",
		Call: ofText(func(s string) Value { return Number(float64(len(s))) }),
	},
	{
		Name: "unmask", Signature: "unmask(value)", Min: 1, Max: 1,
		Source: `AWS, "unmask"; weir masks nothing`,
		Doc:    "The value itself: there is no masking of data here.",
		Call:   func(_ *Context, args []Value) Value { return args[0] },
	},
}
