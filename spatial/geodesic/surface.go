package geodesic

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// PointOnSurface is a position on g for its label: inside an area, on its widest
// part along one of a few lines from west to east, which holes interrupt; a
// middle vertex of a line; else a point. Of several parts it takes the widest
// area, else the longest line, else the first point. It is NaN for an
// empty geometry. The choice is made in the plane of longitude and latitude.
// Cost: grows with the number of vertices.
func PointOnSurface(g orb.Geometry) orb.Point {
	best := label{at: orb.Point{math.NaN(), math.NaN()}}
	best.geometry(g)
	return best.at
}

// label is the best position so far: of the highest rank, and among these of the
// greatest weight.
type label struct {
	at     orb.Point
	rank   int
	weight float64
}

// The ranks of what a label may stand on.
const (
	onNothing = iota
	onPoint
	onLine
	onArea
)

func (l *label) offer(at orb.Point, rank int, weight float64) {
	if rank > l.rank || rank == l.rank && weight > l.weight {
		*l = label{at, rank, weight}
	}
}

func (l *label) geometry(g orb.Geometry) {
	switch g := g.(type) {
	case orb.Point:
		l.offer(g, onPoint, 0)
	case orb.MultiPoint:
		if len(g) > 0 {
			l.offer(g[0], onPoint, 0)
		}
	case orb.LineString:
		l.line(g)
	case orb.MultiLineString:
		for _, line := range g {
			l.line(line)
		}
	case orb.Ring:
		l.polygon(orb.Polygon{g})
	case orb.Polygon:
		l.polygon(g)
	case orb.MultiPolygon:
		for _, polygon := range g {
			l.polygon(polygon)
		}
	case orb.Collection:
		for _, part := range g {
			l.geometry(part)
		}
	case orb.Bound:
		l.polygon(g.ToPolygon())
	}
}

func (l *label) line(line orb.LineString) {
	if len(line) > 0 {
		l.offer(line[len(line)/2], onLine, float64(lineLength(line)))
	}
}

// polygon scans halfway up and, in case that only grazes the area, at some other
// heights; those nearer to the middle count for more.
func (l *label) polygon(p orb.Polygon) {
	if len(p) == 0 || len(p[0]) == 0 {
		return
	}
	box := p[0].Bound()
	for _, height := range []float64{0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8} {
		y := betweenVertices(p, box.Min[1]+height*(box.Max[1]-box.Min[1]))
		if x, width := widestSpan(p, y); width > 0 {
			l.offer(orb.Point{x, y}, onArea, width*(1-math.Abs(height-0.5)))
		}
	}
}

// betweenVertices moves y halfway between the nearest latitudes of vertices
// below (or at) it and above it, so that the line at y passes through none.
func betweenVertices(p orb.Polygon, y float64) float64 {
	below, above := math.Inf(-1), math.Inf(1)
	for _, ring := range p {
		for _, v := range ring {
			if v[1] <= y {
				below = max(below, v[1])
			} else {
				above = min(above, v[1])
			}
		}
	}
	return (below + above) / 2
}

// widestSpan is the middle and the width of the widest stretch of the parallel y
// inside p.
func widestSpan(p orb.Polygon, y float64) (x, width float64) {
	xs := crossings(p, y)
	for i := 1; i < len(xs); i += 2 {
		if w := xs[i] - xs[i-1]; w > width {
			x, width = xs[i-1]+w/2, w
		}
	}
	return x, width
}

// crossings lists, from west to east, where the rings cross the parallel y.
func crossings(p orb.Polygon, y float64) []float64 {
	var xs []float64
	for _, ring := range p {
		for i, b := range ring {
			a := ring[(i+len(ring)-1)%len(ring)]
			if (a[1] > y) != (b[1] > y) {
				xs = append(xs, a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]))
			}
		}
	}
	slices.Sort(xs)
	return xs
}
