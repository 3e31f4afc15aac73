package exposure

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/relate"
)

// layerOf makes a layer whose features have ids from 1 on and 10 times as
// many residents.
func layerOf(t testing.TB, geometries ...orb.Geometry) *spatial.Layer {
	t.Helper()
	schema := &spatial.Schema{ID: "buildings", Geometry: spatial.Points | spatial.Polygons | spatial.Lines,
		Fields: []spatial.Field{{Name: "residents", Type: spatial.TypeInt}, {Name: "level", Type: spatial.TypeText}}}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for i, g := range geometries {
			level := spatial.Text([]string{"low", "major"}[i%2])
			if !yield(spatial.Row{ID: int64(i + 1), Geometry: g, Values: []spatial.Value{spatial.Int(int64(10 * (i + 1))), level}}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

// square is one of a side in thousandths of a degree.
func square(x, y, side float64) orb.Polygon {
	p := orb.Point{114 + x/1000, 22.5 + y/1000}
	return orb.Bound{Min: p, Max: orb.Point{p[0] + side/1000, p[1] + side/1000}}.ToPolygon()
}

func TestPeopleAreCountedOnce(t *testing.T) {
	zones, err := ZonesOf(layerOf(t, square(0, 0, 10), square(5, 0, 10), square(30, 0, 1)), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	buildings := layerOf(t, square(1, 1, 1), square(7, 1, 1), square(14.5, 1, 1), square(20, 1, 1), nil, square(15, 5, 1))
	tests := map[Rule]struct {
		total  Count
		byZone []Count
		levels []Keyed
	}{
		Touch: {Count{4, []int64{10 + 20 + 30 + 60}}, []Count{{2, []int64{30}}, {3, []int64{110}}, {0, []int64{0}}},
			[]Keyed{{"low", Count{2, []int64{30}}}, {"major", Count{3, []int64{110}}}}},
		Centroid: {Count{3, []int64{10 + 20 + 30}}, []Count{{2, []int64{30}}, {2, []int64{50}}, {0, []int64{0}}},
			[]Keyed{{"low", Count{2, []int64{30}}}, {"major", Count{2, []int64{50}}}}},
	}
	for rule, test := range tests {
		t.Run(string(rule), func(t *testing.T) {
			e, err := Of(zones, buildings, rule, nil)
			if err != nil {
				t.Fatal(err)
			}
			same := func(a, b Count) bool { return a.Features == b.Features && slices.Equal(a.Sums, b.Sums) }
			if got := e.Total("residents"); !same(got, test.total) {
				t.Errorf("in all %v, want %v", got, test.total)
			}
			if got := e.ByZone("residents"); !slices.EqualFunc(got, test.byZone, same) {
				t.Errorf("by zone %v, want %v", got, test.byZone)
			}
			got := e.ByLevel(func(z Zone) string { return z.Level }, "residents")
			if !slices.EqualFunc(got, test.levels, func(a, b Keyed) bool { return a.Key == b.Key && same(a.Count, b.Count) }) {
				t.Errorf("by level %v, want %v", got, test.levels)
			}
		})
	}
}

func TestKeysAndFilters(t *testing.T) {
	zones := []Zone{{Geometry: square(0, 0, 10)}, {Geometry: orb.Point{114.02, 22.5}, Within: 200}}
	layer := layerOf(t, orb.Point{114.001, 22.501}, orb.Point{114.0215, 22.5}, orb.Point{114.03, 22.5}, square(9, 9, 5))
	e, err := Of(zones, layer, Touch, func(f spatial.Feature) bool { return f.ID() != 4 })
	if err != nil {
		t.Fatal(err)
	}
	got := e.By(func(h Hit) string { return h.Feature.Attribute("level").Text() }, "residents", "no such field")
	if len(got) != 2 || got[0].Key != "low" || got[0].Features != 1 || !slices.Equal(got[0].Sums, []int64{10, 0}) || got[1].Sums[0] != 20 {
		t.Errorf("by level of the feature: %v", got)
	}
}

// TestDistanceIsThatOfDensePoints compares distances between geometries with
// those of many points along both.
func TestDistanceIsThatOfDensePoints(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	apart := 0
	for range 400 {
		a, b := someGeometry(random), someGeometry(random)
		got := newReach(a, 5000).distance(b)
		if back := newReach(b, 5000).distance(a); back != got && back-got > 1e-3 && got-back > 1e-3 {
			t.Fatalf("from %v to %v %v m, back %v m", a, b, got, back)
		}
		if relate.Intersects(relate.New(a), relate.New(b)) {
			if got != 0 {
				t.Fatalf("%v and %v meet and are %v m apart", a, b, got)
			}
			continue
		}
		apart++
		want := geodesic.Meters(1e9)
		for p := range dense(a) {
			d, _ := geodesic.DistanceTo(p, b)
			want = min(want, d)
		}
		const bend = 0.1 // metres, by which a straight line of degrees may leave its geodesic
		if got > want+bend || got < want-0.01*want-0.5 {
			t.Fatalf("%v and %v are %v m apart, dense points %v m", a, b, got, want)
		}
	}
	if apart < 100 {
		t.Errorf("only %d pairs were apart", apart)
	}
}

func someGeometry(random *rand.Rand) orb.Geometry {
	x, y := random.Float64()*20, random.Float64()*20
	switch random.IntN(3) {
	case 0:
		return orb.Point{114 + x/1000, 22.5 + y/1000}
	case 1:
		return orb.LineString{{114 + x/1000, 22.5 + y/1000}, {114 + random.Float64()/50, 22.5 + random.Float64()/50}}
	}
	return square(x, y, 1+random.Float64()*5)
}

// dense yields points along a geometry.
func dense(g orb.Geometry) func(func(orb.Point) bool) {
	return func(yield func(orb.Point) bool) {
		s := relate.New(g)
		for p := range s.Positions() {
			if !yield(p) {
				return
			}
		}
		const n = 500
		for _, path := range s.Paths() {
			for i := 1; i < len(path); i++ {
				for k := range n {
					f := float64(k) / n
					if !yield(orb.Point{path[i-1][0] + f*(path[i][0]-path[i-1][0]), path[i-1][1] + f*(path[i][1]-path[i-1][1])}) {
						return
					}
				}
			}
		}
	}
}

func TestNear(t *testing.T) {
	layer := layerOf(t, orb.Point{114.003, 22.5}, orb.Point{114.001, 22.5}, square(0, 0, 1), orb.Point{114.001, 22.5}, nil)
	tests := map[string]struct {
		within geodesic.Meters
		want   []int64
	}{
		"only what touches": {0, []int64{3}},
		"nearest first":     {110, []int64{3, 2, 4}},
		"all":               {1000, []int64{3, 2, 4, 1}},
		"less than none":    {-1, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []int64
			for _, n := range Near(layer, orb.Point{114, 22.5}, test.within, nil) {
				got = append(got, n.Feature.ID())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestBadZones(t *testing.T) {
	layer := layerOf(t, orb.Point{114, 22.5})
	if _, err := ZonesOf(layer, -1, nil); err == nil {
		t.Error("a buffer below 0 is taken")
	}
	for name, zone := range map[string]Zone{"no geometry": {}, "an endless buffer": {Geometry: orb.Point{}, Within: 1e9}, "nothing in it": {Geometry: orb.Polygon{}}} {
		if _, err := Of([]Zone{zone}, layer, Touch, nil); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := Of(nil, layer, "somehow", nil); err == nil {
		t.Error("an unknown rule is taken")
	}
	if e, err := Of(nil, layer, Centroid, nil); err != nil || e.Total("residents").Features != 0 {
		t.Errorf("no zones: %v, %v", e, err)
	}
}
