package adjustment

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/spatial"
	"wangge/spatial/geodesic"
)

// Effects are what a plan does, in few words: what was submitted is compared
// with what would be done later by them. Versions are none of them, since
// those go up with whatever is written.
type Effects struct {
	Areas  []string // of the lowest level that are redrawn, ascending
	Moved  []Moved
	Pieces []Strip
	Deltas []Delta
}

// Strip is a piece that changes hands, without its geometry.
type Strip struct {
	From, To string
	Area     geodesic.SquareMeters
	Digest   string // of the geometry
}

// Delta is by how much a total of an area changes.
type Delta struct {
	Level spatial.LayerID
	Code  string
	Field string
	N     int64
}

// Effects tells what the plan does to the areas of a layer and those above.
func (p *Plan) Effects(layer spatial.LayerID) Effects {
	e := Effects{Areas: p.Areas(layer), Moved: p.Moved}
	for _, piece := range p.Pieces {
		e.Pieces = append(e.Pieces, Strip{piece.From, piece.To, geodesic.Area(piece.Geometry), digest(piece.Geometry)})
	}
	for _, u := range p.Units {
		e.Deltas = append(e.Deltas, u.deltas()...)
	}
	return e
}

// Areas are the codes of the areas of a level that the plan redraws, ascending:
// those that give or take, and their neighbours whose edge moves.
func (p *Plan) Areas(level spatial.LayerID) []string {
	var codes []string
	for _, u := range p.Units {
		if u.Level == level {
			codes = append(codes, u.Code)
		}
	}
	slices.Sort(codes)
	return codes
}

func digest(g orb.Geometry) string {
	text, err := json.Marshal(geojson.NewGeometry(g))
	if err != nil {
		return err.Error() // not a geometry of ours
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func (u Unit) deltas() []Delta {
	fields := map[string]int64{}
	if u.Before != nil {
		for field, n := range u.Before.Totals {
			fields[field] -= n
		}
	}
	if u.After != nil {
		for field, n := range u.After.Totals {
			fields[field] += n
		}
	}
	var changed []Delta
	for field, n := range fields {
		if n != 0 {
			changed = append(changed, Delta{u.Level, u.Code, field, n})
		}
	}
	slices.SortFunc(changed, func(a, b Delta) int { return cmp.Compare(a.Field, b.Field) })
	return changed
}

// Since lists in words what is different from earlier effects; empty if
// nothing is.
func (e Effects) Since(was Effects) []string {
	changes := movedSince(was.Moved, e.Moved)
	changes = append(changes, stripsSince(was.Pieces, e.Pieces)...)
	return append(changes, deltasSince(was.Deltas, e.Deltas)...)
}

func movedSince(was, is []Moved) (changes []string) {
	type key struct {
		layer spatial.LayerID
		id    int64
	}
	before := map[key]Moved{}
	for _, m := range was {
		before[key{m.Layer, m.ID}] = m
	}
	for _, m := range is {
		old, known := before[key{m.Layer, m.ID}]
		delete(before, key{m.Layer, m.ID})
		old.Name = m.Name // is no effect
		switch {
		case !known:
			changes = append(changes, fmt.Sprintf("%s would move from %s to %s, too", m.what(), m.From, m.To))
		case old != m:
			changes = append(changes, fmt.Sprintf("%s would go from %s %s to %s %s, not from %s %s to %s %s",
				m.what(), m.From, m.Code, m.To, m.NewCode, old.From, old.Code, old.To, old.NewCode))
		}
	}
	for _, m := range was {
		if _, left := before[key{m.Layer, m.ID}]; left {
			changes = append(changes, fmt.Sprintf("%s would no longer move from %s to %s", m.what(), m.From, m.To))
		}
	}
	return changes
}

func (m Moved) what() string {
	return fmt.Sprintf("%s %s", m.Layer, cmp.Or(m.Name, m.Code, fmt.Sprint(m.ID)))
}

func stripsSince(was, is []Strip) (changes []string) {
	if len(was) != len(is) {
		return []string{fmt.Sprintf("%d pieces would change hands, not %d", len(is), len(was))}
	}
	for i, s := range is {
		if old := was[i]; s.Digest != old.Digest || s.From != old.From || s.To != old.To {
			changes = append(changes, fmt.Sprintf("the piece from %s to %s would have %s m², not %s from %s to %s",
				s.From, s.To, squares(s.Area), squares(old.Area), old.From, old.To))
		}
	}
	return changes
}

func squares(a geodesic.SquareMeters) string { return fmt.Sprint(math.Round(float64(a)*10) / 10) }

func deltasSince(was, is []Delta) (changes []string) {
	type key struct {
		level       spatial.LayerID
		code, field string
	}
	before, after := map[key]int64{}, map[key]int64{}
	for _, d := range was {
		before[key{d.Level, d.Code, d.Field}] = d.N
	}
	for _, d := range is {
		after[key{d.Level, d.Code, d.Field}] = d.N
	}
	for _, d := range append(slices.Clone(is), was...) {
		k := key{d.Level, d.Code, d.Field}
		if before[k] != after[k] {
			changes = append(changes, fmt.Sprintf("%s of %s %s would change by %+d, not %+d", d.Field, d.Level, d.Code, after[k], before[k]))
		}
		before[k] = after[k]
	}
	return changes
}

// Expect refuses a plan that does not move the figures that somebody counts
// on. s is the snapshot that it was made for, layer that of its areas.
func (p *Plan) Expect(s *spatial.Snapshot, layer spatial.LayerID, expected Expected) {
	areas, err := s.Layer(layer)
	if err != nil || p.Refused() {
		return
	}
	var refusals []Check
	for _, field := range sortedKeys(expected) {
		i := areas.Schema().FieldIndex(field)
		check := Check{Severity: Refusal, InvalidError: spatial.InvalidError{Rule: "expected", Where: field}}
		if i < 0 || areas.Schema().Fields[i].SumOver == "" && areas.Schema().Fields[i].CountOf == "" {
			check.Detail, check.Fix = fmt.Sprintf("%s is no total of %s", field, layer), "expect such as residents or rooms"
			refusals = append(refusals, check)
		} else if n := p.carried(s, layer, &areas.Schema().Fields[i]); n != expected[field] {
			check.Detail, check.Fix = fmt.Sprintf("%d change hands, not %d as expected", n, expected[field]), "draw it otherwise, or expect what it does"
			refusals = append(refusals, check)
		}
	}
	if len(refusals) > 0 {
		p.Checks, p.Change = append(refusals, p.Checks...), spatial.Change{}
	}
}

func sortedKeys(expected Expected) []string {
	var fields []string
	for field := range expected {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	return fields
}

// carried is how much of a total changes hands with the features that do.
func (p *Plan) carried(s *spatial.Snapshot, level spatial.LayerID, total *spatial.Field) (n int64) {
	for _, m := range p.Moved {
		if m.Layer != total.SumOver && m.Layer != total.CountOf {
			continue
		}
		layer, err := s.Layer(m.Layer)
		if err != nil || references(layer.Schema(), level) < 0 {
			continue
		}
		f, err := layer.Feature(m.ID)
		switch {
		case err != nil:
		case m.Layer == total.SumOver:
			n += f.Attribute(total.Name).Int()
		case total.Where.Picks(f):
			n++
		}
	}
	return n
}

// Proof are figures that show that the plan makes and loses nothing: totals
// and area of the redrawn areas of a level, before and after.
func (p *Plan) Proof(level spatial.LayerID) map[string]any {
	before, after := map[string]any{}, map[string]any{}
	var areaBefore, areaAfter geodesic.SquareMeters
	for _, u := range p.Units {
		if u.Level != level {
			continue
		}
		if u.Before != nil {
			addTotals(before, u.Before.Totals)
			areaBefore += u.Before.Area
		}
		if u.After != nil {
			addTotals(after, u.After.Totals)
			areaAfter += u.After.Area
		}
	}
	before["area"], after["area"] = float64(areaBefore), float64(areaAfter)
	refusals := 0
	for _, c := range p.Checks {
		if c.Severity == Refusal {
			refusals++
		}
	}
	return map[string]any{"faults": refusals, "warnings": len(p.Checks) - refusals, "areas": len(p.Areas(level)), "moved": len(p.Moved), "before": before, "after": after}
}

func addTotals(to map[string]any, totals map[string]int64) {
	for field, n := range totals {
		sum, _ := to[field].(int64)
		to[field] = sum + n
	}
}
