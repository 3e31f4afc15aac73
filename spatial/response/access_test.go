package response

import (
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// TestAccess: a street along the south, another in the north beyond a canal that
// runs from west to east, with a bridge in the east; a railway in the north.
func TestAccess(t *testing.T) {
	at := func(x, y float64) orb.Point { return orb.Point{114.1 + x/1000, 22.5 + y/1000} }
	street := func(id int64, line ...orb.Point) spatial.Row {
		return spatial.Row{ID: id, Geometry: orb.LineString(line), Values: []spatial.Value{spatial.Text("street")}}
	}
	named := []spatial.Field{field("name", spatial.TypeText)}
	s := spatial.New(1,
		layer(t, &spatial.Schema{ID: "roads", Geometry: spatial.Lines, Fields: named}, []spatial.Row{
			street(1, at(0, 0), at(10, 0)), street(2, at(0, 2), at(10, 2)), street(3, at(10, 0), at(10, 2)), street(4, at(0, 5), at(10, 5))}),
		layer(t, &spatial.Schema{ID: "response_points", Geometry: spatial.Points, Fields: []spatial.Field{field("turnout", spatial.TypeInt)}},
			[]spatial.Row{{ID: 1, Geometry: at(0, 0), Values: []spatial.Value{spatial.Int(30)}}}),
		layer(t, &spatial.Schema{ID: "water", Geometry: spatial.Polygons, Fields: named},
			[]spatial.Row{{ID: 1, Geometry: orb.Polygon{{at(-1, 1), at(9, 1), at(9, 1.5), at(-1, 1.5), at(-1, 1)}}, Values: []spatial.Value{spatial.Text("canal")}}}),
		layer(t, &spatial.Schema{ID: "railways", Geometry: spatial.Lines, Fields: named},
			[]spatial.Row{{ID: 1, Geometry: orb.LineString{at(-1, 4), at(5, 4), at(11, 4)}, Values: []spatial.Value{spatial.Text("railway")}}}))
	d := district{Snapshot: s}
	for name, test := range map[string]struct {
		place  orb.Point
		closed []int32
		edges  []int32 // by which it is reached
		why    Hindrance
	}{
		"beside a street":                         {at(5, 0.2), nil, []int32{0}, Free},
		"on the northern bank":                    {at(5, 1.6), nil, []int32{1}, Free},
		"on the southern bank":                    {at(5, 0.9), nil, []int32{0}, Free},
		"on the water, nearer to the north":       {at(5, 1.4), nil, []int32{1}, Free},
		"between two streets at the end":          {at(9.5, 0.7), nil, []int32{2, 0}, Free},
		"beyond the railway, whose street is far": {at(5, 3.9), nil, []int32{1}, Free},
		"at a closed street":                      {at(5, 0.2), []int32{0}, nil, Closed},
		"at the end with one closed":              {at(9.5, 0.7), []int32{2}, []int32{0}, Free},
		"in another country":                      {orb.Point{113, 22}, nil, nil, NoRoad},
	} {
		t.Run(name, func(t *testing.T) {
			v := d.service(t, test.closed...)
			p := v.Places([]orb.Point{test.place})
			var edges []int32
			for _, a := range p.of(0) {
				if v.Graph().Usable(a.Edge) {
					edges = append(edges, a.Edge)
				}
			}
			if len(edges) != len(test.edges) || len(edges) > 0 && edges[0] != test.edges[0] {
				t.Errorf("edges %v, want %v", edges, test.edges)
			}
			answer := v.Nearest(test.place, 1, nil)
			if answer.Hindrance != test.why && !(test.why == Free && len(answer.Arrivals) > 0) {
				t.Errorf("hindrance %v, want %v", answer.Hindrance, test.why)
			}
		})
	}
	island := spatial.New(1, layerIn(t, s, "roads"), layerIn(t, s, "response_points"),
		layer(t, &spatial.Schema{ID: "water", Geometry: spatial.Polygons, Fields: named}, []spatial.Row{{ID: 1, Values: []spatial.Value{spatial.Text("moat")},
			Geometry: orb.Polygon{{at(-2, 2.5), at(12, 2.5), at(12, 4.5), at(-2, 4.5), at(-2, 2.5)}, {at(4, 3), at(6, 3), at(6, 4), at(4, 4), at(4, 3)}}}}))
	if a := (district{Snapshot: island}).service(t).Nearest(at(5, 3.5), 1, nil); a.Hindrance != OverWater || len(a.Arrivals) > 0 || a.Unreachable != 1 {
		t.Errorf("on an island: %+v", a)
	}
}

// TestReferenceAccess: nobody walks across the reservoir of the reference dataset,
// and every place is reached.
func TestReferenceAccess(t *testing.T) {
	if testing.Short() {
		t.Skip("looks for the ways to every place of the district")
	}
	s, _ := luohuService(t)
	reservoir, err := layerIn(t, s, "water").Feature(1)
	if err != nil {
		t.Fatal(err)
	}
	water := reservoir.Geometry().(orb.Polygon)
	for _, id := range []spatial.LayerID{"buildings", "risk_points"} {
		p := placesOf(t, s, id)
		accesses, farthest, none := 0, geodesic.Meters(0), 0
		for i := range p.Len() {
			accesses += len(p.of(i))
			if len(p.of(i)) == 0 {
				none++
				continue
			}
			farthest = max(farthest, p.of(i)[0].Away)
			for _, at := range p.of(i)[:1] {
				if at.Away <= 150 || acrossWater(water, p.Point(i), at.At) == 0 {
					continue
				}
				if in, _ := geodesic.DistanceTo(p.Point(i), water); in > 0 {
					t.Errorf("%s %d is reached over the water from %v", id, p.Feature(i).ID(), at.At)
				}
			}
		}
		t.Logf("%s: %.1f roads a place, the nearest at most %.0f m away, none for %d", id, float64(accesses)/float64(p.Len()), farthest, none)
		if none > 0 {
			t.Errorf("%d of %s have no road", none, id)
		}
	}
}
