package history

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
)

// Passed is land that belonged to one area of a layer and belongs to another.
type Passed struct {
	From, To string                // codes, "" for none
	Geometry orb.Geometry          // polygon or multipolygon in degrees
	Area     geodesic.SquareMeters // of it
	Part     float64               // of all that From had
}

// areas are geometries by code.
type areas map[string]orb.Geometry

// Difference lists the land that passed between areas of a layer from one
// snapshot to another, by the codes of who had it and who got it. It looks
// only at areas that differ.
func Difference(before, after *spatial.Layer) []Passed {
	was, is := areas{}, areas{}
	for f := range before.All() {
		g, err := after.ByCode(f.Code())
		if err != nil || !orb.Equal(f.Geometry(), g.Geometry()) {
			was[f.Code()] = f.Geometry()
		}
	}
	for f := range after.All() {
		g, err := before.ByCode(f.Code())
		if err != nil || !orb.Equal(f.Geometry(), g.Geometry()) {
			is[f.Code()] = f.Geometry()
		}
	}
	return passed(was, is)
}

// passed compares areas of the same land.
func passed(was, is areas) []Passed {
	var list []Passed
	for from, g := range was {
		for to, h := range is {
			if from == to || !g.Bound().Intersects(h.Bound()) {
				continue
			}
			common := partition.Subtract(g, partition.Subtract(g, h))
			if common == nil {
				continue
			}
			area := geodesic.Area(common)
			list = append(list, Passed{from, to, common, area, float64(area / geodesic.Area(g))})
		}
	}
	slices.SortFunc(list, func(a, b Passed) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return list
}
