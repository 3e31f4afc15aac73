package format

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"wangge/spatial"
)

// dbfWriter writes the attributes of features as records of a table. It must
// see every feature, by measure, before it writes the first.
type dbfWriter struct {
	text     charset
	language byte
	columns  []dbfColumn
}

// dbfColumn is a column of the table.
type dbfColumn struct {
	name, title string
	short       string // what of the name fits
	kind        byte
	width       int
	decimals    int
	value       func(spatial.Feature) spatial.Value
}

const (
	widestText   = 254 // bytes; ArcGIS and GDAL take no more
	widestFloat  = 24  // -1.7976931348623157e+308
	mostDBF      = 255 // fields
	widestRecord = math.MaxUint16
)

func newDBFWriter(s Selection, encoding string) (*dbfWriter, error) {
	w := &dbfWriter{text: utf8Text}
	if encoding != "" {
		text, err := userCharset(encoding)
		if err != nil {
			return nil, err
		}
		w.text = text
	}
	switch w.text.name {
	case utf8Text.name, "GB18030":
	case gbkText.name:
		w.text.table, w.language = simplifiedchinese.GBK, 0x4d // only what other readers of GBK know
	case big5Text.name:
		w.language = 0x4f
	default:
		return nil, &spatial.InvalidError{Rule: "encoding_name", Where: fmt.Sprintf("encoding %q", encoding), Detail: "shapefiles are not written in it", Fix: "give utf-8, gbk, gb18030 or big5"}
	}
	w.addColumns(s)
	return w, w.nameColumns()
}

// addColumns gives a feature's id, its fields, and the mark of generated data
// columns. Widths are the least; they grow with the values.
func (w *dbfWriter) addColumns(s Selection) {
	schema := s.Layer.Schema()
	w.columns = append(w.columns, dbfColumn{name: "id", kind: 'N', width: 1, value: func(f spatial.Feature) spatial.Value { return spatial.Int(f.ID()) }})
	for _, i := range s.Fields {
		c := dbfColumn{name: schema.Fields[i].Name, title: schema.Fields[i].Title.ZH, value: func(f spatial.Feature) spatial.Value { return f.Value(i) }}
		switch schema.Fields[i].Type {
		case spatial.TypeInt:
			c.kind, c.width = 'N', 1
		case spatial.TypeFloat:
			c.kind, c.width, c.decimals = 'N', widestFloat, 15
		case spatial.TypeBool:
			c.kind, c.width = 'L', 1
		case spatial.TypeDate:
			c.kind, c.width = 'D', 8
		default:
			c.kind, c.width = 'C', 1
		}
		w.columns = append(w.columns, c)
	}
	if schema.Synthetic {
		w.columns = append(w.columns, dbfColumn{name: "is_synthetic_data", kind: 'L', width: 1, value: func(spatial.Feature) spatial.Value { return spatial.Bool(true) }})
	}
}

// nameColumns cuts names to ten bytes, and the later ones of equal names
// further to make room for a number.
func (w *dbfWriter) nameColumns() error {
	taken := map[string]bool{}
	for i := range w.columns {
		c := &w.columns[i]
		c.short = w.cut(c.name, dbfName-1)
		for n := 2; taken[c.short]; n++ {
			suffix := "_" + strconv.Itoa(n)
			c.short = w.cut(c.name, dbfName-1-len(suffix)) + suffix
		}
		taken[c.short] = true
	}
	if len(w.columns) > mostDBF {
		return &spatial.InvalidError{Rule: "dbf_fields", Where: "the layer", Detail: fmt.Sprintf("it has %d fields; a .dbf has at most %d", len(w.columns), mostDBF), Fix: "export fewer fields, or a GeoPackage"}
	}
	return nil
}

// cut is as much of a name as fits into so many bytes of the encoding.
func (w *dbfWriter) cut(name string, size int) string {
	for {
		if b, _ := w.text.encode(name); len(b) <= size {
			return name
		}
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
}

// measure widens the columns for a feature and refuses what they cannot hold.
func (w *dbfWriter) measure(f spatial.Feature) error {
	for i := range w.columns {
		c := &w.columns[i]
		b, err := w.cell(c, c.value(f))
		if err == nil && len(b) > widestText {
			err = &spatial.InvalidError{Rule: "dbf_text", Detail: fmt.Sprintf("the text has %d bytes in %s; a .dbf holds at most %d", len(b), w.text.name, widestText), Fix: "export a GeoPackage, or leave the field out"}
		}
		if err != nil {
			return placed(fmt.Sprintf("%s %d, field %s", f.Layer().ID(), f.ID(), c.name), err)
		}
		c.width = max(c.width, len(b))
	}
	return nil
}

// settle makes whole numbers that other programs would round into text, and
// adds up the width.
func (w *dbfWriter) settle() error {
	for i := range w.columns {
		if c := &w.columns[i]; c.kind == 'N' && c.decimals == 0 && c.width > longestInt {
			c.kind = 'C'
		}
	}
	if width := w.width(); width > widestRecord {
		return &spatial.InvalidError{Rule: "dbf_width", Where: "the layer", Detail: fmt.Sprintf("a row takes %d bytes; a .dbf has at most %d", width, widestRecord), Fix: "export fewer fields, or a GeoPackage"}
	}
	return nil
}

func (w *dbfWriter) width() int {
	width := 1
	for _, c := range w.columns {
		width += c.width
	}
	return width
}

// size is the bytes of the table with so many rows.
func (w *dbfWriter) size(rows int) int64 {
	return int64(dbfHead*(len(w.columns)+1)+2) + int64(rows)*int64(w.width())
}

// cell is a value in the bytes of the table, without the blanks around it;
// null is none.
func (w *dbfWriter) cell(c *dbfColumn, v spatial.Value) ([]byte, error) {
	switch v.Type() {
	case spatial.TypeText:
		b, ok := w.text.encode(v.Text())
		if !ok {
			return nil, &spatial.InvalidError{Rule: "dbf_encoding", Detail: fmt.Sprintf("%q has characters that %s lacks", v.Text(), w.text.name), Fix: "export in utf-8"}
		}
		return b, nil
	case spatial.TypeFloat:
		return shortFloat(v.Float()), nil
	case spatial.TypeBool:
		if v.Bool() {
			return []byte("T"), nil
		}
		return []byte("F"), nil
	case spatial.TypeDate:
		if year := v.Time().Year(); year < 1 || year > 9999 {
			return nil, &spatial.InvalidError{Rule: "dbf_date", Detail: fmt.Sprintf("a .dbf has no day in the year %d", year), Fix: "export a GeoPackage"}
		}
		return v.Time().AppendFormat(nil, "20060102"), nil
	case spatial.TypeTime:
		return v.Time().AppendFormat(nil, time.RFC3339Nano), nil
	}
	return []byte(v.String()), nil
}

// shortFloat is the shortest text that reads back as the same number; with an
// exponent only where it would not fit otherwise.
func shortFloat(x float64) []byte {
	if b := strconv.AppendFloat(nil, x, 'f', -1, 64); len(b) <= widestFloat {
		return b
	}
	return strconv.AppendFloat(nil, x, 'e', -1, 64)
}

// head is the head of the table with the day of its data.
func (w *dbfWriter) head(rows int, asOf string) []byte {
	day, err := time.Parse(time.DateOnly, asOf)
	if err != nil || day.Year() < 1900 || day.Year() > 2155 {
		day = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	dst := []byte{0x03, byte(day.Year() - 1900), byte(day.Month()), byte(day.Day())}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(rows))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(dbfHead*(len(w.columns)+1)+1))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(w.width()))
	dst = append(dst, make([]byte, dbfHead-len(dst))...)
	dst[29] = w.language
	for _, c := range w.columns {
		field := make([]byte, dbfHead)
		name, _ := w.text.encode(c.short)
		copy(field[:dbfName-1], name)
		field[11], field[16], field[17] = c.kind, byte(c.width), byte(c.decimals)
		dst = append(dst, field...)
	}
	return append(dst, dbfTerminator)
}

// record appends a feature's row: numbers to the right, all else to the left.
func (w *dbfWriter) record(dst []byte, f spatial.Feature) ([]byte, error) {
	dst = append(dst, ' ')
	for i := range w.columns {
		c := &w.columns[i]
		b, err := w.cell(c, c.value(f))
		if err != nil {
			return nil, err
		}
		if len(b) > c.width {
			return nil, fmt.Errorf("%s %d, field %s: the features changed while they were written", f.Layer().ID(), f.ID(), c.name)
		}
		blanks := c.width - len(b)
		if c.kind == 'N' {
			dst = appendBlanks(dst, blanks)
			blanks = 0
		}
		dst = appendBlanks(append(dst, b...), blanks)
	}
	return dst, nil
}

func appendBlanks(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}
