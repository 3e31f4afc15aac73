package relate

import (
	"math"
	"math/big"

	"github.com/paulmach/orb"
)

// turn is 1 if p, q, r turn to the left, -1 to the right, 0 if they lie on
// one line. The bound on the rounding error is ccwerrboundA of Shewchuk 1997
// (doi:10.1007/PL00009321); within it, rational numbers decide.
func turn(p, q, r orb.Point) int {
	left, right := (q[0]-p[0])*(r[1]-p[1]), (q[1]-p[1])*(r[0]-p[0])
	const bound = (3 + 16*0x1p-53) * 0x1p-53
	if d := left - right; math.Abs(d) > bound*(math.Abs(left)+math.Abs(right)) {
		if d > 0 {
			return 1
		}
		return -1
	}
	return ratOf(r).turn(p, q)
}

// exact is a position in rational numbers.
type exact struct{ x, y *big.Rat }

func ratOf(p orb.Point) exact {
	return exact{new(big.Rat).SetFloat64(p[0]), new(big.Rat).SetFloat64(p[1])}
}

// turn is the turn from a over b to the position.
func (e exact) turn(a, b orb.Point) int {
	from, to := ratOf(a), ratOf(b)
	left := new(big.Rat).Mul(less(to.x, from.x), less(e.y, from.y))
	right := new(big.Rat).Mul(less(to.y, from.y), less(e.x, from.x))
	return left.Cmp(right)
}

func less(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }

// middle is the position half-way between two.
func middle(a, b exact) exact {
	half := func(p, q *big.Rat) *big.Rat {
		sum := new(big.Rat).Add(p, q)
		return sum.Quo(sum, big.NewRat(2, 1))
	}
	return exact{half(a.x, b.x), half(a.y, b.y)}
}
