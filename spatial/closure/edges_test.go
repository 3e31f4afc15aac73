package closure

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/road"
)

// crossing is two roads that meet, each cut into two edges there, and a bridge
// over one of them.
//
//	        |2
//	--0--+--1--   东西路: edges 0 and 1; 南北路: edges 2 (north) and 3 (south)
//	     |3  \    立交桥: edge 4, over edge 1
func crossing(t testing.TB) *road.Network {
	t.Helper()
	schema := &spatial.Schema{ID: "roads", Geometry: spatial.Lines, Label: "name", Fields: []spatial.Field{
		{Name: "name", Type: spatial.TypeText}, {Name: "name_en", Type: spatial.TypeText}, {Name: "class", Type: spatial.TypeText}}}
	line := func(id int64, name, english string, at ...orb.Point) spatial.Row {
		return spatial.Row{ID: id, Geometry: orb.LineString(at), Values: []spatial.Value{spatial.Text(name), spatial.Text(english), spatial.Text("local")}}
	}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		_ = yield(line(1, "东西路", "East West Road", orb.Point{114.10, 22.55}, orb.Point{114.11, 22.55}, orb.Point{114.12, 22.55}), nil) &&
			yield(line(2, "南北路", "North South Road", orb.Point{114.11, 22.56}, orb.Point{114.11, 22.55}, orb.Point{114.11, 22.54}), nil) &&
			yield(line(3, "立交桥", "", orb.Point{114.115, 22.56}, orb.Point{114.115, 22.54}), nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := road.New(layer, nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEdges(t *testing.T) {
	n := crossing(t)
	across := orb.LineString{{114.105, 22.549}, {114.105, 22.551}}
	under := orb.LineString{{114.114, 22.549}, {114.116, 22.551}} // meets the road and the bridge over it
	around := orb.Bound{Min: orb.Point{114.109, 22.553}, Max: orb.Point{114.111, 22.557}}.ToPolygon()
	for name, test := range map[string]struct {
		closure Closure
		want    []int32
	}{
		"a line across":                {Closure{Geometry: across}, []int32{0}},
		"an area":                      {Closure{Geometry: around}, []int32{2}},
		"a road":                       {Closure{Roads: []string{"东西路"}}, []int32{0, 1}},
		"a road by its English name":   {Closure{Roads: []string{"North South Road"}}, []int32{2, 3}},
		"two roads":                    {Closure{Roads: []string{"南北路", "东西路"}}, []int32{0, 1, 2, 3}},
		"a line at a bridge":           {Closure{Geometry: under}, []int32{1, 4}},
		"only the bridge of them":      {Closure{Geometry: under, Roads: []string{"立交桥"}}, []int32{4}},
		"only the road under it":       {Closure{Geometry: under, Roads: []string{"东西路"}}, []int32{1}},
		"a road that is not there":     {Closure{Roads: []string{"无名路"}}, nil},
		"a shape away from the road":   {Closure{Geometry: around, Roads: []string{"东西路"}}, nil},
		"nothing":                      {Closure{}, nil},
		"lines and areas as one shape": {Closure{Geometry: orb.MultiLineString{across, under}}, []int32{0, 1, 4}},
	} {
		if got := test.closure.Edges(n); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	both := []Closure{{Geometry: across, Traffic: Driving}, {Roads: []string{"立交桥"}, Traffic: Walking}, {Geometry: around}}
	if got := Edges(n, Driving, both); !slices.Equal(got, []int32{0, 2}) {
		t.Errorf("driving: %v", got)
	}
	if got := Edges(n, Walking, both); !slices.Equal(got, []int32{2, 4}) {
		t.Errorf("walking: %v", got)
	}
}

func TestCheck(t *testing.T) {
	n := crossing(t)
	sea := orb.LineString{{114.3, 22.5}, {114.31, 22.5}}
	for name, test := range map[string]struct {
		closure    Closure
		rule, says string
	}{
		"fine":                    {Closure{Roads: []string{"东西路"}, Since: at(0), Until: at(1)}, "", ""},
		"ends before it begins":   {Closure{Roads: []string{"东西路"}, Since: at(1), Until: at(0)}, "closure_period", "never"},
		"lasts no time":           {Closure{Roads: []string{"东西路"}, Since: at(1), Until: at(1)}, "closure_period", "never"},
		"neither shape nor road":  {Closure{}, "closure_nothing", "neither"},
		"a road nearly so called": {Closure{Roads: []string{"东西大路"}}, "closure_road", "东西路"},
		"a road of nowhere":       {Closure{Roads: []string{"朱雀"}}, "closure_road", "layer roads"},
		"in the sea":              {Closure{Geometry: sea}, "closure_nothing", "meets no road"},
		"where the road is not":   {Closure{Geometry: sea, Roads: []string{"东西路"}}, "closure_nothing", "none of the roads"},
	} {
		err := test.closure.Check(n)
		var invalid *spatial.InvalidError
		if test.rule == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !errors.As(err, &invalid) || invalid.Rule != test.rule || !strings.Contains(err.Error()+invalid.Fix, test.says) || invalid.Fix == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
