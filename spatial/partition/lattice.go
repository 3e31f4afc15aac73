package partition

import (
	"math"
	"math/bits"

	"github.com/paulmach/orb"
)

// perDegree is the number of lattice steps in a degree.
const perDegree = 1e9

// Vertex is a position on the lattice: longitude and latitude in steps of
// 10⁻⁹ degree.
type Vertex struct{ X, Y int64 }

// VertexOf is the lattice position nearest to a position in degrees.
func VertexOf(p orb.Point) Vertex {
	return Vertex{int64(math.Round(p[0] * perDegree)), int64(math.Round(p[1] * perDegree))}
}

// LL is the position in degrees (lon, lat): the one float64 that stands for
// the vertex in storage.
func (v Vertex) LL() orb.Point {
	return orb.Point{float64(v.X) / perDegree, float64(v.Y) / perDegree}
}

// orientation is +1 if c lies to the left of the line from a to b, -1 to the
// right, 0 on it. It is exact for all positions on the globe.
func orientation(a, b, c Vertex) int {
	var sum Int128
	sum.AddProduct(b.X-a.X, c.Y-a.Y)
	sum.AddProduct(a.Y-b.Y, c.X-a.X)
	return sum.Sign()
}

// winding is the sign of a ring's area: +1 counter-clockwise, -1 clockwise,
// 0 if it encloses nothing.
func winding(ring []Vertex) int {
	sum := twiceArea(ring)
	return sum.Sign()
}

// twiceArea is twice a ring's area in square steps, counter-clockwise positive.
func twiceArea(ring []Vertex) (sum Int128) {
	for i := 1; i+1 < len(ring); i++ {
		sum.AddProduct(ring[i].X-ring[0].X, ring[i+1].Y-ring[0].Y)
		sum.AddProduct(ring[0].Y-ring[i].Y, ring[i+1].X-ring[0].X)
	}
	return sum
}

// Int128 is a sum of products of 64-bit integers in two's complement.
type Int128 struct{ high, low uint64 }

// AddProduct adds the product of two numbers.
func (n *Int128) AddProduct(a, b int64) {
	high, low := bits.Mul64(uint64(a), uint64(b))
	if a < 0 {
		high -= uint64(b)
	}
	if b < 0 {
		high -= uint64(a)
	}
	var carry uint64
	n.low, carry = bits.Add64(n.low, low, 0)
	n.high, _ = bits.Add64(n.high, high, carry)
}

// Sign is +1 if the sum is above 0, -1 if below.
func (n *Int128) Sign() int {
	switch {
	case int64(n.high) < 0:
		return -1
	case n.high == 0 && n.low == 0:
		return 0
	}
	return 1
}

// onSegment says whether p lies on the closed segment from a to b.
func onSegment(p, a, b Vertex) bool {
	return between(p.X, a.X, b.X) && between(p.Y, a.Y, b.Y) && orientation(a, b, p) == 0
}

func between(x, a, b int64) bool { return min(a, b) <= x && x <= max(a, b) }

// cross says whether the open segments a–b and c–d meet in one point inside
// both.
func cross(a, b, c, d Vertex) bool {
	return orientation(a, b, c)*orientation(a, b, d) < 0 && orientation(c, d, a)*orientation(c, d, b) < 0
}

// float is the sum as the nearest float64, but for the last bits.
func (n *Int128) float() float64 {
	if int64(n.high) < 0 {
		low, borrow := bits.Sub64(0, n.low, 0)
		high, _ := bits.Sub64(0, n.high, borrow)
		return -(float64(high)*(1<<64) + float64(low))
	}
	return float64(n.high)*(1<<64) + float64(n.low)
}
