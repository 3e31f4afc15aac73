package format_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/xuri/excelize/v2"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/datum"
)

// readCSV reads a table into a state.
func readCSV(t testing.TB, text string, state *spatial.Snapshot, o format.Options) (*format.Import, error) {
	t.Helper()
	f, err := format.OpenCSV(memory(text), "")
	if err != nil {
		return nil, err
	}
	if o.Layer == "" {
		o.Layer = "sites"
	}
	o.AsOf, o.Source = "2024-11-04", "sites.csv"
	return format.Read(f, state, o)
}

func empty() *spatial.Snapshot { return spatial.New(0) }

// fault is the first problem of a reading, or its error.
func fault(t testing.TB, in *format.Import, err error) *spatial.InvalidError {
	t.Helper()
	if err == nil {
		err = in.Err()
	}
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("got %v, want an InvalidError", err)
	}
	return invalid
}

// TestValues: what clerks write, in a layer that knows what it wants.
func TestValues(t *testing.T) {
	schema := &spatial.Schema{ID: "sites", Code: "code", AsOf: "2024-11-04", Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Title: spatial.Title{ZH: "编码"}},
		{Name: "persons", Type: spatial.TypeInt, Unit: "persons", Title: spatial.Title{ZH: "人数"}},
		{Name: "area", Type: spatial.TypeFloat, Unit: "m²", Title: spatial.Title{ZH: "面积"}},
		{Name: "cost", Type: spatial.TypeFloat, Unit: "元", Title: spatial.Title{ZH: "造价"}},
		{Name: "share", Type: spatial.TypeFloat, Title: spatial.Title{ZH: "比例"}},
		{Name: "open", Type: spatial.TypeBool, Title: spatial.Title{ZH: "开放"}},
		{Name: "day", Type: spatial.TypeDate, Title: spatial.Title{ZH: "日期"}},
		{Name: "seen", Type: spatial.TypeTime, Title: spatial.Title{ZH: "时间"}},
		{Name: "level", Type: spatial.TypeText, Title: spatial.Title{ZH: "等级"}, Values: []spatial.Label{{Value: "general", Title: spatial.Title{ZH: "一般", EN: "General"}}}},
	}}
	state := spatial.New(1, layerOf(t, schema))
	for _, c := range []struct{ column, text, want string }{
		{"人数", "1,234", "1234"}, {"人数", "１２３４", "1234"}, {"人数", "12人", "12"}, {"人数", "1.2万", "12000"}, {"人数", "5.0", "5"}, {"人数", "-", ""}, {"人数", "无", ""}, {"人数", "/", ""}, {"人数", "", ""},
		{"人数", "8~10", "!value_range"}, {"人数", "8-10", "!value_range"}, {"人数", "约8", "!value_range"}, {"人数", "8人以上", "!value_range"}, {"人数", "5.5", "!value_type"}, {"人数", "many", "!value_type"}, {"人数", "12㎡", "!value_unit"},
		{"面积", "12.5㎡", "12.5"}, {"面积", "3公顷", "30000"}, {"面积", "0.5 km²", "500000"}, {"面积", "1,234.5平方米", "1234.5"}, {"面积", "3 km", "!value_unit"}, {"面积(公顷)", "1.5", "15000"}, {"面积(公顷)", "8㎡", "8"},
		{"造价", "3.5万元", "35000"}, {"造价", "1.2亿", "120000000"}, {"造价（万元）", "0.7", "7000"}, {"造价（万元）", "100元", "100"},
		{"比例", "35%", "0.35"}, {"比例", "0.35", "0.35"},
		{"开放", "是", "true"}, {"开放", "否", "false"}, {"开放", "TRUE", "true"}, {"开放", "maybe", "!value_type"},
		{"日期", "2024-11-04", "2024-11-04"}, {"日期", "2024/11/4", "2024-11-04"}, {"日期", "2024年11月4日", "2024-11-04"}, {"日期", "20241104", "2024-11-04"}, {"日期", "45600", "2024-11-04"}, {"日期", "2024.1.2", "2024-01-02"}, {"日期", "2024-02-30", "!value_type"}, {"日期", "2024年", "!value_type"},
		{"日期", "2024-11-04 08:30", "2024-11-04"}, {"时间", "2024-11-04 08:30", "2024-11-04T00:30:00Z"}, {"时间", "2024-11-04T08:30:00Z", "2024-11-04T08:30:00Z"},
		{"等级", "一般", "general"}, {"等级", "General", "general"}, {"等级", "重大", "!sites_level_values"},
		{"编码", "4.40303E+24", "!digits_lost"}, {"编码", "440303002007.0", "!code_number"}, {"编码", "0044", "0044"},
	} {
		t.Run(c.column+" "+c.text, func(t *testing.T) {
			text := "编码," + c.column + "\nA1,\"" + c.text + "\"\n"
			if c.column == "编码" {
				text = "编码,人数\n" + c.text + ",1\n"
			}
			in, err := readCSV(t, text, state, format.Options{Fields: map[string]string{}})
			if rule, bad := strings.CutPrefix(c.want, "!"); bad {
				got := fault(t, in, err)
				if got.Rule != rule || !strings.Contains(got.Where, "row 2, column") {
					t.Errorf("got %v, want %s", got, rule)
				}
				return
			}
			if err != nil || in.Err() != nil {
				t.Fatal(err, in.Err())
			}
			row := rowsOf(t, in)[0]
			for _, m := range in.Report.Mapping {
				if m.Column == c.column && row.Values[schema.FieldIndex(m.Field)].String() != c.want {
					t.Errorf("got %q, want %q", row.Values[schema.FieldIndex(m.Field)], c.want)
				}
			}
		})
	}
	for pick, want := range map[format.Pick]int64{format.PickLow: 8, format.PickMid: 9, format.PickHigh: 10} {
		in, err := readCSV(t, "编码,人数\n1,8~10\n", state, format.Options{Pick: pick})
		if err != nil || rowsOf(t, in)[0].Values[1].Int() != want {
			t.Errorf("%s of 8~10: %v", pick, err)
		}
	}
}

// TestNewLayers: the types and names that are inferred of text.
func TestNewLayers(t *testing.T) {
	for _, c := range []struct {
		header, values, name string
		typ                  spatial.Type
		unit                 string
	}{
		{"名称", "a|b", "name", spatial.TypeText, ""},
		{"人口", "1,200|-|３", "residents", spatial.TypeInt, ""},
		{"人口", "8~10|7", "residents", spatial.TypeText, ""},
		{"面积（㎡）", "1.5|2", "area", spatial.TypeFloat, "m²"},
		{"面积", "12.5㎡|3公顷", "area", spatial.TypeFloat, "m²"},
		{"造价（万元）", "1.5|2", "cost", spatial.TypeFloat, "万元"},
		{"编码", "123|456", "code", spatial.TypeText, ""},
		{"grid", "44030300200718|44030300200719", "grid", spatial.TypeText, ""},
		{"no", "007|8", "no", spatial.TypeText, ""},
		{"日期", "20241104|20241105", "date", spatial.TypeDate, ""},
		{"日期", "2024/11/4|2024年11月5日|", "date", spatial.TypeDate, ""},
		{"开放", "是|否", "field_1", spatial.TypeBool, ""},
		{"人口/户籍", "1|2", "field_1", spatial.TypeInt, ""},
		{"长度", "3 km|5㎡", "length", spatial.TypeText, ""},
		{"混", "1|x", "field_1", spatial.TypeText, ""},
	} {
		text := c.header + ",z\n"
		for _, v := range strings.Split(c.values, "|") {
			text += `"` + v + "\",z\n"
		}
		in, err := readCSV(t, text, empty(), format.Options{})
		if err != nil || in.Err() != nil {
			t.Errorf("%s %s: %v", c.header, c.values, errors.Join(err, in.Err()))
			continue
		}
		if f := in.Schema.Fields[0]; f.Name != c.name || f.Type != c.typ || f.Unit != c.unit {
			t.Errorf("%s %s: %s %v %q, want %s %v %q", c.header, c.values, f.Name, f.Type, f.Unit, c.name, c.typ, c.unit)
		}
	}
}

// TestCSVFiles: delimiters, encodings, quotes and faults of the file itself.
func TestCSVFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"semicolons": {"a;b\n1,5;2\n", "1,5|2"}, "tabs": {"a\tb\n1\tx y\n", "1|x y"}, "bars": {"a|b\n1|2\n", "1|2"},
		"mark":         {"\ufeffa,b\n1,2\n", "1|2"},
		"GB18030":      {"\xc3\xfb\xb3\xc6,b\n\xc2\xde\xba\xfe\xc7\xf8\xb6\xab\xba\xfe\xb9\xab\xd4\xb0,2\n", "罗湖区东湖公园|2"},
		"UTF-16":       {"\xff\xfea\x00,\x00b\x00\n\x001\x00,\x00\x57\x7f\n\x00", "1|罗"},
		"line breaks":  {"a,b\r\n\"x\r\ny\",2\r\n", "x\r\ny|2"},
		"old Mac":      {"a,b\r1,2\r", "1|2"},
		"quotes":       {"a,b\n\"x \"\"y\"\"\",5\" pipe\n", `x "y"|5" pipe`},
		"empty lines":  {"a,b\n\n1,2\n\n", "1|2"},
		"guarded":      {"a,b\n'=1+1,'x\n", "=1+1|'x"},
		"no end":       {"a,b\nx,2", "x|2"},
		"spaces":       {"a,b\n x ,\" y \"\n", "x| y "},
		"twice":        {"a,a\n1,2\n", "!header_twice"},
		"wide":         {wideHeader(1001) + "\n", "!table_columns"},
		"numbers":      {"1,2\n3,4\n", "!header_missing"},
		"empty":        {"", "!file_empty"},
		"only header":  {"a,b\n", "!file_empty"},
		"open quote":   {"a,b\n\"1,2\n3,4\n", "!csv_quote"},
		"short row":    {"a,b\n1\n", "!row_width"},
		"long row":     {"a,b\n1,2,3\n", "!row_width"},
		"blank header": {"a,,c\n1,2,3\n", "!header_blank"},
		"totals":       {"a,b\nx,1\n合计,5\n", "!row_total"},
		"coordinates":  {"a,经度,纬度\nx,114°8′,22\n", "!coordinate"},
		"bad WKT":      {"a,wkt\nx,POINT(1)\n", "!wkt"},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := readCSV(t, c.text, empty(), format.Options{})
			if rule, bad := strings.CutPrefix(c.want, "!"); bad {
				if got := fault(t, in, err); got.Rule != rule {
					t.Errorf("got %v, want %s", got, rule)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var values []string
			for _, v := range rowsOf(t, in)[0].Values {
				values = append(values, v.String())
			}
			if got := strings.Join(values, "|"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestCoordinates: which system is taken, and what is doubted.
func TestCoordinates(t *testing.T) {
	station := orb.Point{114.119, 22.531}
	for name, c := range map[string]struct {
		header, values string
		srs            string
		want           orb.Point
		note           string
	}{
		"degrees":        {"经度,纬度", "114.119,22.531", "", station, ""},
		"4547":           {"x,y", "512241.9297,2492605.0386", "", station, "EPSG:4547"},
		"4526":           {"easting,northing", "38512241.9297,2492605.0386", "", station, "EPSG:4526"},
		"surveyors":      {"X,Y", "2492605.0386,512241.9297", "", station, "northing comes first"},
		"3857":           {"x,y", "12703669.05,2575386.55", "", datum.ToLL(datum.EPSG3857, orb.Point{12703669.05, 2575386.55}), "EPSG:3857"},
		"gcj02 declared": {"lng_gcj02,lat_gcj02", "114.119,22.531", "", datum.ToLL(datum.GCJ02, station), "GCJ-02"},
		"gcj02 said":     {"lng,lat", "114.119,22.531", "gcj02", datum.ToLL(datum.GCJ02, station), ""},
		"WKT":            {"n,WKT", `1,"SRID=4490;POINT Z (114.119 22.531 7)"`, "", station, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := format.Options{}
			if c.srs != "" {
				crs, err := datum.Parse(c.srs)
				if err != nil {
					t.Fatal(err)
				}
				o.CRS = &crs
			}
			in, err := readCSV(t, "k,"+c.header+"\nz,"+c.values+"\n", empty(), o)
			if err != nil || in.Err() != nil {
				t.Fatal(err, in.Err())
			}
			got := rowsOf(t, in)[0].Geometry.(orb.Point)
			if math.Hypot(got[0]-c.want[0], got[1]-c.want[1]) > 2e-9 {
				t.Errorf("at %v, want %v", got, c.want)
			}
			if notes := strings.Join(in.Report.Notes, "\n"); !strings.Contains(notes, c.note) {
				t.Errorf("the notes lack %q:\n%s", c.note, notes)
			}
		})
	}
	for name, values := range map[string]string{"exchanged": "22.5,114.1", "no system": "5000000,1"} {
		in, err := readCSV(t, "经度,纬度,k\n"+values+",z\n", empty(), format.Options{})
		if got := fault(t, in, err); got.Fix == "" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestDoubts: coordinates that lie as shifted ones would are not moved but
// told.
func TestDoubts(t *testing.T) {
	district := orb.Polygon{{{114.06, 22.52}, {114.21, 22.52}, {114.21, 22.62}, {114.06, 22.62}, {114.06, 22.52}}}
	table := func(move func(orb.Point) orb.Point) string {
		var b strings.Builder
		b.WriteString("lon,lat,k\n")
		for i := range 40 {
			for k := range 40 {
				p := move(orb.Point{114.0605 + float64(i)*0.149/39, 22.5205 + float64(k)*0.099/39})
				b.Write(format.AppendGeometry(nil, p)[len(`{"type":"Point","coordinates":[`):])
				b.WriteString(",z\n")
			}
		}
		return strings.ReplaceAll(b.String(), "]}", "")
	}
	for name, c := range map[string]struct {
		move func(orb.Point) orb.Point
		want string
	}{
		"true":    {func(p orb.Point) orb.Point { return p }, ""},
		"GCJ-02":  {func(p orb.Point) orb.Point { return datum.FromLL(datum.GCJ02, p) }, "--srs gcj02"},
		"BD-09":   {func(p orb.Point) orb.Point { return datum.FromLL(datum.BD09, p) }, "--srs bd09"},
		"Beijing": {func(p orb.Point) orb.Point { return orb.Point{p[0] + 2, p[1] + 17} }, "all 1600 features lie outside"},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := readCSV(t, table(c.move), empty(), format.Options{Outline: district})
			if err != nil {
				t.Fatal(err)
			}
			notes := strings.Join(in.Report.Notes, "\n")
			if doubted := strings.Contains(notes, "outside the district"); doubted != (c.want != "") || !strings.Contains(notes, c.want) {
				t.Errorf("want %q in the notes:\n%s", c.want, notes)
			}
		})
	}
}

// workbookOf makes a file of Excel.
func workbookOf(t testing.TB, fill func(*excelize.File) error) format.Features {
	t.Helper()
	book := excelize.NewFile()
	if err := fill(book); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	f, err := openXLSX(out.Bytes(), "")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func openXLSX(content []byte, sheet string) (format.Features, error) {
	return format.OpenXLSX(bytes.NewReader(content), int64(len(content)), io.NopCloser(nil), sheet)
}

// TestXLSX: a sheet as an office makes it, with a title, merged headers, dates
// and merged cells.
func TestXLSX(t *testing.T) {
	f := workbookOf(t, func(b *excelize.File) error {
		style, err := b.NewStyle(&excelize.Style{NumFmt: 14})
		if err != nil {
			return err
		}
		rows := [][]any{{"罗湖区网格人口表"}, {"街道", "编码", "人口", nil, "日期"}, {nil, nil, "户籍", "流动", nil},
			{"黄贝", "0440303", 5, 1.5, 45600}, {nil, "0440304", 6, nil, 45601.5}}
		for i, row := range rows {
			if err := b.SetSheetRow("Sheet1", "A"+string(rune('1'+i)), &row); err != nil {
				return err
			}
		}
		for _, cells := range [][2]string{{"A1", "E1"}, {"A2", "A3"}, {"B2", "B3"}, {"C2", "D2"}, {"E2", "E3"}, {"A4", "A5"}} {
			if err := b.MergeCell("Sheet1", cells[0], cells[1]); err != nil {
				return err
			}
		}
		return b.SetCellStyle("Sheet1", "E4", "E4", style)
	})
	var got []string
	err := f.Each(func(r *format.Record) error {
		line := r.Where
		for _, cell := range r.Cells {
			line += " " + cell.Column + "=" + cell.Value.String()
		}
		if r.Fault != nil {
			line += " " + r.Fault.Rule
		}
		got = append(got, line)
		return nil
	})
	want := []string{"sheet Sheet1, row 4 街道=黄贝 编码=0440303 人口/户籍=5 人口/流动=1.5 日期=2024-11-04", "sheet Sheet1, row 5 街道=黄贝 编码=0440304 人口/户籍=6 人口/流动= 日期=45601.5"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\ngot  %q\nwant %q", err, got, want)
	}
}

// TestXLSXFaults: cells that mean nothing are named.
func TestXLSXFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fill func(*excelize.File) error
		rule string
	}{
		"long number": {func(b *excelize.File) error { return b.SetCellValue("Sheet1", "A2", 4.403030020071801e24) }, "digits_lost"},
		"merged number": {func(b *excelize.File) error {
			return errors.Join(b.SetCellValue("Sheet1", "A2", 5), b.SetCellValue("Sheet1", "B3", "x"), b.MergeCell("Sheet1", "A2", "A3"))
		}, "xlsx_merged"},
		"merged across": {func(b *excelize.File) error {
			return errors.Join(b.SetCellValue("Sheet1", "A2", "x"), b.MergeCell("Sheet1", "A2", "B2"))
		}, "xlsx_merged"},
		"no value": {func(b *excelize.File) error { return b.SetCellFormula("Sheet1", "A2", "B2*2") }, "xlsx_formula"},
		"totals":   {func(b *excelize.File) error { return b.SetSheetRow("Sheet1", "A2", &[]any{"合 计", 5}) }, "row_total"},
	} {
		t.Run(name, func(t *testing.T) {
			f := workbookOf(t, func(b *excelize.File) error {
				return errors.Join(b.SetSheetRow("Sheet1", "A1", &[]any{"甲", "乙"}), c.fill(b))
			})
			in, err := format.Read(f, empty(), format.Options{Layer: "x", AsOf: "2024-11-04", Source: "x.xlsx"})
			if got := fault(t, in, err); got.Rule != c.rule || !strings.Contains(got.Where, "row 2") {
				t.Errorf("got %v, want %s", got, c.rule)
			}
		})
	}
	book := excelize.NewFile()
	_, _ = book.NewSheet("乙")
	_ = book.SetCellValue("Sheet1", "A1", "a")
	_ = book.SetCellValue("乙", "A1", "b")
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	for sheet, says := range map[string]string{"": "Sheet1, 乙", "丙": "Sheet1, 乙", "乙": ""} {
		_, err := openXLSX(out.Bytes(), sheet)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("sheet %q: %v", sheet, err)
		}
	}
	if _, err := openXLSX([]byte("\xd0\xcf\x11\xe0"), ""); err == nil {
		t.Error("an old workbook is read")
	}
}

// TestUpsert: rows of known codes keep their ids and what the file does not
// say; others come and, if the user wants, go.
func TestUpsert(t *testing.T) {
	state := spatial.New(1, layerOf(t, stations, stationRows()...))
	code := func(i int) string { return stationRows()[i].Values[0].Text() }
	file := "编号,name,staff\n" + code(0) + ",新,7\n" + code(1) + ",=1+1,9007199254740991\n4403030020071800001000009,来,1\n"
	o := format.Options{Layer: "stations", Fields: map[string]string{"编号": "code"}}
	in, err := readCSV(t, file, state, o)
	if err != nil {
		t.Fatal(err)
	}
	if r := in.Report; r.New != 1 || r.Changed != 1 || r.Unchanged != 1 || r.Deleted != 0 {
		t.Errorf("report %+v", r)
	}
	rows := rowsOf(t, in)
	if rows[0].ID != 1 || rows[0].Values[1].Text() != "新" || rows[0].Values[3].Float() != 0.1 || rows[0].Geometry == nil {
		t.Errorf("the known row is %+v", rows[0])
	}
	if rows[1].ID != 10 || rows[1].Values[3] != spatial.Null {
		t.Errorf("the new row is %+v", rows[1])
	}
	o.Mode = format.Replace
	if in, err = readCSV(t, file, state, o); err != nil || !slices.Equal(in.Deleted(), []int64{9}) {
		t.Errorf("replacing deletes %v, %v", in.Deleted(), err)
	}
	o.Mode = format.Append
	in, err = readCSV(t, file, state, o)
	if got := fault(t, in, err); got.Rule != "stations_code_unique" {
		t.Errorf("got %v", got)
	}
	o.SkipBad = true
	if in, err = readCSV(t, file, state, o); err != nil || in.Report.Refused != 2 || len(rowsOf(t, in)) != 1 {
		t.Errorf("skipping: %+v %v", in.Report, err)
	}
	if _, err := readCSV(t, "a,b\n1,2\n", state, format.Options{Layer: "stations"}); err == nil || !strings.Contains(err.Error(), "--append") {
		t.Errorf("a file without codes: %v", err)
	}
	if in, err = readCSV(t, "code,x2\n"+code(0)+",1\n"+code(0)+",2\n", state, format.Options{Layer: "stations"}); fault(t, in, err).Rule != "stations_code_unique" {
		t.Errorf("one code twice: %v", in.Err())
	}
	if m := in.Report.Mapping[1]; m.Field != "" || m.How == "" {
		t.Errorf("a column without a field: %+v", m)
	}
}

// things are a layer of everything that formats may lose.
func things(t testing.TB) *spatial.Layer {
	square := func(x, y, side float64) orb.Ring {
		return orb.Ring{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}
	}
	hole := square(114.11, 22.51, 0.01)
	slices.Reverse(hole)
	schema := &spatial.Schema{ID: "things", Geometry: spatial.Polygons, AsOf: "2024-11-04", Code: "code", Synthetic: true, Fields: slices.Clone(stations.Fields)}
	schema.Fields[0].Digits = 0
	values := func(code, name string) []spatial.Value {
		v := slices.Clone(stationRows()[0].Values)
		v[0], v[1] = spatial.Text(code), spatial.Text(name)
		return v
	}
	nulls := make([]spatial.Value, len(schema.Fields))
	nulls[0] = spatial.Text("003")
	return layerOf(t, schema,
		spatial.Row{ID: 2, Geometry: orb.Polygon{square(114.1, 22.5, 0.1), hole}, Values: values("001", "深水楼，“甲”\n=1")},
		spatial.Row{ID: 3, Geometry: orb.MultiPolygon{{square(114, 22, 0.125)}, {square(115, 22, 0.1)}}, Values: values("002", "=SUM(A1)")},
		spatial.Row{ID: 9, Values: nulls})
}

// TestFormatsRoundTrip: what is written reads back as unchanged into the
// layer it is of, and GDAL sees the same features.
func TestFormatsRoundTrip(t *testing.T) {
	layer := things(t)
	state := spatial.New(1, layer)
	for name, write := range map[string]func(io.Writer, format.Selection) error{"csv": format.WriteCSV, "xlsx": format.WriteXLSX, "geojson": format.WriteGeoJSON} {
		for _, crs := range []datum.CRS{datum.EPSG4490, datum.EPSG4547, datum.GCJ02} {
			t.Run(name+" "+crs.String(), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "things."+name)
				file, err := os.Create(path)
				if err != nil {
					t.Fatal(err)
				}
				s := whole(layer)
				s.CRS = crs
				if err := errors.Join(write(file, s), file.Close()); err != nil {
					t.Fatal(err)
				}
				f, err := format.Open(path, format.Source{})
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				in, err := format.Read(f, state, format.Options{Layer: "things", Source: path})
				exact := crs.SurveyGrade() // others come back to a lattice step
				if err != nil || in.Report.Refused+in.Report.New != 0 || exact && in.Report.Unchanged != 3 {
					t.Errorf("%+v %v", in.Report, err)
				}
				seenByGDAL(t, path, name)
			})
		}
	}
}

// seenByGDAL compares the features' names with what ogr2ogr makes of a file.
func seenByGDAL(t *testing.T, path, name string) {
	tool, err := exec.LookPath("ogr2ogr")
	if err != nil {
		t.Skip("no GDAL here")
	}
	args := []string{"-f", "CSV", "/vsistdout/", path, "-sql", "SELECT code, name FROM things"}
	out, err := exec.Command(tool, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"001", "深水楼，“甲”", "002", "SUM(A1)", "003"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("GDAL does not see %q in the %s:\n%s", want, name, out)
		}
	}
}

// TestGDALMeasures: areas and parts as GDAL reads them from well-known text
// and GeoJSON.
func TestGDALMeasures(t *testing.T) {
	tool, err := exec.LookPath("ogr2ogr")
	if err != nil {
		t.Skip("no GDAL here")
	}
	dir := t.TempDir()
	want := ""
	for _, name := range []string{"things.geojson", "things.csv"} {
		path := filepath.Join(dir, name)
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		write, geometry := format.WriteGeoJSON, "geometry"
		if strings.HasSuffix(name, "csv") {
			write, geometry = format.WriteCSV, "GeomFromText(wkt)"
		}
		if err := errors.Join(write(file, whole(things(t))), file.Close()); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tool, "-f", "CSV", "/vsistdout/", path, "-dialect", "SQLite", "-sql",
			"SELECT code, round(ST_Area("+geometry+"), 9) AS a, ST_NumGeometries("+geometry+") AS n, ST_NPoints("+geometry+") AS p FROM things").Output()
		if err != nil {
			t.Skipf("this GDAL has no SpatiaLite: %v", err)
		}
		if want == "" {
			want = string(out)
		}
		if string(out) != want || !strings.Contains(want, "0.0099") || !strings.Contains(want, `0.025625,"2","10"`) {
			t.Errorf("%s\n%s\nwant\n%s", name, out, want)
		}
	}
}

// FuzzCSV: whatever bytes come in, the reader refuses or yields rows that
// are valid, as many as it said.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "名称;经度;纬度\n甲;114.1;22.5\n", "wkt\t数\n\"POLYGON((0 0,1 0,1 1,0 0))\"\t8~10\n", "a,b\n\"x\ny\",'=1\n", "\xc3\xfb\xb3\xc6,X,Y\n\xbc\xd7,2492605,512241\n",
		"编码,日期,造价（万元）\n007,2024年1月2日,3.5万元\n合计,,\n", "a,b\r\"1", "\xff\xfea\x00\n\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		in, err := readCSV(t, string(text), empty(), format.Options{SkipBad: true, Pick: format.PickMid})
		if err != nil {
			return
		}
		rows := rowsOf(t, in)
		if len(rows) != in.Report.New || in.Report.New+in.Report.Refused != in.Report.Features {
			t.Errorf("%d rows, %+v", len(rows), in.Report)
		}
		for i, row := range rows {
			if err := in.Schema.ValidateRow(row); err != nil || row.ID != int64(i+1) {
				t.Error(i, row.ID, err)
			}
		}
	})
}

// wideHeader names n columns.
func wideHeader(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = "c" + strconv.Itoa(i)
	}
	return strings.Join(names, ",")
}
