package instance

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func someLocation(random *rand.Rand) *Location {
	sites, demands := 1+random.IntN(4), 1+random.IntN(6)
	l := newLocation(sites, demands)
	l.Table = someTable(random, sites, demands, []int{3, 30}[random.IntN(2)])
	for i := range l.Demand {
		l.Demand[i] = int64(random.IntN(6))
	}
	for j := range l.Capacity {
		l.Capacity[j], l.Fixed[j] = int64(random.IntN(14)), int64(random.IntN(20))
	}
	if random.IntN(3) == 0 {
		l.Choose = 1 + random.IntN(sites)
	}
	return l
}

// byLooking is the least cost of any assignment; ok is false if none fits.
func (l *Location) byLooking() (least int64, ok bool) {
	least = math.MaxInt64
	site := make([]int, len(l.Demand))
	for {
		if cost, fits := l.cost(site); fits {
			least, ok = min(least, cost), true
		}
		i := 0
		for ; i < len(site); i++ {
			if site[i]++; site[i] < len(l.Capacity) {
				break
			}
			site[i] = 0
		}
		if i == len(site) {
			return least, ok
		}
	}
}

// cost is that of an assignment, with the cheapest further sites open if there
// must be more than it uses.
func (l *Location) cost(site []int) (total int64, fits bool) {
	room, used := slices.Clone(l.Capacity), 0
	for i, j := range site {
		room[j] -= l.Demand[i]
		total += l.Table[j][i]
	}
	var idle []int64
	for j := range room {
		switch {
		case room[j] < 0:
			return 0, false
		case slices.Contains(site, j):
			used++
			total += l.Fixed[j]
		default:
			idle = append(idle, l.Fixed[j])
		}
	}
	if l.Choose == 0 {
		return total, true
	}
	slices.Sort(idle)
	if used > l.Choose {
		return 0, false
	}
	return total + sum(idle[:l.Choose-used]), true
}

// TestLocationIsTheBestOfAll compares small problems with a look at every
// assignment, with enough nodes and with one.
func TestLocationIsTheBestOfAll(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 2))
	impossible, open := 0, 0
	for range 2000 {
		l := someLocation(random)
		want, ok := l.byLooking()
		for _, nodes := range []int{1_000_000, 1} {
			a := l.Solve(nodes)
			if !ok {
				impossible++
				if a != nil && a.Sites != nil {
					t.Fatalf("%+v: %+v fits, and nothing should", l, a)
				}
				continue
			}
			switch {
			case a == nil || a.Bound > want || a.Sites != nil && a.Value < want || nodes > 1 && a.Value != want:
				t.Fatalf("%+v: %+v, want %d", l, a, want)
			case a.Sites != nil && !a.Exact():
				open++
			}
			if a.Sites == nil {
				continue
			}
			fixed := int64(0)
			for _, j := range a.Sites {
				fixed += l.Fixed[j]
			}
			if cost, fits := l.cost(a.Assign); !fits || cost > a.Value || l.Choose > 0 && len(a.Sites) != l.Choose || fixed > a.Value {
				t.Fatalf("%+v: %+v costs %d and fits: %v", l, a, cost, fits)
			}
		}
	}
	if impossible < 100 || open < 10 {
		t.Errorf("%d problems could not be solved, %d bounds were left open", impossible, open)
	}
}

func TestReadLocation(t *testing.T) {
	want := &Location{Capacity: []int64{10, 8}, Fixed: []int64{7500 * Unit, 0}, Demand: []int64{3, 5, 2}, Table: Table{{1.5 * Unit, 2 * Unit, 3 * Unit}, {4 * Unit, 5.25 * Unit, 6 * Unit}}}
	for format, text := range map[Format]string{
		Cap:  "2 3\n10 7500.\n8 0\n3\n1.5 4\n5\n2 5.25\n2\n3 6\n",
		Rows: "2 3\n10 7500\n8 0\n3 5 2\n1.5 2 3\n4 5.25 6\n",
	} {
		l, err := ReadLocation(strings.NewReader(text), format)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(l.Capacity, want.Capacity) || !slices.Equal(l.Fixed, want.Fixed) || !slices.Equal(l.Demand, want.Demand) || !slices.EqualFunc(l.Table, want.Table, slices.Equal) {
			t.Errorf("%s: %+v", format, l)
		}
	}
	l, err := ReadLocation(strings.NewReader("3 2 120\n1 2 62 3\n2 80 25 14\n3 36 88 1\n"), Pmedcap)
	if err != nil || l.Choose != 2 || l.Capacity[2] != 120 || l.Demand[1] != 14 || l.Table[0][1] != 86 || l.Table[2][0] != 42 {
		t.Errorf("pmedcap: %+v, %v", l, err)
	}
	for name, text := range map[string]string{"nothing": "", "words": "1 1 capacity 5", "a negative cost": "1 1 5 5 1 -1", "too short": "1 1 5 5 1", "too long": "1 1 5 5 1 1 9", "too many": "9999 9999"} {
		if _, err := ReadLocation(strings.NewReader(text), Cap); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := ReadLocation(strings.NewReader("1 1 1"), "odd"); err == nil {
		t.Error("an unknown format is taken")
	}
}
