package road

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
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
// bridges and tunnels, do not meet; nor do lines of different grades at a
// vertex that both pass. It is immutable.
type Network struct {
	edges     []Edge
	junctions []orb.Point
	turns     []turn
	boxes     rtree.RTreeGN[float64, int32]
	lookup    func() *lookup
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
	access   string  // who may use it, "" for everyone
	limit    float64 // km/h, 0 for none
	oneway   bool
	closed   bool
	grade    int8 // above the ground or below it
	name     string
	english  string
}

// Name is the name of the road.
func (e *Edge) Name() string { return e.name }

// EnglishName is the name of the road in English, "" if it has none.
func (e *Edge) EnglishName() string { return e.english }

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
// speed (km/h), closed, access, name and name_en as far as it has them; a
// one-way road runs in the direction of its line. Its grade is the field layer,
// or else 1 for a bridge and -1 for a tunnel. turns may be nil; see [Turn].
// Cost: about 1 µs a vertex.
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
	n.lookup = sync.OnceValue(func() *lookup { return newLookup(n.edges) })
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

// node is where lines meet: a vertex, and of several that lie over each other
// which.
type node struct {
	at    orb.Point
	grade int8
}

// cutter makes junctions and edges from lines.
type cutter struct {
	*Network
	stacked map[orb.Point][]int8 // vertices that lines of several grades pass, with the grades ascending
	uses    map[node]int32       // how often lines pass a node; an end counts twice
	number  map[node]int32       // of the junction
}

// cut makes junctions and edges from the lines.
func (n *Network) cut(roads *spatial.Layer, turns []Turn) {
	c := &cutter{n, stackedVertices(roads), map[node]int32{}, map[node]int32{}}
	for f := range roads.All() {
		grade := attributes(f).grade
		for _, line := range lines(f) {
			for i := range line {
				c.uses[c.nodeOf(line, i, grade)]++
			}
			c.uses[c.nodeOf(line, 0, grade)]++
			c.uses[c.nodeOf(line, len(line)-1, grade)]++
		}
	}
	for _, t := range turns {
		if via := (node{t.Via, 0}); c.uses[via] > 0 {
			c.uses[via] = 2
		}
	}
	for f := range roads.All() {
		edge := attributes(f)
		for _, line := range lines(f) {
			c.cutLine(line, edge)
		}
	}
	n.renumber()
}

// nodeOf is the node of a vertex of a line. Where lines of several grades pass
// a vertex each has its own, and an end belongs to its own grade or else to the
// lowest.
func (c *cutter) nodeOf(line orb.LineString, i int, grade int8) node {
	grades, ok := c.stacked[line[i]]
	switch {
	case !ok:
		return node{line[i], 0}
	case slices.Contains(grades, grade):
		return node{line[i], grade}
	}
	return node{line[i], grades[0]}
}

func (c *cutter) cutLine(line orb.LineString, edge Edge) {
	for first, i := 0, 1; i < len(line); i++ {
		if i < len(line)-1 && c.uses[c.nodeOf(line, i, edge.grade)] < 2 {
			continue
		}
		edge.Line = line[first : i+1 : i+1]
		edge.Length = geodesic.Length(edge.Line)
		edge.from, edge.to = c.junction(c.nodeOf(line, first, edge.grade)), c.junction(c.nodeOf(line, i, edge.grade))
		c.edges = append(c.edges, edge)
		first = i
	}
}

func (c *cutter) junction(at node) int32 {
	i, ok := c.number[at]
	if !ok {
		i = int32(len(c.junctions))
		c.number[at] = i
		c.junctions = append(c.junctions, at.at)
	}
	return i
}

// stackedVertices are those that lines of several grades pass, ends aside: a
// bridge and what is under it.
func stackedVertices(roads *spatial.Layer) map[orb.Point][]int8 {
	passed := map[orb.Point][]int8{}
	pass := func(keep func(p orb.Point, grade int8) bool) {
		for f := range roads.All() {
			grade := attributes(f).grade
			for _, line := range lines(f) {
				for _, p := range line[1 : len(line)-1] {
					if keep(p, grade) && !slices.Contains(passed[p], grade) {
						passed[p] = append(passed[p], grade)
					}
				}
			}
		}
	}
	pass(func(_ orb.Point, grade int8) bool { return grade != 0 })
	pass(func(p orb.Point, grade int8) bool { return grade == 0 && passed[p] != nil })
	maps.DeleteFunc(passed, func(_ orb.Point, grades []int8) bool { return len(grades) < 2 })
	for _, grades := range passed {
		slices.Sort(grades)
	}
	return passed
}

// renumber gives junctions that lie near each other numbers that do, so that a
// search finds them in the processor's cache: in the order of Morton.
func (n *Network) renumber() {
	b := orb.MultiPoint(n.junctions).Bound()
	place := make([]uint64, len(n.junctions))
	for i, p := range n.junctions {
		place[i] = interleave(part(p[0], b.Min[0], b.Max[0])) | interleave(part(p[1], b.Min[1], b.Max[1]))<<1
	}
	order := make([]int32, len(n.junctions))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(place[a], place[b]) })
	number, junctions := make([]int32, len(order)), make([]orb.Point, len(order))
	for i, old := range order {
		number[old], junctions[i] = int32(i), n.junctions[old]
	}
	n.junctions = junctions
	for i := range n.edges {
		e := &n.edges[i]
		e.from, e.to = number[e.from], number[e.to]
	}
}

// part is where x lies from low to high, in 16 bits.
func part(x, low, high float64) uint64 {
	if !(high > low) {
		return 0
	}
	return uint64((x - low) / (high - low) * 0xffff)
}

// interleave puts a 0 before each of 16 bits.
func interleave(x uint64) uint64 {
	x = (x | x<<8) & 0x00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f
	x = (x | x<<2) & 0x33333333
	return (x | x<<1) & 0x55555555
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
	if v, ok := value("access", spatial.TypeText); ok {
		e.access = v.Text()
	}
	if v, ok := value("name_en", spatial.TypeText); ok {
		e.english = v.Text()
	}
	if v, ok := value("bridge", spatial.TypeBool); ok && v.Bool() {
		e.grade = 1
	}
	if v, ok := value("tunnel", spatial.TypeBool); ok && v.Bool() {
		e.grade = -1
	}
	if v, ok := value("layer", spatial.TypeInt); ok {
		e.grade = int8(min(max(v.Int(), -100), 100))
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
