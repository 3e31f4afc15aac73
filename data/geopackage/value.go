package geopackage

import (
	"database/sql/driver"
	"errors"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"wangge/spatial"
)

// foreignValue is a value of another program's column, of the column's type
// where nothing is lost by that.
func foreignValue(t spatial.Type, raw driver.Value) (spatial.Value, error) {
	switch raw := raw.(type) {
	case int64:
		return foreignInt(t, raw), nil
	case float64:
		return foreignFloat(t, raw), nil
	case string:
		return foreignText(t, raw), nil
	case []byte:
		if utf8.Valid(raw) {
			return foreignText(t, string(raw)), nil
		}
		return spatial.Null, errors.New("binary data in a column for something else")
	}
	return spatial.Null, nil
}

func foreignInt(t spatial.Type, n int64) spatial.Value {
	switch {
	case t == spatial.TypeBool && (n == 0 || n == 1):
		return spatial.Bool(n == 1)
	case t == spatial.TypeFloat && int64(float64(n)) == n:
		return spatial.Float(float64(n))
	}
	return spatial.Int(n)
}

func foreignFloat(t spatial.Type, f float64) spatial.Value {
	if t == spatial.TypeInt && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return spatial.Int(int64(f))
	}
	return spatial.Float(f)
}

// instants are the ways programs write a moment; GeoPackage has the first
// (OGC 12-128r18 table 1). One without a zone is in UTC, as it says there.
var instants = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006/01/02 15:04:05Z07:00", "2006/01/02 15:04:05", "2006/01/02 15:04"}

var days = []string{time.DateOnly, "2006/01/02"}

// foreignText takes a text for a date or a moment where the column is for
// that; what cannot be read as one stays a text.
func foreignText(t spatial.Type, s string) spatial.Value {
	switch t {
	case spatial.TypeDate:
		if at, ok := parseTime(s, days); ok {
			return spatial.Date(at)
		}
	case spatial.TypeTime:
		if at, ok := parseTime(s, instants); ok {
			return spatial.Time(at)
		}
		if at, ok := parseTime(s, days); ok {
			return spatial.Time(at)
		}
	}
	return spatial.Text(s)
}

func parseTime(s string, layouts []string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range layouts {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
