package response

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/road"
)

// district is a snapshot of random streets, stations and places.
type district struct {
	*spatial.Snapshot
	network *road.Network
}

func field(name string, t spatial.Type) spatial.Field { return spatial.Field{Name: name, Type: t} }

func layer(t testing.TB, schema *spatial.Schema, rows []spatial.Row) *spatial.Layer {
	t.Helper()
	l, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func crossing(x, y int) orb.Point { return orb.Point{114.1 + float64(x)/1000, 22.5 + float64(y)/1000} }

// someDistrict has streets on a raster n by n, some of them one-way or missing,
// with some stations and places beside them; some have no geometry.
func someDistrict(t testing.TB, r *rand.Rand, n, stations, places int) district {
	var streets []spatial.Row
	for x := range n {
		for y := range n {
			for _, to := range []orb.Point{crossing(x+1, y), crossing(x, y+1)} {
				if r.IntN(5) == 0 {
					continue
				}
				class := []string{"arterial", "local", "lane"}[r.IntN(3)]
				streets = append(streets, spatial.Row{ID: int64(len(streets) + 1), Geometry: orb.LineString{crossing(x, y), to},
					Values: []spatial.Value{spatial.Text(fmt.Sprint("street ", x, y)), spatial.Text(class), spatial.Bool(r.IntN(4) == 0)}})
			}
		}
	}
	at := func() orb.Geometry {
		p := orb.Point{114.1 + r.Float64()*float64(n)/1000, 22.5 + r.Float64()*float64(n)/1000}
		switch r.IntN(12) {
		case 0:
			return nil
		case 1:
			return crossing(r.IntN(n), r.IntN(n))
		}
		return p
	}
	var points, risks []spatial.Row
	for i := range stations {
		turnout := spatial.Null
		if r.IntN(3) > 0 {
			turnout = spatial.Int(int64(r.IntN(4) * 30))
		}
		points = append(points, spatial.Row{ID: int64(i + 1), Geometry: at(), Values: []spatial.Value{spatial.Text(fmt.Sprint("station ", i+1)), turnout, spatial.Bool(r.IntN(3) > 0)}})
	}
	for i := range places {
		level := spatial.Null
		if r.IntN(4) > 0 {
			level = spatial.Text([]string{"low", "general"}[r.IntN(2)])
		}
		grid := fmt.Sprintf("440303%03d%03d%02d", r.IntN(2)+1, r.IntN(2)+1, r.IntN(2)+1)
		risks = append(risks, spatial.Row{ID: int64(i + 1), Geometry: at(), Values: []spatial.Value{level, spatial.Int(int64(r.IntN(100))), spatial.Text(grid)}})
	}
	s := spatial.New(1,
		layer(t, &spatial.Schema{ID: "roads", Geometry: spatial.Lines, Label: "name", Fields: []spatial.Field{field("name", spatial.TypeText), field("class", spatial.TypeText), field("oneway", spatial.TypeBool)}}, streets),
		layer(t, &spatial.Schema{ID: "response_points", Geometry: spatial.Points, Label: "name", Fields: []spatial.Field{field("name", spatial.TypeText), field("turnout", spatial.TypeInt), field("available", spatial.TypeBool)}}, points),
		layer(t, &spatial.Schema{ID: "risk_points", Geometry: spatial.Points, Fields: []spatial.Field{field("level", spatial.TypeText), field("residents", spatial.TypeInt), field("grid", spatial.TypeText)}}, risks))
	n2, err := road.Of(s)
	if err != nil {
		t.Fatal(err)
	}
	return district{s, n2}
}

// someEdges are up to a tenth of a network's edges.
func someEdges(r *rand.Rand, n *road.Network) []int32 {
	var edges []int32
	share := r.Float64() / 10
	for i := range int32(n.Edges()) {
		if r.Float64() < share {
			edges = append(edges, i)
		}
	}
	return edges
}

func (d district) service(t testing.TB, closed ...int32) *Service {
	t.Helper()
	v, err := On(d.Snapshot, Query{"response_points", "driving", Defaults(), closed})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// soonestByRoutes ranks by driving the routes from every responder to every road
// near the place.
func soonestByRoutes(v *Service, p orb.Point, keep func(spatial.Feature) bool) (all []Arrival, unreachable int) {
	accesses := v.open.Within(p, 10_000)
	for len(accesses) > 0 && accesses[len(accesses)-1].Away > max(100, 1.5*accesses[0].Away) {
		accesses = accesses[:len(accesses)-1]
	}
	for i, r := range v.Responders() {
		if !r.Feature.HasGeometry() || keep != nil && !keep(r.Feature) {
			continue
		}
		best := Arrival{Time: road.Unreachable}
		from, onRoad := v.open.Snap(r.Feature.Geometry().(orb.Point))
		for _, place := range accesses {
			if !onRoad || !v.Graph().Usable(place.Edge) || !v.Graph().Usable(from.Edge) {
				continue
			}
			route, ok := v.Graph().Route(from, place)
			if !ok {
				continue
			}
			a := Arrival{Responder: i, Feature: r.Feature, Parts: Parts{Handling: 60_000, Turnout: 90_000}, Place: place}
			if s := r.Feature.Attribute("turnout"); !s.IsNull() {
				a.Parts.Turnout = road.Millis(s.Int() * 1000)
			}
			a.Parts.Travel = route.Time + road.Over(from.Away, 15)
			a.Parts.Access = road.Over(place.Away, 4.32)
			a.Time = a.Parts.Handling + a.Parts.Turnout + a.Parts.Travel + a.Parts.Access
			if a.Time < best.Time {
				best = a
			}
		}
		if best.Time == road.Unreachable {
			unreachable++
			continue
		}
		all = append(all, best)
	}
	slices.SortStableFunc(all, func(a, b Arrival) int { return cmp.Compare(a.Time, b.Time) })
	return all, unreachable
}

// TestNearestByRoadIsTheQuickestRoute compares with every responder's route, by
// itself and in a ranking of a layer, with closures.
func TestNearestByRoadIsTheQuickestRoute(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 3))
	for range 150 {
		d := someDistrict(t, random, 5, 1+random.IntN(6), 8)
		v := d.service(t, someEdges(random, d.network)...)
		places, err := PlacesOf(d.Snapshot, "risk_points", "driving")
		if err != nil {
			t.Fatal(err)
		}
		k := 1 + random.IntN(3)
		for _, keep := range []func(spatial.Feature) bool{nil, available} {
			ranking := v.Rank(places, k, keep)
			for i := range places.Len() {
				all, unreachable := soonestByRoutes(v, places.Point(i), keep)
				want := Answer{Arrivals: all[:min(k, len(all))], Kept: len(all) + unreachable, Unreachable: unreachable}
				if len(all) > k {
					want.Next = &all[k]
				}
				for _, got := range []Answer{v.Nearest(places.Point(i), k, keep), ranking.At(i)} {
					if fmt.Sprint(withoutPlace(got)) != fmt.Sprint(withoutPlace(want)) {
						t.Fatalf("nearest %d of %v:\n%v\nwant\n%v", k, places.Point(i), withoutPlace(got), withoutPlace(want))
					}
				}
			}
		}
	}
}

func withoutPlace(a Answer) []any {
	var all []any
	for _, x := range append(a.Arrivals, fromNext(a)...) {
		all = append(all, x.Responder, x.Feature.ID(), x.Time, x.Parts, x.Place)
	}
	return append(all, len(a.Arrivals), a.Kept, a.Unreachable)
}

func fromNext(a Answer) []Arrival {
	if a.Next == nil {
		return nil
	}
	return []Arrival{*a.Next}
}

// TestDifferencesAreThoseOfAnswers compares with asking for every place before
// and after. Nobody comes sooner for a closure.
func TestDifferencesAreThoseOfAnswers(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 3))
	moved, lost := 0, 0
	for range 60 {
		d := someDistrict(t, random, 4, 4, 30)
		places, err := PlacesOf(d.Snapshot, "risk_points", "driving")
		if err != nil {
			t.Fatal(err)
		}
		before, after := d.service(t), d.service(t, someEdges(random, d.network)...)
		differences := Differences(before.Rank(places, 1, nil), after.Rank(places, 1, nil))
		for _, x := range differences {
			if x.Longer < 0 {
				t.Fatalf("sooner for a closure: %+v", x)
			}
		}
		for i := range places.Len() {
			was, is := before.Nearest(places.Point(i), 1, nil).Arrivals, after.Nearest(places.Point(i), 1, nil).Arrivals
			var want []string
			if whoAndWhen(was) != whoAndWhen(is) {
				want = append(want, whoAndWhen(was)+whoAndWhen(is))
			}
			var got []string
			if len(differences) > 0 && differences[0].Place == i {
				x := differences[0]
				differences = differences[1:]
				var wasThere, isThere []Arrival
				if x.Before != nil {
					wasThere = []Arrival{*x.Before}
				}
				if x.After != nil {
					isThere = []Arrival{*x.After}
				}
				got = append(got, whoAndWhen(wasThere)+whoAndWhen(isThere))
				switch {
				case x.After == nil:
					lost++
					if x.Longer != road.Unreachable || !x.Moved {
						t.Fatalf("%+v", x)
					}
				case x.Before != nil && x.Longer != x.After.Time-x.Before.Time:
					t.Fatalf("%+v", x)
				case x.Moved:
					moved++
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("place %d: %v, want %v", i, got, want)
			}
		}
	}
	if moved == 0 || lost == 0 {
		t.Errorf("%d moved, %d lost: the districts test nothing", moved, lost)
	}
}

func whoAndWhen(arrivals []Arrival) string {
	if len(arrivals) == 0 {
		return "nobody;"
	}
	return fmt.Sprint(arrivals[0].Responder, arrivals[0].Time, ";")
}

// TestServicesAreRemembered: the same question on the same state is the same
// service; another closure, or a change of the stations, is another.
func TestServicesAreRemembered(t *testing.T) {
	d := someDistrict(t, rand.New(rand.NewPCG(1, 1)), 4, 4, 4)
	a, b := d.service(t, 2, 1), d.service(t, 1, 2, 2)
	if a != b {
		t.Error("the same closures make another service")
	}
	if a == d.service(t, 1) {
		t.Error("other closures make the same service")
	}
	change := func(layer spatial.LayerID, id int64) district {
		next, err := d.Apply(spatial.Change{Base: 1, Layers: []spatial.LayerChange{{Layer: layer, Delete: []int64{id}}}}, 2)
		if err != nil {
			t.Fatal(err)
		}
		return district{next, d.network}
	}
	if a != change("risk_points", 1).service(t, 1, 2) {
		t.Error("a change of other layers makes another service")
	}
	if next := change("response_points", 1).service(t, 1, 2); next == a || len(next.Responders()) != 3 {
		t.Error("a change of the stations makes the same service")
	}
}

func TestOnRefuses(t *testing.T) {
	d := someDistrict(t, rand.New(rand.NewPCG(1, 1)), 2, 1, 1)
	query := func(change func(*Query)) Query {
		q := Query{"response_points", "driving", Defaults(), nil}
		change(&q)
		return q
	}
	for name, test := range map[string]struct {
		q    Query
		want string
	}{
		"no such layer":      {query(func(q *Query) { q.Responders = "fire_stations" }), "not found"},
		"no such profile":    {query(func(q *Query) { q.Profile = "flying" }), "profile_unknown"},
		"no such edge":       {query(func(q *Query) { q.Closed = []int32{1000} }), "edge_unknown"},
		"handling below 0":   {query(func(q *Query) { q.Parameters.Handling = -1 }), "parameter_handling"},
		"turnout of days":    {query(func(q *Query) { q.Parameters.Turnout = 2_000_000_000 }), "parameter_turnout"},
		"nobody walks":       {query(func(q *Query) { q.Parameters.Walking = 0 }), "parameter_walking"},
		"the zero parameter": {query(func(q *Query) { q.Parameters = Parameters{} }), "parameter_"},
	} {
		if _, err := On(d.Snapshot, test.q); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if _, err := On(spatial.New(1), query(func(*Query) {})); !errors.Is(err, spatial.ErrNotFound) {
		t.Errorf("without roads: %v", err)
	}
}

// TestNobodyGetsThere: without roads, without stations, on an island.
func TestNobodyGetsThere(t *testing.T) {
	street := func(id int64, line orb.LineString) spatial.Row {
		return spatial.Row{ID: id, Geometry: line, Values: []spatial.Value{spatial.Text("street")}}
	}
	station := spatial.Row{ID: 1, Geometry: crossing(0, 0), Values: []spatial.Value{spatial.Int(30)}}
	for name, test := range map[string]struct {
		streets, stations []spatial.Row
		kept, unreachable int
		onRoad            bool
	}{
		"no roads":    {nil, []spatial.Row{station}, 1, 1, false},
		"no stations": {[]spatial.Row{street(1, orb.LineString{crossing(0, 0), crossing(1, 0)})}, nil, 0, 0, true},
		"an island": {[]spatial.Row{street(1, orb.LineString{crossing(0, 0), crossing(1, 0)}), street(2, orb.LineString{crossing(5, 5), crossing(6, 5)})},
			[]spatial.Row{station}, 1, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := spatial.New(1, layer(t, &spatial.Schema{ID: "roads", Geometry: spatial.Lines, Fields: []spatial.Field{field("name", spatial.TypeText)}}, test.streets),
				layer(t, &spatial.Schema{ID: "response_points", Geometry: spatial.Points, Fields: []spatial.Field{field("turnout", spatial.TypeInt)}}, test.stations))
			v := district{Snapshot: s}.service(t)
			a := v.Nearest(crossing(6, 5), 1, nil)
			if a.Hindrance == Free != test.onRoad {
				t.Errorf("hindrance %v", a.Hindrance)
			}
			if len(a.Arrivals) != 0 || a.Next != nil || a.Kept != test.kept || a.Unreachable != test.unreachable || (a.Place.Edge >= 0) != test.onRoad {
				t.Errorf("%+v", a)
			}
			if v.Rank(v.Places([]orb.Point{crossing(6, 5)}), 1, nil).Unreachable() != 1 {
				t.Error("a ranking reaches it")
			}
		})
	}
}

func TestReason(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	d := someDistrict(t, random, 4, 6, 1)
	a := d.service(t).Nearest(geodesic.Destination(crossing(2, 2), 45, 30), 2, nil)
	if len(a.Arrivals) < 2 || a.Next == nil {
		t.Fatalf("%+v", a)
	}
	for i, next := range []Arrival{a.Arrivals[1], *a.Next} {
		want := fmt.Sprintf("the next, %s, takes %.0f s longer", next.Feature.Label(), (next.Time - a.Arrivals[i].Time).Seconds())
		if got := a.Reason(i); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAssumptionsAreTheDefaults(t *testing.T) {
	p := Defaults()
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
	for _, a := range Assumptions() {
		if a.Value <= 0 || a.Unit == "" || a.AsOf == "" || a.Certainty == "" || a.Note == "" {
			t.Errorf("%+v lacks something", a)
		}
	}
	if want := (Parameters{60_000, 90_000, 15, 4.32}); p != want {
		t.Errorf("%+v, want %+v", p, want)
	}
}
