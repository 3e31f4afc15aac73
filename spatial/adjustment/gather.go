package adjustment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/simplify"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
)

// gathering is a search for the line around chosen features of an area.
type gathering struct {
	planner *planner
	step    Step
	chosen  []spatial.Feature
	rest    []spatial.Feature // the others with codes of the area
	donor   orb.Geometry
	terrain *terrain
}

// reaches are how far from the chosen features the land goes with them: the
// first that does is taken.
var reaches = [...]float64{15, 30, 60, 120, 1e6}

// resolve finds the area that the chosen features of a step stand in.
func (p *planner) resolve(step Step) (Step, error) {
	if len(step.Buildings) == 0 || step.From != "" {
		return step, nil
	}
	f, field, err := p.coded(step.Buildings[0])
	if err != nil {
		return step, err
	}
	step.From = f.Value(field).Text()
	return step, nil
}

// coded finds a feature by a code that begins with that of its area.
func (p *planner) coded(code string) (f spatial.Feature, field int, err error) {
	for layer := range p.snapshot.Layers() {
		if !codedBy(layer.Schema(), p.areas.ID()) {
			continue
		}
		if f, err := layer.ByCode(code); err == nil {
			return f, references(layer.Schema(), p.areas.ID()), nil
		}
	}
	return f, 0, &spatial.InvalidError{Rule: "building_exists", Where: code, Detail: "nothing has this code", Fix: "give current codes"}
}

// gather moves the chosen features of a step, with the land around them that
// is nearer to them than to any other, cut so that it goes through none and
// leaves no part apart.
func (p *planner) gather(step Step) error {
	g := &gathering{planner: p, step: step, donor: p.draft.Geometry(step.From)}
	taker := p.draft.Geometry(step.To)
	if g.donor == nil || taker == nil {
		return p.draft.Merge(step.From, step.To) // which says that there is none
	}
	if err := g.choose(); err != nil {
		return err
	}
	g.terrain = newTerrain(g.donor, g.chosen, g.rest)
	var refusal error
	for _, reach := range reaches {
		region := g.region(reach)
		if region == nil {
			continue
		}
		if region, refusal = g.settle(region, taker); refusal == nil {
			return p.draft.Move(step.From, step.To, region)
		}
	}
	return refusal
}

// settle adds to a region what it would leave apart with nothing in it, and
// again what that leaves apart.
func (g *gathering) settle(region, taker orb.Geometry) (orb.Geometry, error) {
	for range rounds {
		draft := g.planner.draft.Clone()
		if err := draft.Move(g.step.From, g.step.To, region); err != nil {
			return nil, err
		}
		more, err := g.whole(draft, taker)
		if err != nil || more == nil {
			return region, err
		}
		region = partition.Union(append(more, region)...)
	}
	return region, nil
}

// choose parts the features with codes of the area into the chosen ones and
// the rest.
func (g *gathering) choose() error {
	p := g.planner
	for _, code := range g.step.Buildings {
		f, field, err := p.coded(code)
		switch {
		case err != nil:
			return err
		case f.Value(field).Text() != g.step.From:
			return &spatial.InvalidError{Rule: "building_in", Where: code, Detail: "it does not stand in " + g.step.From, Fix: "make it a step of its own"}
		case f.Kind() != spatial.Polygons:
			return &spatial.InvalidError{Rule: "building_outline", Where: code, Detail: "it has no outline on the map", Fix: "draw the area"}
		}
		g.chosen = append(g.chosen, f)
	}
	box := g.donor.Bound()
	for layer := range p.snapshot.Layers() {
		if !codedBy(layer.Schema(), p.areas.ID()) {
			continue
		}
		for f := range layer.Intersecting(box) {
			field := references(layer.Schema(), p.areas.ID())
			if f.Value(field).Text() == g.step.From && f.Kind() == spatial.Polygons && !slices.Contains(g.step.Buildings, f.Code()) {
				g.rest = append(g.rest, f)
			}
		}
	}
	if len(g.rest) == 0 {
		return &spatial.InvalidError{Rule: "buildings_all", Where: g.step.From, Detail: "nothing would be left in it", Fix: "merge it into " + g.step.To}
	}
	slices.SortFunc(g.rest, func(a, b spatial.Feature) int { return strings.Compare(a.Code(), b.Code()) })
	return nil
}

// margin is what stays between the line and what it goes around, in metres.
const margin = 0.05

// region is the land of the area within reach of the chosen features that
// hangs together with one of them; nil if the line cannot be drawn.
func (g *gathering) region(reach float64) orb.Geometry {
	land := partition.Dissolve(g.terrain.pieces(reach))
	if land == nil {
		return nil
	}
	tolerance := float64(g.planner.rules.SnapDistance) / metresPerDegree
	land = simplify.DouglasPeucker(tolerance).Simplify(orb.Clone(land))
	for _, f := range g.chosen {
		land = partition.Union(land, partition.Buffer(f.Geometry(), margin))
	}
	for _, f := range g.rest {
		if f.Geometry().Bound().Pad(1e-6).Intersects(land.Bound()) {
			land = partition.Subtract(land, partition.Buffer(f.Geometry(), margin))
		}
		if land == nil {
			return nil
		}
	}
	for _, f := range g.chosen {
		land = partition.Union(land, f.Geometry())
	}
	return g.held(partition.Subtract(g.donor, partition.Subtract(g.donor, land)))
}

// held are the parts of some land in which chosen features stand.
func (g *gathering) held(land orb.Geometry) orb.Geometry {
	var held orb.MultiPolygon
	for _, part := range partsOf(land) {
		ground := partition.NewGround(part)
		if slices.ContainsFunc(g.chosen, func(f spatial.Feature) bool { _, in := ground.Holds(f.Geometry()); return in }) {
			held = append(held, part)
		}
	}
	if held == nil {
		return nil
	}
	return held
}

// whole finds the parts that a move leaves apart with nothing in them. It
// refuses one that leaves something apart, or that does not touch its taker.
func (g *gathering) whole(draft *partition.Draft, taker orb.Geometry) (apart []orb.Geometry, err error) {
	left := partsOf(draft.Geometry(g.step.From))
	largest := 0
	for i := range left {
		if geodesic.Area(left[i]) > geodesic.Area(left[largest]) {
			largest = i
		}
	}
	for i, part := range left {
		if i == largest || len(left) <= len(partsOf(g.donor)) {
			continue
		}
		if inside := g.restIn(part); len(inside) > 0 {
			at := geodesic.PointOnSurface(part)
			return nil, &spatial.InvalidError{Rule: "contiguous", Where: g.step.From, At: &at, Detail: "it would be left in parts",
				Fix: "include " + strings.Join(inside, ", ") + " as well"}
		}
		apart = append(apart, part)
	}
	if len(partsOf(draft.Geometry(g.step.To))) > len(partsOf(taker)) {
		return nil, g.apart(taker)
	}
	return apart, nil
}

func (g *gathering) restIn(part orb.Polygon) []string {
	ground := partition.NewGround(part)
	var names []string
	for _, f := range g.rest {
		if _, in := ground.Holds(f.Geometry()); in {
			names = append(names, nameOf(f)+" ("+f.Code()+")")
		}
	}
	return names
}

// apart says what lies between the chosen features and their taker.
func (g *gathering) apart(taker orb.Geometry) error {
	at := geodesic.PointOnSurface(g.chosen[0].Geometry())
	refusal := &spatial.InvalidError{Rule: "not_adjacent", Where: g.step.To, At: &at, Detail: fmt.Sprintf("%s does not touch the land around what it gets", g.step.To),
		Fix: "draw the area"}
	var names []string
	for _, i := range g.terrain.between(g.donor, taker) {
		names = append(names, nameOf(g.rest[i])+" ("+g.rest[i].Code()+")")
	}
	if len(names) > 0 {
		refusal.Fix = "include " + strings.Join(names, ", ") + " as well"
	}
	return refusal
}
