package query

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"regexp"
	"time"

	"weir/flowlog"
)

// The bodies of the functions. They get present values of the types that the
// table says; both arguments of arithmetic are of one type.

// firstSecond and lastSecond bound the times that weir shows: those that
// RFC 3339 can write, years 1 to 9999.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

// errNotFinite says that a computation with numbers has left their range.
var errNotFinite = errors.New("number out of range")

// word returns an integer in 64 bits. Only a sum can be larger; it can be
// compared and divided, but other arithmetic does not take it.
func word(v any) (int64, error) {
	if n, ok := v.(int64); ok {
		return n, nil
	}
	return 0, fmt.Errorf("%v does not fit in 64 bits", v)
}

// words returns two integers in 64 bits.
func words(a, b any) (x, y int64, err error) {
	if x, err = word(a); err != nil {
		return 0, 0, err
	}
	y, err = word(b)
	return x, y, err
}

// toFloat returns a present integer or number as number.
func toFloat(v any) float64 {
	switch x := v.(type) {
	case int64:
		return float64(x)
	case *big.Int:
		f, _ := new(big.Float).SetInt(x).Float64()
		return f
	}
	return v.(float64)
}

// finite returns f as value, or an error where it is none.
func finite(f float64) (any, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, errNotFinite
	}
	return f, nil
}

// overflow says that integers have left 64 bits.
func overflow(f Func, a, b int64) error {
	return fmt.Errorf("%d %s %d does not fit in 64 bits", a, f, b)
}

func add(a, b any) (any, error) {
	if x, ok := a.(float64); ok {
		return finite(x + b.(float64))
	}
	x, y, err := words(a, b)
	if err != nil {
		return nil, err
	}
	sum := x + y
	if (sum > x) != (y > 0) {
		return nil, overflow(Add, x, y)
	}
	return sum, nil
}

func sub(a, b any) (any, error) {
	if x, ok := a.(float64); ok {
		return finite(x - b.(float64))
	}
	x, y, err := words(a, b)
	if err != nil {
		return nil, err
	}
	diff := x - y
	if (diff < x) != (y > 0) {
		return nil, overflow(Sub, x, y)
	}
	return diff, nil
}

func mul(a, b any) (any, error) {
	if x, ok := a.(float64); ok {
		return finite(x * b.(float64))
	}
	x, y, err := words(a, b)
	if err != nil {
		return nil, err
	}
	high, low := bits.Mul64(magnitude(x), magnitude(y))
	limit := uint64(math.MaxInt64)
	if (x < 0) != (y < 0) {
		limit++
	}
	if high != 0 || low > limit {
		return nil, overflow(Mul, x, y)
	}
	return x * y, nil
}

// magnitude returns x without its sign, for the smallest integer too.
func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func div(a, b any) (any, error) {
	divisor := toFloat(b)
	if divisor == 0 {
		return nil, nil
	}
	return finite(toFloat(a) / divisor)
}

// mod keeps the sign of a, as SQL does.
func mod(a, b any) (any, error) {
	x, y, err := words(a, b)
	if err != nil {
		return nil, err
	}
	if y == 0 {
		return nil, nil
	}
	return x % y, nil
}

func bindBin(width any) (func(any) (any, error), error) {
	w, ok := width.(int64)
	if !ok || w <= 0 {
		return nil, fmt.Errorf("width %v is not above 0", width)
	}
	return func(a any) (any, error) {
		n, err := word(a)
		if err != nil {
			return nil, err
		}
		rest := n % w
		if rest < 0 {
			rest += w
		}
		return sub(n, rest)
	}, nil
}

func epoch(a any) (any, error) { return a.(time.Time).Unix(), nil }

func toTime(a any) (any, error) {
	s, err := word(a)
	if err != nil {
		return nil, err
	}
	if s < firstSecond || s > lastSecond {
		return nil, fmt.Errorf("%d seconds are outside the years 1 to 9999", s)
	}
	return time.Unix(s, 0).UTC(), nil
}

func bindMatches(pattern any) (func(any) (any, error), error) {
	re, err := regexp.Compile(pattern.(string))
	if err != nil {
		return nil, err
	}
	return func(a any) (any, error) { return re.MatchString(a.(string)), nil }, nil
}

func bindIPIn(cidr any) (func(any) (any, error), error) {
	p, err := ParseCIDR(cidr.(string))
	if err != nil {
		return nil, err
	}
	return func(a any) (any, error) { return orAbsent(IPInCIDR(a.(string), p)) }, nil
}

func ipClass(a any) (any, error) { return orAbsent(IPClassOf(a.(string))) }

// portName takes numbers beyond 64 bits for what they are: of no port.
func portName(port, protocol any) (any, error) {
	p, isPort := port.(int64)
	q, isProtocol := protocol.(int64)
	if !isPort || !isProtocol {
		return nil, nil
	}
	return orAbsent(flowlog.PortName(p, q))
}

// ipPrefix passes numbers of bits that no family has on as -1, for they may not
// fit in an int.
func ipPrefix(a, bits any) (any, error) {
	n, ok := bits.(int64)
	if !ok || n < 0 || n > 128 {
		n = -1
	}
	return orAbsent(IPPrefixOf(a.(string), int(n)))
}

// orAbsent returns v, or absent where it does not hold.
func orAbsent[V any](v V, ok bool) (any, error) {
	if !ok {
		return nil, nil
	}
	return v, nil
}

func mapGet(m, name any) (any, error) {
	v, ok := m.(map[string]string)[name.(string)]
	return orAbsent(v, ok)
}
