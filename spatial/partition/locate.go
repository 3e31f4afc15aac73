package partition

import (
	"github.com/paulmach/orb"

	"wangge/spatial"
)

// Locate finds the polygon of a layer that holds a position in degrees (lon,
// lat). On an edge or corner it is the one with the smaller code, so that
// every position in a partition has exactly one answer. ok is false outside
// all of them.
func Locate(layer *spatial.Layer, p orb.Point) (found spatial.Feature, ok bool) {
	at := VertexOf(p)
	for f := range layer.Intersecting(at.LL().Bound().Pad(1 / perDegree)) {
		face := knownFace(nameOf(f), f.Geometry())
		if face.locate(at) == outside {
			continue
		}
		if !ok || nameOf(f) < nameOf(found) {
			found, ok = f, true
		}
	}
	return found, ok
}

// Within says whether a geometry lies wholly in an area (polygon or
// multipolygon), edges included; if not, at is a place as [Ground.Holds]
// tells it. For many questions about one area make it a [Ground].
func Within(g, area orb.Geometry) (at orb.Point, ok bool) { return NewGround(area).Holds(g) }

// linesOf is the geometry's positions as lines on the lattice: rings closed,
// points as lines of one position.
func linesOf(g orb.Geometry) [][]Vertex {
	var lines [][]Vertex
	for _, run := range positionsOf(g) {
		lines = append(lines, lineOf(run))
	}
	return lines
}

func lineOf(run []orb.Point) []Vertex {
	vertices := make([]Vertex, len(run))
	for i, p := range run {
		vertices[i] = VertexOf(p)
	}
	return vertices
}
