package query

import "time"

// The functions that see absent arguments.

func foldAnd(args []Eval) Eval { return connective(args, false) }

func foldOr(args []Eval) Eval { return connective(args, true) }

// connective is "and" where false decides, "or" where true does: the value that
// decides wins over absent, absent wins over the other value.
func connective(args []Eval, decides bool) Eval {
	return func(get func(int) any) (any, error) {
		absent := false
		for _, arg := range args {
			v, err := arg(get)
			if err != nil {
				return nil, err
			}
			if v == nil {
				absent = true
			} else if v.(bool) == decides {
				return decides, nil
			}
		}
		if absent {
			return nil, nil
		}
		return !decides, nil
	}
}

func foldIsAbsent(args []Eval) Eval {
	return func(get func(int) any) (any, error) {
		v, err := args[0](get)
		if err != nil {
			return nil, err
		}
		return v == nil, nil
	}
}

func foldCoalesce(args []Eval) Eval {
	return func(get func(int) any) (any, error) {
		for _, arg := range args {
			if v, err := arg(get); v != nil || err != nil {
				return v, err
			}
		}
		return nil, nil
	}
}

// foldIn looks the first argument up among the others, which are constants. Where
// it is not among them but an absent one is, the answer is absent.
func foldIn(args []Eval) Eval {
	list, absent := map[any]bool{}, false
	for _, arg := range args[1:] {
		// A constant neither fails nor asks for a column.
		if v, _ := arg(nil); v == nil {
			absent = true
		} else {
			list[identity(v)] = true
		}
	}
	return strictOne(args[0], func(a any) (any, error) {
		switch {
		case list[identity(a)]:
			return true, nil
		case absent:
			return nil, nil
		}
		return false, nil
	})
}

// identity returns a value that equals another just where [Compare] gives 0: a
// time's own equality would ask for its location too. An integer beyond 64
// bits equals no constant.
func identity(v any) any {
	if t, ok := v.(time.Time); ok {
		return t.UnixMicro()
	}
	return v
}
