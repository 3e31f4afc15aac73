package closure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wangge/spatial"
	"wangge/spatial/road"
)

// Edges are the edges of a network that the closure closes, ascending.
func (c Closure) Edges(n *road.Network) []int32 {
	var named []int32
	for _, name := range c.Roads {
		named = road.Join(named, n.Named(name))
	}
	if c.Geometry == nil {
		return named
	}
	met := n.Meeting(c.Geometry)
	if len(c.Roads) == 0 {
		return met
	}
	return slices.DeleteFunc(met, func(edge int32) bool {
		_, ok := slices.BinarySearch(named, edge)
		return !ok
	})
}

// Edges are those that some closures close to a profile, ascending.
func Edges(n *road.Network, profile string, closures []Closure) []int32 {
	var edges []int32
	for _, c := range closures {
		if c.Concerns(profile) {
			edges = road.Join(edges, c.Edges(n))
		}
	}
	return edges
}

// Check refuses a closure that is none: that never holds, names a road that
// there is not, or closes nothing. The error is [spatial.InvalidError].
func (c Closure) Check(n *road.Network) error {
	refuse := func(rule, where, detail, fix string) error {
		return &spatial.InvalidError{Rule: rule, Where: where, Detail: detail, Fix: fix}
	}
	switch {
	case !c.Until.IsZero() && !c.Until.After(c.Since):
		return refuse("closure_period", "until", "it does not come after since, so the closure would never hold", "give a later time, or leave it out while it is not known")
	case c.Geometry == nil && len(c.Roads) == 0:
		return refuse("closure_nothing", "geometry", "it has neither a shape nor names of roads", "draw a line across the road or an area around it, or name roads")
	}
	for _, name := range c.Roads {
		if len(n.Named(name)) == 0 {
			return refuse("closure_road", "roads", fmt.Sprintf("no road is called %q", short(name)), suggestion(n, name))
		}
	}
	if len(c.Edges(n)) > 0 {
		return nil
	}
	if len(c.Roads) > 0 {
		return refuse("closure_nothing", "geometry", "the shape meets none of the roads that are named", "leave the shape or the names out, or draw where the roads are")
	}
	return refuse("closure_nothing", "geometry", "the shape meets no road", "draw a line across the road or an area around it")
}

// short is a foreign text that fits into a message.
func short(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}

const suggested = 5

// suggestion names roads that are called nearly so: those with most pairs of
// characters in common.
func suggestion(n *road.Network, name string) string {
	type like struct {
		name   string
		common int
	}
	var found []like
	wanted := pairs(name)
	for _, other := range n.Names() {
		common := 0
		for pair := range pairs(other) {
			if wanted[pair] {
				common++
			}
		}
		if common > 0 {
			found = append(found, like{other, common})
		}
	}
	slices.SortStableFunc(found, func(a, b like) int { return cmp.Compare(b.common, a.common) })
	if len(found) == 0 {
		return "names are those of the layer roads; or draw a shape"
	}
	var names []string
	for _, f := range found[:min(suggested, len(found))] {
		names = append(names, f.name)
	}
	return "perhaps " + strings.Join(names, ", ")
}

func pairs(name string) map[string]bool {
	set := map[string]bool{}
	runes := []rune(strings.ToLower(name))
	for i := 1; i < len(runes); i++ {
		set[string(runes[i-1:i+1])] = true
	}
	return set
}
