package shelter

import (
	"math/rand/v2"
	"testing"
)

// textbook is the most people that can be served and the least walking then,
// by augmenting single paths that Bellman and Ford find in the whole network:
// source, demands, facilities, sink.
func textbook(p *Problem) (served, walking int64) {
	type arc struct {
		from, to   int
		room, cost int64
	}
	n, m := len(p.Demands), len(p.Facilities)
	source, sink := n+m, n+m+1
	var arcs []arc // each followed by its reverse
	add := func(from, to int, room, cost int64) {
		arcs = append(arcs, arc{from, to, room, cost}, arc{to, from, 0, -cost})
	}
	for i, d := range p.Demands {
		add(source, i, d.People, 0)
		for _, w := range p.Reach.Of(i) {
			add(i, n+int(w.Facility), 1<<40, int64(w.Cost))
		}
	}
	for j, room := range p.Capacities() {
		add(n+j, sink, room, 0)
	}
	const far = int64(1) << 50
	for {
		dist, by := make([]int64, n+m+2), make([]int, n+m+2)
		for v := range dist {
			dist[v], by[v] = far, -1
		}
		dist[source] = 0
		for changed := true; changed; {
			changed = false
			for k, a := range arcs {
				if a.room > 0 && dist[a.from] < far && dist[a.from]+a.cost < dist[a.to] {
					dist[a.to], by[a.to], changed = dist[a.from]+a.cost, k, true
				}
			}
		}
		if dist[sink] >= far {
			return served, walking
		}
		amount := far
		for v := sink; v != source; v = arcs[by[v]].from {
			amount = min(amount, arcs[by[v]].room)
		}
		for v := sink; v != source; v = arcs[by[v]].from {
			arcs[by[v]].room -= amount
			arcs[by[v]^1].room += amount
		}
		served, walking = served+amount, walking+amount*dist[sink]
	}
}

// proves checks the allocation against its prices: feasible, and by
// complementary slackness no other flow is cheaper.
func proves(t *testing.T, f *flow) {
	t.Helper()
	load := make([]int64, len(f.load))
	for i, n := range f.people {
		least := f.least(int32(i))
		for l := f.first[i]; l < f.first[i+1]; l++ {
			n -= f.sent[l]
			load[f.site[l]] += f.sent[l]
			switch p := f.price[f.site[l]]; {
			case f.sent[l] < 0:
				t.Errorf("origin %d sends %d people to %d", i, f.sent[l], f.site[l])
			case f.sent[l] > 0 && (p == never || f.cost[l]+p != least):
				t.Errorf("origin %d sends %d people to %d at %d + %d, it could for %d", i, f.sent[l], f.site[l], f.cost[l], p, least)
			}
		}
		if n != 0 {
			t.Errorf("origin %d: %d people are nowhere at all", i, n)
		}
	}
	for j, n := range load {
		switch full := j < len(f.room) && n == f.room[j]; {
		case n != f.load[j]:
			t.Errorf("site %d holds %d people, not %d", j, n, f.load[j])
		case j < len(f.room) && n > f.room[j]:
			t.Errorf("site %d holds %d people and has room for %d", j, n, f.room[j])
		case j == len(f.room) && f.price[j] != f.far:
			t.Errorf("nowhere has price %d, not %d", f.price[j], f.far)
		case j < len(f.room) && (f.price[j] < 0 || f.price[j] > 0 && !full):
			t.Errorf("site %d has price %d and is full: %v", j, f.price[j], full)
		}
	}
}

// least is what one person more at an origin would cost: the dual solution.
func (f *flow) least(i int32) int64 {
	best := never
	for l := f.first[i]; l < f.first[i+1]; l++ {
		if p := f.price[f.site[l]]; p != never {
			best = min(best, f.cost[l]+p)
		}
	}
	return best
}

// TestAllocateIsOptimal compares thousands of small problems with the
// textbook, closes facilities one by one, and checks every optimum's proof.
func TestAllocateIsOptimal(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	moved := 0
	for range 5000 {
		p := someProblem(t, random)
		a, err := p.Allocate()
		if err != nil {
			t.Fatal(err)
		}
		checkAgainstTextbook(t, p, a)
		checkPrices(t, p, a)
		f := a.flow.clone()
		for _, j := range random.Perm(len(p.Facilities)) {
			if f = f.clone(); f.load[j] > 0 {
				moved++
			}
			f.close(int32(j))
			p.Facilities[j].Area = 0
			checkAgainstTextbook(t, p, p.assignment(f))
			if t.Failed() {
				t.FailNow()
			}
		}
	}
	if moved < 5000 {
		t.Errorf("only %d closures moved anybody", moved)
	}
}

func checkAgainstTextbook(t *testing.T, p *Problem, a *Assignment) {
	t.Helper()
	proves(t, a.flow)
	served, walking := textbook(p)
	if a.Served != served || a.Walking != walking || a.Served+a.Unserved != Total(p.Demands) {
		t.Errorf("%d served by walking %d, %d left; the textbook has %d by %d", a.Served, a.Walking, a.Unserved, served, walking)
	}
	for j, load := range a.Load {
		if load > p.Facilities[j].Capacity(p.PerPerson) {
			t.Errorf("facility %d takes %d", j, load)
		}
	}
}

// checkPrices takes one place from each facility in turn.
func checkPrices(t *testing.T, p *Problem, a *Assignment) {
	t.Helper()
	for j := range p.Facilities {
		served, walking := a.Price(j)
		if p.Facilities[j].Area == 0 {
			if served != 0 || walking != 0 {
				t.Errorf("facility %d has no places, and one less costs %d and %d", j, served, walking)
			}
			continue
		}
		p.Facilities[j].Area--
		if s, w := textbook(p); s != a.Served-served || w != a.Walking+walking {
			t.Errorf("facility %d with a place less: %d served by %d, want %d by %d", j, s, w, a.Served-served, a.Walking+walking)
		}
		p.Facilities[j].Area++
	}
}

// BenchmarkAgainstTextbook allocates a small district: 1,000 places, 20
// facilities, each reached by a tenth of the places, and room for two thirds.
func BenchmarkAgainstTextbook(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 1))
	people, room, costs := make([]int64, 1000), make([]int64, 20), make([][]int32, 20)
	for i := range people {
		people[i] = int64(random.IntN(130))
	}
	for j := range room {
		room[j], costs[j] = 2100, make([]int32, len(people))
		for i := range people {
			if costs[j][i] = int32(random.IntN(500_000)); random.IntN(10) > 0 {
				costs[j][i] = -1
			}
		}
	}
	p := made(b, people, room, costs)
	b.Run("sites", func(b *testing.B) {
		for b.Loop() {
			if _, err := p.Allocate(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("textbook", func(b *testing.B) {
		for b.Loop() {
			textbook(p)
		}
	})
}
