package shelter_test

import (
	"testing"

	"pgregory.net/rapid"

	"wangge/spatial/shelter"
)

// TestScaleMeetsTheTotal: the total is exact, and nobody is off their share by
// a whole person.
func TestScaleMeetsTheTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfN(rapid.Int64Range(0, 100_000), 1, 50).Draw(t, "people")
		demands := make([]shelter.Demand, len(people))
		for i, n := range people {
			demands[i].People = n
		}
		before, total := shelter.Total(demands), rapid.Int64Range(0, 5_000_000).Draw(t, "total")
		scaled, err := shelter.Scale(demands, total)
		if before == 0 {
			if (err == nil) != (total == 0) {
				t.Fatalf("nobody scaled to %d: %v", total, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := shelter.Total(scaled); got != total {
			t.Fatalf("scaled to %d, not %d", got, total)
		}
		for i := range scaled {
			share := float64(people[i]) * float64(total) / float64(before)
			if off := float64(scaled[i].People) - share; off <= -1 || off >= 1 {
				t.Fatalf("%d of %d scaled to %d of %d", people[i], before, scaled[i].People, total)
			}
		}
	})
}

func TestShare(t *testing.T) {
	demands := []shelter.Demand{{People: 10}, {People: 20}, {People: 70}}
	for share, want := range map[float64]int64{0: 0, 0.3: 30, 0.15: 15, 0.151: 16, 1: 100} {
		got, err := shelter.Share(demands, share)
		if err != nil || shelter.Total(got) != want {
			t.Errorf("share %v: %d, %v, want %d", share, shelter.Total(got), err, want)
		}
	}
	for _, share := range []float64{-0.1, 1.1} {
		if _, err := shelter.Share(demands, share); err == nil {
			t.Errorf("a share of %v is taken", share)
		}
	}
}

func TestCapacity(t *testing.T) {
	for _, test := range []struct {
		area, perPerson float64
		want            int64
	}{{0, 1.5, 0}, {1.4, 1.5, 0}, {1500, 1.5, 1000}, {0.3, 0.1, 3}, {2.9999, 1, 2}, {1e9, 0.01, 1e11}} {
		f := shelter.Facility{Area: squareMeters(test.area)}
		if got := f.Capacity(squareMeters(test.perPerson)); got != test.want {
			t.Errorf("%v m² at %v: %d places, want %d", test.area, test.perPerson, got, test.want)
		}
	}
}
