package format

import (
	"bufio"
	"io"
	"strings"

	"wangge/spatial"
)

// WriteCSV writes a selection as comma-separated values in UTF-8 with a byte
// order mark, which Excel needs to read Chinese. The header is the id, the
// fields by name and the geometry: lon and lat, or easting and northing, of
// single points, well-known text (wkt) of all else. The table of synthetic
// data has a last column that says so. Features are ranged over twice.
//
// Null is empty and an empty text is "". Spreadsheets run text that begins
// with = + - or @ as a formula; such text is written behind an apostrophe, and
// so is text with apostrophes before one of these, so that the reader knows
// which apostrophes to take away ([guarded]).
func WriteCSV(w io.Writer, s Selection) error {
	t := newSheet(s)
	out := bufio.NewWriterSize(w, 1<<16)
	line := []byte("\ufeff")
	for i, name := range t.header {
		line = appendCSV(line, i, name, false)
	}
	var row []spatial.Value
	for f := range s.Features {
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
		var err error
		if row, err = t.row(row[:0], f); err != nil {
			return err
		}
		line = line[:0]
		for i, v := range row {
			line = t.appendValue(line, i, v)
		}
	}
	if _, err := out.Write(append(line, '\n')); err != nil {
		return err
	}
	return out.Flush()
}

func (t *sheet) appendValue(line []byte, i int, v spatial.Value) []byte {
	switch {
	case v.Type() == spatial.TypeText:
		return appendCSV(line, i, guard(v.Text()), true)
	case t.isCoordinate(i) && !v.IsNull():
		return appendCoordinate(append(line, ','), v.Float(), t.decimals())
	}
	return appendCSV(line, i, v.String(), false)
}

// appendCSV adds a cell, quoted where it must be; isText keeps an empty text
// apart from null.
func appendCSV(line []byte, i int, text string, isText bool) []byte {
	if i > 0 {
		line = append(line, ',')
	}
	if !isText && text == "" || text != "" && !strings.ContainsAny(text, "\",;\t|\r\n") && strings.TrimSpace(text) == text {
		return append(line, text...)
	}
	line = append(line, '"')
	line = append(line, strings.ReplaceAll(text, `"`, `""`)...)
	return append(line, '"')
}

// guarded says whether text, after any apostrophes, begins as a formula does.
func guarded(text string) bool {
	rest := strings.TrimLeft(text, "'")
	return rest != "" && strings.IndexByte("=+-@\t\r", rest[0]) >= 0
}

// guard keeps a text from being a formula.
func guard(text string) string {
	if guarded(text) {
		return "'" + text
	}
	return text
}

// unguard takes back what guard did. A text that no guard made is unchanged
// but for the apostrophe that Excel's users put there to the same end.
func unguard(text string) string {
	if strings.HasPrefix(text, "'") && guarded(text) {
		return text[1:]
	}
	return text
}
