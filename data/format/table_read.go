package format

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// lines is a file of rows of cells, whose header is among them.
type lines interface {
	// each hands on the rows that have anything in them, counted from 1 as the
	// file's own program counts them; fault is what is wrong with a row, nil if
	// nothing. Cells are valid until see returns.
	each(see func(number int, cells []spatial.Value, fault *spatial.InvalidError) error) error
	io.Closer
}

// table is a file of rows below a header, as features.
type table struct {
	lines
	header  []string // "" for columns to be passed over
	first   int      // row of the first record
	unit    string   // what a row is called: "row"
	x, y, w int      // columns of the geometry, -1 if none
	crs     *datum.CRS
	said    []string
}

// newTable takes the names of columns, which stand above row first. Columns
// of one name, and a header that holds numbers, are refused.
func newTable(l lines, header []string, first int) (*table, error) {
	t := &table{lines: l, header: header, first: first, unit: "row", x: -1, y: -1, w: -1}
	numbers, filled := 0, 0
	for i, name := range header {
		if name = strings.TrimSpace(strings.Join(strings.Fields(name), " ")); name != "" {
			if k := slices.Index(header[:i], name); k >= 0 {
				return nil, &spatial.InvalidError{Rule: "header_twice", Where: fmt.Sprintf("columns %s and %s", columnLetters(k), columnLetters(i)),
					Detail: fmt.Sprintf("both are called %q", name), Fix: "give every column its own name"}
			}
			if filled++; filled > maxColumns {
				return nil, &spatial.InvalidError{Rule: "table_columns", Where: fmt.Sprintf("row %d", max(first-1, 1)),
					Detail: fmt.Sprintf("it names more than %d columns", maxColumns), Fix: "put values into rows, not into columns"}
			}
			if _, ok := plainNumber(name); ok {
				numbers++
			}
		}
		header[i] = name
	}
	if filled == 0 || numbers*2 > filled {
		return nil, &spatial.InvalidError{Rule: "header_missing", Where: fmt.Sprintf("row %d", max(first-1, 1)),
			Detail: "the first row holds values, not the names of columns", Fix: "put a row of names above the values"}
	}
	t.findGeometry()
	return t, nil
}

// columnLetters is a column as spreadsheets name it: A, B, … Z, AA.
func columnLetters(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return columnLetters(i/26-1) + string(rune('A'+i%26))
}

// coordinateNames are what columns of coordinates are called, the surest
// first, as [bare] leaves names.
var coordinateNames = [][3][]string{
	{nil, nil, {"wkt", "geomwkt", "thegeom", "geom", "geometry", "几何"}},
	{{"经度", "lng", "lon", "long", "longitude", "geomlon"}, {"纬度", "lat", "latitude", "geomlat"}, nil},
	{{"easting", "东坐标", "横坐标", "geomeasting"}, {"northing", "北坐标", "纵坐标", "geomnorthing"}, nil},
	{{"x", "x坐标", "坐标x", "pointx"}, {"y", "y坐标", "坐标y", "pointy"}, nil},
}

// shiftedNames end the names of columns of shifted coordinates.
var shiftedNames = map[string]datum.CRS{"gcj02": datum.GCJ02, "高德": datum.GCJ02, "火星": datum.GCJ02, "bd09": datum.BD09, "百度": datum.BD09,
	"wgs84": datum.CRS84, "cgcs2000": datum.EPSG4490}

// findGeometry looks for columns of coordinates or well-known text.
func (t *table) findGeometry() {
	find := func(names []string) int {
		for i, name := range t.header {
			if plain, _ := shifted(name); slices.Contains(names, plain) {
				return i
			}
		}
		return -1
	}
	for _, names := range coordinateNames {
		if t.w = find(names[2]); t.w >= 0 {
			break
		}
		if t.x, t.y = find(names[0]), find(names[1]); t.x >= 0 && t.y >= 0 {
			break
		}
		t.x, t.y = -1, -1
	}
	switch {
	case t.w >= 0:
		_, t.crs = shifted(t.header[t.w])
		t.note("the geometry is the well-known text in column %q", t.header[t.w])
	case t.x >= 0:
		_, t.crs = shifted(t.header[t.x])
		t.note("the coordinates are in the columns %q and %q", t.header[t.x], t.header[t.y])
	default:
		t.note("no column holds coordinates (经度, 纬度; lon, lat; x, y; wkt): the rows have no geometry")
	}
}

// shifted parts the name of a column from the coordinate system that it
// names.
func shifted(name string) (string, *datum.CRS) {
	whole := strings.ToLower(nameSigns.ReplaceAllString(name, ""))
	for suffix, crs := range shiftedNames {
		if rest, ok := strings.CutSuffix(whole, suffix); ok && rest != "" {
			return rest, &crs
		}
		if rest, ok := strings.CutPrefix(whole, suffix); ok && rest != "" {
			return rest, &crs
		}
	}
	return bare(name), nil
}

func (t *table) note(format string, args ...any) {
	t.said = append(t.said, fmt.Sprintf(format, args...))
}

// Each implements [Features].
func (t *table) Each(see func(*Record) error) error {
	var r Record
	return t.each(func(number int, cells []spatial.Value, fault *spatial.InvalidError) error {
		if number < t.first {
			return nil
		}
		r = Record{Number: number, Where: fmt.Sprintf("%s %d", t.unit, number), Cells: r.Cells[:0], Fault: fault}
		if fault == nil {
			r.Fault = t.fill(&r, cells)
		}
		return see(&r)
	})
}

// fill turns a row into a record.
func (t *table) fill(r *Record, cells []spatial.Value) *spatial.InvalidError {
	for i, v := range cells {
		switch {
		case i >= len(t.header) && !v.IsNull():
			return &spatial.InvalidError{Rule: "row_width", Detail: fmt.Sprintf("the row has %d cells, the header %d", len(cells), len(t.header)),
				Fix: "a text with a comma or line break in it must stand in quotes; name every column"}
		case i >= len(t.header), i == t.x, i == t.y, i == t.w:
		case t.header[i] != "":
			r.Cells = append(r.Cells, Cell{Column: t.header[i], Value: v})
		case !v.IsNull():
			return &spatial.InvalidError{Rule: "header_blank", Where: "column " + columnLetters(i),
				Detail: fmt.Sprintf("it holds %q but has no name", v), Fix: "name the column in the header, or empty it"}
		}
	}
	if total(cells) {
		return &spatial.InvalidError{Rule: "row_total", Detail: "it is a row of totals (合计), not a feature", Fix: "remove it, or say --skip-bad"}
	}
	var err error
	if r.Geometry, err = t.geometry(cells); err == nil {
		return nil
	}
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) {
		invalid = &spatial.InvalidError{Rule: "geometry", Detail: err.Error()}
	}
	return invalid
}

// total says whether the first text of a row announces sums.
func total(cells []spatial.Value) bool {
	for _, v := range cells {
		if !v.IsNull() {
			word := strings.TrimRight(nameSigns.ReplaceAllString(v.Text(), ""), ":：")
			return slices.Contains([]string{"合计", "总计", "小计", "总和", "汇总", "Total", "TOTAL", "total"}, word)
		}
	}
	return false
}

func (t *table) geometry(cells []spatial.Value) (orb.Geometry, error) {
	cell := func(i int) spatial.Value {
		if i < 0 || i >= len(cells) {
			return spatial.Null
		}
		return cells[i]
	}
	if text := strings.TrimSpace(cell(t.w).String()); text != "" {
		g, _, err := readWKT(text)
		return g, t.inColumn(t.w, err)
	}
	if t.x < 0 || isNothing(cell(t.x)) && isNothing(cell(t.y)) {
		return nil, nil
	}
	x, err := t.coordinate(t.x, cell(t.x))
	if err != nil {
		return nil, err
	}
	y, err := t.coordinate(t.y, cell(t.y))
	if err != nil {
		return nil, err
	}
	return orb.Point{x, y}, nil
}

func (t *table) inColumn(i int, err error) error {
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	placed := *invalid
	placed.Where = "column " + t.header[i]
	return &placed
}

func (t *table) coordinate(i int, v spatial.Value) (float64, error) {
	switch v.Type() {
	case spatial.TypeInt, spatial.TypeFloat:
		return v.Float(), nil
	}
	if x, ok := plainNumber(halfWidth(v.String())); ok {
		return x, nil
	}
	return 0, &spatial.InvalidError{Rule: "coordinate", Where: "column " + t.header[i], Detail: fmt.Sprintf("%q is not a coordinate", v.String()),
		Fix: "give decimal degrees like 114.1234, or metres"}
}

// CRS implements [Features].
func (t *table) CRS() (datum.CRS, bool) {
	if t.crs == nil {
		return datum.CRS84, false
	}
	return *t.crs, true
}

// Notes implements [Features].
func (t *table) Notes() []string { return t.said }

// Close implements [Features].
func (t *table) Close() error { return t.lines.Close() }

// loose says that a text of the file may be a number or a date.
func (t *table) loose() bool { return true }
