package shelter

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// newFlat makes the task of sending as many people as can be, however far,
// along ways that cost no more than a limit. Origins with the same sites are
// one.
func newFlat(people, room []int64, r *Reach, limit int32) *transport {
	b := flatBuilder{number: map[string]int{}}
	for i, n := range people {
		if n > 0 {
			b.add(n, r.Of(i), limit)
		}
	}
	return b.transport(room)
}

// flatBuilder joins origins with the same sites.
type flatBuilder struct {
	people []int64
	sites  [][]int32
	number map[string]int
	key    []byte
	near   []int32
}

func (b *flatBuilder) add(people int64, ways []Way, limit int32) {
	b.near, b.key = b.near[:0], b.key[:0]
	for _, w := range ways {
		if w.Cost > limit {
			break
		}
		b.near = append(b.near, w.Facility)
	}
	slices.Sort(b.near)
	for _, j := range b.near {
		b.key = binary.LittleEndian.AppendUint32(b.key, uint32(j))
	}
	i, ok := b.number[string(b.key)]
	if !ok {
		i = len(b.people)
		b.number[string(b.key)] = i
		b.people, b.sites = append(b.people, 0), append(b.sites, slices.Clone(b.near))
	}
	b.people[i] += people
}

func (b *flatBuilder) transport(room []int64) *transport {
	t := &transport{people: b.people, room: room, first: make([]int32, 1, len(b.people)+1), atSite: make([]int32, len(room)+1), far: int64(len(room) + 2)}
	for i, sites := range b.sites {
		for _, j := range append(sites, int32(len(room))) {
			t.site, t.origin = append(t.site, j), append(t.origin, int32(i))
		}
		t.first = append(t.first, int32(len(t.site)))
	}
	t.cost = make([]int64, len(t.site))
	t.listBySite()
	return t
}

// fill is a first flow where all costs are alike: those with the fewest sites
// choose first, and nobody goes where there is no room.
func (f *flow) fill() {
	order := make([]int32, len(f.people))
	for i := range order {
		order[i] = int32(i)
	}
	degree := func(i int32) int32 { return f.first[i+1] - f.first[i] }
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(degree(a), degree(b)) })
	for _, i := range order {
		left := f.people[i]
		for l := f.first[i]; l < f.first[i+1]; l++ {
			n := left
			if j := f.site[l]; j != f.nowhere() {
				n = min(left, max(0, f.room[j]-f.load[j]))
			}
			f.sent[l] = n
			f.load[f.site[l]] += n
			left -= n
		}
	}
}
