package response

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// layerOf makes a layer whose features have ids from 1 on and alternate in
// the field "available".
func layerOf(t testing.TB, geometries ...orb.Geometry) *spatial.Layer {
	t.Helper()
	schema := &spatial.Schema{ID: "response_points", Geometry: spatial.Points | spatial.Polygons | spatial.Lines,
		Fields: []spatial.Field{{Name: "available", Type: spatial.TypeBool}}}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for i, g := range geometries {
			row := spatial.Row{ID: int64(i + 1), Geometry: g, Values: []spatial.Value{spatial.Bool(i%2 == 0)}}
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

func available(f spatial.Feature) bool { return f.Attribute("available").Bool() }

// nearestByLooking is Nearest without an index.
func nearestByLooking(layer *spatial.Layer, p orb.Point, k int, keep func(spatial.Feature) bool) []Candidate {
	var all []Candidate
	for f := range layer.All() {
		if f.HasGeometry() && (keep == nil || keep(f)) {
			d, at := geodesic.DistanceTo(p, f.Geometry())
			all = append(all, Candidate{f, d, at})
		}
	}
	slices.SortFunc(all, byDistance)
	return all[:min(k, len(all))]
}

func summary(candidates []Candidate) string {
	text := ""
	for _, c := range candidates {
		text += fmt.Sprintf("%d %.6f %.9f\n", c.Feature.ID(), c.Distance, c.At)
	}
	return text
}

// Positions of the tests lie on a coarse raster, so that ties are common.
func somePoint(t *rapid.T, label string) orb.Point {
	return orb.Point{
		114 + float64(rapid.IntRange(0, 20).Draw(t, label+" x"))/100,
		22.5 + float64(rapid.IntRange(0, 20).Draw(t, label+" y"))/100,
	}
}

func someGeometry(t *rapid.T) orb.Geometry {
	p, q := somePoint(t, "first"), somePoint(t, "second")
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return orb.LineString{p, q}
	case 2:
		return orb.Bound{Min: p, Max: orb.Point{p[0] + 0.01, p[1] + 0.01}}.ToPolygon()
	}
	return p
}

func TestNearestIsTheBruteForceOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		geometries := rapid.SliceOfN(rapid.Custom(someGeometry), 0, 60).Draw(rt, "features")
		layer := layerOf(t, geometries...)
		p, k := somePoint(rt, "place"), rapid.IntRange(1, 10).Draw(rt, "k")
		for _, keep := range []func(spatial.Feature) bool{nil, available} {
			got, want := summary(Nearest(layer, p, k, keep)), summary(nearestByLooking(layer, p, k, keep))
			if got != want {
				rt.Fatalf("nearest %d of %v:\n%swant\n%s", k, p, got, want)
			}
		}
	})
}

// TestIndexRanksLikeNearest: points alone, and with lines and areas.
func TestIndexRanksLikeNearest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		some := someGeometry
		if rapid.Bool().Draw(rt, "points") {
			some = func(t *rapid.T) orb.Geometry { return somePoint(t, "point") }
		}
		layer := layerOf(t, rapid.SliceOfN(rapid.Custom(some), 0, 200).Draw(rt, "features")...)
		places := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) orb.Point { return somePoint(t, "place") }), 1, 20).Draw(rt, "places")
		k := rapid.IntRange(0, 30).Draw(rt, "k")
		for _, keep := range []func(spatial.Feature) bool{nil, available} {
			x := NewIndex(layer, keep)
			for i, got := range x.Each(places, k) {
				want := summary(Nearest(layer, places[i], k, keep))
				if summary(got) != want || summary(x.Nearest(places[i], k)) != want {
					rt.Fatalf("nearest %d of %v:\n%swant\n%s", k, places[i], summary(got), want)
				}
			}
		}
	})
}

// TestIndexRanksScatteredPoints: no raster, over the whole earth too.
func TestIndexRanksScatteredPoints(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 1))
	for _, degrees := range []float64{0.2, 20, 180} {
		points := make([]orb.Geometry, 3000)
		for i := range points {
			points[i] = orb.Point{random.Float64()*2*degrees - degrees, random.Float64()*degrees - degrees/2}
		}
		layer := layerOf(t, points...)
		x := NewIndex(layer, nil)
		for range 60 {
			p := orb.Point{random.Float64()*2*degrees - degrees, random.Float64()*degrees - degrees/2}
			if got, want := summary(x.Nearest(p, 5)), summary(nearestByLooking(layer, p, 5, nil)); got != want {
				t.Fatalf("nearest of %v:\n%swant\n%s", p, got, want)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	a, b := orb.Point{114.12, 22.55}, orb.Point{114.14, 22.55}
	tests := map[string]struct {
		features []orb.Geometry
		k        int
		want     []int64
	}{
		"nothing there":                    {nil, 3, nil},
		"fewer than asked":                 {[]orb.Geometry{a, nil}, 3, []int64{1}},
		"equally far: smaller id first":    {[]orb.Geometry{b, a, b, a}, 2, []int64{2, 4}},
		"cut within equals: smaller ids":   {[]orb.Geometry{a, a, a}, 2, []int64{1, 2}},
		"inside an area is no distance":    {[]orb.Geometry{a, orb.Bound{Min: orb.Point{114.1, 22.5}, Max: orb.Point{114.2, 22.6}}.ToPolygon()}, 1, []int64{2}},
		"degrees of longitude are shorter": {[]orb.Geometry{orb.Point{114.12, 22.5697}, orb.Point{114.1403, 22.55}, orb.Point{114.12, 22.57}}, 3, []int64{1, 2, 3}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []int64
			for _, c := range Nearest(layerOf(t, test.features...), orb.Point{114.12, 22.551}, test.k, nil) {
				got = append(got, c.Feature.ID())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func scatter(n int) []orb.Geometry {
	random := rand.New(rand.NewPCG(1, 2))
	points := make([]orb.Geometry, n)
	for i := range points {
		points[i] = orb.Point{114.06 + random.Float64()*0.15, 22.53 + random.Float64()*0.09}
	}
	return points
}

func BenchmarkNearest(b *testing.B) {
	places := scatter(1000)
	for _, n := range []int{43, 42_336} {
		layer := layerOf(b, scatter(n)...)
		for _, k := range []int{1, 5, 20} {
			for name, nearest := range map[string]func(*spatial.Layer, orb.Point, int, func(spatial.Feature) bool) []Candidate{"index": Nearest, "brute": nearestByLooking} {
				b.Run(fmt.Sprintf("of=%d/k=%d/%s", n, k, name), func(b *testing.B) {
					for i := 0; b.Loop(); i++ {
						nearest(layer, places[i%len(places)].(orb.Point), k, nil)
					}
				})
			}
		}
	}
}

// BenchmarkBatch ranks 43 stations for 42,336 places: with an index, with a
// search for each place, and by looking at every pair.
func BenchmarkBatch(b *testing.B) {
	layer := layerOf(b, scatter(43)...)
	var places []orb.Point
	for _, p := range scatter(42_336) {
		places = append(places, p.(orb.Point))
	}
	for _, k := range []int{1, 2, 5} {
		b.Run(fmt.Sprintf("k=%d/index", k), func(b *testing.B) {
			for b.Loop() {
				for range NewIndex(layer, nil).Each(places, k) {
				}
			}
		})
	}
	for name, nearest := range map[string]func(*spatial.Layer, orb.Point, int, func(spatial.Feature) bool) []Candidate{"search": Nearest, "brute": nearestByLooking} {
		b.Run("k=1/"+name, func(b *testing.B) {
			for b.Loop() {
				for _, p := range places {
					nearest(layer, p, 1, nil)
				}
			}
		})
	}
}
