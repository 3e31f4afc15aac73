package shelter_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/road"
	"wangge/spatial/shelter"
)

// place is a point of a town a few kilometres wide.
func place(random *rand.Rand) orb.Point {
	return orb.Point{114 + 0.04*random.Float64(), 22.5 + 0.04*random.Float64()}
}

// ground is a place to stay: a point, a star, or two squares with a hole.
func ground(random *rand.Rand) orb.Geometry {
	p := place(random)
	switch random.IntN(3) {
	case 0:
		return p
	case 1:
		var ring orb.Ring
		n := 3 + random.IntN(30)
		for k := range n {
			angle, r := 2*math.Pi*float64(k)/float64(n), 0.0005+0.004*random.Float64()
			ring = append(ring, orb.Point{p[0] + r*math.Cos(angle), p[1] + r*math.Sin(angle)})
		}
		return orb.Polygon{append(ring, ring[0])}
	}
	square := func(x, y, side float64) orb.Ring {
		return orb.Bound{Min: orb.Point{p[0] + x, p[1] + y}, Max: orb.Point{p[0] + x + side, p[1] + y + side}}.ToRing()
	}
	hole := square(0.001, 0.001, 0.001)
	hole.Reverse()
	return orb.MultiPolygon{{square(0, 0, 0.003), hole}, {square(0.004, 0, 0.001)}}
}

func town(random *rand.Rand, demands, facilities int) ([]shelter.Demand, []shelter.Facility) {
	d, f := make([]shelter.Demand, demands), make([]shelter.Facility, facilities)
	for i := range d {
		d[i] = shelter.Demand{ID: int64(i + 1), Place: place(random), People: int64(random.IntN(50))}
	}
	for j := range f {
		f[j] = shelter.Facility{Layer: "shelters", ID: int64(j + 1), Place: ground(random), Area: geodesic.SquareMeters(random.IntN(2000)), Open: true}
	}
	return d, f
}

// TestStraightLineIsTheBruteForce measures every pair.
func TestStraightLineIsTheBruteForce(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 4))
	for _, radius := range []geodesic.Meters{0, 100, 500, 2500, 50_000} {
		demands, facilities := town(random, 300, 20)
		r, err := shelter.StraightLine(demands, facilities, radius)
		if err != nil {
			t.Fatal(err)
		}
		for i := range demands {
			var want []shelter.Way
			for j := range facilities {
				if d, _ := geodesic.DistanceTo(demands[i].Place, facilities[j].Place); d <= radius {
					want = append(want, shelter.Way{Facility: int32(j), Cost: int32(math.Round(float64(d) * 1000))})
				}
			}
			slices.SortFunc(want, func(a, b shelter.Way) int {
				if a.Cost != b.Cost {
					return int(a.Cost - b.Cost)
				}
				return int(a.Facility - b.Facility)
			})
			if got := r.Of(i); !slices.Equal(got, want) {
				t.Fatalf("within %v m of %v: %v, want %v", radius, demands[i].Place, got, want)
			}
		}
	}
}

// TestTheRadiusIsWithinReach has a demand exactly at the radius, and a
// millionth of a millimetre beyond.
func TestTheRadiusIsWithinReach(t *testing.T) {
	demand := []shelter.Demand{{ID: 1, Place: orb.Point{114.1, 22.55}, People: 1}}
	facility := []shelter.Facility{{Layer: "shelters", ID: 1, Place: orb.Point{114.1041, 22.5527}, Open: true}}
	d := geodesic.Distance(demand[0].Place, facility[0].Place.(orb.Point))
	for radius, want := range map[geodesic.Meters]int{d: 1, geodesic.Meters(math.Nextafter(float64(d), 0)): 0} {
		r, err := shelter.StraightLine(demand, facility, radius)
		if err != nil {
			t.Fatal(err)
		}
		if r.Ways() != want || r.Unreached() != 1-want {
			t.Errorf("%d ways within %.12f m at %.12f m", r.Ways(), radius, d)
		}
	}
}

// TestWithMeasuresOnlyWhatIsNew: other facilities in another order reach what
// they would have reached from the start.
func TestWithMeasuresOnlyWhatIsNew(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	demands, facilities := town(random, 200, 12)
	r, err := shelter.StraightLine(demands, facilities, 1000)
	if err != nil {
		t.Fatal(err)
	}
	_, more := town(random, 0, 3)
	more[0].ID, more[1].Layer, more[2].ID = 50, "shelter_candidates", 3 // the third has moved
	changed := append([]shelter.Facility{more[0], facilities[7], more[1], more[2]}, facilities[4:]...)
	got, err := r.With(changed)
	if err != nil {
		t.Fatal(err)
	}
	want, err := shelter.StraightLine(demands, changed, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range demands {
		if !slices.Equal(got.Of(i), want.Of(i)) {
			t.Fatalf("demand %d reaches %v, want %v", i, got.Of(i), want.Of(i))
		}
	}
}

// streets are a raster of streets with gaps, and a lane that leads nowhere.
func streets(t testing.TB, random *rand.Rand) *road.Graph {
	t.Helper()
	schema := &spatial.Schema{ID: "roads", Geometry: spatial.Lines, Fields: []spatial.Field{{Name: "class", Type: spatial.TypeText}, {Name: "oneway", Type: spatial.TypeBool}}}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		id, at := int64(0), func(x, y int) orb.Point { return orb.Point{114 + float64(x)/200, 22.5 + float64(y)/200} }
		for x := range 8 {
			for y := range 8 {
				for _, to := range []orb.Point{at(x+1, y), at(x, y+1)} {
					if random.IntN(4) == 0 {
						continue
					}
					id++
					class := []string{"local", "lane", "expressway"}[random.IntN(3)]
					if !yield(spatial.Row{ID: id, Geometry: orb.LineString{at(x, y), to}, Values: []spatial.Value{spatial.Text(class), spatial.Bool(id%5 == 0)}}, nil) {
						return
					}
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	network, err := road.New(layer, nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := network.Profile("walking")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// walk is the time from a demand to a facility, by routes from its road to
// each entrance.
func walk(g *road.Graph, from orb.Point, to orb.Geometry) road.Millis {
	if d, _ := geodesic.DistanceTo(from, to); d == 0 {
		return 0
	}
	entrances := []orb.Point{}
	switch to := to.(type) {
	case orb.Point:
		entrances = append(entrances, to)
	case orb.Polygon:
		entrances = append(entrances, to[0]...)
	case orb.MultiPolygon:
		for _, p := range to {
			entrances = append(entrances, p[0]...)
		}
	}
	best := road.Unreachable
	for _, start := range roadsNear(g, from) {
		for _, e := range entrances {
			for _, end := range roadsNear(g, e) {
				if route, ok := g.Route(start, end); ok {
					best = min(best, road.Over(start.Away, 4.32)+route.Time+road.Over(end.Away, 4.32))
				}
			}
		}
	}
	return best
}

// roadsNear are the positions on all edges within 100 m, or on the nearest.
func roadsNear(g *road.Graph, p orb.Point) []road.Position {
	nearest, _ := g.Snap(p)
	near := []road.Position{nearest}
	for edge := range int32(g.Edges()) {
		if d, _ := geodesic.DistanceTo(p, g.Edge(edge).Line); edge == nearest.Edge || !g.Usable(edge) || d > 100 {
			continue
		}
		others := g.Without(func(e int32) bool { return e != edge })
		at, _ := others.Snap(p)
		near = append(near, at)
	}
	return near
}

// TestWalkingIsTheRoute compares the reach on foot with a route for each pair.
func TestWalkingIsTheRoute(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 7))
	reached, not := 0, 0
	for range 2 {
		g := streets(t, random)
		demands, facilities := town(random, 60, 8)
		const limit = 20 * 60_000
		r, err := shelter.Walking(g, demands, facilities, limit)
		if err != nil {
			t.Fatal(err)
		}
		for i := range demands {
			got := map[int32]int32{}
			for _, w := range r.Of(i) {
				got[w.Facility] = w.Cost
			}
			for j := range facilities {
				cost, ok := got[int32(j)]
				switch want := walk(g, demands[i].Place, facilities[j].Place); {
				case want <= limit && (!ok || cost != int32(want)):
					t.Fatalf("from %v to %v: %v %v, want %v ms", demands[i].Place, facilities[j].Place, cost, ok, want)
				case want > limit && ok:
					t.Fatalf("from %v to %v: %v ms, and it is %v", demands[i].Place, facilities[j].Place, cost, want)
				case want <= limit:
					reached++
				default:
					not++
				}
			}
		}
	}
	if reached < 60 || not < 100 {
		t.Errorf("%d pairs are within reach and %d are not", reached, not)
	}
}

// TestClosuresBringNobodyNearer closes edges at random, and for each way there
// was one before that cost no more.
func TestClosuresBringNobodyNearer(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	longer, gone := 0, 0
	for range 30 {
		g := streets(t, random)
		demands, facilities := town(random, 100, 8)
		const limit = 20 * 60_000
		before, err := shelter.Walking(g, demands, facilities, limit)
		if err != nil {
			t.Fatal(err)
		}
		closed := map[int32]bool{}
		for range 15 {
			closed[int32(random.IntN(g.Edges()))] = true
		}
		after, err := shelter.WalkingWithout(g, func(edge int32) bool { return closed[edge] }, demands, facilities, limit)
		if err != nil {
			t.Fatal(err)
		}
		for i := range demands {
			was := map[int32]int32{}
			for _, w := range before.Of(i) {
				was[w.Facility] = w.Cost
			}
			gone += len(before.Of(i)) - len(after.Of(i))
			for _, w := range after.Of(i) {
				cost, ok := was[w.Facility]
				if !ok || cost > w.Cost {
					t.Fatalf("demand %d goes to %d in %d ms, and before in %d (%v)", i, w.Facility, w.Cost, cost, ok)
				}
				if cost < w.Cost {
					longer++
				}
			}
		}
	}
	if longer < 20 || gone < 100 {
		t.Errorf("closures made only %d ways longer and %d too long", longer, gone)
	}
}

func TestWalkingWithoutRoads(t *testing.T) {
	layer, err := spatial.NewLayer(&spatial.Schema{ID: "roads", Geometry: spatial.Lines}, 1, func(func(spatial.Row, error) bool) {})
	if err != nil {
		t.Fatal(err)
	}
	network, err := road.New(layer, nil)
	if err != nil {
		t.Fatal(err)
	}
	demands, facilities := town(rand.New(rand.NewPCG(1, 1)), 5, 3)
	g, err := network.Profile("walking")
	if err != nil {
		t.Fatal(err)
	}
	r, err := shelter.Walking(g, demands, facilities, 600_000)
	if err != nil {
		t.Fatal(err)
	}
	if d, f := r.OffRoad(); len(d) != 5 || len(f) != 3 || r.Ways() != 0 {
		t.Errorf("without roads %d demands and %d facilities are off the road, and there are %d ways", len(d), len(f), r.Ways())
	}
}

// TestWalkingWithAllRoadsClosed: nobody sets out from a junction of closed roads.
func TestWalkingWithAllRoadsClosed(t *testing.T) {
	network, err := road.Of(luohutest.Snapshot(t))
	if err != nil {
		t.Fatal(err)
	}
	g, err := network.Profile("walking")
	if err != nil {
		t.Fatal(err)
	}
	r, err := shelter.Walking(g.Without(func(int32) bool { return true }), residents(t), facilities(t, "shelters"), 600_000)
	if err != nil {
		t.Fatal(err)
	}
	inside := 0 // of a shelter's area
	for i := range r.Demands() {
		for _, w := range r.Of(i) {
			if w.Cost > 0 {
				t.Fatalf("demand %d walks %d ms over closed roads", i, w.Cost)
			}
			inside++
		}
	}
	if d, _ := r.OffRoad(); len(d) != r.Demands() {
		t.Errorf("%d of %d demands are off the road; %d stand in a shelter", len(d), r.Demands(), inside)
	}
}

// TestBadInput: numbers that mean nothing are refused by a rule, and nothing
// to do is no error.
func TestBadInput(t *testing.T) {
	here := orb.Point{114.1, 22.55}
	one := []shelter.Demand{{ID: 1, Place: here, People: 5}}
	at := func(area float64) []shelter.Facility {
		return []shelter.Facility{{Layer: "shelters", ID: 1, Place: here, Area: geodesic.SquareMeters(area), Open: true}}
	}
	tests := map[string]struct {
		demands    []shelter.Demand
		facilities []shelter.Facility
		radius     float64
		perPerson  float64
		rule       string
	}{
		"a negative area":      {one, at(-1), 500, 1.5, "facility_area"},
		"an area that is none": {one, at(math.NaN()), 500, 1.5, "facility_area"},
		"an endless area":      {one, at(math.Inf(1)), 500, 1.5, "facility_area"},
		"no place":             {one, []shelter.Facility{{ID: 1}}, 500, 1.5, "facility_place"},
		"a place of nothing":   {one, []shelter.Facility{{ID: 1, Place: orb.Polygon{}}}, 500, 1.5, "facility_place"},
		"a line":               {one, []shelter.Facility{{ID: 1, Place: orb.LineString{here, here}}}, 500, 1.5, "facility_place"},
		"a place at NaN":       {one, []shelter.Facility{{ID: 1, Place: orb.Point{math.NaN(), 1}}}, 500, 1.5, "facility_place"},
		"nobody needs room":    {one, at(100), 500, 0, "per_person"},
		"room that is none":    {one, at(100), 500, math.NaN(), "per_person"},
		"a negative radius":    {one, at(100), -1, 1.5, "radius_range"},
		"a radius of NaN":      {one, at(100), math.NaN(), 1.5, "radius_range"},
		"an endless radius":    {one, at(100), math.Inf(1), 1.5, "radius_range"},
		"fewer than no people": {[]shelter.Demand{{ID: 1, Place: here, People: -1}}, at(100), 500, 1.5, "demand_people"},
		"too many people":      {[]shelter.Demand{{ID: 1, Place: here, People: math.MaxInt64}}, at(100), 500, 1.5, "demand_total"},
		"people at NaN":        {[]shelter.Demand{{ID: 1, Place: orb.Point{math.NaN(), 0}}}, at(100), 500, 1.5, "demand_place"},
		"too far in all":       {[]shelter.Demand{{ID: 1, Place: orb.Point{114.1, 32}, People: 9e9}}, at(100), 2e6, 1.5, "walking_total"},
		"no facilities":        {one, nil, 500, 1.5, ""},
		"no demands":           {nil, at(100), 500, 1.5, ""},
		"nothing at all":       {nil, nil, 0, 1.5, ""},
		"no capacity":          {one, at(0), 500, 1.5, ""},
		"nobody there":         {[]shelter.Demand{{ID: 1, Place: here}}, at(100), 500, 1.5, ""},
		"no distance":          {one, at(100), 0, 1.5, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := answerAll(test.demands, test.facilities, geodesic.Meters(test.radius), geodesic.SquareMeters(test.perPerson))
			var invalid *spatial.InvalidError
			switch {
			case test.rule == "" && err != nil, test.rule != "" && (!errors.As(err, &invalid) || invalid.Rule != test.rule):
				t.Errorf("%v, want the rule %q", err, test.rule)
			}
		})
	}
}

// answerAll asks everything of a problem; the error is the first, or that an
// answer holds NaN.
func answerAll(demands []shelter.Demand, facilities []shelter.Facility, radius geodesic.Meters, perPerson geodesic.SquareMeters) error {
	r, err := shelter.StraightLine(demands, facilities, radius)
	if err != nil {
		return err
	}
	p := &shelter.Problem{Demands: demands, Facilities: facilities, PerPerson: perPerson, Reach: r}
	c, err := p.Cover()
	if err != nil {
		return err
	}
	a, err := p.Allocate()
	if err != nil {
		return err
	}
	numbers := slices.Concat(c.Access, c.Gaussian, c.Ratio, c.GaussianRatio)
	for _, u := range p.Units(c, a, shelter.Prefix(0), []string{"", "an empty unit"}) {
		for _, of := range []func() (geodesic.SquareMeters, bool){u.PerCapitaLocated, u.PerCapitaReachable, u.PerCapitaAccess, u.PerCapitaGaussian} {
			m, _ := of()
			numbers = append(numbers, float64(m))
		}
		numbers = append(numbers, float64(u.Deficit), float64(u.DeficitLocated))
	}
	for _, x := range numbers {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("an answer holds %v", x)
		}
	}
	if a.Served+a.Unserved != shelter.Total(demands) {
		return fmt.Errorf("%d served and %d not are not all", a.Served, a.Unserved)
	}
	return nil
}
