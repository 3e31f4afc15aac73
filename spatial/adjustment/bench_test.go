package adjustment_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wangge/data/luohu/luohutest"
	"wangge/spatial"
	"wangge/spatial/adjustment"
)

// localMoves are steps that each move the edge of two areas a little.
func localMoves(s *spatial.Snapshot, n int) []adjustment.Step {
	random := rand.New(rand.NewPCG(500, 1))
	grids, _ := s.Layer("grids")
	var steps []adjustment.Step
	for range n {
		from, _ := grids.Feature(1 + random.Int64N(int64(grids.Len())))
		near := neighbours(grids, from)
		steps = append(steps, nudge(random, grids, from, adjustment.Step{From: from.Code(), To: near[random.IntN(len(near))]}))
	}
	return steps
}

// BenchmarkLocalMoves plans 500 random moves and tells how long half of them
// and 99 in 100 took at most. Of each it is the least of all rounds, so that
// what else the machine does counts less.
func BenchmarkLocalMoves(b *testing.B) {
	s := luohutest.Snapshot(b)
	steps := localMoves(s, 500)
	took := make([]time.Duration, len(steps))
	for b.Loop() {
		for i, step := range steps {
			start := time.Now()
			if _, err := adjustment.New(s, "grids", []adjustment.Step{step}); err != nil {
				b.Fatal(err)
			}
			if d := time.Since(start); took[i] == 0 || d < took[i] {
				took[i] = d
			}
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
}
