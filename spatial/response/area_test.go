package response

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
	"wangge/spatial/road"
)

// TestAreasAreAllRoads: pieces of every usable edge follow each other from end to
// end, and positions in a piece are reached first by its responder.
func TestAreasAreAllRoads(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 9))
	for range 60 {
		d := someDistrict(t, random, 5, 1+random.IntN(6), 1)
		v := d.service(t, someEdges(random, d.network)...)
		a := v.Areas(available)
		covered := make([]float64, d.network.Edges())
		var length geodesic.Meters
		part := 0.0
		for _, area := range a.All() {
			length += area.Length
			part += area.Part
			for _, p := range area.Pieces {
				covered[p.Edge] += p.To - p.From
				checkPiece(t, v, area.Responder, p)
			}
		}
		for i, f := range covered {
			want := 0.0
			if v.Graph().Usable(int32(i)) {
				want = 1
			}
			if math.Abs(f-want) > 1e-9 {
				t.Fatalf("edge %d: pieces of %g", i, f)
			}
		}
		if math.Abs(float64(length-a.Length())) > 1e-6 || math.Abs(part-1) > 1e-9 {
			t.Fatalf("%g m in areas of %g m, parts of %g", length, a.Length(), part)
		}
	}
}

// checkPiece asks for the soonest at the middle of a piece. Whole milliseconds
// may make another one as soon.
func checkPiece(t *testing.T, v *Service, responder int, p Piece) {
	t.Helper()
	at := v.Graph().Along(p.Edge, (p.From+p.To)/2)
	place := &Places{points: []orb.Point{at.At}, first: []int32{0, 1}, accesses: []road.Position{at}, hindered: []Hindrance{Free}}
	ranking := v.Rank(place, len(v.Responders()), available)
	answer := ranking.At(0)
	if responder < 0 {
		if len(answer.Arrivals) > 0 {
			t.Fatalf("piece %+v of nobody is reached: %+v", p, answer)
		}
		return
	}
	for _, arrival := range answer.Arrivals {
		if arrival.Responder == responder && arrival.Time-answer.Arrivals[0].Time <= 2 {
			return
		}
	}
	t.Fatalf("piece %+v of %d: %+v", p, responder, answer.Arrivals)
}

// TestPolygonsAreAPartition: of a ground that roads lie in and beyond; positions
// belong to the area of the nearest sample.
func TestPolygonsAreAPartition(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 10))
	for range 12 {
		d := someDistrict(t, random, 5, 1+random.IntN(6), 1)
		v := d.service(t, someEdges(random, d.network)...)
		a := v.Areas(nil)
		ground := partition.Snap(star(random, crossing(2, 2), 0.0035)).(orb.Polygon)
		polygons, err := a.Polygons(ground)
		if err != nil {
			t.Fatal(err)
		}
		proveTiles(t, polygons, ground)
		positions, owners := a.samples()
		for range 300 {
			p := orb.Point{114.098 + random.Float64()*0.008, 22.498 + random.Float64()*0.008}
			if _, ok := partition.Within(p, ground); !ok {
				continue
			}
			best, second, owner := math.Inf(1), math.Inf(1), -1
			for i, q := range positions {
				switch d := float64(geodesic.Distance(p, q)); {
				case d < best:
					if owner != owners[i] {
						second = best
					}
					best, owner = d, owners[i]
				case owners[i] != owner:
					second = min(second, d)
				}
			}
			if second-best < 0.01 {
				continue // the plane may tell these apart otherwise
			}
			if _, ok := partition.Within(p, polygons[owner]); !ok {
				t.Fatalf("%v is not in the polygon of area %d, %g m away; another is %g m away", p, owner, best, second)
			}
		}
	}
}

func star(r *rand.Rand, at orb.Point, size float64) orb.Polygon {
	var ring orb.Ring
	for i := range 30 {
		sin, cos := math.Sincos(float64(i) * math.Pi / 15)
		away := size * (0.5 + r.Float64())
		ring = append(ring, orb.Point{at[0] + cos*away, at[1] + sin*away})
	}
	return orb.Polygon{append(ring, ring[0])}
}

// proveTiles proves that polygons are a partition of a ground.
func proveTiles(t *testing.T, polygons []orb.MultiPolygon, ground orb.Geometry) {
	t.Helper()
	var areas []partition.Area
	var parts []orb.Geometry
	sum := 0.0
	for i, p := range polygons {
		if len(p) > 0 {
			areas = append(areas, partition.Area{Code: fmt.Sprint(i), Geometry: p})
			parts = append(parts, p)
			sum += float64(geodesic.Area(p))
		}
	}
	if faults := partition.ProveAreas(areas); len(faults) > 0 {
		t.Fatalf("%d faults: %v", len(faults), faults[0])
	}
	if whole := float64(geodesic.Area(ground)); math.Abs(sum-whole) > 1e-6*whole {
		t.Errorf("polygons of %.3f m², ground of %.3f m²", sum, whole)
	}
	outline := partition.Dissolve(parts)
	if left := partition.Subtract(ground, outline); left != nil && geodesic.Area(left) > 0.01 {
		t.Errorf("%g m² of the ground are left", geodesic.Area(left))
	}
	if over := partition.Subtract(outline, ground); over != nil && geodesic.Area(over) > 0.01 {
		t.Errorf("%g m² are beyond the ground", geodesic.Area(over))
	}
}

func TestPolygonsRefuse(t *testing.T) {
	d := someDistrict(t, rand.New(rand.NewPCG(1, 1)), 3, 2, 1)
	if _, err := d.service(t).Areas(nil).Polygons(orb.Point{114, 22}); err == nil {
		t.Error("a point is divided")
	}
	var all []int32
	for i := range d.network.Edges() {
		all = append(all, int32(i))
	}
	if _, err := d.service(t, all...).Areas(nil).Polygons(star(rand.New(rand.NewPCG(1, 1)), crossing(1, 1), 0.01)); err == nil {
		t.Error("ground is divided without roads")
	}
}

func luohuService(t testing.TB) (*spatial.Snapshot, *Service) {
	t.Helper()
	s := luohutest.Snapshot(t)
	v, err := On(s, Query{"response_points", "driving", Defaults(), nil})
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

func placesOf(t testing.TB, s *spatial.Snapshot, layer spatial.LayerID) *Places {
	t.Helper()
	p, err := PlacesOf(s, layer, "driving")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestReferenceAreas: the areas of the reference dataset hold all people, risk
// points and roads, tile the district, and nearly all buildings stand in the
// polygon of the station that reaches them first; those that do not are reached
// sooner from another road than the nearest.
func TestReferenceAreas(t *testing.T) {
	s, v := luohuService(t)
	a := v.Areas(nil)
	buildings, risks := placesOf(t, s, "buildings"), placesOf(t, s, "risk_points")
	people, features, levels := int64(0), 0, map[string]int{}
	served := v.Rank(buildings, 1, nil)
	for _, tally := range a.Tally(served, "residents", "") {
		people += tally.Sum
		features += tally.Features
	}
	for _, tally := range a.Tally(v.Rank(risks, 1, nil), "", "level") {
		for level, n := range tally.By {
			levels[level] += n
		}
	}
	if people != 1_191_907 || features != 18_399 {
		t.Errorf("%d people in %d buildings", people, features)
	}
	if levels["low"] != 39_404 || levels["general"] != 2_876 || levels["larger"] != 8 || levels[""] != 48 {
		t.Errorf("risk points by level: %v", levels)
	}
	var ground orb.Geometry
	for f := range layerIn(t, s, "districts").All() {
		ground = f.Geometry()
	}
	polygons, err := a.Polygons(ground)
	if err != nil {
		t.Fatal(err)
	}
	proveTiles(t, polygons, ground)
	grounds := make([]*partition.Ground, len(polygons))
	for i, p := range polygons {
		grounds[i] = partition.NewGround(p)
	}
	elsewhere, beyond := 0, int64(0)
	count := buildings.counter("residents", "")
	for i := range buildings.Len() {
		responder, _ := served.First(i)
		if _, ok := grounds[a.areaOf(responder)].Holds(buildings.Point(i)); !ok {
			elsewhere++
			beyond += count(i).sum
		}
	}
	t.Logf("%d of %d buildings (%.2f %%) with %d people stand in the polygon of another station", elsewhere, features, 100*float64(elsewhere)/float64(features), beyond)
	if elsewhere > features/33 {
		t.Errorf("more than one in 33 stand in the polygon of another station")
	}
}

func BenchmarkAreas(b *testing.B) {
	s, v := luohuService(b)
	var ground orb.Geometry
	for f := range layerIn(b, s, "districts").All() {
		ground = f.Geometry()
	}
	b.Run("shares", func(b *testing.B) {
		for b.Loop() {
			v.Areas(nil)
		}
	})
	a := v.Areas(nil)
	b.Run("polygons", func(b *testing.B) {
		for b.Loop() {
			if _, err := a.Polygons(ground); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("polygons/cells", func(b *testing.B) {
		for b.Loop() {
			positions, owners := a.samples()
			newCells(ground, positions, owners, len(a.areas)).regions()
		}
	})
}
