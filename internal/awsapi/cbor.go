package awsapi

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// cborProtocol is Smithy RPC v2 CBOR.
//
// Source: the Smithy specification, "Smithy RPC v2 CBOR protocol"; RFC 8949.
type cborProtocol struct{}

const cborType = "application/cbor"

func (cborProtocol) tree(body []byte) (map[string]any, bool, error) {
	if len(body) == 0 {
		return nil, false, nil
	}
	r := cborReader{rest: body}
	v, ok := r.value(0)
	tree, object := v.(map[string]any)
	if !ok || !object || len(r.rest) > 0 {
		return nil, false, serialization("the body is no CBOR map, at byte %d", len(body)-len(r.rest))
	}
	return tree, false, nil
}

func (cborProtocol) answer(w http.ResponseWriter, _ *Call, out any) error {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	if out == nil { // the specification wants neither a body nor its type
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
		return nil
	}
	write(w, http.StatusOK, cborType, appendCBOR(nil, reflect.ValueOf(out)))
	return nil
}

func (cborProtocol) fail(w http.ResponseWriter, c *Call, status int, e *Error) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	write(w, status, cborType, appendCBOR(nil, reflect.ValueOf(c.errorMembers(e))))
}

// Major types of CBOR.
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborList
	cborMap
	cborTag
	cborSimple
)

const (
	cborIndefinite = 31
	cborBreak      = 0xff
	cborFalse      = 0xf4
	cborTrue       = 0xf5
	cborNull       = 0xf6
	cborFloat64    = 0xfb
	maxCBORDepth   = 64
)

// A cborReader reads CBOR. Numbers become json.Number, those that are none the texts that Smithy's JSON has for them; times (tag 1)
// their number of seconds.
type cborReader struct {
	rest   []byte
	values int
}

// head reads the begin of an item.
func (r *cborReader) head() (major, info byte, n uint64, ok bool) {
	if len(r.rest) == 0 {
		return 0, 0, 0, false
	}
	major, info = r.rest[0]>>5, r.rest[0]&31
	r.rest = r.rest[1:]
	if info < 24 {
		return major, info, uint64(info), true
	}
	if info == cborIndefinite {
		return major, info, 0, true
	}
	size := 1 << (info - 24)
	if info > 27 || len(r.rest) < size {
		return 0, 0, 0, false
	}
	for _, b := range r.rest[:size] {
		n = n<<8 | uint64(b)
	}
	r.rest = r.rest[size:]
	return major, info, n, true
}

func (r *cborReader) value(depth int) (any, bool) {
	r.values++
	major, info, n, ok := r.head()
	if !ok || depth > maxCBORDepth || r.values > maxValues || info == cborIndefinite && major != cborList && major != cborMap {
		return nil, false
	}
	switch major {
	case cborUint:
		return json.Number(strconv.FormatUint(n, 10)), n <= math.MaxInt64
	case cborNegative:
		return json.Number(strconv.FormatInt(-1-int64(n), 10)), n <= math.MaxInt64
	case cborText:
		if uint64(len(r.rest)) < n || !utf8.Valid(r.rest[:n]) {
			return nil, false
		}
		text := string(r.rest[:n])
		r.rest = r.rest[n:]
		return text, true
	case cborList:
		return r.list(n, info == cborIndefinite, depth)
	case cborMap:
		return r.object(n, info == cborIndefinite, depth)
	case cborTag:
		return r.value(depth + 1)
	case cborSimple:
		return simple(info, n)
	}
	return nil, false // bytes: no operation that is here has any
}

// more says whether an element follows: of n, or up to a break.
func (r *cborReader) more(i, n uint64, indefinite bool) bool {
	if !indefinite {
		return i < n
	}
	if len(r.rest) > 0 && r.rest[0] == cborBreak {
		r.rest = r.rest[1:]
		return false
	}
	return true
}

func (r *cborReader) list(n uint64, indefinite bool, depth int) (any, bool) {
	list := []any{}
	for i := uint64(0); r.more(i, n, indefinite); i++ {
		v, ok := r.value(depth + 1)
		if !ok {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

func (r *cborReader) object(n uint64, indefinite bool, depth int) (any, bool) {
	object := map[string]any{}
	for i := uint64(0); r.more(i, n, indefinite); i++ {
		k, ok := r.value(depth + 1)
		key, text := k.(string)
		if !ok || !text {
			return nil, false
		}
		if object[key], ok = r.value(depth + 1); !ok {
			return nil, false
		}
	}
	return object, true
}

// simple returns booleans, null and floating-point numbers.
func simple(info byte, n uint64) (any, bool) {
	var f float64
	switch info {
	case 20, 21:
		return info == 21, true
	case 22, 23:
		return nil, true
	case 25:
		f = half(uint16(n))
	case 26:
		f = float64(math.Float32frombits(uint32(n)))
	case 27:
		f = math.Float64frombits(n)
	default:
		return nil, false
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return specialText(f), true
	}
	return json.Number(strconv.FormatFloat(f+0, 'g', -1, 64)), true // -0 is 0
}

// half reads a floating-point number of 16 bits.
func half(bits uint16) float64 {
	exponent, fraction := int(bits>>10&31), float64(bits&1023)
	f := math.Ldexp(1+fraction/1024, exponent-15)
	switch exponent {
	case 0:
		f = math.Ldexp(fraction, -24)
	case 31:
		f = math.Inf(1)
		if fraction != 0 {
			f = math.NaN()
		}
	}
	if bits>>15 == 1 {
		return -f
	}
	return f
}

// appendCBOR writes a value as encoding/json does, under the names of the json tags, but that times are tagged.
func appendCBOR(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return append(b, cborNull)
		}
		return appendCBOR(b, v.Elem())
	case reflect.Struct:
		var n uint64
		for range members(v) {
			n++
		}
		b = appendHead(b, cborMap, n)
		for name, e := range members(v) {
			b = appendCBOR(appendText(b, name), e)
		}
		return b
	case reflect.Slice:
		b = appendHead(b, cborList, uint64(v.Len()))
		for i := range v.Len() {
			b = appendCBOR(b, v.Index(i))
		}
		return b
	case reflect.Map:
		b = appendHead(b, cborMap, uint64(v.Len()))
		for _, k := range sortedKeys(v) {
			b = appendCBOR(appendText(b, k), v.MapIndex(reflect.ValueOf(k)))
		}
		return b
	case reflect.Float64:
		return appendFloat(b, v.Float())
	case reflect.Int64, reflect.Int32, reflect.Int:
		if t, ok := reflect.TypeAssert[Time](v); ok {
			return appendFloat(appendHead(b, cborTag, 1), t.seconds())
		}
		if v.Int() < 0 {
			return appendHead(b, cborNegative, uint64(-1-v.Int()))
		}
		return appendHead(b, cborUint, uint64(v.Int()))
	case reflect.Bool:
		if v.Bool() {
			return append(b, cborTrue)
		}
		return append(b, cborFalse)
	case reflect.String:
		return appendText(b, v.String())
	}
	panic("awsapi: an answer has a member that CBOR can't have: " + v.Kind().String())
}

func appendText(b []byte, text string) []byte {
	return append(appendHead(b, cborText, uint64(len(text))), text...)
}

func appendFloat(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, cborFloat64), math.Float64bits(f))
}

func appendHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major<<5|byte(n))
	case n <= math.MaxUint8:
		return append(b, major<<5|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major<<5|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major<<5|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major<<5|27), n)
}
