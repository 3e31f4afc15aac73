package road

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial/geodesic"
)

func lane(class string, points ...orb.Point) street { return street{line: points, class: class} }

// TestNetworkMeetsAtSharedVertices: a line is cut where another has a vertex of
// it, and not where a bridge crosses it.
func TestNetworkMeetsAtSharedVertices(t *testing.T) {
	west, middle, east := raster(0, 1), raster(1, 1), raster(2, 1)
	tests := map[string]struct {
		other orb.LineString
		layer int64
		edges int
		joins bool
	}{
		"a junction within both lines":        {orb.LineString{raster(1, 0), middle, raster(1, 2)}, 0, 4, true},
		"a street ending at the other":        {orb.LineString{raster(1, 0), middle}, 0, 3, true},
		"a bridge over it":                    {orb.LineString{raster(1, 0), raster(1, 2)}, 1, 2, false},
		"a bridge over it, a vertex above it": {orb.LineString{raster(1, 0), middle, raster(1, 2)}, 1, 2, false},
		"a tunnel, a vertex below it":         {orb.LineString{raster(1, 0), middle, raster(1, 2)}, -1, 2, false},
		"a ramp ending at it":                 {orb.LineString{raster(1, 0), middle}, 1, 3, true},
		"a ring beginning in the middle":      {orb.LineString{middle, raster(0, 2), raster(2, 2), middle}, 0, 3, true},
		"end to end":                          {orb.LineString{east, raster(3, 1)}, 0, 2, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := drivingOn(t, networkOf(t, []street{lane("local", west, middle, east), {line: test.other, class: "local", layer: test.layer}}))
			if g.Edges() != test.edges {
				t.Errorf("%d edges, want %d", g.Edges(), test.edges)
			}
			_, ok := g.Route(g.Along(0, 0), g.Along(int32(g.Edges()-1), 0.5))
			if ok != test.joins {
				t.Errorf("a way from one to the other: %v, want %v", ok, test.joins)
			}
		})
	}
}

func TestProfileDecidesWhereAndHowFast(t *testing.T) {
	road := func(class string, oneway bool, limit int64, closed bool) street {
		return street{line: orb.LineString{raster(0, 0), raster(5, 0)}, class: class, oneway: oneway, speed: limit, closed: closed}
	}
	lane := func(access string) street {
		return street{line: orb.LineString{raster(0, 0), raster(5, 0)}, class: "lane", access: access}
	}
	length := geodesic.Distance(raster(0, 0), raster(5, 0))
	tests := map[string]struct {
		road           street
		profile        string
		along, against float64 // km/h
	}{
		"speed of the class":               {road("arterial", false, 0, false), "driving", 50, 50},
		"the limit is lower":               {road("arterial", false, 30, false), "driving", 30, 30},
		"the limit is higher":              {road("lane", false, 60, false), "driving", 15, 15},
		"an unknown class":                 {road("track", false, 0, false), "driving", 20, 20},
		"one-way":                          {road("local", true, 0, false), "driving", 30, 0},
		"one-way on foot":                  {road("local", true, 3, false), "walking", 4.32, 4.32},
		"closed":                           {road("local", false, 0, true), "driving", 0, 0},
		"no walking on expressways":        {road("expressway", false, 0, false), "walking", 0, 0},
		"no driving where people walk":     {road("footway", false, 0, false), "driving", 0, 0},
		"walking where no one else may go": {road("footway", false, 0, false), "walking", 4.32, 4.32},
		"no driving past the gate":         {lane("private"), "driving", 0, 0},
		"no driving in the market":         {lane("foot"), "driving", 0, 0},
		"walking in the market":            {lane("foot"), "walking", 4.32, 4.32},
		"driving where no one may walk":    {lane("vehicles"), "driving", 15, 15},
		"no walking there":                 {lane("vehicles"), "walking", 0, 0},
		"nobody":                           {lane("no"), "walking", 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g, err := networkOf(t, []street{test.road}).Profile(test.profile)
			if err != nil {
				t.Fatal(err)
			}
			for arc, speed := range []float64{test.along, test.against} {
				if want := Over(length, speed); g.cost[arc] != want {
					t.Errorf("arc %d takes %d ms, want %d", arc, g.cost[arc], want)
				}
			}
		})
	}
	if _, err := networkOf(t, nil).Profile("flying"); err == nil || !strings.Contains(err.Error(), "driving or walking") {
		t.Errorf("an unknown profile: %v", err)
	}
}

func TestParseProfilesRefuses(t *testing.T) {
	const head = "profile,class,speed,oneway,limit,turns,barred\n"
	for text, want := range map[string]string{
		"":                               "first row",
		"a,b,c,d,e,f\n":                  "first row",
		head + "car,*,NaN,no,no,no,no\n": "row 2: speed",
		head + "car,*,-1,no,no,no,no\n":  "row 2: speed",
		head + "car,*,20,maybe,no,no,no": "row 2: oneway",
		head + "car,*,20,no,no,no,no\ncar,*,30,no,no,no,no":        "row 3: car, * is there twice",
		head + "car,*,20,no,no,no,no\ncar,lane,9,yes,no,no,no":     "row 3: car, lane",
		head + "car,*,20,no,no,no,no\ncar,lane,9,no,no,no,private": "row 3: car, lane",
		head + "car,*\n": "wrong number of fields",
	} {
		if _, err := ParseProfiles(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestSnapIsTheNearestUsableEdge compares with looking at every edge.
func TestSnapIsTheNearestUsableEdge(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	for range 200 {
		g := someGraph(t, random)
		for range 20 {
			p := orb.Point{114.099 + random.Float64()*0.008, 22.499 + random.Float64()*0.008}
			want, least := int32(-1), geodesic.Meters(math.Inf(1))
			for i := range int32(g.Edges()) {
				if d, _ := geodesic.DistanceTo(p, g.edges[i].Line); g.Usable(i) && d < least {
					want, least = i, d
				}
			}
			pos, ok := g.Snap(p)
			if ok != (want >= 0) || pos.Edge != want {
				t.Fatalf("snap %v: %+v, want edge %d at %g m", p, pos, want, least)
			}
			checkWithin(t, g, p, least+geodesic.Meters(random.IntN(3)*60))
			if !ok {
				continue
			}
			if again := g.Along(pos.Edge, pos.Fraction); geodesic.Distance(again.At, pos.At) > 0.01 {
				t.Fatalf("snap %v: fraction %g is at %v, not %v", p, pos.Fraction, again.At, pos.At)
			}
		}
	}
}

// checkWithin compares with looking at every edge.
func checkWithin(t *testing.T, g *Graph, p orb.Point, within geodesic.Meters) {
	t.Helper()
	found := g.Within(p, within)
	n := 0
	for i := range int32(g.Edges()) {
		d, at := geodesic.DistanceTo(p, g.edges[i].Line)
		if !g.Usable(i) || d > within {
			continue
		}
		n++
		if !slices.ContainsFunc(found, func(q Position) bool { return q.Edge == i && q.Away == d && q.At == at }) {
			t.Fatalf("edge %d is %g m from %v, not among %v", i, d, p, found)
		}
	}
	if len(found) != n || !slices.IsSortedFunc(found, func(a, b Position) int { return cmp.Compare(a.Away, b.Away) }) {
		t.Fatalf("%d edges within %g m of %v: %v", n, within, p, found)
	}
}

func TestSnapTellsTheSide(t *testing.T) {
	g := drivingOn(t, networkOf(t, []street{lane("local", raster(0, 0), raster(2, 0))}))
	for p, want := range map[orb.Point]Side{{114.101, 22.5001}: Left, {114.101, 22.4999}: Right, {114.1, 22.5}: On} {
		if pos, _ := g.Snap(p); pos.Side != want {
			t.Errorf("%v lies %v, want %v", p, pos.Side, want)
		}
	}
	if _, ok := drivingOn(t, networkOf(t, nil)).Snap(raster(0, 0)); ok {
		t.Error("an edge in an empty graph")
	}
}

// TestConnectivity: two squares of two-way streets, joined one way, and a dead
// end that can be left and not entered.
func TestConnectivity(t *testing.T) {
	square := func(x int) street {
		return lane("local", raster(x, 0), raster(x+1, 0), raster(x+1, 1), raster(x, 1), raster(x, 0))
	}
	streets := []street{square(0), square(5), lane("local", raster(0, 0), raster(0, 1)),
		{line: orb.LineString{raster(1, 0), raster(5, 0)}, class: "local", oneway: true}}
	c := drivingOn(t, networkOf(t, streets)).Connectivity()
	if c.Parts != 2 || c.Largest != 3 || len(c.Off) != 2 {
		t.Errorf("%+v, want 2 parts, the largest of 3 nodes, 2 edges off it", c)
	}
}

// TestConnectivityIsReachability compares parts with who reaches whom.
func TestConnectivityIsReachability(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 4))
	for range 100 {
		g := someGraph(t, random)
		part, _ := g.parts()
		reached := make([][]label, g.nodes)
		for v := range int32(g.nodes) {
			r := &search{graph: g, node: slices.Repeat([]label{unreached}, g.nodes), queue: newQueue(g.longest)}
			r.node[v] = 0
			r.queue.begin([]entry{{0, v}})
			r.run()
			reached[v] = r.node
		}
		for v := range g.nodes {
			for w := range g.nodes {
				both := reached[v][w] != unreached && reached[w][v] != unreached
				if part[v] >= 0 && part[w] >= 0 && both != (part[v] == part[w]) {
					t.Fatalf("nodes %d and %d: reach each other %v, parts %d and %d", v, w, both, part[v], part[w])
				}
			}
		}
	}
}
