package awsapi

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"time"
)

// Time is a timestamp in milliseconds since the epoch. AWS JSON has it as a number of seconds, AWS Query as a text of ISO 8601,
// and CBOR as a number of seconds that is tagged.
//
// Source: the Smithy specification, "Timestamp serialization and deserialization".
type Time int64

const isoTime = "2006-01-02T15:04:05.999Z"

// seconds returns the seconds since the epoch.
func (t Time) seconds() float64 { return float64(t) / 1000 }

// MarshalJSON returns the number of seconds.
func (t Time) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, t.seconds(), 'f', -1, 64), nil
}

// UnmarshalJSON reads a number of seconds.
func (t *Time) UnmarshalJSON(text []byte) error {
	var seconds float64
	if err := json.Unmarshal(text, &seconds); err != nil {
		return err
	}
	*t = Time(math.Round(seconds * 1000))
	return nil
}

// String returns ISO 8601, in UTC.
func (t Time) String() string { return time.UnixMilli(int64(t)).UTC().Format(isoTime) }

// maxTime bounds times, in seconds: year 9999.
const maxTime = 253_402_300_799

// decodeTime sets v to a time: a number of seconds, or in a form a text.
func decodeTime(raw any, v reflect.Value, path string, form bool) error {
	switch raw := raw.(type) {
	case string:
		if !form {
			break
		}
		t, err := time.Parse(time.RFC3339, raw)
		if err != nil {
			return serialization("%.100q is no time of ISO 8601, as 2026-01-31T12:00:00Z, at '%s'", raw, path)
		}
		v.SetInt(t.UnixMilli())
		return nil
	case json.Number:
		f, err := raw.Float64()
		if err != nil || math.Abs(f) > maxTime {
			return serialization("%.100s is no time in seconds since the epoch, at '%s'", raw, path)
		}
		v.SetInt(int64(math.Round(f * 1000)))
		return nil
	}
	return wrongType(raw, "Timestamp", path)
}

// Double is a number of a request that may be no finite one: its operation says that it is not taken.
type Double float64

// special returns the number of the texts that stand for those that JSON lacks.
func special(raw any) (float64, bool) {
	switch raw {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

// specialText is the inverse of special.
func specialText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case f < 0:
		return "-Infinity"
	}
	return "Infinity"
}
