package adjustment

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/geodesic"
	"wangge/spatial/partition"
)

// contiguous refuses areas in more parts than they had.
func (p *planner) contiguous(redrawn []partition.Redrawn) {
	for _, r := range redrawn {
		parts, had := partsOf(r.Geometry), 1
		var before orb.Geometry
		if old, err := p.areas.ByCode(r.Code); err == nil {
			before = old.Geometry()
			had = max(had, len(partsOf(before)))
		}
		if len(parts) <= had {
			continue
		}
		parts = slices.Clone(parts)
		slices.SortStableFunc(parts, func(a, b orb.Polygon) int { return cmp.Compare(geodesic.Area(b), geodesic.Area(a)) })
		for _, part := range parts[had:] {
			p.refusePart(r.Code, before, part, len(parts))
		}
	}
}

// refusePart refuses a part that lies apart from the rest of its area: as one
// that the area got and does not touch, or one that it is left with.
func (p *planner) refusePart(code string, before orb.Geometry, part orb.Polygon, parts int) {
	at := geodesic.PointOnSurface(part)
	got := before != nil && partition.Subtract(part, before) != nil
	refusal := Check{Severity: Refusal, Part: part, InvalidError: spatial.InvalidError{Where: code, At: &at}}
	if got {
		refusal.Rule, refusal.Detail = "not_adjacent", fmt.Sprintf("%s does not touch all that it gets", code)
		refusal.Fix = "draw up to the edge of " + code + p.orGiveTo(code, part)
		p.remedies = append(p.remedies, remedy{leave: part})
	} else {
		refusal.Rule, refusal.Detail = "contiguous", fmt.Sprintf("it leaves %s in %d parts", code, parts)
		refusal.Fix = "include " + p.within(part) + " as well"
		p.remedies = append(p.remedies, remedy{take: part})
	}
	p.plan.Checks = append(p.plan.Checks, refusal)
}

// orGiveTo names another area that a part could be given to: the first that
// it has an edge in common with.
func (p *planner) orGiveTo(code string, part orb.Polygon) string {
	for _, near := range p.bordering(part, p.draft.Geometry) {
		if near != code && !slices.ContainsFunc(p.plan.Pieces, func(piece partition.Piece) bool { return piece.From == near }) {
			return ", or give this part to " + near + ", which it touches"
		}
	}
	return ""
}

// within names the features with codes of areas that stand in a polygon.
func (p *planner) within(part orb.Polygon) string {
	ground := partition.NewGround(part)
	var names []string
	for layer := range p.snapshot.Layers() {
		if !codedBy(layer.Schema(), p.areas.ID()) {
			continue
		}
		for f := range layer.Intersecting(part.Bound()) {
			if _, in := ground.Holds(f.Geometry()); in {
				names = append(names, nameOf(f)+" ("+f.Code()+")")
			}
		}
	}
	slices.Sort(names)
	switch {
	case len(names) == 0:
		return "the separate part, in which nothing stands,"
	case len(names) > 5:
		return strings.Join(names[:5], ", ") + fmt.Sprintf(" and %d more", len(names)-5)
	}
	return strings.Join(names, ", ")
}

// codedBy says whether the codes of a layer's features begin with that of the
// area of a level they stand in.
func codedBy(s *spatial.Schema, level spatial.LayerID) bool {
	code := s.FieldIndex(s.Code)
	return code >= 0 && s.Fields[code].Prefix != "" && s.Fields[s.FieldIndex(s.Fields[code].Prefix)].References == level && !s.Partition
}

// warn tells what is allowed and unusual.
func (p *planner) warn() {
	for _, u := range p.plan.Units {
		if u.Level == p.areas.ID() {
			p.warnOf(u)
		} else if u.Before != nil && u.After != nil && u.After.Parts > max(1, u.Before.Parts) {
			p.warning("parts", u.Code, placeOn(u.After.Geometry), fmt.Sprintf("it is left in %d parts", u.After.Parts), "")
		}
	}
	for _, piece := range p.plan.Pieces {
		for _, part := range partsOf(piece.Geometry) {
			if width := partition.Width(part); width < p.rules.SliverWidth {
				p.warning("sliver_risk", piece.From, &part[0][0], fmt.Sprintf("a piece that %s gets is %.2f m wide", piece.To, float64(width)),
					"draw along the edge that is there")
			}
		}
	}
}

// warnOf tells what is unusual of an area of the lowest level.
func (p *planner) warnOf(u Unit) {
	if u.After == nil {
		p.warning("absorbed", u.Code, placeOn(u.Before.Geometry), "it ceases to be; its number is not given again", "")
		return
	}
	at := placeOn(u.After.Geometry)
	before := u.Before
	if before == nil {
		before = &State{}
	}
	if was, is := p.outOfBand(before), p.outOfBand(u.After); is > 0 && (is > was || u.Before == nil) {
		p.warning("size_band", u.Code, at, fmt.Sprintf("it has %d %s, not %d to %d (%s, %s)", u.After.Totals[p.rules.SizeField], p.rules.SizeField,
			p.rules.SizeMin, p.rules.SizeMax, p.rules.Name, p.rules.Dated), "")
	}
	if empty(u.After) && !empty(before) {
		p.warning("grid_empty", u.Code, at, "nothing that is counted stands in it any more", "merge it into a neighbour")
	}
	if c, was := u.After.Compactness, before.Compactness; c < was*p.rules.LessCompact || c < p.rules.Compactness && (c < was || u.Before == nil) {
		p.warning("compactness", u.Code, at, fmt.Sprintf("its shape has a compactness of %.2f (Polsby–Popper), it was %.2f", c, was), "draw a shorter edge")
	}
}

func (p *planner) warning(rule, where string, at *orb.Point, detail, fix string) {
	p.plan.Checks = append(p.plan.Checks, Check{Severity: Warning,
		InvalidError: spatial.InvalidError{Rule: rule, Where: where, At: at, Detail: detail, Fix: fix}})
}

// outOfBand is by how much an area is smaller or larger than it should be.
func (p *planner) outOfBand(s *State) int64 {
	size, told := s.Totals[p.rules.SizeField]
	if !told {
		return 0
	}
	return max(p.rules.SizeMin-size, size-p.rules.SizeMax, 0)
}

func empty(s *State) bool {
	for _, n := range s.Totals {
		if n != 0 {
			return false
		}
	}
	return true
}

func placeOn(g orb.Geometry) *orb.Point {
	at := geodesic.PointOnSurface(g)
	return &at
}

// compactness is that of Polsby and Popper: 1 for a circle.
func compactness(area geodesic.SquareMeters, perimeter geodesic.Meters) float64 {
	if perimeter == 0 {
		return 0
	}
	return 4 * math.Pi * float64(area) / float64(perimeter) / float64(perimeter)
}
