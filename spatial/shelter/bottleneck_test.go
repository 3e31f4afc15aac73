package shelter

import (
	"math/rand/v2"
	"testing"

	"wangge/spatial/geodesic"
)

// TestBottlenecksAreWhereNobodyMoreFits: what a bottleneck says can be added
// up, and room made where it says so frees as many people, no more and no
// less, by allocating anew.
func TestBottlenecksAreWhereNobodyMoreFits(t *testing.T) {
	random := rand.New(rand.NewPCG(55, 89))
	seen := 0
	for range 3000 {
		p := someProblem(t, random)
		a, err := p.Allocate()
		if err != nil {
			t.Fatal(err)
		}
		unserved := int64(0)
		for i := range p.Demands {
			if len(p.Reach.Of(i)) == 0 {
				unserved += a.Left[i]
			}
		}
		for _, b := range a.Bottlenecks() {
			seen++
			unserved += b.Unserved
			checkBottleneck(t, p, a, b)
		}
		if unserved != a.Unserved {
			t.Fatalf("bottlenecks and people who reach nothing make %d unserved, not %d", unserved, a.Unserved)
		}
		for j := range p.Facilities {
			checkRelief(t, p, a, j)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	if seen < 1000 {
		t.Errorf("only %d bottlenecks", seen)
	}
}

func checkBottleneck(t *testing.T, p *Problem, a *Assignment, b Bottleneck) {
	t.Helper()
	inside := map[int32]bool{}
	var places, people, left int64
	for _, j := range b.Facilities {
		inside[j] = true
		places += p.Facilities[j].Capacity(p.PerPerson)
	}
	for _, i := range b.Demands {
		people, left = people+p.Demands[i].People, left+a.Left[i]
		for _, w := range p.Reach.Of(int(i)) {
			if !inside[w.Facility] {
				t.Errorf("demand %d of %+v reaches facility %d too", i, b, w.Facility)
			}
		}
	}
	if places != b.Places || people != b.People || left != b.Unserved || people-places != left {
		t.Errorf("%+v has %d people, %d places and leaves %d", b, people, places, left)
	}
}

func checkRelief(t *testing.T, p *Problem, a *Assignment, facility int) {
	t.Helper()
	relief := a.Relief(facility)
	served := func(more int64) int64 {
		q := only(p, func(int) bool { return true }, none)
		q.Facilities[facility].Area = p.Facilities[facility].Area + p.PerPerson*geodesic.SquareMeters(more)
		n, _ := textbook(q)
		return n
	}
	for _, more := range []int64{1, relief.People, relief.People + 1, relief.People + 100} {
		if want := a.Served + min(more, relief.People); served(more) != want {
			t.Errorf("facility %d with %d places more: %d served, want %d (%+v)", facility, more, served(more), want, relief)
		}
	}
}
