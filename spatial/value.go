package spatial

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Type is the type of an attribute.
type Type uint8

// The types of attributes. Date is a calendar day, Time an instant to the
// microsecond.
const (
	TypeText Type = iota + 1
	TypeInt
	TypeFloat
	TypeBool
	TypeDate
	TypeTime
)

var typeNames = [...]string{TypeText: "text", TypeInt: "int", TypeFloat: "float", TypeBool: "bool", TypeDate: "date", TypeTime: "time"}

// String is the type's name as it stands in stored schemas.
func (t Type) String() string {
	if int(t) < len(typeNames) && typeNames[t] != "" {
		return typeNames[t]
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

// MarshalText writes the type's name.
func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a type's name.
func (t *Type) UnmarshalText(b []byte) error {
	for i, name := range typeNames {
		if name != "" && name == string(b) {
			*t = Type(i)
			return nil
		}
	}
	return fmt.Errorf("unknown attribute type %q: use text, int, float, bool, date or time", b)
}

// Value is one attribute value: a typed scalar, or null. The zero Value is
// null. Values are comparable with ==.
type Value struct {
	typ  Type // 0 is null
	num  uint64
	text string
}

// Null is the absent value.
var Null Value

// Text returns a text value.
func Text(s string) Value { return Value{typ: TypeText, text: s} }

// Int returns an integer value.
func Int(i int64) Value { return Value{typ: TypeInt, num: uint64(i)} }

// Float returns a number; NaN and the infinities become null, as no format
// of ours can carry them.
func Float(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Null
	}
	return Value{typ: TypeFloat, num: math.Float64bits(f)}
}

// Bool returns a truth value.
func Bool(b bool) Value {
	if b {
		return Value{typ: TypeBool, num: 1}
	}
	return Value{typ: TypeBool}
}

// Date returns the calendar day of t in t's own zone.
func Date(t time.Time) Value {
	y, m, d := t.Date()
	days := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
	return Value{typ: TypeDate, num: uint64(days)}
}

// Time returns an instant, cut to the microsecond.
func Time(t time.Time) Value { return Value{typ: TypeTime, num: uint64(t.UnixMicro())} }

// Type is the value's type, 0 for null.
func (v Value) Type() Type { return v.typ }

// IsNull says whether the value is absent.
func (v Value) IsNull() bool { return v.typ == 0 }

// Text is the text of a text value, "" for any other.
func (v Value) Text() string { return v.text }

// Int is the integer of an int value, 0 for any other.
func (v Value) Int() int64 {
	if v.typ != TypeInt {
		return 0
	}
	return int64(v.num)
}

// Float is the number of an int or float value, 0 for any other.
func (v Value) Float() float64 {
	switch v.typ {
	case TypeInt:
		return float64(int64(v.num))
	case TypeFloat:
		return math.Float64frombits(v.num)
	}
	return 0
}

// Bool is the truth of a bool value, false for any other.
func (v Value) Bool() bool { return v.typ == TypeBool && v.num == 1 }

// Time is the instant of a time value, or midnight UTC of a date value; the
// zero time for any other.
func (v Value) Time() time.Time {
	switch v.typ {
	case TypeDate:
		return time.Unix(int64(v.num)*86400, 0).UTC()
	case TypeTime:
		return time.UnixMicro(int64(v.num)).UTC()
	}
	return time.Time{}
}

// Any returns nil, string, int64, float64, bool or time.Time.
func (v Value) Any() any {
	switch v.typ {
	case TypeText:
		return v.text
	case TypeInt:
		return v.Int()
	case TypeFloat:
		return v.Float()
	case TypeBool:
		return v.Bool()
	case TypeDate, TypeTime:
		return v.Time()
	}
	return nil
}

// String is the value as people and URLs write it: dates as 2006-01-02,
// instants in RFC 3339 UTC, null as "".
func (v Value) String() string {
	switch v.typ {
	case TypeText:
		return v.text
	case TypeInt:
		return strconv.FormatInt(v.Int(), 10)
	case TypeFloat:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	case TypeBool:
		return strconv.FormatBool(v.Bool())
	case TypeDate:
		return v.Time().Format(time.DateOnly)
	case TypeTime:
		return v.Time().Format(time.RFC3339Nano)
	}
	return ""
}

// ParseValue reads what [Value.String] writes. Empty text is null except for
// text itself.
func ParseValue(t Type, s string) (Value, error) {
	if s == "" && t != TypeText {
		return Null, nil
	}
	switch t {
	case TypeText:
		return Text(s), nil
	case TypeInt:
		i, err := strconv.ParseInt(s, 10, 64)
		return orNull(Int(i), err, "a whole number", s)
	case TypeFloat:
		return parseFloat(s)
	case TypeBool:
		b, err := strconv.ParseBool(s)
		return orNull(Bool(b), err, "true or false", s)
	case TypeDate:
		d, err := time.Parse(time.DateOnly, s)
		return orNull(Date(d), err, "a date like 2024-11-04", s)
	case TypeTime:
		at, err := time.Parse(time.RFC3339Nano, s)
		return orNull(Time(at), err, "an instant like 2024-11-04T08:00:00Z", s)
	}
	return Null, fmt.Errorf("unknown attribute type %v", t)
}

func parseFloat(s string) (Value, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
		err = strconv.ErrRange
	}
	return orNull(Float(f), err, "a finite number", s)
}

func orNull(v Value, err error, want, got string) (Value, error) {
	if err != nil {
		return Null, &InvalidError{Rule: "value_type", Detail: fmt.Sprintf("%q is not %s", got, want)}
	}
	return v, nil
}
