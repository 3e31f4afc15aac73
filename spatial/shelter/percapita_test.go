package shelter

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAccessOfThreePlaces has the known answers of the "hospital" example:
// three places with 100, 50 and 10 people and supplies of 15, 20 and 100, a
// weight of 1/d for trips below 61, own places at 1, and places 1 and 2 too far
// apart.
func TestAccessOfThreePlaces(t *testing.T) {
	people, supply := []float64{100, 50, 10}, []float64{15, 20, 100}
	tests := map[string]struct {
		trips             map[[2]int32]float64
		twoStep, selected []float64
	}{
		"all other trips 40": {
			map[[2]int32]float64{{0, 2}: 40, {1, 2}: 40, {2, 0}: 40, {2, 1}: 40},
			[]float64{0.3314441170, 0.5798281321, 7.2864181699},
			[]float64{0.1562565883, 0.4062164525, 9.9063518548},
		},
		"trips to the third 20": {
			map[[2]int32]float64{{0, 2}: 20, {1, 2}: 20, {2, 0}: 40, {2, 1}: 40},
			[]float64{0.4353402209, 0.6837242360, 5.7279766114},
			[]float64{0.1738135429, 0.4237724401, 9.6430023703},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			weights := []Weight{{0, 0, 1}, {1, 1, 1}, {2, 2, 1}}
			for i := range int32(3) {
				for j := range int32(3) {
					if d, ok := test.trips[[2]int32{i, j}]; ok {
						weights = append(weights, Weight{i, j, 1 / d})
					}
				}
			}
			checkAccess(t, people, supply, weights, test.twoStep)
			all := append(slices.Clone(weights), Weight{0, 1, 1. / 80}, Weight{1, 0, 1. / 80}) // too far to go, yet weighed
			checkAccess(t, people, supply, Selection(weights, all), test.selected)
		})
	}
}

func checkAccess(t *testing.T, people, supply []float64, weights []Weight, want []float64) {
	t.Helper()
	got, _, err := Access(people, supply, weights)
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for i := range want {
		total += got[i] * people[i]
		if math.Abs(got[i]-want[i]) > 1e-9 {
			t.Errorf("place %d: %.10f, want %.10f", i+1, got[i], want[i])
		}
	}
	if math.Abs(total-135) > 1e-9 {
		t.Errorf("Σ P·A = %v, want Σ S = 135", total)
	}
}

// TestCoverSharesAllThatIsReached: Σ P·A is Σ S over facilities that people
// reach, with distance decay too where anyone is nearer than the limit.
func TestCoverSharesAllThatIsReached(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	for range 2000 {
		p := someProblem(t, random)
		c, err := p.Cover()
		if err != nil {
			t.Fatal(err)
		}
		var supply, near, access, gaussian float64
		for j, f := range p.Facilities {
			if c.Reached[j] > 0 {
				supply += float64(f.Area)
			}
			if c.GaussianRatio[j] > 0 || f.Area == 0 {
				near += float64(f.Area)
			} else if nearer(p, j) {
				t.Fatalf("facility %d is reached by someone near and has no ratio", j)
			}
		}
		for i, d := range p.Demands {
			access += float64(d.People) * c.Access[i]
			gaussian += float64(d.People) * c.Gaussian[i]
		}
		if math.Abs(access-supply) > 1e-9 || math.Abs(gaussian-near) > 1e-9 {
			t.Fatalf("Σ P·A = %v of %v, with decay %v of %v", access, supply, gaussian, near)
		}
	}
}

// nearer says whether anyone is nearer to a facility than the limit.
func nearer(p *Problem, facility int) bool {
	for i, d := range p.Demands {
		for _, w := range p.Reach.Of(i) {
			if d.People > 0 && int(w.Facility) == facility && float64(w.Cost) < p.Reach.how.limitCost() {
				return true
			}
		}
	}
	return false
}
