package road

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

func field(name string, t spatial.Type) spatial.Field { return spatial.Field{Name: name, Type: t} }

// street is a row of a layer of roads.
type street struct {
	line   orb.LineString
	class  string
	oneway bool
	speed  int64
	closed bool
	access string
	layer  int64
}

func roadsOf(t testing.TB, streets ...street) *spatial.Layer {
	t.Helper()
	schema := &spatial.Schema{ID: roadLayer, Geometry: spatial.Lines, Label: "name", Fields: []spatial.Field{field("name", spatial.TypeText),
		field("class", spatial.TypeText), field("oneway", spatial.TypeBool), field("speed", spatial.TypeInt), field("closed", spatial.TypeBool), field("access", spatial.TypeText), field("layer", spatial.TypeInt)}}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for i, s := range streets {
			values := []spatial.Value{spatial.Text(fmt.Sprint("road ", i+1)), spatial.Text(s.class), spatial.Bool(s.oneway), spatial.Int(s.speed), spatial.Bool(s.closed),
				spatial.Text(s.access), spatial.Int(s.layer)}
			if !yield(spatial.Row{ID: int64(i + 1), Geometry: s.line, Values: values}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func turnsOf(t testing.TB, turns ...Turn) *spatial.Layer {
	t.Helper()
	schema := &spatial.Schema{ID: turnLayer, Geometry: spatial.Points, Fields: []spatial.Field{field("kind", spatial.TypeText),
		field("from_lon", spatial.TypeFloat), field("from_lat", spatial.TypeFloat), field("to_lon", spatial.TypeFloat), field("to_lat", spatial.TypeFloat)}}
	layer, err := spatial.NewLayer(schema, 1, func(yield func(spatial.Row, error) bool) {
		for i, r := range turns {
			kind := "no"
			if r.Only {
				kind = "only"
			}
			values := []spatial.Value{spatial.Text(kind), spatial.Float(r.From[0]), spatial.Float(r.From[1]), spatial.Float(r.To[0]), spatial.Float(r.To[1])}
			if !yield(spatial.Row{ID: int64(i + 1), Geometry: r.Via, Values: values}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func networkOf(t testing.TB, streets []street, turns ...Turn) *Network {
	t.Helper()
	n, err := New(roadsOf(t, streets...), turnsOf(t, turns...))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func drivingOn(t testing.TB, n *Network) *Graph {
	t.Helper()
	g, err := n.Profile("driving")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func raster(x, y int) orb.Point { return orb.Point{114.1 + float64(x)/1000, 22.5 + float64(y)/1000} }

var someClasses = []string{"expressway", "arterial", "secondary", "local", "lane", "footway"}

// someStreets is a raster of streets n by n with gaps, one-way streets, lines
// over several junctions, and bends.
func someStreets(r *rand.Rand, n int) []street {
	var all []street
	add := func(line orb.LineString) {
		if r.IntN(4) == 0 {
			line.Reverse()
		}
		all = append(all, street{line: line, class: someClasses[r.IntN(len(someClasses))], oneway: r.IntN(4) == 0, speed: int64(r.IntN(3) * 30),
			closed: r.IntN(30) == 0, layer: int64(r.IntN(20) / 18)})
	}
	for i := range n {
		for _, upright := range []bool{false, true} {
			var line orb.LineString
			for j := range n {
				p := raster(j, i)
				if upright {
					p = raster(i, j)
				}
				line = append(line, p)
				if len(line) > 1 && r.IntN(3) == 0 {
					add(line)
					line = orb.LineString{p}
				}
				if len(line) > 0 && r.IntN(6) == 0 {
					line = append(line, orb.Point{p[0] + 0.0003, p[1] + 0.0003})
				}
				if r.IntN(8) == 0 {
					line = nil
				}
			}
			if len(line) > 1 {
				add(line)
			}
		}
	}
	return all
}

// someTurns are restrictions at places of the raster, some of which have none
// of the roads they speak of.
func someTurns(r *rand.Rand, n int) []Turn {
	var all []Turn
	sides := [][2]int{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}
	for range r.IntN(n + 1) {
		x, y, a, b := r.IntN(n), r.IntN(n), sides[r.IntN(4)], sides[r.IntN(4)]
		all = append(all, Turn{raster(x+a[0], y+a[1]), raster(x, y), raster(x+b[0], y+b[1]), r.IntN(3) == 0})
	}
	return all
}

// somePosition is on an edge, often at its end, of those that are usable.
func somePosition(r *rand.Rand, g *Graph) (Position, bool) {
	for range 20 {
		edge := int32(r.IntN(g.Edges()))
		if !g.Usable(edge) {
			continue
		}
		switch r.IntN(5) {
		case 0:
			return g.Along(edge, 0), true
		case 1:
			return g.Along(edge, 1), true
		}
		return g.Along(edge, float64(r.IntN(9)+1)/10), true
	}
	return Position{}, false
}

// someGraph is a random graph with up to a tenth of its edges closed.
func someGraph(t testing.TB, r *rand.Rand) *Graph {
	n := 2 + r.IntN(5)
	g := drivingOn(t, networkOf(t, someStreets(r, n), someTurns(r, n)...))
	share := r.Float64() / 10
	return g.Without(func(int32) bool { return r.Float64() < share })
}
