package format

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"wangge/spatial"
)

// xlsxFile is a sheet of a workbook (ECMA-376). excelize reads rows as text in
// the look of their cells and keeps neither type nor date; so the sheet is
// read here, cell by cell.
type xlsxFile struct {
	io.Closer
	sheet  *zip.File
	shared []string // texts that cells point to
	days   []bool   // whether the cell format of a number shows a day
	late   bool     // days count from 1904
	merged []area
	top    int // row of the header
	deep   int // rows of the header
}

// area is a merged cell: rows and columns from 0, inclusive.
type area struct{ top, left, bottom, right int }

// maxShared is the most text that a workbook may share between its cells.
const maxShared = 1 << 28

// OpenXLSX reads a sheet of a workbook as features. size is that of the file;
// sheet names the sheet, and may be empty where only one has anything in it,
// those called 说明 aside. The header is the first row of more than one text;
// merged cells above columns join their names, like 人口/户籍. Formulas stand
// for the values they had when the workbook was saved.
func OpenXLSX(file io.ReaderAt, size int64, closer io.Closer, sheet string) (Features, error) {
	parts, err := zip.NewReader(file, size)
	if err != nil {
		return nil, &spatial.InvalidError{Rule: "xlsx", Detail: "the file is no workbook of Excel 2007 or later: " + err.Error(), Fix: "save it as .xlsx, without a password"}
	}
	book := workbook{parts: parts}
	f := &xlsxFile{Closer: closer}
	name, said, err := book.open(f, sheet)
	if err != nil {
		return nil, fmt.Errorf("read the workbook: %w", err)
	}
	header, err := f.header()
	if err != nil {
		return nil, err
	}
	t, err := newTable(f, header, f.top+f.deep+1)
	if err != nil {
		return nil, err
	}
	t.unit = fmt.Sprintf("sheet %s, row", name)
	t.said = slices.Concat(said, t.said)
	if n := len(f.merged); n > 0 {
		t.note("the sheet has %d merged cells; below the header a text merged over rows stands in each of them", n)
	}
	return t, nil
}

// workbook is the parts of a file of Excel.
type workbook struct{ parts *zip.Reader }

type sheetEntry struct {
	Name  string `xml:"name,attr"`
	State string `xml:"state,attr"`
	ID    string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
	Other string `xml:"http://purl.oclc.org/ooxml/officeDocument/relationships id,attr"`
}

func (b workbook) open(f *xlsxFile, wanted string) (name string, said []string, err error) {
	var book struct {
		Properties struct {
			Late string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []sheetEntry `xml:"sheets>sheet"`
	}
	if err := b.decode("xl/workbook.xml", &book); err != nil {
		return "", nil, err
	}
	f.late = book.Properties.Late == "1" || book.Properties.Late == "true"
	if err := b.formats(f); err != nil {
		return "", nil, err
	}
	if f.shared, err = b.texts(); err != nil {
		return "", nil, err
	}
	name, f.sheet, err = b.choose(f, book.Sheets, wanted)
	if err != nil {
		return "", nil, err
	}
	if len(book.Sheets) > 1 {
		said = append(said, fmt.Sprintf("read from the sheet %q", name))
	}
	return name, said, f.findMerged()
}

// decode reads a small part of the workbook.
func (b workbook) decode(name string, into any) error {
	part, err := b.parts.Open(name)
	if err != nil {
		return &spatial.InvalidError{Rule: "xlsx", Detail: "the file has no " + name + ", so it is no workbook of Excel", Fix: "save it as .xlsx again"}
	}
	defer part.Close()
	if err := xml.NewDecoder(io.LimitReader(part, 1<<24)).Decode(into); err != nil {
		return &spatial.InvalidError{Rule: "xlsx", Detail: fmt.Sprintf("its part %s is broken: %v", name, err), Fix: "save it as .xlsx again"}
	}
	return nil
}

// choose finds the sheet to read.
func (b workbook) choose(f *xlsxFile, sheets []sheetEntry, wanted string) (string, *zip.File, error) {
	parts, err := b.sheetParts()
	if err != nil {
		return "", nil, err
	}
	var names, filled []string
	var found *zip.File
	for _, s := range sheets {
		part := parts[s.ID+s.Other]
		if part == nil {
			continue
		}
		names = append(names, s.Name)
		if wanted != "" && s.Name != wanted || wanted == "" && (s.Name == aboutSheet || s.State != "" && s.State != "visible") {
			continue
		}
		probe := &xlsxFile{sheet: part, shared: f.shared, days: f.days}
		switch empty, err := probe.empty(); {
		case err != nil:
			return "", nil, fmt.Errorf("sheet %s: %w", s.Name, err)
		case !empty:
			filled, found = append(filled, s.Name), part
		}
	}
	all := strings.Join(names, ", ")
	switch {
	case len(filled) == 1:
		return filled[0], found, nil
	case len(filled) > 1:
		return "", nil, &spatial.InvalidError{Rule: "xlsx_sheet", Detail: "several sheets have something in them: " + strings.Join(filled, ", "), Fix: "name the one to read: --sheet " + filled[0]}
	case wanted != "":
		return "", nil, &spatial.InvalidError{Rule: "xlsx_sheet", Detail: fmt.Sprintf("there is no sheet %q, or it is empty; the workbook has %s", wanted, all), Fix: "name one of them: --sheet"}
	}
	return "", nil, &spatial.InvalidError{Rule: "file_empty", Detail: "no visible sheet has anything in it; the workbook has " + all, Fix: "name a hidden one: --sheet"}
}

func (b workbook) sheetParts() (map[string]*zip.File, error) {
	var links struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := b.decode("xl/_rels/workbook.xml.rels", &links); err != nil {
		return nil, err
	}
	parts := map[string]*zip.File{}
	for _, link := range links.All {
		name := path.Join("xl", link.Target)
		if strings.HasPrefix(link.Target, "/") {
			name = link.Target[1:]
		}
		for _, part := range b.parts.File {
			if part.Name == name {
				parts[link.ID] = part
			}
		}
	}
	return parts, nil
}

// quotedFormat is what a number format writes as it is.
var quotedFormat = regexp.MustCompile(`"[^"]*"|\\.|\[[^\]]*\]|_.|\*.`)

// formats finds which cell formats show days.
func (b workbook) formats(f *xlsxFile) error {
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			ID int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if _, err := b.parts.Open("xl/styles.xml"); err != nil {
		return nil
	}
	if err := b.decode("xl/styles.xml", &styles); err != nil {
		return err
	}
	days := map[int]bool{}
	for _, n := range [][2]int{{14, 22}, {27, 36}, {45, 47}, {50, 58}} {
		for id := n[0]; id <= n[1]; id++ {
			days[id] = true
		}
	}
	for _, format := range styles.Formats {
		days[format.ID] = strings.ContainsAny(strings.ToLower(quotedFormat.ReplaceAllString(format.Code, "")), "ydhs")
	}
	for _, cell := range styles.Cells {
		f.days = append(f.days, days[cell.ID])
	}
	return nil
}

// texts reads the texts that cells share.
func (b workbook) texts() (all []string, err error) {
	part, err := b.parts.Open("xl/sharedStrings.xml")
	if err != nil {
		return nil, nil
	}
	defer part.Close()
	dec := xml.NewDecoder(&tagged{from: part})
	size := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, brokenSheet(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "si" {
			text, err := richText(dec)
			if err != nil {
				return nil, brokenSheet(err)
			}
			if size += len(text); size > maxShared {
				return nil, &spatial.InvalidError{Rule: "xlsx_size", Detail: "the workbook's texts are larger than 256 MB", Fix: "save the sheet as CSV"}
			}
			all = append(all, text)
		}
	}
}

// tagged reads XML as long as it has a tag now and then: a decoder holds all
// that stands between two.
type tagged struct {
	from  io.Reader
	since int // bytes since the last tag began
}

// maxBetween is far more than the 32,767 characters that a cell may hold.
const maxBetween = 1 << 22

func (t *tagged) Read(b []byte) (int, error) {
	n, err := t.from.Read(b[:min(len(b), 1<<16)])
	if last := bytes.LastIndexByte(b[:n], '<'); last >= 0 {
		t.since = n - last
	} else {
		t.since += n
	}
	if t.since > maxBetween {
		return 0, &spatial.InvalidError{Rule: "xlsx_size", Detail: "a cell holds more text than any cell may", Fix: "open it in Excel, shorten the text and save it again"}
	}
	return n, err
}

func brokenSheet(err error) error {
	var told *spatial.InvalidError
	if errors.As(err, &told) {
		return told
	}
	return &spatial.InvalidError{Rule: "xlsx", Detail: "the workbook is broken: " + err.Error(), Fix: "open it in Excel and save it again"}
}

// richText joins the runs of a text up to the end of the element at hand,
// without the readings that Japanese writes above characters.
func richText(dec *xml.Decoder) (string, error) {
	var text strings.Builder
	for depth, inText := 1, false; depth > 0; {
		token, err := dec.Token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "rPh" {
				if err := dec.Skip(); err != nil {
					return "", err
				}
				continue
			}
			inText = t.Name.Local == "t"
			depth++
		case xml.EndElement:
			inText = false
			depth--
		case xml.CharData:
			if inText {
				text.Write(t)
			}
		}
	}
	return unescapeXLSX(text.String()), nil
}

var escapedXLSX = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescapeXLSX reads characters that XML cannot hold, written as _x000D_.
func unescapeXLSX(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return escapedXLSX.ReplaceAllStringFunc(s, func(code string) string {
		n, err := strconv.ParseUint(code[2:6], 16, 16)
		if err != nil || utf16.IsSurrogate(rune(n)) {
			return code
		}
		return string(rune(n))
	})
}

// xlsxCellXML is a cell as it stands in the sheet.
type xlsxCellXML struct {
	Ref   string  `xml:"r,attr"`
	Type  string  `xml:"t,attr"`
	Style int     `xml:"s,attr"`
	Value *string `xml:"v"`
	Text  struct {
		Plain string `xml:"t"`
		Runs  []struct {
			Text string `xml:"t"`
		} `xml:"r"`
	} `xml:"is"`
	Formula *string `xml:"f"`
}

// walk hands on the rows that have cells, counted from 0, and each merged
// cell.
func (f *xlsxFile) walk(row func(n int, cells []spatial.Value, fault *spatial.InvalidError) error, merged func(area)) error {
	part, err := f.sheet.Open()
	if err != nil {
		return brokenSheet(err)
	}
	defer part.Close()
	dec := xml.NewDecoder(&tagged{from: part})
	var cells []spatial.Value
	for n := -1; ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return brokenSheet(err)
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case start.Name.Local == "mergeCell" && merged != nil:
			if a, ok := areaOf(attribute(start, "ref")); ok {
				merged(a)
			}
		case start.Name.Local == "row" && row != nil:
			if n++; attribute(start, "r") != "" {
				number, _ := strconv.Atoi(attribute(start, "r"))
				n = max(n, number-1)
			}
			var fault *spatial.InvalidError
			if cells, fault, err = f.cells(dec, cells[:0], n); err != nil {
				return brokenSheet(err)
			}
			if err := row(n, cells, fault); err != nil {
				return err
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// cells reads the cells of a row; the fault is that of the first bad one.
func (f *xlsxFile) cells(dec *xml.Decoder, cells []spatial.Value, row int) ([]spatial.Value, *spatial.InvalidError, error) {
	var fault *spatial.InvalidError
	for {
		token, err := dec.Token()
		if err != nil {
			return nil, nil, err
		}
		if end, ok := token.(xml.EndElement); ok && end.Name.Local == "row" {
			return cells, fault, nil
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "c" {
			continue
		}
		var cell xlsxCellXML
		if err := dec.DecodeElement(&cell, &start); err != nil {
			return nil, nil, err
		}
		column := len(cells)
		if _, c, ok := cellOf(cell.Ref); ok && c < 1<<14 {
			column = max(column, c)
		}
		for len(cells) < column {
			cells = append(cells, spatial.Null)
		}
		value, bad := f.value(&cell)
		if bad != nil && fault == nil {
			bad.Where = "cell " + columnLetters(column) + strconv.Itoa(row+1)
			fault = bad
		}
		cells = append(cells, value)
	}
}

// value is what a cell holds.
func (f *xlsxFile) value(c *xlsxCellXML) (spatial.Value, *spatial.InvalidError) {
	text := ""
	if c.Value != nil {
		text = *c.Value
	} else if c.Formula != nil {
		return spatial.Null, &spatial.InvalidError{Rule: "xlsx_formula", Detail: "the formula =" + *c.Formula + " has no value in the file", Fix: "open the workbook in Excel and save it, or put the value in its place"}
	}
	switch c.Type {
	case "e":
		return spatial.Null, &spatial.InvalidError{Rule: "xlsx_error", Detail: "the formula gives the error " + text, Fix: "mend the formula, or put the value in its place"}
	case "b":
		return spatial.Bool(text == "1"), nil
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || i < 0 || i >= len(f.shared) {
			return spatial.Null, &spatial.InvalidError{Rule: "xlsx", Detail: "it points to a text that is not there", Fix: "open the workbook in Excel and save it again"}
		}
		text = f.shared[i]
	case "inlineStr":
		text = c.Text.Plain
		for _, run := range c.Text.Runs {
			text += run.Text
		}
		text = unescapeXLSX(text)
	case "", "n":
		return f.number(strings.TrimSpace(text), c.Style), nil
	}
	if text == "" {
		return spatial.Null, nil
	}
	return spatial.Text(text), nil
}

// number is a number, or the day that it looks like. Numbers of more than 15
// digits, which Excel cannot hold, are the text that it shows: 4.40303E+24.
func (f *xlsxFile) number(text string, style int) spatial.Value {
	x, err := strconv.ParseFloat(text, 64)
	switch {
	case text == "":
		return spatial.Null
	case err != nil || math.IsInf(x, 0) || math.IsNaN(x):
		return spatial.Text(text)
	case math.Abs(x) >= xlsxExact:
		return spatial.Text(strconv.FormatFloat(x, 'E', 5, 64))
	case style >= 0 && style < len(f.days) && f.days[style]:
		return f.day(x, text)
	case x == math.Trunc(x):
		return spatial.Int(int64(x))
	}
	return spatial.Float(x)
}

func (f *xlsxFile) day(x float64, text string) spatial.Value {
	if f.late {
		x += 1462
	}
	at, ok := serialTime(x)
	switch {
	case !ok:
		return spatial.Text(text)
	case x == math.Trunc(x):
		return spatial.Date(at)
	}
	return spatial.Time(at)
}

// cellOf reads a reference like B12, both from 0.
func cellOf(ref string) (row, column int, ok bool) {
	i := 0
	for ; i < len(ref) && i < 4 && ref[i] >= 'A' && ref[i] <= 'Z'; i++ {
		column = column*26 + int(ref[i]-'A') + 1
	}
	row, err := strconv.Atoi(ref[i:])
	return row - 1, column - 1, err == nil && column > 0 && row > 0
}

func areaOf(ref string) (a area, ok bool) {
	from, to, ok := strings.Cut(ref, ":")
	if !ok {
		return a, false
	}
	top, left, fromOK := cellOf(from)
	bottom, right, toOK := cellOf(to)
	return area{top, left, bottom, right}, fromOK && toOK && bottom >= top && right >= left && right < 1<<14
}

var errFound = errors.New("found")

func (f *xlsxFile) empty() (bool, error) {
	err := f.walk(func(_ int, cells []spatial.Value, fault *spatial.InvalidError) error {
		if fault != nil || slices.ContainsFunc(cells, func(v spatial.Value) bool { return !v.IsNull() }) {
			return errFound
		}
		return nil
	}, nil)
	if errors.Is(err, errFound) {
		return false, nil
	}
	return err == nil, err
}

func (f *xlsxFile) findMerged() error {
	return f.walk(nil, func(a area) {
		if len(f.merged) < 100_000 {
			f.merged = append(f.merged, a)
		}
	})
}

// header finds the rows of names: the first row that has more than one text,
// or any if none has, and as many as the merged cells in it ask for.
func (f *xlsxFile) header() ([]string, error) {
	rows, err := f.head()
	if err != nil {
		return nil, err
	}
	f.top, f.deep = -1, 1
	for n := range rows {
		if named := len(rows[n]) - nulls(rows[n]); named > 0 && (f.top < 0 || named > 1) {
			f.top = n
			if named > 1 {
				break
			}
		}
	}
	if f.top < 0 {
		return nil, &spatial.InvalidError{Rule: "header_missing", Where: "row 1", Detail: "the sheet begins with empty rows", Fix: "put a row of names above the values"}
	}
	for _, a := range f.merged {
		switch {
		case a.top == f.top && a.bottom > a.top:
			f.deep = max(f.deep, a.bottom-a.top+1)
		case a.top == f.top && a.right > a.left:
			f.deep = max(f.deep, 2)
		}
	}
	return f.joinNames(rows), nil
}

// headRows is how far down a header is looked for.
const headRows = 30

func (f *xlsxFile) head() ([][]spatial.Value, error) {
	rows := make([][]spatial.Value, headRows)
	err := f.walk(func(n int, cells []spatial.Value, _ *spatial.InvalidError) error {
		if n >= headRows {
			return errFound
		}
		rows[n] = slices.Clone(cells)
		return nil
	}, nil)
	if errors.Is(err, errFound) {
		err = nil
	}
	return rows, err
}

func nulls(cells []spatial.Value) (n int) {
	for _, v := range cells {
		if v.IsNull() {
			n++
		}
	}
	return n
}

// joinNames joins the names that stand above each other, a merged one above
// all columns that it spans.
func (f *xlsxFile) joinNames(rows [][]spatial.Value) []string {
	width := 0
	for n := f.top; n < min(f.top+f.deep, headRows); n++ {
		width = max(width, len(rows[n]))
	}
	names := make([]string, width)
	for n := f.top; n < min(f.top+f.deep, headRows); n++ {
		for i := range names {
			part := strings.TrimSpace(f.named(rows, n, i))
			switch {
			case part == "" || part == names[i] || strings.HasSuffix(names[i], "/"+part):
			case names[i] == "":
				names[i] = part
			default:
				names[i] += "/" + part
			}
		}
	}
	return names
}

// named is the text of a cell or of the merged cell that it belongs to.
func (f *xlsxFile) named(rows [][]spatial.Value, n, i int) string {
	for _, a := range f.merged {
		if n >= a.top && n <= a.bottom && i >= a.left && i <= a.right {
			n, i = a.top, a.left
			break
		}
	}
	if n >= len(rows) || i >= len(rows[n]) {
		return ""
	}
	return rows[n][i].String()
}

// each implements lines.
func (f *xlsxFile) each(see func(int, []spatial.Value, *spatial.InvalidError) error) error {
	below := slices.DeleteFunc(slices.Clone(f.merged), func(a area) bool { return a.top < f.top+f.deep })
	spread := map[area]spatial.Value{}
	return f.walk(func(n int, cells []spatial.Value, fault *spatial.InvalidError) error {
		for _, a := range below {
			if n < a.top || n > a.bottom || fault != nil {
				continue
			}
			cells, fault = fillMerged(a, n, cells, spread)
		}
		if fault == nil && nulls(cells) == len(cells) {
			return nil
		}
		return see(n+1, cells, fault)
	}, nil)
}

// fillMerged puts a text that is merged over rows into each of them. Numbers
// would be counted more than once, and what spans columns belongs to none.
func fillMerged(a area, n int, cells []spatial.Value, spread map[area]spatial.Value) ([]spatial.Value, *spatial.InvalidError) {
	where := fmt.Sprintf("cells %s%d:%s%d", columnLetters(a.left), a.top+1, columnLetters(a.right), a.bottom+1)
	if n == a.top && a.left < len(cells) {
		spread[a] = cells[a.left]
	}
	v := spread[a]
	switch {
	case v.IsNull():
	case a.right > a.left:
		return cells, &spatial.InvalidError{Rule: "xlsx_merged", Where: where, Detail: fmt.Sprintf("%q is merged over several columns", v), Fix: "part the cells (取消合并)"}
	case v.Type() != spatial.TypeText:
		return cells, &spatial.InvalidError{Rule: "xlsx_merged", Where: where, Detail: fmt.Sprintf("the number %v is merged over several rows: whether it is of each or of all is not plain", v), Fix: "part the cells (取消合并)"}
	default:
		for len(cells) <= a.left {
			cells = append(cells, spatial.Null)
		}
		cells[a.left] = v
	}
	if n == a.bottom {
		delete(spread, a)
	}
	return cells, nil
}
