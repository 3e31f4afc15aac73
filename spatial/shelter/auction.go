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
	a := &auctioneer{flow: f, at: make([]int32, len(f.people)), bidders: make([][]swap, len(f.room)), queued: make([]bool, len(f.room)), patience: 200 * len(f.room)}
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
	at       []int32  // by origin: its link
	bidders  [][]swap // by site: a heap of what the origins there would do at a higher price
	queue    []int32  // sites that hold too many
	queued   []bool
	patience int   // how often prices may be raised
	floor    int64 // no price of a site is below it
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

// bid is what an origin would do if its site's price rose. Its cost is the price
// above which the other link is better; or less, once other prices have risen, and
// then it must be found anew.
func (a *auctioneer) bid(i int32) swap {
	other, least := a.bestBut(i, a.at[i])
	return swap{least - a.cost[a.at[i]], a.at[i], other}
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
	up(a.bidders[j])
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
		a.price[j] = max(a.price[j], b.cost)
		i := a.origin[b.from]
		if a.load[j]-a.people[i] < a.room[j] {
			return
		}
		a.bidders[j] = pop(a.bidders[j])
		a.load[j] -= a.people[i]
		a.arrive(i, b.to)
	}
}

// firstToLeave finds limits anew until the lowest one is right. They have only
// risen since they were found.
func (a *auctioneer) firstToLeave(j int32) swap {
	h := a.bidders[j]
	for {
		b := a.bid(a.origin[h[0].from])
		if b.cost == h[0].cost {
			h[0] = b
			return b
		}
		h[0] = b
		down(h, 0)
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
			reach(a.origin[b.from])
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
