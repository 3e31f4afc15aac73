package format

import (
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"wangge/spatial"
)

// What a sheet of Excel can hold.
const (
	xlsxRows  = 1_048_576 // the header among them
	xlsxCell  = 32_767    // UTF-16 units of text in a cell
	xlsxExact = 1_000_000_000_000_000
)

// aboutSheet is the second sheet of a workbook of ours; the reader knows it.
const aboutSheet = "说明"

// WriteXLSX writes a selection as a workbook: a sheet of the layer's name
// with the columns of [WriteCSV], and a sheet 说明 that says what the data
// are, of when, from where, whether synthetic, and what each field means.
// Codes are text cells, dates are dates, instants text in RFC 3339, whole
// numbers that Excel would round are text. A geometry too long for a cell
// is left out with a word in its place. More features than a sheet has rows are
// refused, as *[spatial.InvalidError], before anything is written to w. Cost:
// the sheet goes through a temporary file. Features are ranged over twice.
func WriteXLSX(w io.Writer, s Selection) (err error) {
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	name := sheetName(s)
	if err := book.SetSheetName("Sheet1", name); err != nil {
		return err
	}
	if err := writeRows(book, name, s); err != nil {
		return err
	}
	if err := writeAbout(book, s); err != nil {
		return err
	}
	return book.Write(w)
}

// sheetName fits a layer's id, or the title of a table for people, into the 31
// characters of a sheet's name.
func sheetName(s Selection) string {
	name := []rune(s.Layer.ID())
	if title := []rune(s.Layer.Schema().Title.ZH); s.Titled && len(title) > 0 {
		name = title
	}
	return string(name[:min(len(name), 31)])
}

func writeRows(book *excelize.File, name string, s Selection) error {
	t := newSheet(s)
	out, err := book.NewStreamWriter(name)
	if err != nil {
		return err
	}
	styles, err := newStyles(book)
	if err != nil {
		return err
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	width := 16.0
	if s.Titled {
		width = 24 // for codes of 25 digits
	}
	if err := out.SetColWidth(1, len(t.header), width); err != nil {
		return err
	}
	if err := out.SetRow("A1", styles.headers(t.header)); err != nil {
		return err
	}
	var row []spatial.Value
	cells := make([]any, len(t.header))
	number := 1
	for f := range s.Features {
		if number++; number > xlsxRows {
			return &spatial.InvalidError{Rule: "xlsx_rows", Where: "layer " + string(s.Layer.ID()),
				Detail: fmt.Sprintf("the selection has more than the %d rows that a sheet of Excel holds below its header", xlsxRows-1),
				Fix:    "select fewer features, or take CSV or GeoPackage"}
		}
		if row, err = t.row(row[:0], f); err != nil {
			return err
		}
		for i, v := range row {
			if cells[i], err = t.cell(i, v, styles); err != nil {
				return fmt.Errorf("%s %d, column %s: %w", s.Layer.ID(), f.ID(), t.header[i], err)
			}
		}
		if err := out.SetRow("A"+strconv.Itoa(number), cells); err != nil {
			return err
		}
	}
	return out.Flush()
}

// cell is a value as excelize takes it.
func (t *sheet) cell(i int, v spatial.Value, styles styles) (any, error) {
	switch v.Type() {
	case spatial.TypeInt:
		if n := v.Int(); n >= xlsxExact || n <= -xlsxExact {
			return strconv.FormatInt(n, 10), nil
		}
		return v.Int(), nil
	case spatial.TypeFloat:
		if t.isCoordinate(i) {
			return strconv.ParseFloat(string(appendCoordinate(nil, v.Float(), t.decimals())), 64)
		}
		return v.Float(), nil
	case spatial.TypeBool:
		return v.Bool(), nil
	case spatial.TypeDate:
		return styles.dateCell(v), nil
	case spatial.TypeTime:
		return v.String(), nil
	case spatial.TypeText:
		return t.textCell(i, v.Text())
	}
	return nil, nil
}

func (t *sheet) textCell(i int, text string) (any, error) {
	length := len(text)
	if length > xlsxCell {
		length = len(utf16.Encode([]rune(text)))
	}
	switch {
	case length <= xlsxCell:
		return text, nil
	case i > len(t.Fields):
		return fmt.Sprintf("(%d characters, too long for a cell: take CSV, GeoJSON or GeoPackage)", length), nil
	}
	return nil, &spatial.InvalidError{Rule: "xlsx_cell", Detail: fmt.Sprintf("a text of %d characters; a cell of Excel holds %d", length, xlsxCell),
		Fix: "leave the field out, or take CSV or GeoPackage"}
}

// styles are the looks of cells.
type styles struct{ header, date int }

func newStyles(book *excelize.File) (s styles, err error) {
	s.header, err = book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true},
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE6F0"}}})
	if err != nil {
		return s, err
	}
	format := "yyyy-mm-dd"
	s.date, err = book.NewStyle(&excelize.Style{CustomNumFmt: &format})
	return s, err
}

func (s styles) headers(names []string) []any {
	cells := make([]any, len(names))
	for i, name := range names {
		cells[i] = excelize.Cell{StyleID: s.header, Value: name}
	}
	return cells
}

// dateCell is a date as Excel's number of days; those before March 1900,
// which Excel miscounts, stay text.
func (s styles) dateCell(v spatial.Value) any {
	days := v.Time().Unix()/86400 + serialOfEpoch
	if days < 61 {
		return v.String()
	}
	return excelize.Cell{StyleID: s.date, Value: days}
}

// serialOfEpoch is 1970-01-01 as Excel counts days.
const serialOfEpoch = 25569

func writeAbout(book *excelize.File, s Selection) error {
	if _, err := book.NewSheet(aboutSheet); err != nil {
		return err
	}
	out, err := book.NewStreamWriter(aboutSheet)
	if err != nil {
		return err
	}
	if err := out.SetColWidth(1, 4, 24); err != nil {
		return err
	}
	for i, line := range about(s) {
		cells := make([]any, len(line))
		for k, text := range line {
			cells[k] = text
		}
		if err := out.SetRow("A"+strconv.Itoa(i+1), cells); err != nil {
			return err
		}
	}
	return out.Flush()
}

// about is what a reader of the table must know.
func about(s Selection) [][]string {
	schema := s.Layer.Schema()
	lines := [][]string{
		{"图层 layer", string(schema.ID), schema.Title.ZH, schema.Title.EN},
		{"数据日期 as of", schema.AsOf},
		{"来源 source", schema.Source},
		{"许可 licence", schema.Licence},
		{"坐标系 coordinates", s.CRS.String()},
		{"备注 note", schema.Note.ZH, schema.Note.EN},
	}
	if schema.Synthetic {
		lines = append(lines, []string{"合成数据 synthetic", "本表为合成数据，非实测", "generated, not surveyed"})
	}
	lines = append(lines, nil, []string{"字段 field", "中文", "English", "类型 type", "单位 unit"})
	for _, i := range s.Fields {
		f := &schema.Fields[i]
		lines = append(lines, []string{f.Name, f.Title.ZH, f.Title.EN, f.Type.String(), f.Unit})
	}
	return lines
}
