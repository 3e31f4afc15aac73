package exposure

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// Exposure is what stands in zones.
type Exposure struct {
	Zones []Zone
	Hits  []Hit // in order of id, each feature once
}

// Hit is a feature that stands in zones.
type Hit struct {
	Feature spatial.Feature
	Zones   []int32 // their numbers, ascending
}

// Of finds the features of a layer that stand in zones, by a rule; keep nil
// keeps all. The error is [spatial.InvalidError] for a zone without geometry
// or with a buffer out of range. Cost: for each zone that of the features in
// its box, on all processors.
func Of(zones []Zone, layer *spatial.Layer, rule Rule, keep func(spatial.Feature) bool) (*Exposure, error) {
	if _, err := ParseRule(string(rule)); err != nil {
		return nil, err
	}
	for i := range zones {
		if zones[i].Geometry == nil || zones[i].Geometry.Bound().IsEmpty() {
			return nil, &spatial.InvalidError{Rule: "zone_geometry", Where: fmt.Sprintf("%s %d", zones[i].Layer, zones[i].ID), Detail: "the zone has no geometry"}
		}
		if err := validateWithin(zones[i].Within); err != nil {
			return nil, err
		}
	}
	inside := make([][]spatial.Feature, len(zones))
	each(len(zones), func(i int) {
		r := newReach(zones[i].Geometry, zones[i].Within)
		for f := range layer.Intersecting(r.bound) {
			if (keep == nil || keep(f)) && r.holds(f, rule) {
				inside[i] = append(inside[i], f)
			}
		}
	})
	return &Exposure{Zones: slices.Clone(zones), Hits: merge(inside)}, nil
}

// each does something for the numbers below n, on all processors.
func each(n int, do func(i int)) {
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	wait.Wait()
}

// holds says whether a feature is in the zone.
func (r *reach) holds(f spatial.Feature, rule Rule) bool {
	g := f.Geometry()
	if rule == Centroid {
		g = centroid(g)
	}
	return r.distance(g) <= r.within
}

// merge lists each feature once, with its zones.
func merge(inside [][]spatial.Feature) []Hit {
	var hits []Hit
	at := map[int64]int{}
	for zone, features := range inside {
		for _, f := range features {
			i, ok := at[f.ID()]
			if !ok {
				i = len(hits)
				at[f.ID()] = i
				hits = append(hits, Hit{Feature: f})
			}
			hits[i].Zones = append(hits[i].Zones, int32(zone))
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Compare(a.Feature.ID(), b.Feature.ID()) })
	return hits
}

// Count is how many features there are, and the sums of their fields.
type Count struct {
	Features int
	Sums     []int64 // in the order of the fields asked for
}

// Keyed is a count with its key.
type Keyed struct {
	Key string
	Count
}

// adder adds features up by fields.
type adder []int

// fields finds the fields of the hits' layer; those that it lacks count
// nothing.
func (e *Exposure) fields(names []string) adder {
	a := make(adder, len(names))
	for i, name := range names {
		a[i] = -1
		if len(e.Hits) > 0 {
			a[i] = e.Hits[0].Feature.Layer().Schema().FieldIndex(name)
		}
	}
	return a
}

func (a adder) add(c *Count, f spatial.Feature) {
	if c.Sums == nil {
		c.Sums = make([]int64, len(a))
	}
	c.Features++
	for i, field := range a {
		if field >= 0 {
			c.Sums[i] += f.Value(field).Int()
		}
	}
}

// Total counts each feature once, however many zones it stands in.
func (e *Exposure) Total(fields ...string) Count {
	c, a := Count{Sums: make([]int64, len(fields))}, e.fields(fields)
	for _, h := range e.Hits {
		a.add(&c, h.Feature)
	}
	return c
}

// ByZone counts for each zone by itself: where zones overlap, features are in
// several of these.
func (e *Exposure) ByZone(fields ...string) []Count {
	counts, a := make([]Count, len(e.Zones)), e.fields(fields)
	for i := range counts {
		counts[i].Sums = make([]int64, len(fields))
	}
	for _, h := range e.Hits {
		for _, z := range h.Zones {
			a.add(&counts[z], h.Feature)
		}
	}
	return counts
}

// By counts by a key of the feature, such as its unit or its use, in order of
// key; each feature is in one of them.
func (e *Exposure) By(key func(Hit) string, fields ...string) []Keyed {
	return e.keyed(func(h Hit) []string { return []string{key(h)} }, fields)
}

// ByLevel counts by a key of the zones, in order of key: each feature once for
// every key that its zones have.
func (e *Exposure) ByLevel(key func(Zone) string, fields ...string) []Keyed {
	return e.keyed(func(h Hit) []string {
		var keys []string
		for _, z := range h.Zones {
			keys = append(keys, key(e.Zones[z]))
		}
		slices.Sort(keys)
		return slices.Compact(keys)
	}, fields)
}

func (e *Exposure) keyed(keys func(Hit) []string, fields []string) []Keyed {
	counts, a := map[string]*Count{}, e.fields(fields)
	for _, h := range e.Hits {
		for _, key := range keys(h) {
			if counts[key] == nil {
				counts[key] = &Count{}
			}
			a.add(counts[key], h.Feature)
		}
	}
	all := make([]Keyed, 0, len(counts))
	for key, c := range counts {
		all = append(all, Keyed{key, *c})
	}
	slices.SortFunc(all, func(a, b Keyed) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

// Neighbour is a feature near a geometry.
type Neighbour struct {
	Feature  spatial.Feature
	Distance geodesic.Meters // 0 if they have a point in common
}

// Near are the features of a layer within a distance of a geometry, nearest
// first, equal ones by id; keep nil keeps all. There are none for a distance
// below 0.
func Near(layer *spatial.Layer, g orb.Geometry, within geodesic.Meters, keep func(spatial.Feature) bool) []Neighbour {
	if g == nil || !(within >= 0) {
		return nil
	}
	var near []Neighbour
	r := newReach(g, within)
	for f := range layer.Intersecting(r.bound) {
		if keep != nil && !keep(f) {
			continue
		}
		if d := r.distance(f.Geometry()); d <= within {
			near = append(near, Neighbour{f, d})
		}
	}
	slices.SortFunc(near, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Feature.ID(), b.Feature.ID()))
	})
	return near
}
