package road

import (
	"math"

	"github.com/paulmach/orb"

	"wangge/spatial/geodesic"
)

// Position is a place on the network.
type Position struct {
	Edge     int32           // number of the edge; -1 if there is none
	Fraction float64         // of the edge's length along its line, 0 to 1
	At       orb.Point       // on the edge, degrees lon, lat
	Away     geodesic.Meters // how far the place is that was brought onto the edge
	Side     Side            // on which side of the line that is
	junction int32           // -1 between the ends of the edge
}

// Junction is the number of the junction that the position is at, from 0 below
// the number of junctions; ok is false between the ends of an edge.
func (p Position) Junction() (number int32, ok bool) { return p.junction, p.junction >= 0 }

// Nowhere is no position: its edge is -1.
func Nowhere() Position { return Position{Edge: -1, junction: -1} }

// Side is where a place lies beside a line, seen along it.
type Side int8

// The sides.
const (
	On Side = iota
	Left
	Right
)

// String is the side in words.
func (s Side) String() string { return [...]string{"on", "left", "right"}[s] }

// positionNear is the position of an edge that is nearest to p.
func (n *Network) positionNear(p orb.Point, edge int32) Position {
	line := n.edges[edge].Line
	away, at := geodesic.DistanceTo(p, line)
	segment, walked := onLine(line, at)
	pos := Position{Edge: edge, At: at, Away: away, junction: -1}
	if away > 0 {
		pos.Side = sideOf(line[segment], line[segment+1], p)
	}
	pos.set(&n.edges[edge], float64(walked))
	return pos
}

// set places the position after some metres of the edge.
func (p *Position) set(e *Edge, walked float64) {
	length := float64(e.Length)
	switch last := e.Line[len(e.Line)-1]; {
	case p.At == e.Line[0] || !(length > 0):
		p.Fraction, p.junction = 0, e.from
	case p.At == last:
		p.Fraction, p.junction = 1, e.to
	default:
		p.Fraction = min(max(walked/length, 0), 1)
	}
}

// onLine is the segment that a position of a line lies on, and how far it is
// along the line.
func onLine(line orb.LineString, at orb.Point) (segment int, walked geodesic.Meters) {
	least, passed := math.Inf(1), geodesic.Meters(0)
	for i := 1; i < len(line); i++ {
		before, after, whole := geodesic.Distance(line[i-1], at), geodesic.Distance(at, line[i]), geodesic.Distance(line[i-1], line[i])
		if detour := float64(before + after - whole); detour < least {
			least, segment, walked = detour, i-1, passed+before
		}
		passed += whole
	}
	return segment, walked
}

func sideOf(a, b, p orb.Point) Side {
	switch cross := (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0]); {
	case cross > 0:
		return Left
	case cross < 0:
		return Right
	}
	return On
}

// Along is the position a fraction along an edge, 0 to 1.
func (n *Network) Along(edge int32, fraction float64) Position {
	e := &n.edges[edge]
	p := Position{Edge: edge, junction: -1, At: pointAlong(e.Line, geodesic.Meters(fraction)*e.Length)}
	p.set(e, fraction*float64(e.Length))
	if p.junction < 0 {
		p.Fraction = fraction
	}
	return p
}

// PointsAlong are the points at ascending fractions along an edge. Cost: 100 ns
// for each of them and for each vertex.
func (n *Network) PointsAlong(edge int32, fractions []float64) []orb.Point {
	e := &n.edges[edge]
	points := make([]orb.Point, 0, len(fractions))
	var passed geodesic.Meters
	for i := 1; i < len(e.Line); i++ {
		a, b := e.Line[i-1], e.Line[i]
		whole := geodesic.Distance(a, b)
		for len(points) < len(fractions) {
			walked := geodesic.Meters(fractions[len(points)]) * e.Length
			if walked > passed+whole && i < len(e.Line)-1 {
				break
			}
			t := 0.0
			if whole > 0 {
				t = min(max(float64((walked-passed)/whole), 0), 1)
			}
			points = append(points, orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])})
		}
		passed += whole
	}
	return points
}

// Stretch is the line of an edge from one fraction to another, in that direction.
func (n *Network) Stretch(edge int32, from, to float64) orb.LineString {
	return n.between(edge, from, to)
}

// pointAlong is the point after some metres of a line.
func pointAlong(line orb.LineString, walked geodesic.Meters) orb.Point {
	if walked <= 0 {
		return line[0]
	}
	for i := 1; i < len(line); i++ {
		whole := geodesic.Distance(line[i-1], line[i])
		if walked < whole {
			t := float64(walked / whole)
			a, b := line[i-1], line[i]
			return orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}
		}
		walked -= whole
	}
	return line[len(line)-1]
}

// between is the stretch of an edge's line from one fraction to another, in
// that direction.
func (n *Network) between(edge int32, from, to float64) orb.LineString {
	e := &n.edges[edge]
	if from > to {
		line := n.between(edge, to, from)
		line.Reverse()
		return line
	}
	start, end := geodesic.Meters(from)*e.Length, geodesic.Meters(to)*e.Length
	line := orb.LineString{pointAlong(e.Line, start)}
	var walked geodesic.Meters
	for i := 1; i < len(e.Line); i++ {
		walked += geodesic.Distance(e.Line[i-1], e.Line[i])
		if walked > start && (walked < end || to == 1 && i == len(e.Line)-1) {
			line = append(line, e.Line[i])
		}
	}
	if to < 1 {
		line = append(line, pointAlong(e.Line, end))
	}
	return line
}
