package format

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"wangge/spatial"
)

// dbfTally counts what happened to values of a field, to tell it once.
type dbfTally struct {
	cut   int // texts cut within their last character
	other int // values that are not of the field's type and stay text
	comma int // numbers with a comma for the decimal point
	tail  int // texts with something behind a zero character
}

// cells appends the values of a record, the i-th from 0, that are not left
// out.
func (t *dbfTable) cells(dst []Cell, record []byte, tally []dbfTally) ([]Cell, error) {
	for k := range t.fields {
		f := &t.fields[k]
		if f.left {
			continue
		}
		v, err := t.value(f, record, &tally[k])
		if err != nil {
			return nil, placed(fmt.Sprintf("field %q", f.name), err)
		}
		dst = append(dst, Cell{Column: f.name, Value: v})
	}
	return dst, nil
}

func (t *dbfTable) value(f *dbfField, record []byte, tally *dbfTally) (spatial.Value, error) {
	raw := record[f.offset : f.offset+f.width]
	switch f.kind {
	case 'I', '+', 'B', 'O', 'Y', 'T', '@':
		return binaryValue(f, raw), nil
	}
	text, full := f.textOf(record)
	if !isTextKind(f.kind) {
		return dbfScalar(f, strings.TrimSpace(string(text)), tally), nil
	}
	if rest := raw[len(text):]; len(bytes.Trim(rest, " \x00\x1a")) > 0 {
		tally.tail++
	}
	s, cut, ok := t.text.decode(text, full)
	if !ok {
		return spatial.Null, &spatial.InvalidError{Rule: "encoding", Detail: "the text is not " + t.text.name, Fix: "give another --encoding"}
	}
	if cut {
		tally.cut++
	}
	if s == "" {
		return spatial.Null, nil
	}
	return spatial.Text(s), nil
}

// dbfScalar reads a number, date or truth value from its text. What is none
// of its kind stays text.
func dbfScalar(f *dbfField, s string, tally *dbfTally) spatial.Value {
	if s == "" || s[0] == '*' {
		return spatial.Null
	}
	v, ok := spatial.Null, false
	switch f.kind {
	case 'N', 'F':
		v, ok = dbfNumber(f, s, tally)
	case 'D':
		v, ok = dbfDate(s)
	case 'L':
		v, ok = dbfTruth(s)
	}
	if !ok {
		tally.other++
		return spatial.Text(s)
	}
	return v
}

// longestInt is the most digits that are read as a number.
const longestInt = 18

// dbfNumber reads a number: whole where the field has no decimals and the
// text no point, but of more than 18 digits text, lest a code lose some.
func dbfNumber(f *dbfField, s string, tally *dbfTally) (spatial.Value, bool) {
	if n := strings.TrimLeft(s, "+-"); f.decimals == 0 && strings.Trim(n, "0123456789") == "" {
		if len(n) > longestInt {
			return spatial.Text(s), true
		}
		i, err := strconv.ParseInt(s, 10, 64)
		return spatial.Int(i), err == nil
	}
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
		tally.comma++
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) || strings.ContainsAny(s, "xX_pP") {
		return spatial.Null, false
	}
	return spatial.Float(x), true
}

func dbfDate(s string) (spatial.Value, bool) {
	if strings.Trim(s, "0") == "" {
		return spatial.Null, true
	}
	day, err := time.Parse("20060102", s)
	return spatial.Date(day), err == nil
}

func dbfTruth(s string) (spatial.Value, bool) {
	switch s {
	case "T", "t", "Y", "y", "1":
		return spatial.Bool(true), true
	case "F", "f", "N", "n", "0":
		return spatial.Bool(false), true
	}
	return spatial.Null, s == "?"
}

// binaryValue reads the types of dBASE 5 and FoxPro that are not text.
func binaryValue(f *dbfField, raw []byte) spatial.Value {
	switch {
	case len(raw) == 4:
		return spatial.Int(int64(int32(binary.LittleEndian.Uint32(raw))))
	case len(raw) != 8:
		return spatial.Null
	}
	bits := binary.LittleEndian.Uint64(raw)
	switch f.kind {
	case 'Y':
		return spatial.Float(float64(int64(bits)) / 10_000)
	case 'T', '@':
		return julianTime(uint32(bits), uint32(bits>>32))
	}
	return spatial.Float(math.Float64frombits(bits))
}

// julianTime is an instant by its Julian day and milliseconds, taken as UTC.
func julianTime(day, milliseconds uint32) spatial.Value {
	const epoch, latest = 2_440_588, 5_373_484 // 1970-01-01, 9999-12-31
	if day == 0 || day > latest || milliseconds > 86_400_000 {
		return spatial.Null
	}
	return spatial.Time(time.Unix((int64(day)-epoch)*86_400, int64(milliseconds)*1e6).UTC())
}

// words are the notes on what was counted.
func (t *dbfTable) words(tally []dbfTally) []string {
	var notes []string
	for k, n := range tally {
		tell := func(count int, what string) {
			if count > 0 {
				notes = append(notes, fmt.Sprintf("%s, field %q: %d %s", t.name, t.fields[k].name, count, what))
			}
		}
		tell(n.cut, "texts were cut within a character, of which the rest was left out")
		tell(n.tail, "texts have something behind a zero character, which was left out")
		tell(n.comma, "numbers have a comma for the decimal point")
		tell(n.other, fmt.Sprintf("values are not of the field's type %q and were left as text", t.fields[k].kind))
	}
	return notes
}
