package road

import (
	"fmt"
	"sync"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// The layers that a network is made from. The second need not be there.
const (
	roadLayer spatial.LayerID = "roads"
	turnLayer spatial.LayerID = "turn_restrictions"
)

// Network is the roads of a snapshot cut at their junctions: the vertices that
// lines share, and their ends. Lines that cross without a shared vertex, as at
// bridges and tunnels, do not meet. It is immutable.
type Network struct {
	edges     []Edge
	junctions []orb.Point
	turns     []turn
	boxes     rtree.RTreeGN[float64, int32]
	profiles  []Profile
	graphs    []func() *Graph // by profile, made when first asked for
}

// Edge is a piece of road from one junction to the next.
type Edge struct {
	Road   int64 // id of its feature
	Line   orb.LineString
	Length geodesic.Meters

	from, to int32 // junctions
	class    string
	limit    float64 // km/h, 0 for none
	oneway   bool
	closed   bool
	name     string
}

// Name is the name of the road.
func (e *Edge) Name() string { return e.name }

// Of is the network of a snapshot's roads, and of its turn restrictions if it
// has any. It is made once for each state of the layers. The error is
// [spatial.ErrNotFound] without a layer of roads.
func Of(s *spatial.Snapshot) (*Network, error) {
	return spatial.Derive(s, Layers(s), func(s *spatial.Snapshot) (*Network, error) {
		roads, err := s.Layer(roadLayer)
		if err != nil {
			return nil, err
		}
		var turns *spatial.Layer
		if layer, err := s.Layer(turnLayer); err == nil {
			turns = layer
		}
		return New(roads, turns)
	})
}

// Layers are those that the network of a snapshot is made from.
func Layers(s *spatial.Snapshot) []spatial.LayerID {
	if _, err := s.Layer(turnLayer); err == nil {
		return []spatial.LayerID{roadLayer, turnLayer}
	}
	return []spatial.LayerID{roadLayer}
}

// New makes the network of a layer of lines, with the fields class, oneway,
// speed (km/h), closed and name as far as it has them; a one-way road runs in
// the direction of its line. turns may be nil; see [Turn]. Cost: about 1 µs a
// vertex.
func New(roads, turns *spatial.Layer) (*Network, error) {
	n := &Network{}
	restrictions, err := readTurns(turns)
	if err != nil {
		return nil, err
	}
	n.cut(roads, restrictions)
	n.place(restrictions)
	for i := range n.edges {
		b := n.edges[i].Line.Bound()
		n.boxes.Insert(b.Min, b.Max, int32(i))
	}
	if n.profiles, err = Profiles(); err != nil {
		return nil, err
	}
	for _, p := range n.profiles {
		n.graphs = append(n.graphs, sync.OnceValue(func() *Graph { return n.Graph(p) }))
	}
	return n, nil
}

// Profile is the graph for one of the profiles that the program brings along;
// the error is [spatial.InvalidError].
func (n *Network) Profile(name string) (*Graph, error) {
	for i, p := range n.profiles {
		if p.Name == name {
			return n.graphs[i](), nil
		}
	}
	_, err := ProfileNamed(name)
	return nil, err
}

// Edges is how many there are.
func (n *Network) Edges() int { return len(n.edges) }

// Edge is the edge with a number from 0; read-only.
func (n *Network) Edge(i int32) *Edge { return &n.edges[i] }

// cut makes junctions and edges from the lines.
func (n *Network) cut(roads *spatial.Layer, turns []Turn) {
	uses := usesOfVertices(roads)
	for _, t := range turns {
		if uses[t.Via] > 0 {
			uses[t.Via] = 2
		}
	}
	number := map[orb.Point]int32{}
	junction := func(p orb.Point) int32 {
		i, ok := number[p]
		if !ok {
			i = int32(len(n.junctions))
			number[p] = i
			n.junctions = append(n.junctions, p)
		}
		return i
	}
	for f := range roads.All() {
		edge := attributes(f)
		for _, line := range lines(f) {
			for first, i := 0, 1; i < len(line); i++ {
				if i < len(line)-1 && uses[line[i]] < 2 {
					continue
				}
				edge.Line = line[first : i+1 : i+1]
				edge.Length = geodesic.Length(edge.Line)
				edge.from, edge.to = junction(line[first]), junction(line[i])
				n.edges = append(n.edges, edge)
				first = i
			}
		}
	}
}

// usesOfVertices counts how often lines pass a vertex; an end counts twice.
func usesOfVertices(roads *spatial.Layer) map[orb.Point]int {
	uses := map[orb.Point]int{}
	for f := range roads.All() {
		for _, line := range lines(f) {
			for _, p := range line {
				uses[p]++
			}
			uses[line[0]]++
			uses[line[len(line)-1]]++
		}
	}
	return uses
}

func lines(f spatial.Feature) []orb.LineString {
	switch g := f.Geometry().(type) {
	case orb.LineString:
		if len(g) > 1 {
			return []orb.LineString{g}
		}
	case orb.MultiLineString:
		var all []orb.LineString
		for _, line := range g {
			if len(line) > 1 {
				all = append(all, line)
			}
		}
		return all
	}
	return nil
}

func attributes(f spatial.Feature) Edge {
	e := Edge{Road: f.ID(), name: f.Label()}
	schema := f.Layer().Schema()
	value := func(name string, t spatial.Type) (spatial.Value, bool) {
		i := schema.FieldIndex(name)
		if i < 0 || schema.Fields[i].Type != t || f.Value(i).IsNull() {
			return spatial.Value{}, false
		}
		return f.Value(i), true
	}
	if v, ok := value("class", spatial.TypeText); ok {
		e.class = v.Text()
	}
	if v, ok := value("oneway", spatial.TypeBool); ok {
		e.oneway = v.Bool()
	}
	if v, ok := value("closed", spatial.TypeBool); ok {
		e.closed = v.Bool()
	}
	if v, ok := value("speed", spatial.TypeInt); ok {
		e.limit = float64(v.Int())
	}
	if v, ok := value("speed", spatial.TypeFloat); ok {
		e.limit = v.Float()
	}
	return e
}

// Turn is a turn that is not allowed, or the only one that is: at a vertex,
// coming from the vertex before it on one road and going to the vertex after
// it on another. All are degrees lon, lat, and exactly those of the roads.
type Turn struct {
	From, Via, To orb.Point
	Only          bool
}

// readTurns reads a layer of points, the vertices Via, with the fields kind
// (no or only) and from_lon, from_lat, to_lon, to_lat.
func readTurns(layer *spatial.Layer) ([]Turn, error) {
	if layer == nil {
		return nil, nil
	}
	for _, name := range []string{"kind", "from_lon", "from_lat", "to_lon", "to_lat"} {
		if layer.Schema().FieldIndex(name) < 0 {
			return nil, fmt.Errorf("layer %s has no field %s", layer.ID(), name)
		}
	}
	var turns []Turn
	for f := range layer.All() {
		via, ok := f.Geometry().(orb.Point)
		if !ok {
			continue
		}
		at := func(x, y string) orb.Point {
			return orb.Point{f.Attribute(x).Float(), f.Attribute(y).Float()}
		}
		turns = append(turns, Turn{at("from_lon", "from_lat"), via, at("to_lon", "to_lat"), f.Attribute("kind").Text() == "only"})
	}
	return turns, nil
}

// turn is a restriction in terms of arcs.
type turn struct {
	from, to int32 // arcs
	only     bool
}

// place finds the arcs of restrictions; those whose vertices no road has do
// nothing.
func (n *Network) place(turns []Turn) {
	if len(turns) == 0 {
		return
	}
	type step struct{ via, other orb.Point }
	into, out := map[step][]int32{}, map[step][]int32{}
	for i := range n.edges {
		line, along, against := n.edges[i].Line, int32(2*i), int32(2*i+1)
		first, last := step{line[0], line[1]}, step{line[len(line)-1], line[len(line)-2]}
		out[first], into[first] = append(out[first], along), append(into[first], against)
		out[last], into[last] = append(out[last], against), append(into[last], along)
	}
	for _, t := range turns {
		for _, from := range into[step{t.Via, t.From}] {
			for _, to := range out[step{t.Via, t.To}] {
				n.turns = append(n.turns, turn{from, to, t.Only})
			}
		}
	}
}
