package shelter

import (
	"fmt"
	"math"

	"wangge/spatial"
)

// Coverage is the per-capita family for a problem. It is not to be written to.
type Coverage struct {
	Count         []int32   // by demand: how many facilities it reaches
	Access        []float64 // by demand: m² a person by two-step floating catchment
	Gaussian      []float64 // by demand: the same with distance decay
	Ratio         []float64 // by facility: m² for each person that reaches it, 0 without any
	GaussianRatio []float64 // by facility: the same with people weighted by distance decay
	Reached       []int64   // by facility: people within reach
}

// Cover finds the coverage of a problem without allocating anyone. With P the
// people of demand i, S the area of facility j and G a weight, the two-step
// floating catchment (Luo and Wang 2003, doi:10.1068/b29120) has
//
//	R(j) = S(j) / Σ G(i,j)·P(i),   A(i) = Σ G(i,j)·R(j)
//
// over those within reach. G is 1, and for the Gaussian reading (Dai 2010,
// doi:10.1016/j.healthplace.2010.06.012) it falls from 1 to 0 at the limit d₀:
// (exp(−½(d/d₀)²) − exp(−½)) / (1 − exp(−½)). Σ P·A is Σ S over the facilities
// that someone reaches. Cost: about 20 ns a way.
func (p *Problem) Cover() (*Coverage, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	r := p.Reach
	c := &Coverage{Count: make([]int32, len(p.Demands)), Reached: make([]int64, len(p.Facilities))}
	people, supply := make([]float64, len(p.Demands)), make([]float64, len(p.Facilities))
	for i := range p.Demands {
		people[i] = float64(p.Demands[i].People)
		ways := r.Of(i)
		c.Count[i] = int32(len(ways))
		for _, w := range ways {
			c.Reached[w.Facility] += p.Demands[i].People
		}
	}
	for j := range p.Facilities {
		supply[j] = float64(p.Facilities[j].Area)
	}
	c.Access, c.Ratio = twoStep(people, supply, r.first, r.ways, nil)
	c.Gaussian, c.GaussianRatio = twoStep(people, supply, r.first, r.ways, r.gaussian())
	return c, nil
}

// gaussian are the weights of ways by distance decay.
func (r *Reach) gaussian() []float64 {
	weights := make([]float64, len(r.ways))
	limit := r.how.limitCost()
	const batch = 1 << 16
	each((len(weights)+batch-1)/batch, func(b int) {
		for i := b * batch; i < min((b+1)*batch, len(weights)); i++ {
			weights[i] = gaussian(r.ways[i].Cost, limit)
		}
	})
	return weights
}

// gaussian falls from 1 at no cost to 0 at the limit; without any way to go it
// is 1.
func gaussian(cost int32, limit float64) float64 {
	if limit == 0 {
		return 1
	}
	part := float64(cost) / limit
	base := math.Exp(-0.5)
	return max(0, (math.Exp(-0.5*part*part)-base)/(1-base))
}

// twoStep is the floating catchment; weights nil are all 1.
func twoStep(people, supply []float64, first []int32, ways []Way, weights []float64) (access, ratio []float64) {
	access, ratio = make([]float64, len(people)), make([]float64, len(supply))
	weight := func(k int32) float64 {
		if weights == nil {
			return 1
		}
		return weights[k]
	}
	for i := range people {
		for k := first[i]; k < first[i+1]; k++ {
			ratio[ways[k].Facility] += weight(k) * people[i]
		}
	}
	for j, reached := range ratio {
		if ratio[j] = 0; reached > 0 {
			ratio[j] = supply[j] / reached
		}
	}
	for i := range people {
		for k := first[i]; k < first[i+1]; k++ {
			access[i] += weight(k) * ratio[ways[k].Facility]
		}
	}
	return access, ratio
}

// Weight is how strongly a demand is drawn to a facility.
type Weight struct {
	Demand, Facility int32
	Value            float64
}

// Access is the floating catchment with weights of one's own: the supply that
// each demand has a person, and that each facility has for each person it
// draws. The error is [spatial.InvalidError] for a weight, a supply or people
// that are negative or not finite, and for a weight of something that is not
// there.
func Access(people, supply []float64, weights []Weight) (access, ratio []float64, err error) {
	for _, numbers := range [][]float64{people, supply} {
		for i, x := range numbers {
			if !(x >= 0) || math.IsInf(x, 1) {
				return nil, nil, &spatial.InvalidError{Rule: "access_number", Where: fmt.Sprintf("number %d", i), Detail: fmt.Sprintf("%v is negative or not finite", x)}
			}
		}
	}
	first, values := make([]int32, len(people)+1), make([]float64, len(weights))
	for i, w := range weights {
		if int(w.Demand) >= len(people) || int(w.Facility) >= len(supply) || w.Demand < 0 || w.Facility < 0 || !(w.Value >= 0) || math.IsInf(w.Value, 1) {
			return nil, nil, &spatial.InvalidError{Rule: "access_weight", Where: fmt.Sprintf("weight %d", i), Detail: fmt.Sprintf("%+v is negative, not finite, or of something that is not there", w)}
		}
		first[w.Demand+1]++
	}
	for i := range people {
		first[i+1] += first[i]
	}
	ways, next := make([]Way, len(weights)), append([]int32(nil), first...)
	for _, w := range weights {
		k := next[w.Demand]
		ways[k], values[k] = Way{Facility: w.Facility}, w.Value
		next[w.Demand]++
	}
	access, ratio = twoStep(people, supply, first, ways, values)
	return access, ratio, nil
}

// Selection is the weights times the chance that a demand chooses each
// facility: its share of the demand's weights among all, which may hold those
// beyond the reach too. With it the catchment is the three-step one (Wan, Zou
// and Sternberg 2012, doi:10.1080/13658816.2011.624987).
func Selection(weights, all []Weight) []Weight {
	sums := map[int32]float64{}
	for _, w := range all {
		sums[w.Demand] += w.Value
	}
	chosen := append([]Weight(nil), weights...)
	for i := range chosen {
		if sum := sums[chosen[i].Demand]; sum > 0 {
			chosen[i].Value *= chosen[i].Value / sum
		}
	}
	return chosen
}
