package response

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
	"wangge/spatial/road"
)

// Areas are the areas of responsibility: every stretch of road that the profile
// may use is the share of the responder that reaches it first, cut where two are
// as soon. Together they are the whole network. They are immutable.
type Areas struct {
	service *Service
	areas   []Area
	of      []int // area by responder, -1 for those not asked about
	length  geodesic.Meters
}

// Area is one responder's share of the roads.
type Area struct {
	Responder int             // index into [Service.Responders]; -1 for what is reached by nobody
	Length    geodesic.Meters // of road
	Part      float64         // of the length of all roads, 0 to 1
	Pieces    []Piece
}

// Piece is a stretch of an edge.
type Piece struct {
	Edge     int32
	From, To float64 // fractions along its line, From < To
}

// Areas are those of the responders that keep holds for; nil keeps all. Times are
// those from the order to the road; what the call and the way on foot take is the
// same for all. Cost: 1 µs an edge.
func (v *Service) Areas(keep func(spatial.Feature) bool) *Areas {
	a := &Areas{service: v, of: make([]int, len(v.responders))}
	for i := range a.of {
		a.of[i] = -1
	}
	starts := make([]road.Start, len(v.starts))
	for i := range starts {
		starts[i].Position = road.Nowhere()
	}
	for _, i := range v.kept(keep) {
		starts[i] = v.starts[i]
		a.of[i] = len(a.areas)
		a.areas = append(a.areas, Area{Responder: int(i)})
	}
	a.areas = append(a.areas, Area{Responder: -1})
	times := v.graph.From(starts)
	for edge := range int32(v.graph.Edges()) {
		if v.graph.Usable(edge) {
			a.share(edge, times.Shares(edge))
		}
	}
	for i := range a.areas {
		if a.length > 0 {
			a.areas[i].Part = float64(a.areas[i].Length / a.length)
		}
	}
	return a
}

func (a *Areas) share(edge int32, shares []road.Share) {
	length := a.service.graph.Edge(edge).Length
	a.length += length
	for _, s := range shares {
		mine := &a.areas[a.areaOf(s.Start)]
		mine.Pieces = append(mine.Pieces, Piece{edge, s.From, s.To})
		mine.Length += length * geodesic.Meters(s.To-s.From)
	}
}

// areaOf is the area of a responder; the last one for nobody's.
func (a *Areas) areaOf(responder int) int {
	if responder < 0 {
		return len(a.areas) - 1
	}
	return a.of[responder]
}

// All are the areas in the order of their responders' ids, and last that of
// nobody; read-only.
func (a *Areas) All() []Area { return a.areas }

// Length is that of all roads of the profile.
func (a *Areas) Length() geodesic.Meters { return a.length }

// Lines are the roads of an area.
func (a *Areas) Lines(i int) orb.MultiLineString {
	var lines orb.MultiLineString
	for _, p := range a.areas[i].Pieces {
		lines = append(lines, a.service.graph.Stretch(p.Edge, p.From, p.To))
	}
	return lines
}

// Tally counts places.
type Tally struct {
	Features int
	Sum      int64          // of a field of whole numbers
	By       map[string]int // features by the value of a field; "" for those without one
}

func (t *Tally) add(f counted) {
	t.Features++
	t.Sum += f.sum
	if f.counts {
		if t.By == nil {
			t.By = map[string]int{}
		}
		t.By[f.by]++
	}
}

// counted is what a tally takes from a place.
type counted struct {
	sum    int64
	by     string
	counts bool // by a value
}

// has says whether places have a field of a type; without features they may.
func (p *Places) has(name string, t spatial.Type) bool {
	if len(p.features) == 0 {
		return len(p.points) == 0
	}
	schema := p.features[0].Layer().Schema()
	i := schema.FieldIndex(name)
	return i >= 0 && schema.Fields[i].Type == t
}

// counter reads what is counted from places: the field sum is added up and by the
// values of the field by it is counted. Fields that the places have not, and those
// added up that are no whole numbers, add nothing.
func (p *Places) counter(sum, by string) func(i int) counted {
	sumAt, byAt := -1, -1
	if len(p.features) > 0 {
		schema := p.features[0].Layer().Schema()
		sumAt, byAt = schema.FieldIndex(sum), schema.FieldIndex(by)
		if sumAt >= 0 && schema.Fields[sumAt].Type != spatial.TypeInt {
			sumAt = -1
		}
	}
	return func(i int) (c counted) {
		if sumAt >= 0 {
			if v := p.features[i].Value(sumAt); !v.IsNull() {
				c.sum = v.Int()
			}
		}
		if byAt >= 0 {
			c.by, c.counts = p.features[i].Value(byAt).String(), true
		}
		return c
	}
}

// Tally counts places by the area of the responder that reaches them first: the
// field sum is added up, and by the values of the field by they are counted. The
// ranking must be one of the same service and the same responders.
func (a *Areas) Tally(r *Ranking, sum, by string) []Tally {
	tallies := make([]Tally, len(a.areas))
	count := r.places.counter(sum, by)
	for i := range r.places.Len() {
		responder, _ := r.First(i)
		tallies[a.areaOf(responder)].add(count(i))
	}
	return tallies
}

// step is how far apart positions of a road are, at most, that stand for it in
// [Areas.Polygons]; near is how far they keep from where shares end.
const (
	step = 10.0 // m
	near = 0.25 // m
)

// Polygons divide the ground (a polygon or multipolygon, degrees lon, lat) among
// the areas: each position belongs to that of the nearest road, to within the
// step at which roads are looked at. They are a partition of the ground: without
// gap or overlap, with the same vertices on edges that two of them share. An area
// without any road has none. The error is [spatial.InvalidError] if there is no
// ground or no road. Source: the cells of Voronoi (1908), joined by area. Cost:
// about 10 µs for each 10 m of road.
func (a *Areas) Polygons(ground orb.Geometry) ([]orb.MultiPolygon, error) {
	if k := spatial.KindOf(ground); k != spatial.Polygons {
		return nil, &spatial.InvalidError{Rule: "ground_kind", Where: "the ground of the areas", Detail: "it is not a polygon"}
	}
	positions, owners := a.samples()
	if len(positions) == 0 {
		return nil, &spatial.InvalidError{Rule: "no_roads", Where: "the roads", Detail: "there is no road that the profile may use"}
	}
	c := newCells(ground, positions, owners, len(a.areas))
	parts, rest := partition.Divide(ground, c.regions())
	if rest != nil {
		return nil, fmt.Errorf("areas of responsibility leave ground at %v", geodesic.PointOnSurface(rest))
	}
	polygons := make([]orb.MultiPolygon, len(parts))
	for i, part := range parts {
		switch g := part.(type) {
		case orb.Polygon:
			polygons[i] = orb.MultiPolygon{g}
		case orb.MultiPolygon:
			polygons[i] = g
		}
	}
	return polygons, nil
}

// samples are positions on the roads with the areas they belong to.
func (a *Areas) samples() (positions []orb.Point, owners []int) {
	for i := range a.areas {
		for _, p := range a.areas[i].Pieces {
			length := float64(a.service.graph.Edge(p.Edge).Length)
			whole := (p.To - p.From) * length
			in := min(near, whole/4)
			n := max(1, int(math.Ceil((whole-2*in)/step)))
			fractions := make([]float64, n+1)
			for k := range fractions {
				fractions[k] = p.From + (in+(whole-2*in)*float64(k)/float64(n))/length
			}
			for _, at := range a.service.graph.PointsAlong(p.Edge, fractions) {
				positions, owners = append(positions, at), append(owners, i)
			}
		}
	}
	return positions, owners
}

// cells are the cells of positions in a plane around the ground.
type cells struct {
	plane  flat
	mesh   *mesh
	owner  []int // by site of the mesh; -1 for those that only keep the cells small
	owners int
}

// ringSites is how many sites stand around the ground, so that the cells on its
// edge do not reach far beyond.
const ringSites = 96

func newCells(ground orb.Geometry, positions []orb.Point, owners []int, n int) *cells {
	c := &cells{plane: newFlat(ground.Bound().Union(orb.MultiPoint(positions).Bound())), owners: n}
	var sites []site
	for _, p := range positions {
		sites = append(sites, c.plane.site(p))
	}
	for i := range ringSites {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / ringSites)
		sites = append(sites, site{plane/2 + int64(cos*0.49*plane), plane/2 + int64(sin*0.49*plane)})
	}
	var at []int32
	c.mesh, at = newMesh(sites)
	c.owner = make([]int, len(c.mesh.sites))
	for i := range c.owner {
		c.owner[i] = -1
	}
	for i := len(owners) - 1; i >= 0; i-- { // of those at one place the first has it
		c.owner[at[i]] = owners[i]
	}
	return c
}

// regions are the rings around what is nearest to positions of each owner.
func (c *cells) regions() [][]orb.Ring {
	regions := make([][]orb.Ring, c.owners)
	for i, rings := range c.mesh.borders(func(s int32) int { return c.owner[s] }, c.owners) {
		for _, ring := range rings {
			line := make(orb.Ring, 0, len(ring)+1)
			for _, t := range ring {
				line = append(line, c.plane.position(c.mesh.centre(t)))
			}
			regions[i] = append(regions[i], append(line, line[0]))
		}
	}
	return regions
}

// flat is a plane for the surroundings of a box: degrees with those of longitude
// as short as in its middle. Directions and ratios of distances are off by the
// height of the box times the tangent of its latitude by the radius of the earth:
// 0.1 % for a district.
type flat struct {
	middle orb.Point
	x, y   float64 // sites in a degree
}

func newFlat(b orb.Bound) flat {
	shrink := math.Cos(b.Center()[1] * math.Pi / 180)
	// The circle of sites around, with a radius of half the plane, is thrice as
	// wide as the box: whatever is in the box is nearer to a position in it than
	// to the circle.
	across := max(math.Hypot((b.Max[0]-b.Min[0])*shrink, b.Max[1]-b.Min[1]), 1e-5)
	scale := plane / (3.5 * across)
	return flat{b.Center(), scale * shrink, scale}
}

func (f flat) site(p orb.Point) site {
	return site{plane/2 + int64(math.Round((p[0]-f.middle[0])*f.x)), plane/2 + int64(math.Round((p[1]-f.middle[1])*f.y))}
}

func (f flat) position(x, y float64) orb.Point {
	return orb.Point{f.middle[0] + (x-plane/2)/f.x, f.middle[1] + (y-plane/2)/f.y}
}
