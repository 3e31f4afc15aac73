package shelter_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/shelter"
)

// rules makes a layer of rule sets, each given by its columns.
func rules(t testing.TB, rows ...map[string]spatial.Value) *spatial.Layer {
	t.Helper()
	schema := &spatial.Schema{ID: "shelter_standards", Code: "code", Label: "name"}
	for _, name := range []string{"code", "name", "name_en", "clause", "dated", "certainty", "classes", "earthquake", "typhoon", "exclude"} {
		schema.Fields = append(schema.Fields, spatial.Field{Name: name, Type: spatial.TypeText})
	}
	for _, name := range []string{"area_per_person", "radius", "walking_minutes", "share"} {
		schema.Fields = append(schema.Fields, spatial.Field{Name: name, Type: spatial.TypeFloat})
	}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for i, columns := range rows {
			row := spatial.Row{ID: int64(i + 1)}
			for _, f := range schema.Fields {
				row.Values = append(row.Values, columns[f.Name])
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

func TestStandards(t *testing.T) {
	all, err := shelter.StandardsOf(rules(t, map[string]spatial.Value{
		"code": spatial.Text("short"), "name": spatial.Text("短期"), "clause": spatial.Text("4.2"), "dated": spatial.Text("2015"), "certainty": spatial.Text("textbook"),
		"area_per_person": spatial.Float(2), "radius": spatial.Float(1000), "walking_minutes": spatial.Float(12.5), "classes": spatial.Text("short_term, medium_term"),
		"earthquake": spatial.Text("outdoor"), "typhoon": spatial.Text("indoor"), "exclude": spatial.Text("high_risk_zones:0; flood_hazards[status=open]: 30"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	s := all[0]
	if s.Code != "short" || s.Name.ZH != "短期" || s.AreaPerPerson != 2 || s.Radius != 1000 || s.Walking != 750_000 || s.Share != 1 || s.Clause != "4.2" || !slices.Equal(s.Classes, []string{"short_term", "medium_term"}) {
		t.Errorf("%+v", s)
	}
	if len(s.Exclusions) != 2 || s.Exclusions[0].Layer != "high_risk_zones" || s.Exclusions[0].Within != 0 || s.Exclusions[0].Where != nil ||
		s.Exclusions[1].Within != 30 || *s.Exclusions[1].Where != (spatial.Where{Field: "status", Value: "open"}) {
		t.Errorf("exclusions %+v", s.Exclusions)
	}
	park := shelter.Facility{Open: true, Setting: shelter.Outdoor, Class: "short_term", Serves: []shelter.Hazard{shelter.Earthquake}}
	refusals := map[string]struct {
		facility shelter.Facility
		hazard   shelter.Hazard
		want     string
	}{
		"eligible":           {park, shelter.Earthquake, ""},
		"the wrong setting":  {park, shelter.Typhoon, "outdoor is not eligible for typhoon"},
		"no setting will do": {park, shelter.Rainstorm, "outdoor is not eligible for rainstorm"},
		"closed":             {shelter.Facility{Setting: shelter.Outdoor}, shelter.Earthquake, "closed"},
		"another class":      {shelter.Facility{Open: true, Setting: shelter.Outdoor, Class: "emergency"}, shelter.Earthquake, "class emergency"},
		"another hazard":     {shelter.Facility{Open: true, Setting: shelter.Indoor, Serves: []shelter.Hazard{}}, shelter.Typhoon, "does not serve typhoon"},
		"nothing is stated":  {shelter.Facility{Open: true}, shelter.Typhoon, ""},
	}
	for name, test := range refusals {
		if got := s.Refuses(&test.facility, test.hazard); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestBadStandards(t *testing.T) {
	number, text := spatial.Float, spatial.Text
	for name, columns := range map[string]map[string]spatial.Value{
		"a negative area":       {"area_per_person": number(-1)},
		"a negative radius":     {"area_per_person": number(1), "radius": number(-5)},
		"a walk of two days":    {"area_per_person": number(1), "walking_minutes": number(2880)},
		"a negative walk":       {"area_per_person": number(1), "walking_minutes": number(-1)},
		"a share of nobody":     {"area_per_person": number(1), "share": number(0)},
		"a share above all":     {"area_per_person": number(1), "share": number(1.1)},
		"a setting of its own":  {"area_per_person": number(1), "typhoon": text("cellar")},
		"a rule without metres": {"area_per_person": number(1), "exclude": text("slopes")},
		"a rule of NaN":         {"area_per_person": number(1), "exclude": text("slopes:NaN")},
		"half a filter":         {"area_per_person": number(1), "exclude": text("slopes[kind=a:5")},
		"no filter":             {"area_per_person": number(1), "exclude": text("slopes[kind]:5")},
	} {
		_, err := shelter.StandardsOf(rules(t, columns))
		var invalid *spatial.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExclude(t *testing.T) {
	s := shelter.Standard{Code: "x", Exclusions: []shelter.Exclusion{
		{Name: "zones", Layer: "high_risk_zones"},
		{Name: "slopes", Layer: "slopes", Within: 150},
		{Name: "unwatched", Layer: "slopes", Within: 150, Where: &spatial.Where{Field: "kind", Value: "unwatched"}}}}
	zone := orb.Bound{Min: orb.Point{114, 22.5}, Max: orb.Point{114.01, 22.51}}.ToPolygon()
	snapshot := spatial.New(1, layerWith(t, "high_risk_zones", "", zone), layerWith(t, "slopes", "watched", orb.Point{114.02, 22.5}, orb.Point{114.0212, 22.5}))
	facilities := []shelter.Facility{
		{Place: orb.Point{114.005, 22.505}},
		{Place: orb.Bound{Min: orb.Point{114.01, 22.5}, Max: orb.Point{114.019, 22.501}}.ToPolygon()}, // touches the zone, 103 m from a slope
		{Place: orb.Point{114.03, 22.5}},
	}
	got, err := s.Exclude(snapshot, facilities)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		facility int
		by       string
		id       int64
	}{{0, "zones", 1}, {1, "zones", 1}, {1, "slopes", 1}}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, w := range want {
		if got[i].Facility != w.facility || got[i].By != w.by || got[i].Feature.ID() != w.id {
			t.Errorf("%d: %+v, want %+v", i, got[i], w)
		}
	}
	if _, err := s.Exclude(spatial.New(1), facilities); !errors.Is(err, spatial.ErrNotFound) {
		t.Errorf("without the layers: %v", err)
	}
}

// layerWith makes a layer whose features all have one kind.
func layerWith(t testing.TB, id spatial.LayerID, kind string, geometries ...orb.Geometry) *spatial.Layer {
	t.Helper()
	schema := &spatial.Schema{ID: id, Geometry: spatial.Points | spatial.Polygons, Fields: []spatial.Field{{Name: "kind", Type: spatial.TypeText}}}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for i, g := range geometries {
			if !yield(spatial.Row{ID: int64(i + 1), Geometry: g, Values: []spatial.Value{spatial.Text(kind)}}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer
}
