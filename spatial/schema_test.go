package spatial

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func soundRow() Row {
	return Row{ID: 1, Geometry: orb.Point{114.1, 22.5}, Values: []Value{
		Text("0001"), Text("深水楼"), Text("low"), Int(5), Int(2), Int(3), Float(1.5), Bool(true),
		Date(time.Date(2024, 11, 4, 0, 0, 0, 0, time.UTC)), Time(time.Unix(0, 0)), Text("000112"),
	}}
}

// TestValidateRow breaks one rule at a time and expects its name.
func TestValidateRow(t *testing.T) {
	s := everything()
	if err := s.ValidateRow(soundRow()); err != nil {
		t.Fatal(err)
	}
	set := func(field string, v Value) func(*Row) {
		return func(r *Row) { r.Values[s.FieldIndex(field)] = v }
	}
	tests := []struct {
		rule  string
		spoil func(*Row)
	}{
		{"id_positive", func(r *Row) { r.ID = 0 }},
		{"row_width", func(r *Row) { r.Values = r.Values[1:] }},
		{"things_code_required", set("code", Null)},
		{"things_code_unicode", set("code", Text("\xbb\xf9"))},
		{"things_code_unicode", set("code", Text("0000\x00"))},
		{"things_code_digits", set("code", Text("4.4E"))},
		{"things_code_digits", set("code", Text("00001"))},
		{"things_level_values", set("level", Text("medium"))},
		{"things_rooms_type", set("rooms", Text("5"))},
		{"things_rooms_min", set("rooms", Int(-1))},
		{"things_rooms_sum", set("rooms", Int(6))},
		{"things_full_code_prefix", set("full_code", Text("00021"))},
		{"position_finite", func(r *Row) { r.Geometry = orb.Point{math.NaN(), 1} }},
		{"things_geom_kind", func(r *Row) { r.Geometry = orb.Collection{} }},
	}
	for _, tt := range tests {
		row := soundRow()
		tt.spoil(&row)
		var invalid *InvalidError
		if err := s.ValidateRow(row); !errors.As(err, &invalid) || invalid.Rule != tt.rule {
			t.Errorf("want %s, have %v", tt.rule, err)
		}
	}
}

func TestValidateGeometry(t *testing.T) {
	square := orb.Ring{{0, 0}, {1, 0}, {1, 1}, {0, 0}}
	tests := map[string]struct {
		g    orb.Geometry
		rule string
	}{
		"a sound polygon":  {orb.Polygon{square}, ""},
		"a sound line":     {orb.LineString{{0, 0}, {1, 1}}, ""},
		"nothing":          {nil, "geometry_missing"},
		"an open ring":     {orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}, "ring_closed"},
		"a short ring":     {orb.Polygon{{{0, 0}, {1, 0}, {0, 0}}}, "ring_length"},
		"an empty polygon": {orb.Polygon{}, "geometry_empty"},
		"latitude first":   {orb.Point{22.5, 114.1}, "position_on_earth"},
		"metres":           {orb.Point{512241, 2492605}, "position_on_earth"},
		"an infinite hole": {orb.MultiPolygon{{square, {{0, 0}, {math.Inf(1), 0}, {1, 1}, {0, 0}}}}, "position_finite"},
		"a one-point line": {orb.MultiLineString{{{0, 0}}}, "geometry_empty"},
		"a collection":     {orb.Collection{orb.Point{}}, "geometry_kind"},
	}
	for name, tt := range tests {
		err := ValidateGeometry(tt.g)
		var invalid *InvalidError
		if errors.As(err, &invalid) != (tt.rule != "") || invalid != nil && invalid.Rule != tt.rule {
			t.Errorf("%s: want %q, have %v", name, tt.rule, err)
		}
	}
}

func TestSchemaValidate(t *testing.T) {
	if err := everything().Validate(); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(*Schema){
		"a capital":             func(s *Schema) { s.ID = "Grids" },
		"a quote":               func(s *Schema) { s.ID = `g"` },
		"a reserved name":       func(s *Schema) { s.Fields[0].Name = "geom" },
		"a name twice":          func(s *Schema) { s.Fields[1].Name = "code" },
		"no type":               func(s *Schema) { s.Fields[1].Type = 0 },
		"an unknown code field": func(s *Schema) { s.Code = "nope" },
		"an unknown prefix":     func(s *Schema) { s.Fields[1].Prefix = "nope" },
		"digits of a number":    func(s *Schema) { s.Fields[3].Digits = 4 },
		"a sum of fractions":    func(s *Schema) { s.Fields[6].SumOf = []string{"small"} },
		"an unknown summand":    func(s *Schema) { s.Fields[3].SumOf = []string{"nope"} },
	}
	for name, spoil := range tests {
		s := everything()
		spoil(s)
		if err := s.Validate(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSchemaRoundTripsJSON(t *testing.T) {
	s := everything()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back Schema
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&back, s) {
		t.Errorf("%s\nread back as %+v", text, back)
	}
	for _, kind := range []GeometryKind{NoGeometry, Points, Points | Polygons} {
		text, _ := kind.MarshalText()
		var back GeometryKind
		if err := back.UnmarshalText(text); err != nil || back != kind {
			t.Errorf("%s: %v %v", text, back, err)
		}
	}
}

func TestValueRoundTripsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(everything().Fields).Draw(t, "field")
		v := drawValue(t, f)
		back, err := ParseValue(f.Type, v.String())
		if err != nil {
			t.Fatal(err)
		}
		if v.IsNull() && f.Type == TypeText {
			v = Text("")
		}
		if back != v {
			t.Fatalf("%q read back as %q", v, back)
		}
	})
	for _, bad := range []string{"NaN", "Inf", "1e999", "five"} {
		if _, err := ParseValue(TypeFloat, bad); err == nil {
			t.Errorf("%q: accepted", bad)
		}
	}
}

func TestWorldRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{rapid.Float64Range(-179.9, 179.9).Draw(t, "lon"), rapid.Float64Range(-85, 85).Draw(t, "lat")}
		back := WorldOf(p).LL()
		if math.Abs(back[0]-p[0]) > 5e-8 || math.Abs(back[1]-p[1]) > 5e-8 {
			t.Fatalf("%v → %v", p, back)
		}
	})
	if w := WorldOf(orb.Point{0, 0}); w != (World{0, 0}) {
		t.Errorf("the origin is %v", w)
	}
	if w := WorldOf(orb.Point{180, -90}); w != (World{math.MaxInt32, math.MaxInt32}) {
		t.Errorf("the south-east corner is %v", w)
	}
}

func TestInvalidErrorSpeaks(t *testing.T) {
	err := within("grids 7", &InvalidError{Rule: "ring_closed", Where: "part 2", At: &orb.Point{114.1, 22.5}, Detail: "the ring is open", Fix: "close it"})
	if have, want := err.Error(), "grids 7, part 2: the ring is open at 114.1,22.5; close it (ring_closed)"; have != want {
		t.Errorf("have %q\nwant %q", have, want)
	}
	if err := within("x", ErrNotFound); !errors.Is(err, ErrNotFound) || !strings.HasPrefix(err.Error(), "x: ") {
		t.Errorf("wrapped: %v", err)
	}
}
