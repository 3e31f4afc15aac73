package instance

import "slices"

// Center finds p sites with the least greatest cost of a demand that goes to
// its cheapest one. Between a cost that is too low and one that some sites
// keep to it halves the costs that there are: with each, p sites serve
// everybody, or the bound on how many they leave is above none. nodes is how
// many nodes may be looked at for each cost.
func Center(table Table, p, nodes int) *Answer {
	costs := costsOf(table)
	best := newSearch(table, p, nodes).answer()
	best.Value = best.greatest(table)
	low, high := 0, slices.Index(costs, best.Value)
	looked := 0
	for low < high {
		middle := (low + high) / 2
		sites, bound, nodes := newCover(table, costs[middle]).solve(p, nodes, len(table))
		looked += nodes
		switch {
		case sites != nil:
			best = &Answer{Sites: sites, Assign: make([]int, len(table[0]))}
			best.assign(table)
			best.Value = best.greatest(table)
			high = slices.Index(costs, best.Value)
		case bound > 0:
			low = middle + 1
		default: // neither found nor ruled out
			best.Bound, best.Nodes = costs[low], looked
			return best
		}
	}
	best.Bound, best.Nodes = best.Value, looked
	return best
}

func costsOf(table Table) []int64 {
	var all []int64
	for _, row := range table {
		all = append(all, row...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// assign sends every demand to its cheapest site.
func (a *Answer) assign(table Table) {
	for i := range a.Assign {
		a.Assign[i] = a.Sites[0]
		for _, j := range a.Sites {
			if table[j][i] < table[a.Assign[i]][i] {
				a.Assign[i] = j
			}
		}
	}
}

func (a *Answer) greatest(table Table) int64 {
	most := int64(0)
	for i, j := range a.Assign {
		most = max(most, table[j][i])
	}
	return most
}
