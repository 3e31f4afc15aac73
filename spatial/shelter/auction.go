package shelter

import "slices"

// auction sends all people of each origin where cost and price together are
// least, and raises the prices of sites that hold too many, until what is too
// much is less than one origin has. Whoever has a price is full, so that what
// is left to do is to relieve those that hold too many.
//
// A price is raised to where the site is just full, the other prices being as
// they are. As those only rise, nobody comes back to a site unless its price
// stands while another's rises, and no price is raised above what it is in the
// end. Nowhere begins at a low price, as a high one would take long to be
// reached, and is raised while there is room somewhere for people from there.
func (f *flow) auction() {
	a := &auctioneer{flow: f, at: make([]int32, len(f.people)), bidders: make([][]bidder, len(f.room)), queued: make([]bool, len(f.room)), patience: 200 * len(f.room)}
	f.price[f.nowhere()] = f.most/8 + 1
	for i := range f.people {
		if f.people[i] > 0 {
			a.arrive(int32(i), a.best(int32(i)))
		}
	}
	a.run()
	for range 6 {
		if !a.wanted() {
			break
		}
		a.raiseNowhere()
		a.run()
	}
	for i, l := range a.at {
		f.sent[l] += f.people[i]
	}
}

// auctioneer keeps what only the auction needs.
type auctioneer struct {
	*flow
	at       []int32    // by origin: its link
	bidders  [][]bidder // by site: a heap of the origins there
	queue    []int32    // sites that hold too many
	queued   []bool
	patience int   // how often prices may be raised
	floor    int64 // no price of a site is below it
}

// bidder is an origin at a site, and what it would do at a higher price.
type bidder struct {
	limit  int64 // the price above which another link is better; or less, and then it must be found anew
	origin int32
	link   int32 // the other link
}

func (b bidder) before(o bidder) bool {
	return b.limit < o.limit || b.limit == o.limit && b.origin < o.origin
}

// best is the link of an origin with the least cost and price together.
func (a *auctioneer) best(i int32) int32 {
	best, _ := a.bestBut(i, -1)
	return best
}

// bestBut is the best link of an origin but for one, and its cost and price.
// The links to sites are the cheapest first, and no price is below the floor.
func (a *auctioneer) bestBut(i, but int32) (best int32, least int64) {
	first, last := a.first[i], a.first[i+1]-1
	best, least = last, a.price[a.nowhere()]
	if last == but {
		best, least = -1, never
	}
	for l := first; l < last && a.cost[l]+a.floor < least; l++ {
		if c := a.cost[l] + a.price[a.site[l]]; c < least && l != but {
			best, least = l, c
		}
	}
	return best, least
}

// bid is what an origin would do if its site's price rose.
func (a *auctioneer) bid(i int32) bidder {
	other, least := a.bestBut(i, a.at[i])
	return bidder{least - a.cost[a.at[i]], i, other}
}

// arrive sends an origin along a link.
func (a *auctioneer) arrive(i, link int32) {
	j := a.site[link]
	a.at[i] = link
	a.load[j] += a.people[i]
	if j == a.nowhere() {
		return
	}
	a.bidders[j] = append(a.bidders[j], a.bid(i))
	rise(a.bidders[j])
	if a.load[j] > a.room[j] && !a.queued[j] {
		a.queued[j] = true
		a.queue = append(a.queue, j)
	}
}

// run raises prices while there is someone to leave, and patience.
func (a *auctioneer) run() {
	for len(a.queue) > 0 && a.patience > 0 {
		j := a.queue[0]
		a.queue = a.queue[1:]
		a.queued[j] = false
		a.raise(j)
		a.floor = slices.Min(a.price)
		a.patience--
	}
}

// raise raises the price of a site until it is just full.
func (a *auctioneer) raise(j int32) {
	for a.load[j] > a.room[j] {
		b := a.firstToLeave(j)
		a.price[j] = max(a.price[j], b.limit)
		if a.load[j]-a.people[b.origin] < a.room[j] {
			return
		}
		h := a.bidders[j]
		h[0] = h[len(h)-1]
		if h = h[:len(h)-1]; len(h) > 0 {
			sink(h, 0)
		}
		a.bidders[j] = h
		a.load[j] -= a.people[b.origin]
		a.arrive(b.origin, b.link)
	}
}

// firstToLeave finds limits anew until the lowest one is right. They have only
// risen since they were found.
func (a *auctioneer) firstToLeave(j int32) bidder {
	h := a.bidders[j]
	for {
		b := a.bid(h[0].origin)
		if b.limit == h[0].limit {
			h[0] = b
			return b
		}
		h[0] = b
		sink(h, 0)
	}
}

// wanted says whether someone from nowhere could make room for himself at a
// site, by moving others, where there is room in the end.
func (a *auctioneer) wanted() bool {
	seen := make([]bool, len(a.room))
	var list []int32
	reach := func(i int32) {
		for l := a.first[i]; l < a.first[i+1]-1; l++ {
			if j := a.site[l]; !seen[j] {
				seen[j] = true
				list = append(list, j)
			}
		}
	}
	for i, l := range a.at {
		if a.people[i] > 0 && a.site[l] == a.nowhere() {
			reach(int32(i))
		}
	}
	for n := 0; n < len(list); n++ {
		if a.load[list[n]] < a.room[list[n]] {
			return true
		}
		for _, b := range a.bidders[list[n]] {
			reach(b.origin)
		}
	}
	return false
}

// raiseNowhere doubles the price of nowhere, and lets people leave.
func (a *auctioneer) raiseNowhere() {
	nowhere := a.nowhere()
	a.price[nowhere] *= 2
	for i, l := range a.at {
		if a.people[i] == 0 || a.site[l] != nowhere {
			continue
		}
		if best := a.best(int32(i)); a.site[best] != nowhere {
			a.load[nowhere] -= a.people[i]
			a.arrive(int32(i), best)
		}
	}
}

// rise moves the last bidder of a heap to its place.
func rise(h []bidder) {
	i := len(h) - 1
	b := h[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !b.before(h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = b
}

// sink moves a bidder of a heap to its place among those below it.
func sink(h []bidder, i int) {
	b := h[i]
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(b) {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = b
}
