package shelter

import (
	"iter"
	"slices"
)

// transport is the task to send people from origins to sites with room for
// some of them, at a cost for each link of an origin with a site. The last link
// of every origin leads nowhere: that has room for all, at a price that is more
// than all detours that could spare it. So a flow of least cost sends as many
// people to sites as can be, and among those flows it is the cheapest.
//
// It is solved over sites only, which are few. Moving one person from site j
// to site k costs c(k) − c(j), and for each pair of sites a heap (a lane) has
// the person there for whom that is least. So the shortest way from a full site
// to one with room, or nowhere, is found among sites, and along it move as many
// people as the narrowest swap allows: successive shortest paths. What it costs
// to get rid of one more person at a site is its price, the dual solution.
// Prices only rise, and after each move only those have to be found anew whose
// way on was used up.
//
// Before that an auction brings most people to where they stay, and prices to
// where they end or a little below.
type transport struct {
	people []int64
	room   []int64
	first  []int32 // links of origin i are first[i] to first[i+1], cheapest first
	site   []int32 // by link; len(room) is nowhere
	origin []int32 // by link
	cost   []int64 // by link; 0 of going nowhere, which has a price instead
	atSite []int32 // links by site: those of site j are links[atSite[j]:atSite[j+1]]
	links  []int32
	most   int64 // the highest cost
	far    int64 // the price of nowhere in the end
}

// newTransport makes the task of people along the ways of a reach.
func newTransport(people, room []int64, r *Reach) *transport {
	sites := len(room)
	t := &transport{people: people, room: room, first: make([]int32, len(people)+1), atSite: make([]int32, sites+1)}
	most := int64(0)
	for _, w := range r.ways {
		most = max(most, int64(w.Cost))
	}
	t.most = most
	t.far = farOf(most, sites)
	n := len(r.ways) + len(people)
	t.site, t.origin, t.cost = make([]int32, n), make([]int32, n), make([]int64, n)
	l := int32(0)
	for i := range people {
		for _, w := range r.Of(i) {
			t.site[l], t.origin[l], t.cost[l] = w.Facility, int32(i), int64(w.Cost)
			l++
		}
		t.site[l], t.origin[l] = int32(sites), int32(i)
		l++
		t.first[i+1] = l
	}
	t.listBySite()
	return t
}

// farOf is a price above those of all ways by way of other sites.
func farOf(most int64, sites int) int64 { return (most + 1) * int64(sites+2) }

// listBySite lists the links of each site.
func (t *transport) listBySite() {
	for _, j := range t.site {
		if j != t.nowhere() {
			t.atSite[j+1]++
		}
	}
	for j := range t.room {
		t.atSite[j+1] += t.atSite[j]
	}
	t.links = make([]int32, t.atSite[len(t.room)])
	next := slices.Clone(t.atSite)
	for l, j := range t.site {
		if j != t.nowhere() {
			t.links[next[j]] = int32(l)
			next[j]++
		}
	}
}

func (t *transport) nowhere() int32 { return int32(len(t.room)) }

// never is a price above all others: a site that nobody could leave.
const never = int64(1) << 62

// flow is a solution of a transport, optimal at all times but for sites that
// hold too many.
type flow struct {
	*transport
	room  []int64 // the sites' own, which a closure changes
	sent  []int64 // by link
	load  []int64 // by site, nowhere included
	price []int64 // by site
	walk  int64   // the cost of those who go somewhere
	tree  tree
	shut  bool      // nowhere is a site that holds too many
	lanes [][]lane  // by site, nil until needed: where its people could move to
	index [][]int32 // by site: the number of its lane to each site and 1, 0 for none

	path  []swap  // scratch
	cand  []offer // by site
	spare []paths // of sites as they were in a flow that this one no longer copies
}

// paths are the lanes of a site and their index, empty, to be used again.
type paths struct {
	lanes []lane
	index []int32
}

// lane is where people of one site could move to.
type lane struct {
	to    int32
	swaps []swap // a heap
}

// swap moves people from one link of their origin to another.
type swap struct {
	cost     int64
	from, to int32
}

func (s swap) before(o swap) bool { return s.cost < o.cost || s.cost == o.cost && s.from < o.from }

// offer is what a price would be, and by way of which site.
type offer struct {
	price int64
	via   int32
}

// newFlow is a flow of nobody.
func (t *transport) newFlow() *flow {
	sites := len(t.room)
	return &flow{transport: t, room: slices.Clone(t.room), sent: make([]int64, len(t.site)), load: make([]int64, sites+1), price: make([]int64, sites+1),
		tree: newTree(sites + 1), lanes: make([][]lane, sites+1), index: make([][]int32, sites+1), cand: make([]offer, sites+1)}
}

// solveWhole finds the optimal flow: first for a low price of nowhere, which
// then is raised to the highest, which brings people back as long as there is
// any way to a site with room.
func (t *transport) solveWhole() *flow {
	f := t.newFlow()
	if f.most > 0 {
		f.auction()
	} else {
		f.fill()
	}
	for l, n := range f.sent {
		f.walk += n * f.cost[l]
	}
	f.reprice(f.fullSites())
	for j := range f.room {
		f.relieve(int32(j))
	}
	f.recall()
	return f
}

// recall brings people back from nowhere.
func (f *flow) recall() {
	nowhere := f.nowhere()
	f.shut = true
	f.reprice([]int32{nowhere})
	for f.load[nowhere] > 0 && f.tree.parent[nowhere] >= 0 {
		f.augment(nowhere)
	}
	f.shut = false
}

// relieve moves people on until the site holds no more than it has room for.
func (f *flow) relieve(j int32) {
	for f.load[j] > f.room[j] {
		f.augment(j)
	}
}

// full says whether a site has no room left.
func (f *flow) full(j int32) bool {
	if j == f.nowhere() {
		return f.shut
	}
	return f.load[j] >= f.room[j]
}

// excess is how many people a site holds too many.
func (f *flow) excess(j int32) int64 {
	if j == f.nowhere() {
		return f.load[j]
	}
	return f.load[j] - f.room[j]
}

// augment moves people along the shortest way from a site that holds too many.
func (f *flow) augment(from int32) {
	amount, end := f.excess(from), from
	f.path = f.path[:0]
	for end == from || f.full(end) {
		s := *f.top(end, f.tree.parent[end])
		amount = min(amount, f.sent[s.from])
		f.path = append(f.path, s)
		end = f.site[s.to]
	}
	if end != f.nowhere() {
		amount = min(amount, f.room[end]-f.load[end])
	}
	var changed []int32
	for _, s := range f.path {
		f.move(s, amount)
	}
	for _, s := range f.path {
		if f.sent[s.from] == 0 {
			changed = append(changed, f.site[s.from])
		}
	}
	f.load[from] -= amount
	f.load[end] += amount
	if f.full(end) {
		changed = append(changed, end)
	}
	f.reprice(changed)
}

// move sends people along another link, and lists what they could do next.
func (f *flow) move(s swap, amount int64) {
	f.walk += amount * s.cost
	f.sent[s.from] -= amount
	arrived := f.sent[s.to] == 0
	f.sent[s.to] += amount
	if j := f.site[s.to]; arrived && f.lanes[j] != nil {
		f.list(j, s.to, true)
	}
}

// list puts the swaps of a link's people into the lanes of their site, and in
// their heaps' order if the lanes are in use already.
func (f *flow) list(j, link int32, heaped bool) {
	i := f.origin[link]
	for l := f.first[i]; l < f.first[i+1]; l++ {
		if l == link {
			continue
		}
		lane := f.laneTo(j, f.site[l])
		lane.swaps = append(lane.swaps, swap{f.cost[l] - f.cost[link], link, l})
		if heaped {
			up(lane.swaps)
		}
	}
}

// laneTo finds the lane from one site to another, or makes it.
func (f *flow) laneTo(j, to int32) *lane {
	if f.index[j][to] == 0 {
		n := len(f.lanes[j])
		if n < cap(f.lanes[j]) {
			f.lanes[j] = f.lanes[j][:n+1]
			f.lanes[j][n].to, f.lanes[j][n].swaps = to, f.lanes[j][n].swaps[:0]
		} else {
			f.lanes[j] = append(f.lanes[j], lane{to: to})
		}
		f.index[j][to] = int32(n + 1)
	}
	return &f.lanes[j][f.index[j][to]-1]
}

// lanesOf makes the lanes of a site when they are first needed.
func (f *flow) lanesOf(j int32) []lane {
	if f.lanes[j] == nil {
		f.lanes[j], f.index[j] = []lane{}, nil
		if n := len(f.spare); n > 0 {
			f.lanes[j], f.index[j] = f.spare[n-1].lanes, f.spare[n-1].index
			f.spare = f.spare[:n-1]
		} else {
			f.index[j] = make([]int32, len(f.lanes))
		}
		for l := range f.linksOf(j) {
			if f.sent[l] > 0 {
				f.list(j, l, false)
			}
		}
		for i := range f.lanes[j] {
			heapify(f.lanes[j][i].swaps)
		}
	}
	return f.lanes[j]
}

// linksOf yields the links of a site, or of nowhere.
func (t *transport) linksOf(j int32) iter.Seq[int32] {
	if j != t.nowhere() {
		return slices.Values(t.links[t.atSite[j]:t.atSite[j+1]])
	}
	return func(yield func(int32) bool) {
		for i := range t.people {
			if !yield(t.first[i+1] - 1) {
				return
			}
		}
	}
}

// top is the cheapest swap from one site to another, nil if there is none.
func (f *flow) top(j, to int32) *swap {
	lanes := f.lanesOf(j)
	if at := f.index[j][to]; at > 0 {
		return f.head(&lanes[at-1])
	}
	return nil
}

// head drops swaps of people who have left.
func (f *flow) head(l *lane) *swap {
	for len(l.swaps) > 0 {
		if f.sent[l.swaps[0].from] > 0 {
			return &l.swaps[0]
		}
		l.swaps = pop(l.swaps)
	}
	return nil
}

// reprice finds prices of sites and of all whose way on leads by them. It is
// Dijkstra's algorithm from the sites that keep their prices, ordered by how
// much a price rises, which is never less than nothing.
func (f *flow) reprice(roots []int32) {
	stale := f.tree.cut(roots)
	for _, j := range stale {
		f.cand[j] = offer{never, -1}
		if j == f.nowhere() {
			f.cand[j].price = f.far
		}
		for i := range f.lanesOf(j) {
			if l := &f.lanes[j][i]; !f.tree.loose[l.to] {
				f.consider(j, l)
			}
		}
	}
	for len(stale) > 0 {
		at := 0
		for i := range stale {
			if f.rise(stale[i]) < f.rise(stale[at]) {
				at = i
			}
		}
		j := stale[at]
		stale[at] = stale[len(stale)-1]
		stale = stale[:len(stale)-1]
		f.price[j] = f.cand[j].price
		f.tree.hang(j, f.cand[j].via)
		if f.price[j] == never {
			continue
		}
		for _, k := range stale {
			if at := f.index[k][j]; at > 0 {
				f.consider(k, &f.lanes[k][at-1])
			}
		}
	}
}

func (f *flow) rise(j int32) int64 {
	if f.cand[j].price == never {
		return never
	}
	return f.cand[j].price - f.price[j]
}

// consider offers a site the way on by a lane.
func (f *flow) consider(j int32, l *lane) {
	if f.price[l.to] == never {
		return
	}
	if s := f.head(l); s != nil && s.cost+f.price[l.to] < f.cand[j].price {
		f.cand[j] = offer{s.cost + f.price[l.to], l.to}
	}
}

// clone is a copy to change; lanes are made anew when needed.
func (f *flow) clone() *flow {
	c := &flow{lanes: make([][]lane, len(f.lanes)), index: make([][]int32, len(f.lanes)), cand: make([]offer, len(f.cand))}
	c.copy(f)
	return c
}

// copy makes the flow, a clone of one of the same sites, a copy of another.
func (f *flow) copy(from *flow) {
	f.transport, f.walk, f.shut = from.transport, from.walk, from.shut
	f.room, f.sent = append(f.room[:0], from.room...), append(f.sent[:0], from.sent...)
	f.load, f.price = append(f.load[:0], from.load...), append(f.price[:0], from.price...)
	f.tree.copy(&from.tree)
	for j := range f.lanes {
		if f.lanes[j] != nil {
			clear(f.index[j])
			f.spare = append(f.spare, paths{f.lanes[j][:0], f.index[j]})
			f.lanes[j], f.index[j] = nil, nil
		}
	}
}

// close takes all room from a site and moves its people on.
func (f *flow) close(j int32) {
	hadRoom := !f.full(j)
	f.room[j] = 0
	if hadRoom {
		f.reprice([]int32{j})
	}
	f.relieve(j)
}

// open gives a site room and brings people there who go nowhere, moving others if
// need be. It is optimal where all costs are alike.
func (f *flow) open(j int32, room int64) {
	f.room[j] = room
	clear(f.price)
	f.tree = newTree(len(f.price))
	f.reprice(f.fullSites())
	f.recall()
}

func (f *flow) fullSites() (full []int32) {
	for j := range f.room {
		if f.full(int32(j)) {
			full = append(full, int32(j))
		}
	}
	return full
}

// unserved is how many people go nowhere.
func (f *flow) unserved() int64 { return f.load[f.nowhere()] }
