package road

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTrialIsOneMoreStart compares with the times from all starts together.
func TestTrialIsOneMoreStart(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 5))
	sooner := 0
	for range 400 {
		g := someGraph(t, random)
		var starts []Start
		for range 1 + random.IntN(4) {
			if p, ok := somePosition(random, g); ok {
				starts = append(starts, Start{p, Millis(random.IntN(3) * 9_000)})
			}
		}
		times := g.From(starts)
		trial := times.Trial()
		for range 3 {
			p, ok := somePosition(random, g)
			if !ok {
				break
			}
			more := Start{p, Millis(random.IntN(3) * 9_000)}
			trial.Try(more)
			together := g.From(append(slices.Clone(starts), more))
			for range 10 {
				q, ok := somePosition(random, g)
				if !ok {
					break
				}
				before, _, _ := times.At(q)
				want, _, _ := together.At(q)
				got := trial.At(q)
				if min(before, got) != want {
					t.Fatalf("%+v beside %+v, at %+v: %d before, %d by trial, %d together", more, starts, q, before, got, want)
				}
				if want < before {
					sooner++
					if q.junction < 0 && !slices.Contains(trial.Edges(), q.Edge) {
						t.Fatalf("edge %d is not among %v", q.Edge, trial.Edges())
					}
					if junctions := slices.Collect(trial.Junctions); q.junction >= 0 && !slices.Contains(junctions, q.junction) {
						t.Fatalf("junction %d is not among %v", q.junction, junctions)
					}
				}
			}
		}
	}
	if sooner < 100 {
		t.Errorf("only %d positions are reached sooner", sooner)
	}
}

func TestJunctions(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 6))
	for range 50 {
		g := someGraph(t, random)
		found := map[int32]bool{}
		for _, p := range g.Junctions() {
			if p.junction < 0 || found[p.junction] || !g.Usable(p.Edge) || g.Along(p.Edge, p.Fraction) != p {
				t.Fatalf("%+v", p)
			}
			found[p.junction] = true
		}
		for i := range int32(g.Edges()) {
			if g.Usable(i) && !(found[g.edges[i].from] && found[g.edges[i].to]) {
				t.Fatalf("edge %d has an end that is not found", i)
			}
		}
	}
}
