package exposure

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/relate"
)

// Zone is a geometry and all that is within a distance of it.
type Zone struct {
	Layer    spatial.LayerID
	ID       int64
	Code     string
	Name     string
	Level    string       // of its layer's field level, or else kind
	Geometry orb.Geometry // degrees
	Within   geodesic.Meters
}

// maxWithin is the widest buffer.
const maxWithin geodesic.Meters = 100_000

// ZonesOf makes zones of a layer's features; keep nil keeps all. Features
// without geometry are left out. A point with no buffer holds only what
// touches the point. The error is [spatial.InvalidError] for a buffer that is
// not from 0 to 100 km.
func ZonesOf(layer *spatial.Layer, within geodesic.Meters, keep func(spatial.Feature) bool) ([]Zone, error) {
	if err := validateWithin(within); err != nil {
		return nil, err
	}
	var zones []Zone
	for f := range layer.All() {
		if !f.HasGeometry() || keep != nil && !keep(f) {
			continue
		}
		z := Zone{Layer: layer.ID(), ID: f.ID(), Code: f.Code(), Name: f.Label(), Level: f.Attribute("level").Text(), Geometry: f.Geometry(), Within: within}
		if z.Level == "" {
			z.Level = f.Attribute("kind").Text()
		}
		zones = append(zones, z)
	}
	return zones, nil
}

func validateWithin(within geodesic.Meters) error {
	if !(within >= 0 && within <= maxWithin) {
		return &spatial.InvalidError{Rule: "buffer_range", Where: "within", Detail: fmt.Sprintf("%v m is not from 0 to %v m", within, maxWithin)}
	}
	return nil
}

// Rule says when a feature stands in a zone.
type Rule string

// The rules: Touch is any point in common with the zone, Centroid that the
// feature's centroid lies in it.
const (
	Touch    Rule = "touch"
	Centroid Rule = "centroid"
)

// ParseRule reads the name of a rule.
func ParseRule(s string) (Rule, error) {
	switch r := Rule(s); r {
	case Touch, Centroid:
		return r, nil
	}
	return "", &spatial.InvalidError{Rule: "exposure_rule", Where: "rule", Detail: fmt.Sprintf("there is no rule %q", s), Fix: "use touch or centroid"}
}

// reach is a geometry made ready for the question how far others are.
type reach struct {
	geometry orb.Geometry
	shape    *relate.Shape
	within   geodesic.Meters
	bound    orb.Bound // holds all that is within
}

func newReach(g orb.Geometry, within geodesic.Meters) *reach {
	r := &reach{geometry: g, shape: relate.New(g), within: within, bound: g.Bound()}
	for _, corner := range corners(r.bound) {
		r.bound = r.bound.Union(geodesic.BoundAround(corner, within))
	}
	return r
}

// corners are those of a box. What is within a distance of a box is within
// the boxes around the discs at its corners: they go farthest north and south,
// and east and west too, where the parallels are shortest.
func corners(b orb.Bound) []orb.Point {
	return []orb.Point{b.Min, {b.Max[0], b.Min[1]}, b.Max, {b.Min[0], b.Max[1]}}
}

// distance is how far a geometry is, 0 if they have a point in common; what is
// farther than within may be said to be infinitely far. Where two geometries
// have no point in common, one of the nearest two positions is a vertex.
func (r *reach) distance(g orb.Geometry) geodesic.Meters {
	if !g.Bound().Intersects(r.bound) {
		return geodesic.Meters(math.Inf(1))
	}
	if p, ok := g.(orb.Point); ok {
		return r.distanceTo(p)
	}
	if p, ok := r.geometry.(orb.Point); ok {
		return r.fromPoint(p, g)
	}
	shape := relate.New(g)
	if relate.Intersects(r.shape, shape) {
		return 0
	}
	best := geodesic.Meters(math.Inf(1))
	if r.within == 0 {
		return best
	}
	for p := range shape.Positions() {
		d, _ := geodesic.DistanceTo(p, r.geometry)
		best = min(best, d)
	}
	for p := range r.shape.Positions() {
		if g.Bound().Contains(p) || geodesic.LowerBound(p, g.Bound()) < min(best, r.within+1) {
			d, _ := geodesic.DistanceTo(p, g)
			best = min(best, d)
		}
	}
	return best
}

// distanceTo is how far a point is. On a border it is 0, which only exact
// arithmetic tells.
func (r *reach) distanceTo(p orb.Point) geodesic.Meters {
	if relate.Intersects(r.shape, relate.New(p)) {
		return 0
	}
	d, _ := geodesic.DistanceTo(p, r.geometry)
	return d
}

// fromPoint is the distance from a zone that is a point.
func (r *reach) fromPoint(p orb.Point, g orb.Geometry) geodesic.Meters {
	if geodesic.LowerBound(p, g.Bound()) > r.within {
		return geodesic.Meters(math.Inf(1))
	}
	const touching = 0.001 // m: so near that it may be on a border
	d, _ := geodesic.DistanceTo(p, g)
	if d < touching && relate.Intersects(r.shape, relate.New(g)) {
		return 0
	}
	return d
}

// centroid is that of an area in the plane of longitude and latitude.
func centroid(g orb.Geometry) orb.Point {
	if p, ok := g.(orb.Point); ok {
		return p
	}
	p, _ := planar.CentroidArea(g)
	if math.IsNaN(p[0]) || math.IsNaN(p[1]) || math.IsInf(p[0], 0) || math.IsInf(p[1], 0) {
		return g.Bound().Center()
	}
	return p
}
