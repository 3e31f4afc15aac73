package adjustment

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/partition"
)

// attach finds what stands where areas were redrawn another place: every
// feature of every layer that refers to their level, by where it is. What a
// new boundary cuts is refused.
func (p *planner) attach(level *spatial.Layer, redrawn []partition.Redrawn) {
	p.reattach(level)
	site := newSite(level, redrawn)
	for layer := range p.snapshot.Layers() {
		field := references(layer.Schema(), level.ID())
		if field < 0 || layer.Schema().Partition {
			continue
		}
		for _, f := range site.concerned(p.snapshot, layer, field) {
			p.place(f, field, site)
		}
	}
	p.passOn()
}

// references is the field of a schema that refers to a layer, -1 if none.
func references(s *spatial.Schema, to spatial.LayerID) int {
	return slices.IndexFunc(s.Fields, func(f spatial.Field) bool { return f.References == to })
}

// site is where areas of a level were redrawn.
type site struct {
	level    *spatial.Layer
	redrawn  []partition.Redrawn
	changed  []orb.Bound                  // around all that has another area now
	absorbed bool                         // an area is gone
	grounds  map[string]*partition.Ground // areas as they are now, those asked for
}

func newSite(level *spatial.Layer, redrawn []partition.Redrawn) *site {
	s := &site{level: level, redrawn: redrawn, grounds: map[string]*partition.Ground{}}
	for _, r := range redrawn {
		var before orb.Geometry
		if old, err := level.ByCode(r.Code); err == nil {
			before = old.Geometry()
		}
		if box, ok := partition.ChangedBound(before, r.Geometry); ok {
			s.changed = append(s.changed, box)
		}
		s.absorbed = s.absorbed || r.Geometry == nil
	}
	return s
}

// concerned are the features of a layer that may stand in another area now,
// in the order of ids.
func (s *site) concerned(snapshot *spatial.Snapshot, layer *spatial.Layer, field int) []spatial.Feature {
	found := map[int64]spatial.Feature{}
	for _, box := range s.changed {
		for f := range layer.Intersecting(box) {
			found[f.ID()] = f
		}
	}
	if s.absorbed { // those without a place go with their area
		placeless := referringIn(snapshot, layer)[field]
		for _, r := range s.redrawn {
			for _, id := range placeless[r.Code] {
				found[id], _ = layer.Feature(id)
			}
		}
	}
	features := slices.Collect(maps.Values(found))
	features = slices.DeleteFunc(features, func(f spatial.Feature) bool { return f.Value(field).IsNull() })
	slices.SortFunc(features, func(a, b spatial.Feature) int { return cmp.Compare(a.ID(), b.ID()) })
	return features
}

// has says whether an area of before was redrawn.
func (s *site) has(code string) bool {
	return slices.ContainsFunc(s.redrawn, func(r partition.Redrawn) bool { return r.Code == code })
}

// ground is an area as it is now; nil if there is none of the code.
func (s *site) ground(code string) *partition.Ground {
	if g, known := s.grounds[code]; known {
		return g
	}
	var area orb.Geometry
	if i := slices.IndexFunc(s.redrawn, func(r partition.Redrawn) bool { return r.Code == code }); i >= 0 {
		area = s.redrawn[i].Geometry
	} else if f, err := s.level.ByCode(code); err == nil {
		area = f.Geometry()
	}
	if s.grounds[code] = nil; area != nil {
		s.grounds[code] = partition.NewGround(area)
	}
	return s.grounds[code]
}

// holding is the area that holds all of something: the smallest code where
// several do, as on an edge.
func (s *site) holding(g orb.Geometry) (code string, ok bool) {
	codes := map[string]bool{}
	for _, r := range s.redrawn {
		codes[r.Code] = true
	}
	for f := range s.level.Intersecting(g.Bound().Pad(1e-9)) {
		codes[f.Code()] = true
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if ground := s.ground(code); ground != nil {
			if _, in := ground.Holds(g); in {
				return code, true
			}
		}
	}
	return "", false
}

// place puts a feature into the area that it stands in.
func (p *planner) place(f spatial.Feature, field int, site *site) {
	was := f.Value(field).Text()
	if former, ok := p.reattached(f, field); ok {
		was = former
	}
	is, at, ok := p.whereabouts(f, was, site)
	if !ok {
		p.refuseCut(f, was, at)
		return
	}
	if is != was {
		p.move(f, field, was, is)
	}
}

// whereabouts is the code of the area a feature stands in. What is no point
// stays where it was if it can. If no area holds all of it, at is a place
// where it is cut.
func (p *planner) whereabouts(f spatial.Feature, was string, site *site) (code string, at orb.Point, ok bool) {
	if !f.HasGeometry() {
		for p.mergedInto[was] != "" {
			was = p.mergedInto[was]
		}
		return was, at, true
	}
	if f.Kind() != spatial.Points {
		if !site.has(was) {
			return was, at, true
		}
		if ground := site.ground(was); ground != nil {
			if at, ok = ground.Holds(f.Geometry()); ok {
				return was, at, true
			}
		}
	}
	code, ok = site.holding(f.Geometry())
	return code, at, ok
}

func (p *planner) refuseCut(f spatial.Feature, area string, at orb.Point) {
	p.refuse(&spatial.InvalidError{Rule: "cuts_" + string(f.Layer().ID()), Where: fmt.Sprintf("%s %s", f.Layer().ID(), nameOf(f)), At: &at,
		Detail: fmt.Sprintf("the new edge of %s goes through it", area), Fix: "lead the edge around it"})
	p.plan.Checks[len(p.plan.Checks)-1].Part = f.Geometry()
	p.remedies = append(p.remedies, remedy{around: f.Geometry()})
}

// nameOf is what people call a feature, or its code, or its id.
func nameOf(f spatial.Feature) string {
	return cmp.Or(f.Label(), f.Code(), fmt.Sprint(f.ID()))
}

// move changes a feature's area, and its code where that begins with the
// area's: the rest of the code stays if it is free there, or else the first
// free number takes its place.
func (p *planner) move(f spatial.Feature, field int, was, is string) {
	schema := f.Layer().Schema()
	row := p.row(f)
	row.Values[field] = spatial.Text(is)
	moved := Moved{Layer: schema.ID, ID: f.ID(), Name: f.Label(), From: was, To: is, Code: f.Code()}
	if code := schema.FieldIndex(schema.Code); code >= 0 && schema.Fields[code].Prefix == schema.Fields[field].Name {
		var had bool
		if moved.NewCode, had = p.formerCode(f); !had {
			moved.NewCode = p.freeCode(f.Layer(), is, strings.TrimPrefix(f.Code(), was))
		}
		row.Values[code] = spatial.Text(moved.NewCode)
		p.rename(schema.ID, moved.Code, moved.NewCode)
	}
	p.put(f.Layer(), row)
	p.plan.Moved = append(p.plan.Moved, moved)
	p.transfers = append(p.transfers, transfer{f, was, is, schema.Fields[field].References})
}

// freeCode is an area's code and a rest that no feature of the layer has there.
func (p *planner) freeCode(layer *spatial.Layer, area, rest string) string {
	free := func(code string) bool {
		_, err := layer.ByCode(code)
		return err != nil && !p.given[layer.ID()][code]
	}
	code := area + rest
	for n := 1; !free(code); n++ {
		code = fmt.Sprintf("%s%0*d", area, len(rest), n)
	}
	if p.given[layer.ID()] == nil {
		p.given[layer.ID()] = map[string]bool{}
	}
	p.given[layer.ID()][code] = true
	return code
}

func (p *planner) rename(layer spatial.LayerID, code, newCode string) {
	if p.renamed[layer] == nil {
		p.renamed[layer] = map[string]string{}
	}
	p.renamed[layer][code] = newCode
}

// passOn tells new codes to what refers to them.
func (p *planner) passOn() {
	for layer := range p.snapshot.Layers() {
		for i := range layer.Schema().Fields {
			codes := p.renamed[layer.Schema().Fields[i].References]
			if len(codes) == 0 {
				continue
			}
			ids := referringIn(p.snapshot, layer)[i]
			for old, code := range codes {
				for _, id := range ids[old] {
					f, _ := layer.Feature(id)
					row := p.row(f)
					row.Values[i] = spatial.Text(code)
					p.put(layer, row)
				}
			}
		}
	}
	clear(p.renamed)
}

// referring are the ids of features by the fields that refer to other layers,
// and by what they say. Where that is a partition they are only those without
// geometry: the others are found by their place.
type referring map[int]map[string][]int64

// referringIn is made once for a layer, and holds until that changes.
func referringIn(s *spatial.Snapshot, layer *spatial.Layer) referring {
	found, _ := spatial.Derive(s, []spatial.LayerID{layer.ID()}, func(s *spatial.Snapshot) (referring, error) {
		found := referring{}
		for i := range layer.Schema().Fields {
			if to, err := s.Layer(layer.Schema().Fields[i].References); err == nil {
				found[i] = idsBy(layer, i, to.Schema().Partition)
			}
		}
		return found, nil
	})
	return found
}

func idsBy(layer *spatial.Layer, field int, placeless bool) map[string][]int64 {
	ids := map[string][]int64{}
	for f := range layer.All() {
		if v := f.Value(field); !v.IsNull() && !(placeless && f.HasGeometry()) {
			ids[v.Text()] = append(ids[v.Text()], f.ID())
		}
	}
	return ids
}
