// Package response answers who can get to a place first: by straight line, and by
// road from the call to being there. It knows what responders, places and
// closures are, and neither HTTP nor stores nor the hour.
//
// Invariant: the order is exact, by distance on the ellipsoid or by whole
// milliseconds on the roads, and equals are ordered by smaller id, so the same
// question has one answer; for one place and for many it is the same.
package response

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// Candidate is a feature that may respond.
type Candidate struct {
	Feature  spatial.Feature
	Distance geodesic.Meters // straight line on the ellipsoid, 0 inside an area
	At       orb.Point       // the position of the feature nearest to the place, degrees lon, lat
}

// Nearest ranks the k features of a layer that are nearest to p (degrees lon,
// lat) among those that keep holds for; nil keeps all. There are fewer than k
// where no more have geometry. p must be finite. Cost: about 60 ns for each
// vertex of the features it must look at, which are few more than k.
func Nearest(layer *spatial.Layer, p orb.Point, k int, keep func(spatial.Feature) bool) []Candidate {
	if k < 1 {
		return nil
	}
	below := func(b orb.Bound) float64 { return float64(geodesic.LowerBound(p, b)) }
	of := func(f spatial.Feature) float64 {
		if keep != nil && !keep(f) {
			return math.Inf(1)
		}
		d, _ := geodesic.DistanceTo(p, f.Geometry())
		return float64(d)
	}
	var found []Candidate
	for f, d := range layer.Nearby(below, of) {
		if math.IsInf(d, 1) || len(found) >= k && geodesic.Meters(d) > found[len(found)-1].Distance {
			break
		}
		found = append(found, Candidate{Feature: f, Distance: geodesic.Meters(d)})
	}
	slices.SortFunc(found, byDistance)
	found = found[:min(k, len(found))]
	for i := range found {
		_, found[i].At = geodesic.DistanceTo(p, found[i].Feature.Geometry())
	}
	return found
}

func byDistance(a, b Candidate) int {
	return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Feature.ID(), b.Feature.ID()))
}
