package filter

import (
	"math"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/relate"
)

// relationship is how a feature's geometry lies to a given one.
type relationship struct {
	name     string
	geometry orb.Geometry // degrees
	shape    *relate.Shape
	near     orb.Bound // what it holds for meets this, but for S_DISJOINT
	distance geodesic.Meters
}

func newRelationship(name string, g orb.Geometry, distance float64) *relationship {
	r := &relationship{name: name, geometry: g, shape: relate.New(g), near: g.Bound(), distance: geodesic.Meters(distance)}
	if name == dwithin {
		r.near = widened(g, r.distance)
	}
	return r
}

// widened is a box that holds every position within d of g. The positions
// that reach furthest beyond a box are those around its corners.
func widened(g orb.Geometry, d geodesic.Meters) orb.Bound {
	b := g.Bound()
	d += bulge(g)
	all := b
	for _, corner := range []orb.Point{b.Min, b.Max, {b.Min[0], b.Max[1]}, {b.Max[0], b.Min[1]}} {
		all = all.Union(geodesic.BoundAround(corner, d))
	}
	return all
}

// bulge is how far the geodesics between the vertices of g may leave its
// box: s²·tan φ/8R for an edge of length s, and never more than half of it.
func bulge(g orb.Geometry) geodesic.Meters {
	var most float64
	for _, path := range relate.New(g).Paths() {
		for i := 1; i < len(path); i++ {
			s := float64(geodesic.Distance(path[i-1], path[i]))
			slope := math.Abs(math.Tan(max(math.Abs(path[i-1][1]), math.Abs(path[i][1])) * math.Pi / 180))
			most = max(most, min(s/2, 1.01*s*s*slope/(8*6.35e6)))
		}
	}
	return geodesic.Meters(most)
}

func (r *relationship) holds(f spatial.Feature) tri {
	bound, ok := f.Bound()
	if !ok {
		return unknown
	}
	if !bound.Intersects(r.near) {
		return triOf(r.name == "S_DISJOINT")
	}
	return triOf(r.judge(f.Geometry()))
}

func (r *relationship) judge(g orb.Geometry) bool {
	switch r.name {
	case "S_INTERSECTS":
		return r.meets(g)
	case "S_DISJOINT":
		return !r.meets(g)
	case "S_WITHIN":
		return relate.Within(relate.New(g), r.shape)
	case "S_CONTAINS":
		return relate.Within(r.shape, relate.New(g))
	}
	return r.within(g)
}

func (r *relationship) meets(g orb.Geometry) bool {
	if box, ok := r.geometry.(orb.Bound); ok {
		return relate.Meets(g, box)
	}
	return relate.Intersects(r.shape, relate.New(g))
}

// within: two geometries that do not meet are nearest at a vertex of one.
func (r *relationship) within(g orb.Geometry) bool {
	if p, ok := g.(orb.Point); ok {
		d, _ := geodesic.DistanceTo(p, r.geometry)
		return d <= r.distance
	}
	return r.meets(g) || r.anyNear(g, r.geometry) || r.anyNear(r.geometry, g)
}

// anyNear says whether a vertex of a is near enough to b.
func (r *relationship) anyNear(a, b orb.Geometry) bool {
	reach := widened(b, r.distance)
	for p := range relate.New(a).Positions() {
		if !reach.Contains(p) {
			continue
		}
		if d, _ := geodesic.DistanceTo(p, b); d <= r.distance {
			return true
		}
	}
	return false
}

// cost: a feature near the given geometry is compared with a part of its
// edges, and for a distance with each of them.
func (r *relationship) cost() int {
	n := r.shape.Vertices()
	if r.name == dwithin {
		return 20 + 4*n
	}
	return 10 + n/8
}

func (r *relationship) reach() reach {
	if r.name == "S_DISJOINT" {
		return reach{}
	}
	return reach{narrow: true, boxes: []orb.Bound{r.near}}
}
