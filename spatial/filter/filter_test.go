package filter

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wangge/spatial"
)

var schema = &spatial.Schema{ID: "places", Title: spatial.Title{ZH: "地点", EN: "Places"}, AsOf: "2024-11-04", Code: "code",
	Geometry: spatial.Points | spatial.Lines | spatial.Polygons, Fields: []spatial.Field{
		{Name: "code", Type: spatial.TypeText, Required: true, Unique: true},
		{Name: "name", Type: spatial.TypeText},
		{Name: "level", Type: spatial.TypeText, Values: []spatial.Label{{Value: "general"}, {Value: "low"}}},
		{Name: "people", Type: spatial.TypeInt},
		{Name: "rooms", Type: spatial.TypeInt},
		{Name: "score", Type: spatial.TypeFloat},
		{Name: "open", Type: spatial.TypeBool},
		{Name: "found", Type: spatial.TypeDate},
		{Name: "changed", Type: spatial.TypeTime},
	}}

func day(n int) spatial.Value { return spatial.Date(time.Date(2024, 11, n, 0, 0, 0, 0, time.UTC)) }

func instant(hour int) spatial.Value {
	return spatial.Time(time.Date(2024, 11, 4, hour, 30, 0, 0, time.UTC))
}

// place is a position on a raster of 0.001° in the district.
func at(x, y int) orb.Point { return orb.Point{float64(114100+x) / 1000, float64(22500+y) / 1000} }

func box(x, y, w, h int) orb.Polygon {
	return orb.Bound{Min: at(x, y), Max: at(x+w, y+h)}.ToPolygon()
}

// rows are drawn with nulls, equal values and shared edges.
func rows(n int) []spatial.Row {
	r := rand.New(rand.NewPCG(7, 11))
	names := []string{"新秀社区", "新兴社区", "it's 100%", "a_b", "A_B", "", "back\\slash"}
	orNull := func(v spatial.Value) spatial.Value {
		if r.IntN(6) == 0 {
			return spatial.Null
		}
		return v
	}
	all := make([]spatial.Row, n)
	for i := range all {
		level := []string{"general", "low"}[r.IntN(2)]
		all[i] = spatial.Row{ID: int64(i + 1), Geometry: drawn(r), Values: []spatial.Value{
			spatial.Text(fmt.Sprintf("%04d", i)), orNull(spatial.Text(names[r.IntN(len(names))])), orNull(spatial.Text(level)),
			orNull(spatial.Int(int64(r.IntN(8)))), orNull(spatial.Int(int64(r.IntN(8)))), orNull(spatial.Float(float64(r.IntN(12)) / 4)),
			orNull(spatial.Bool(r.IntN(2) == 0)), orNull(day(1 + r.IntN(5))), orNull(instant(r.IntN(4)))}}
	}
	return all
}

func drawn(r *rand.Rand) orb.Geometry {
	x, y := r.IntN(20), r.IntN(20)
	switch r.IntN(6) {
	case 0:
		return box(x, y, 1+r.IntN(4), 1+r.IntN(4))
	case 1:
		return orb.LineString{at(x, y), at(x+1+r.IntN(4), y+r.IntN(4)), at(x, y+5)}
	case 2:
		return orb.MultiPoint{at(x, y), at(y, x+1)}
	case 3:
		return nil
	}
	return at(x, y)
}

func layerOf(t testing.TB, rows []spatial.Row) *spatial.Layer {
	t.Helper()
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if err := schema.ValidateRow(row); err != nil {
				t.Fatal(err)
			}
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func filterOf(t testing.TB, text string) *Filter {
	t.Helper()
	e, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	f, err := New(e, schema, nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f
}

// TestTruth asks one feature, whose level and score are missing.
func TestTruth(t *testing.T) {
	row := spatial.Row{ID: 1, Geometry: at(5, 5), Values: []spatial.Value{textValue("0001"), textValue("新秀社区"), spatial.Null,
		spatial.Int(7), spatial.Int(9), spatial.Null, spatial.Bool(true), day(4), instant(8)}}
	layer := layerOf(t, []spatial.Row{row})
	feature, err := layer.Feature(1)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"people = 7": true, "people <> 7": false, "7 < people": false, "people >= 6.5": true, "people = 7.0": true,
		"people < rooms": true, "people = rooms": false, "-1 < people": true, "people < +8": true,
		"level = 'low'": false, "NOT level = 'low'": false, "level IS NULL": true, "level is not null": false,
		"level = 'low' OR people = 7": true, "NOT (level = 'low' AND people = 8)": true, "level = 'low' AND TRUE": false,
		"score > 1 OR TRUE": true, "false": false, "NOT FALSE": true, "TRUE AND NOT FALSE": true,
		"people = 7 OR people = 8 AND people = 9": true, "(people = 7 OR people = 8) AND people = 9": false,
		"NOT people = 8 AND people = 7": true, "people IN (1, 7)": true, "people NOT IN (1, 7)": false, "level NOT IN ('low')": false,
		"people BETWEEN 7 AND 8": true, "people NOT BETWEEN 7 AND 8": false, "score BETWEEN 0 AND 1": false, "score NOT BETWEEN 0 AND 1": false,
		"name LIKE '新秀%'": true, "name LIKE '新秀__'": true, "name LIKE '新秀_'": false, "name NOT LIKE '%区'": false, "level LIKE '%'": false,
		"name LIKE '%秀%区%'": true, "name LIKE ''": false, `"name" = '新秀社区'`: true,
		"open = TRUE": true, "TRUE = open": true, "open <> true": false,
		"found = DATE('2024-11-04')": true, "found > DATE('2024-11-03')": true, "date('2024-11-05') > found": true,
		"changed = TIMESTAMP('2024-11-04T16:30:00+08:00')":                         true,
		"S_INTERSECTS(geometry, POINT(114.105 22.505))":                            true,
		"S_INTERSECTS(ENVELOPE(114.1,22.5,114.105,22.6), geom)":                    true,
		"S_WITHIN(geometry, ENVELOPE(114.1,22.5,114.105,22.6))":                    false, // on its border
		"S_WITHIN(geometry, BBOX(114.1,22.5,114.106,22.6))":                        true,
		"S_CONTAINS(ENVELOPE(114.1,22.5,114.106,22.6), geometry)":                  true,
		"S_DISJOINT(geometry, POINT(114.105 22.506))":                              true,
		"S_DWITHIN(geometry, POINT(114.105 22.506), 110.8)":                        true,
		"S_DWITHIN(geometry, POINT(114.105 22.506), 110.7)":                        false,
		"S_DWITHIN(geometry, POINT(114.105 22.506), 0.1108, km)":                   true,
		"S_INTERSECTS(geometry, MULTIPOINT(0 0, (114.105 22.505)))":                true,
		"S_INTERSECTS(geometry, MULTIPOLYGON(((114 22, 115 23, 114 23, 114 22))))": true,
		"geometry IS NOT NULL":                                                     true,
	} {
		if got := filterOf(t, text).Holds(feature); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func textValue(s string) spatial.Value { return spatial.Text(s) }

// TestRefusals: each mistake is told with its place, and how to write it.
func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct{ text, rule, where, says string }{
		"nothing":             {"", "filter_syntax", "character 1", "the text ends"},
		"cut off":             {"people =", "filter_syntax", "character 9", "the text ends"},
		"no operator":         {"people 7", "filter_syntax", "character 8", `"7" stands where a comparison`},
		"open quote":          {"name = '新", "filter_syntax", "character 8", "not closed"},
		"not equal of C":      {"people != 7", "filter_syntax", "character 8", "write <>"},
		"open parenthesis":    {"(people = 7", "filter_syntax", "character 12", ") is expected"},
		"two filters":         {"people = 7 people = 8", "filter_syntax", "character 12", "AND, OR or the end"},
		"null":                {"level = NULL", "filter_null", "character 9", "IS NULL"},
		"unknown property":    {"新 = 'x' OR colour = 'red'", "filter_property", "character 1", "it has code, name, level"},
		"text without quotes": {"name = 新秀", "filter_property", "character 8", "single quotes"},
		"text for a number":   {"people > 'many'", "filter_type", "character 10", "field people of places is of type int, and 'many' is of type textwrite a value like 12"},
		"number for a code":   {"code = 44030300200718", "filter_type", "character 8", "'新秀'"},
		"text for a date":     {"found > '2024-11-04'", "filter_type", "character 9", "DATE('2024-11-04')"},
		"date for an instant": {"changed > DATE('2024-11-04')", "filter_type", "character 11", "TIMESTAMP('"},
		"no date":             {"found > DATE('2024-13-04')", "filter_instant", "character 14", "2024-13-04"},
		"unlisted value":      {"level = 'deadly'", "filter_value", "character 9", "'general', 'low'"},
		"unlisted in a list":  {"level IN ('low', 'deadly')", "filter_value", "character 18", "'general', 'low'"},
		"more than true":      {"open > FALSE", "filter_type", "character 8", "open = TRUE"},
		"two kinds of field":  {"people = name", "filter_type", "character 10", "of type text"},
		"pattern for number":  {"people LIKE '7%'", "filter_type", "character 13", "LIKE compares text"},
		"pattern cut off":     {`name LIKE 'a\'`, "filter_pattern", "character 11", "backslash"},
		"value in front":      {"7 IN (7)", "filter_type", "character 1", "property"},
		"infinite":            {"score < 1e999", "filter_number", "character 9", "finite"},
		"unknown function":    {"S_NEAR(geometry, POINT(1 2))", "filter_function", "character 1", "S_DWITHIN"},
		"no geometry":         {"S_WITHIN(name, POINT(1 2))", "filter_property", "character 10", "S_WITHIN(geometry"},
		"compared geometry":   {"geometry = 7", "filter_property", "character 1", "S_INTERSECTS"},
		"unknown shape":       {"S_WITHIN(geometry, CIRCLE(1 2))", "filter_geometry", "character 20", "POLYGON"},
		"empty shape":         {"S_WITHIN(geometry, POINT EMPTY)", "filter_geometry", "character 26", "EMPTY"},
		"shape with heights":  {"S_WITHIN(geometry, POINT(1 2 3))", "filter_syntax", "character 30", ") is expected"},
		"open ring":           {"S_WITHIN(geometry, POLYGON((1 1,2 2,1 3,1 2)))", "ring_closed", "character 1", "repeat the first"},
		"latitude first":      {"S_WITHIN(geometry, POINT(22 114))", "position_on_earth", "character 1", "longitude before latitude"},
		"envelope turned":     {"S_WITHIN(geometry, ENVELOPE(2,2,1,1))", "filter_geometry", "character 28", "west, south, east, north"},
		"negative distance":   {"S_DWITHIN(geometry, POINT(1 2), -1)", "filter_distance", "character 33", "metres"},
		"unknown unit":        {"S_DWITHIN(geometry, POINT(1 2), 1, li)", "filter_unit", "character 36", "kilometres"},
		"long":                {strings.Repeat(" ", MaxBytes+1), "filter_length", "filter", "65536"},
		"deep":                {strings.Repeat("(", 40) + "TRUE", "filter_depth", "character 34", "deeper than 32"},
		"many nots":           {strings.Repeat("NOT ", 40) + "TRUE", "filter_depth", "character 133", "deeper than 32"},
		"many parts":          {"people IN (1" + strings.Repeat(",1", 600) + ")", "filter_parts", "filter", "more than 500"},
		"many positions":      {"S_WITHIN(geometry, MULTIPOINT(1 2" + strings.Repeat(",1 2", 5000) + "))", "filter_positions", "filter", "more than 5000"},
		"not UTF-8":           {"name = '\xff'", "filter_utf8", "filter", "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Parse(test.text)
			if err == nil {
				_, err = New(e, schema, nil)
			}
			var invalid *spatial.InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("got %v", err)
			}
			if invalid.Rule != test.rule || !strings.HasSuffix(invalid.Where, test.where) && test.where != "filter" {
				t.Errorf("%s at %s, want %s at %s", invalid.Rule, invalid.Where, test.rule, test.where)
			}
			if told := invalid.Detail + invalid.Fix; !strings.Contains(told, test.says) {
				t.Errorf("%q does not say %q", told, test.says)
			}
		})
	}
}

// anyExpr draws a condition on the fields of the schema.
func anyExpr(t *rapid.T, depth int) Expr {
	if depth > 0 {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return not{anyExpr(t, depth-1)}
		case 1:
			return and{parts(t, depth)}
		case 2:
			return or{parts(t, depth)}
		}
	}
	return anyCondition(t)
}

func parts(t *rapid.T, depth int) []Expr {
	all := make([]Expr, rapid.IntRange(2, 3).Draw(t, "parts"))
	for i := range all {
		all[i] = anyExpr(t, depth-1)
	}
	return all
}

var values = map[string][]spatial.Value{
	"people":  {spatial.Int(3), spatial.Float(2.5), spatial.Int(-1), spatial.Float(4)},
	"score":   {spatial.Int(1), spatial.Float(0.25), spatial.Float(1e-7), spatial.Float(2e21)},
	"name":    {textValue("新秀社区"), textValue("it's 100%"), textValue("a_b"), textValue(""), textValue("\\\"'%_")},
	"level":   {textValue("low"), textValue("general")},
	"code":    {textValue("0007"), textValue("0012"), textValue("9999")},
	"found":   {day(2), day(3)},
	"changed": {instant(1), instant(2)},
	"open":    {spatial.Bool(true), spatial.Bool(false)},
}

func anyCondition(t *rapid.T) Expr {
	name := rapid.SampledFrom([]string{"people", "score", "name", "level", "code", "found", "changed", "open"}).Draw(t, "name")
	property := operand{name: name}
	value := func() operand { return operand{value: rapid.SampledFrom(values[name]).Draw(t, "value")} }
	negative := rapid.Bool().Draw(t, "not")
	switch kind := rapid.IntRange(0, 8).Draw(t, "condition"); {
	case kind == 0:
		return isNull{property, negative}
	case kind == 1:
		return in{property, negative, []operand{value(), value()}}
	case kind == 2 && name != "open":
		return between{property, negative, value(), value()}
	case kind == 3:
		pattern := rapid.StringOf(rapid.SampledFrom([]rune("a_b%新秀社区兴it's 1A"))).Draw(t, "pattern")
		return like{operand{name: "name"}, negative, operand{value: textValue(pattern)}}
	case kind == 4:
		return truth{negative}
	case kind == 5:
		return compare{operand{name: "people"}, anyOperator(t), operand{name: "rooms"}}
	case kind >= 6:
		return anyRelation(t)
	}
	op := "="
	if name != "open" {
		op = anyOperator(t)
	}
	if negative {
		return compare{value(), op, property}
	}
	return compare{property, op, value()}
}

func anyOperator(t *rapid.T) string {
	return rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="}).Draw(t, "operator")
}

func anyRelation(t *rapid.T) Expr {
	coordinate := func() int { return rapid.IntRange(0, 20).Draw(t, "coordinate") }
	x, y := coordinate(), coordinate()
	shape := rapid.SampledFrom([]orb.Geometry{
		at(x, y), box(x, y, 4, 3), orb.Bound{Min: at(x, y), Max: at(x+3, y+5)}, orb.LineString{at(x, y), at(coordinate(), 30)},
		orb.MultiPoint{at(x, y), at(y, x)}, orb.MultiLineString{{at(x, y), at(y, 25)}, {at(1, 1), at(9, 9)}},
		orb.Polygon{box(x, y, 9, 9)[0], {at(x+2, y+2), at(x+2, y+4), at(x+4, y+4), at(x+2, y+2)}},
		orb.MultiPolygon{box(x, y, 2, 2), box(x+3, y, 2, 2)},
	}).Draw(t, "shape")
	r := relation{name: rapid.SampledFrom(relations).Draw(t, "relation"), property: operand{name: "geometry"}, shape: shape}
	if r.name == dwithin {
		r.distance = float64(rapid.IntRange(0, 1500).Draw(t, "distance")) + 0.37 // far from what rounding and bulging edges decide
	}
	return r
}

// TestTextReadsBack: what is written is read as the same condition.
func TestTextReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyExpr(t, 3)
		back, err := Parse(e.String())
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		if got, want := fmt.Sprintf("%#v", placeless(back)), fmt.Sprintf("%#v", placeless(e)); got != want {
			t.Fatalf("%s\nreads as %s\nwant     %s", e, got, want)
		}
	})
}

// placeless is a condition without its places in a text.
func placeless(e Expr) Expr {
	bare := func(o operand) operand { o.at = 0; return o }
	all := func(of []Expr) []Expr {
		out := make([]Expr, len(of))
		for i := range of {
			out[i] = placeless(of[i])
		}
		return out
	}
	switch e := e.(type) {
	case and:
		return and{all(e.of)}
	case or:
		return or{all(e.of)}
	case not:
		return not{placeless(e.of)}
	case compare:
		return compare{bare(e.left), e.op, bare(e.right)}
	case between:
		return between{bare(e.of), e.not, bare(e.low), bare(e.high)}
	case in:
		set := make([]operand, len(e.set))
		for i := range set {
			set[i] = bare(e.set[i])
		}
		return in{bare(e.of), e.not, set}
	case like:
		return like{bare(e.of), e.not, bare(e.pattern)}
	case isNull:
		return isNull{bare(e.of), e.not}
	case relation:
		return relation{e.name, 0, bare(e.property), e.shape, e.distance}
	}
	return e
}

// TestCandidatesLeaveNothingOut: the index and the codes find what asking
// each feature finds, in order and once.
func TestCandidatesLeaveNothingOut(t *testing.T) {
	layer := layerOf(t, rows(300))
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		e := anyExpr(t, 2)
		f, err := New(e, schema, nil)
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		var want, got []int64
		for feature := range layer.All() {
			if f.Holds(feature) {
				want = append(want, feature.ID())
			}
		}
		for feature := range f.Candidates(layer) {
			if f.Holds(feature) {
				got = append(got, feature.ID())
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s: %v, want %v", e, got, want)
		}
		found += len(got)
	})
	if found == 0 {
		t.Error("no filter held for any feature")
	}
}

func TestCodesAndBoxesNarrow(t *testing.T) {
	layer := layerOf(t, rows(300))
	for text, most := range map[string]int{
		"code = '0007'": 1, "code IN ('0001', '0002') AND people > 2": 2, "code = '0003' OR S_INTERSECTS(geometry, POINT(114.1 22.5))": 20,
		"S_DWITHIN(geometry, POINT(114.1 22.5), 50) AND level = 'low'": 20, "FALSE": 0,
	} {
		n := 0
		for range filterOf(t, text).Candidates(layer) {
			n++
		}
		if n > most {
			t.Errorf("%s visits %d features", text, n)
		}
	}
}

func TestMadeFilters(t *testing.T) {
	layer := layerOf(t, rows(300))
	people := schema.FieldIndex("people")
	for name, test := range map[string]struct {
		made *Filter
		text string
	}{
		"equal":   {Equal(schema, people, spatial.Int(3)), "people = 3"},
		"missing": {Equal(schema, people, spatial.Null), "people IS NULL"},
		"during":  {During(schema.FieldIndex("found"), day(2), spatial.Null), "found >= DATE('2024-11-02')"},
		"ever":    {During(schema.FieldIndex("found"), spatial.Null, spatial.Null), "found IS NOT NULL"},
		"meeting": {Meeting(orb.Bound{Min: at(3, 3), Max: at(6, 6)}), "S_INTERSECTS(geometry, ENVELOPE(114.103,22.503,114.106,22.506))"},
		"all":     {All(Equal(schema, people, spatial.Int(3)), Meeting(box(0, 0, 9, 9))), "people = 3 AND S_INTERSECTS(geometry, ENVELOPE(114.1,22.5,114.109,22.509))"},
	} {
		read := filterOf(t, test.text)
		for f := range layer.All() {
			if test.made.Holds(f) != read.Holds(f) {
				t.Errorf("%s: feature %d: %v", name, f.ID(), test.made.Holds(f))
			}
		}
	}
	if !All().Everything() || filterOf(t, "TRUE").Everything() {
		t.Error("everything is what no condition limits")
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"people = 7", "NOT (level IN ('low') OR name LIKE '%\\%')", "S_DWITHIN(geometry, POINT(1 2), 5, km)", `"a""b" <> ''`,
		"S_WITHIN(geom, POLYGON((0 0,1 0,1 1,0 0),(0 0,0 0,0 0,0 0)))", "found BETWEEN DATE('0000-01-01') AND DATE('9999-12-31')", "a<.5e-3", "--1", "S_INTERSECTS(ENVELOPE(1,1,1,1),geometry)"} {
		f.Add(seed)
	}
	layer := layerOf(f, rows(30))
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			return
		}
		written := e.String()
		back, err := Parse(written)
		if err != nil {
			t.Fatalf("%q writes as %q: %v", text, written, err)
		}
		if again := back.String(); again != written {
			t.Fatalf("%q writes as %q, then as %q", text, written, again)
		}
		filter, err := New(e, schema, nil)
		if err != nil {
			return
		}
		for feature := range filter.Candidates(layer) {
			filter.Holds(feature)
		}
	})
}

func ExampleNew() {
	e, _ := Parse("people > 5 AND level = 'deadly'")
	_, err := New(e, schema, nil)
	fmt.Println(err)
	// Output: filter, character 24: field level of places is never 'deadly'; use one of 'general', 'low'; or IS NULL (filter_value)
}
