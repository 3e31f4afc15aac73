package shelter_test

import (
	"math"
	"slices"
	"testing"

	"wangge/spatial/geodesic"
	"wangge/spatial/shelter"
)

func squareMeters(m float64) geodesic.SquareMeters { return geodesic.SquareMeters(m) }

// TestUnitsOfTheDistrict: grids add up to communities, streets and the
// district, with the whole of the residents, and the rules of an allocation
// hold.
func TestUnitsOfTheDistrict(t *testing.T) {
	p := problem(t, 1000)
	c, err := p.Cover()
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	below := p.Units(c, a, shelter.Prefix(14), nil)
	for _, digits := range []int{12, 9, 6} {
		units := p.Units(c, a, shelter.Prefix(digits), nil)
		sums := map[string]*shelter.Unit{}
		for _, b := range below {
			code := b.Code[:digits]
			if sums[code] == nil {
				sums[code] = &shelter.Unit{Code: code}
			}
			addUnit(sums[code], b)
		}
		if len(sums) != len(units) || !slices.IsSortedFunc(units, func(a, b shelter.Unit) int { return slices.Compare([]byte(a.Code), []byte(b.Code)) }) {
			t.Fatalf("%d units of %d digits, want %d in order", len(units), digits, len(sums))
		}
		for _, u := range units {
			sum := sums[u.Code]
			// what does not add up
			sum.Reached, sum.AreaReachable, sum.DeficitLocated = u.Reached, u.AreaReachable, u.DeficitLocated
			if !sameSums(*sum, u) {
				t.Errorf("%s: %+v, the sum is %+v", u.Code, u, *sum)
			}
		}
		below = units
	}
	d := below[0]
	if len(below) != 1 || d.People != 1_191_907 || d.Facilities != 75 || d.Served+d.Unserved != d.People || d.Served != a.Served || d.Walking != a.Walking || d.Covered+d.Uncovered != d.People {
		t.Errorf("the district: %+v", d)
	}
	access, _ := d.PerCapitaAccess()
	var reached geodesic.SquareMeters
	for j, f := range p.Facilities {
		if c.Reached[j] > 0 {
			reached += f.Area
		}
	}
	if total := access * geodesic.SquareMeters(d.People); math.Abs(float64(total-reached)) > 1 {
		t.Errorf("Σ P·A = %v m², Σ S = %v m²", total, reached)
	}
	if d.Covered < a.Served {
		t.Errorf("%d people are served and only %d covered", a.Served, d.Covered)
	}
}

func addUnit(sum *shelter.Unit, b shelter.Unit) {
	sum.People, sum.Covered, sum.Uncovered = sum.People+b.People, sum.Covered+b.Covered, sum.Uncovered+b.Uncovered
	for k := range b.AtLeast {
		sum.AtLeast[k] += b.AtLeast[k]
	}
	sum.Demands, sum.Facilities, sum.Capacity = sum.Demands+b.Demands, sum.Facilities+b.Facilities, sum.Capacity+b.Capacity
	sum.AreaLocated, sum.Deficit = sum.AreaLocated+b.AreaLocated, sum.Deficit+b.Deficit
	sum.Served, sum.Unserved, sum.Walking = sum.Served+b.Served, sum.Unserved+b.Unserved, sum.Walking+b.Walking
}

// sameSums compares what is exported; deficits in square centimetres.
func sameSums(a, b shelter.Unit) bool {
	cm := func(m geodesic.SquareMeters) int64 { return int64(math.Round(float64(m) * 1e4)) }
	return a.People == b.People && a.Covered == b.Covered && a.Uncovered == b.Uncovered && a.AtLeast == b.AtLeast && a.Demands == b.Demands &&
		a.Facilities == b.Facilities && a.Capacity == b.Capacity && cm(a.AreaLocated) == cm(b.AreaLocated) && cm(a.Deficit) == cm(b.Deficit) &&
		a.Served == b.Served && a.Unserved == b.Unserved && a.Walking == b.Walking
}

// TestNoChangeIsToday: a reach that was taken over gives the same answers.
func TestNoChangeIsToday(t *testing.T) {
	p := problem(t, 500)
	a, err := p.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	q := *p
	if q.Reach, err = p.Reach.With(p.Facilities); err != nil {
		t.Fatal(err)
	}
	b, err := q.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Load, b.Load) || !slices.Equal(a.Left, b.Left) || a.Walking != b.Walking {
		t.Error("the same problem has two answers")
	}
}
