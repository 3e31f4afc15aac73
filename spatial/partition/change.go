package partition

import (
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// ProveChange reports why a layer that was a partition before is none after a
// change of the features with the given ids, put or removed. It answers as
// [Prove] of the layer after does, at the cost of the touched features where
// the change is sound and keeps the outer boundary.
//
// The touched faces, old and new, are compared by the segments that are left
// of their boundaries when opposite ones cancel. If these are the same, the
// winding numbers of all faces add up to what they did before (the boundary of
// a chain determines it), and every segment outside still meets its reverse.
func ProveChange(before, after *spatial.Layer, touched []int64) []Fault {
	faces, faults := facesOf(pick(after, touched))
	if len(faults) > 0 {
		return Prove(after)
	}
	edges, overlaps := pair(faces)
	if len(overlaps) > 0 || len(edges.meetings(faces)) > 0 {
		return Prove(after)
	}
	old, _ := facesOf(pick(before, touched))
	was, _ := pair(old)
	if !sameEdges(was.unpaired(), edges.unpaired()) {
		return Prove(after)
	}
	return nil
}

// pick yields those of the features with the given ids that exist.
func pick(layer *spatial.Layer, ids []int64) func(yield func(spatial.Feature) bool) {
	return func(yield func(spatial.Feature) bool) {
		for _, id := range ids {
			if f, err := layer.Feature(id); err == nil && !yield(f) {
				return
			}
		}
	}
}

func sameEdges(a, b []halfEdge) bool {
	if len(a) != len(b) {
		return false
	}
	var in edgeList
	for _, h := range a {
		in.add(h)
	}
	return !slices.ContainsFunc(b, func(h halfEdge) bool { return in.find(h) < 0 })
}

// Snap puts a geometry's positions on the lattice, each to the nearest, and
// leaves out those of a ring or line that fall on the one before. It returns
// g itself where nothing changes, and never changes g.
func Snap(g orb.Geometry) orb.Geometry {
	if onLattice(g) {
		return g
	}
	switch g := g.(type) {
	case orb.Point:
		return VertexOf(g).LL()
	case orb.MultiPoint:
		return orb.MultiPoint(snapAll(g))
	case orb.LineString:
		return orb.LineString(snapRun(g, 2))
	case orb.MultiLineString:
		lines := make(orb.MultiLineString, len(g))
		for i := range g {
			lines[i] = snapRun(g[i], 2)
		}
		return lines
	case orb.Polygon:
		return snapPolygon(g)
	case orb.MultiPolygon:
		polygons := make(orb.MultiPolygon, len(g))
		for i := range g {
			polygons[i] = snapPolygon(g[i])
		}
		return polygons
	}
	return g
}

func snapPolygon(p orb.Polygon) orb.Polygon {
	rings := make(orb.Polygon, len(p))
	for i := range p {
		rings[i] = snapRun(p[i], 4)
	}
	return rings
}

func snapAll[S ~[]orb.Point](positions S) S {
	snapped := make(S, len(positions))
	for i, p := range positions {
		snapped[i] = VertexOf(p).LL()
	}
	return snapped
}

// snapRun leaves out repeats, unless fewer positions than least would remain:
// what falls together wholly is for its reader to refuse.
func snapRun[S ~[]orb.Point](positions S, least int) S {
	all := snapAll(positions)
	if distinct := slices.Compact(slices.Clone(all)); len(distinct) >= least {
		return distinct
	}
	return all
}

func onLattice(g orb.Geometry) bool {
	for _, line := range positionsOf(g) {
		for _, p := range line {
			if VertexOf(p).LL() != p {
				return false
			}
		}
	}
	return true
}

// positionsOf is a geometry's positions, run by run.
func positionsOf(g orb.Geometry) [][]orb.Point {
	switch g := g.(type) {
	case orb.Point:
		return [][]orb.Point{{g}}
	case orb.MultiPoint:
		return slices.Collect(slices.Chunk([]orb.Point(g), 1))
	case orb.LineString:
		return [][]orb.Point{g}
	case orb.MultiLineString:
		var runs [][]orb.Point
		for _, line := range g {
			runs = append(runs, line)
		}
		return runs
	}
	var runs [][]orb.Point
	for polygon := range polygonsOf(g) {
		for _, ring := range polygon {
			runs = append(runs, ring)
		}
	}
	return runs
}
