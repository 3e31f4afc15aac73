package road

import (
	"math/rand/v2"
	"testing"
)

// TestSharesAgreeWithTimes: along every edge the shares follow each other from
// end to end, and the start of a share is the nearest to positions in it.
func TestSharesAgreeWithTimes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	for range 300 {
		g := someGraph(t, random)
		var starts []Start
		for range 1 + random.IntN(5) {
			if p, ok := somePosition(random, g); ok {
				starts = append(starts, Start{p, Millis(random.IntN(3) * 7_000)})
			}
		}
		if random.IntN(3) == 0 {
			g = g.Reverse()
		}
		times := g.From(starts)
		for edge := range int32(g.Edges()) {
			checkShares(t, times, edge)
		}
		if t.Failed() {
			return
		}
	}
}

func checkShares(t *testing.T, times *Times, edge int32) {
	end := 0.0
	for _, share := range times.Shares(edge) {
		if share.From != end || share.To <= share.From {
			t.Fatalf("edge %d: a share from %g to %g after one to %g", edge, share.From, share.To, end)
		}
		end = share.To
		for _, part := range []float64{0.01, 0.5, 0.99} {
			p := times.graph.Along(edge, share.From+part*(share.To-share.From))
			if !times.graph.Usable(edge) || p.junction >= 0 {
				continue
			}
			time, start, ok := times.At(p)
			if ok != (share.Start >= 0) {
				t.Fatalf("edge %d at %g: reached %v, the share is of %d", edge, p.Fraction, ok, share.Start)
			}
			if !ok || start == share.Start {
				continue
			}
			one := times.graph.From(times.starts[share.Start : share.Start+1])
			if other, _, _ := one.At(p); other-time > 2 {
				t.Fatalf("edge %d at %g: start %d in %d ms, the share is of %d in %d", edge, p.Fraction, start, time, share.Start, other)
			}
		}
	}
	if end != 1 {
		t.Fatalf("edge %d: shares end at %g", edge, end)
	}
}
