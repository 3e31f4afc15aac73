package adjustment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/partition"
)

// attach finds what stands in redrawn areas another place: every feature of
// every layer that refers to their level, by where it is. What a new boundary
// cuts is refused.
func (p *planner) attach(level *spatial.Layer, redrawn []partition.Redrawn) {
	for layer := range p.snapshot.Layers() {
		field := slices.IndexFunc(layer.Schema().Fields, func(f spatial.Field) bool { return f.References == level.ID() })
		if field < 0 || layer.Schema().Partition {
			continue
		}
		for _, f := range p.standingIn(layer, field, level, redrawn) {
			p.place(f, field, redrawn)
		}
	}
	p.passOn()
}

// standingIn are the features of a layer that refer to an area of before, in
// the order of ids.
func (p *planner) standingIn(layer *spatial.Layer, field int, level *spatial.Layer, redrawn []partition.Redrawn) []spatial.Feature {
	found := map[int64]spatial.Feature{}
	for _, r := range redrawn {
		old, err := level.ByCode(r.Code)
		if err != nil {
			continue
		}
		box, _ := old.Bound()
		for f := range layer.Intersecting(box) {
			if f.Value(field).Text() == r.Code {
				found[f.ID()] = f
			}
		}
		if r.Geometry == nil {
			for f := range layer.All() { // those without a place go with the area
				if f.Value(field).Text() == r.Code {
					found[f.ID()] = f
				}
			}
		}
	}
	features := make([]spatial.Feature, 0, len(found))
	for _, f := range found {
		features = append(features, f)
	}
	slices.SortFunc(features, func(a, b spatial.Feature) int { return int(a.ID() - b.ID()) })
	return features
}

// place puts a feature into the area that it stands in.
func (p *planner) place(f spatial.Feature, field int, redrawn []partition.Redrawn) {
	was := f.Value(field).Text()
	is, at, ok := p.whereabouts(f, was, redrawn)
	if !ok {
		p.refuseCut(f, was, at)
		return
	}
	if is != was {
		p.move(f, field, was, is)
	}
}

// whereabouts is the code of the area a feature stands in: the smallest where
// several hold it, as on an edge. If none holds all of it, at is a position of
// it outside.
func (p *planner) whereabouts(f spatial.Feature, was string, redrawn []partition.Redrawn) (code string, at orb.Point, ok bool) {
	if !f.HasGeometry() {
		for p.mergedInto[was] != "" {
			was = p.mergedInto[was]
		}
		return was, at, true
	}
	for _, r := range redrawn {
		if r.Geometry == nil {
			continue
		}
		out, in := partition.Within(f.Geometry(), r.Geometry)
		if in {
			return r.Code, at, true
		}
		if r.Code == was {
			at = out
		}
	}
	return "", at, false
}

func (p *planner) refuseCut(f spatial.Feature, area string, at orb.Point) {
	name := f.Label()
	if name == "" {
		name = fmt.Sprint(f.ID())
	}
	p.refuse(&spatial.InvalidError{Rule: "cuts_" + string(f.Layer().ID()), Where: fmt.Sprintf("%s %s", f.Layer().ID(), name), At: &at,
		Detail: fmt.Sprintf("the new edge of %s goes through it", area), Fix: "lead the edge around it"})
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
		moved.NewCode = p.freeCode(f.Layer(), is, strings.TrimPrefix(f.Code(), was))
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
			for f := range layer.All() {
				if code, ok := codes[f.Value(i).Text()]; ok {
					row := p.row(f)
					row.Values[i] = spatial.Text(code)
					p.put(layer, row)
				}
			}
		}
	}
	clear(p.renamed)
}
