package api

import (
	"cmp"
	"math"
	"slices"

	"wangge/spatial"
)

// band orders what styles draw, from the ground up, whatever the order of the
// layers.
type band int

const (
	bandGround band = iota
	bandTint
	bandNature
	bandConstruction
	bandRoadCase
	bandRoad
	bandEdge
	bandSurface
	bandLine
	bandPoint
	bandCluster
	bandLabel
)

// part is one way in which a layer is drawn.
type part struct {
	band
	styleLayer
}

// look is how a layer is shown: the colours of the map page, see
// viewer/src/looks.ts.
type look struct {
	colour  string
	by      string            // field that colours go by, if it is not the first one with colours
	colours map[string]string // of its values, where the schema has none
	from    float64           // least zoom
	off     bool              // hidden until it is switched on
}

var looks = map[spatial.LayerID]look{
	"districts":   {colour: "#7d4f8c"},
	"streets":     {colour: "#8d5a9e"},
	"communities": {colour: "#8d6aa0", from: 11},
	"grids":       {colour: "#7f8aa0", from: 13},
	"water":       {colour: "#a8cfe4"},
	"parks":       {colour: "#cfe2bd", by: "kind", colours: map[string]string{"park": "#cbe3b4", "forest": "#bcd6ae"}},
	"roads": {colour: "#f9cf8a", by: "class", colours: map[string]string{
		"expressway": "#f7c576", "arterial": "#fbdf9c", "secondary": "#ffffff", "local": "#ffffff", "lane": "#ffffff", "hill": "#f1ead9"}},
	"railways": {colour: "#8f949c"},
	"buildings": {colour: "#dfd5c7", from: 13, by: "use", colours: map[string]string{"residential": "#e2d8c9", "mixed": "#ecd5bd",
		"office": "#cdd7e6", "industrial": "#d8cfdc", "education": "#ece3b0", "medical": "#efcfcf", "public": "#cfe0dc"}},
	"dedicated_grids":    {colour: "#0f7b6c", off: true},
	"underground_spaces": {colour: "#6a4c93", from: 13, off: true},
	"covered_rivers":     {colour: "#2f7fb5", off: true},
	"high_risk_zones":    {colour: "#a3195b"},
	"risk_points":        {colour: "#8b95a3", by: "level"},
	"flood_hazards":      {colour: "#0b7285"},
	"major_hazards":      {colour: "#8c1d18"},
	"slopes":             {colour: "#8a5a2b"},
	"cavities":           {colour: "#5f4b8b", off: true},
	"grid_events":        {colour: "#6d5aa8", off: true},
	"hazmat_points":      {colour: "#b35c00", off: true},
	"response_points": {colour: "#1b5fa7", by: "kind", colours: map[string]string{
		"emergency_service_station": "#1b5fa7", "fire_station": "#a3331f", "hospital": "#0b7285"}},
	"closures":           {colour: "#b3261e"},
	"shelters":           {colour: "#1a7f4b", by: "setting"},
	"shelter_candidates": {colour: "#1a7f4b"},
	"cameras":            {colour: "#44546a", off: true},
	"civil_defence":      {colour: "#5c6b2f", off: true},
	"culture_corridors":  {colour: "#b04a7a", off: true},
	"science_venues":     {colour: "#2a6f97", off: true},
}

// made are colours for layers and values that have none, as on the map page.
var made = []string{"#7048a8", "#0c7c8c", "#a34d7e", "#5b6b1f", "#3d5a9e", "#8a4b2a", "#2f7d52", "#6b4a57"}

// unclassified is the colour of features without a value.
const unclassified = "#8b95a3"

func lookOf(id spatial.LayerID) look {
	if known, ok := looks[id]; ok {
		return known
	}
	sum := uint32(7)
	for _, letter := range string(id) {
		sum = sum*31 + uint32(letter)
	}
	return look{colour: made[sum%uint32(len(made))]}
}

// drawn is a layer on its way into a style.
type drawn struct {
	*spatial.Layer
	look
	schema *spatial.Schema
	source string
	plain  bool
}

func drawnOf(l *spatial.Layer, source string, plain bool) *drawn {
	return &drawn{l, lookOf(l.ID()), l.Schema(), source, plain}
}

// parts draws the layer, its clusters and its names.
func (d *drawn) parts() []part {
	all := d.shapes()
	if d.Len() > fewFeatures && !d.schema.Partition {
		all = append(all, d.clusters()...)
	}
	if !d.plain {
		all = append(all, d.names()...)
	}
	for i := range all {
		p := &all[i].styleLayer
		p.ID, p.SourceLayer = string(d.ID())+"/"+p.ID, d.ID()
		p.MinZoom = max(p.MinZoom, d.from)
		if p.Source == "" {
			p.Source = d.source
		}
		if d.off {
			p.Layout = set(p.Layout, "visibility", "none")
		}
	}
	return all
}

// fewFeatures is how many are never put into clusters, with room for a layer
// to grow while a client holds its style.
const fewFeatures = 2000

func set(p properties, name string, value any) properties {
	if p == nil {
		p = properties{}
	}
	p[name] = value
	return p
}

// shapes draws the features themselves.
func (d *drawn) shapes() []part {
	switch {
	case d.ID() == "districts":
		return d.land()
	case d.schema.Partition:
		return d.division()
	case d.ID() == "roads":
		return d.roads()
	case d.ID() == "railways":
		return d.rails()
	case d.ID() == "buildings":
		return []part{d.fill(bandConstruction, byZoom(13, 0.6, 15, 1), "#bfb3a2")}
	case d.schema.Group == "base" && d.schema.Geometry == spatial.Polygons:
		return []part{d.fill(bandNature, 0.85, "#8fbdd6")}
	}
	return d.overlay()
}

func roundJoin() properties { return properties{"line-join": "round"} }

func (d *drawn) land() []part {
	return []part{
		{bandGround, styleLayer{ID: "land", Type: "fill", Paint: properties{"fill-color": "#f7f4ee"}}},
		{bandEdge, styleLayer{ID: "halo", Type: "line", Layout: roundJoin(), Paint: properties{"line-color": d.colour, "line-opacity": 0.16, "line-width": byZoom(9, 4, 14, 12)}}},
		{bandEdge, styleLayer{ID: "line", Type: "line", Layout: roundJoin(), Paint: properties{"line-color": d.colour, "line-width": byZoom(9, 1.2, 14, 2.4)}}},
	}
}

// tints tell neighbouring streets apart on the overview.
var tints = []any{"#f4e9d8", "#e8eddb", "#f3e2e0", "#e3e9f0", "#efe6f0", "#f5efd0", "#dfece8", "#f0e4d3", "#e9e6da", "#e6e4f1"}

// division draws areas that cover the ground by their edges. What cannot be
// seen of the areas can be clicked.
func (d *drawn) division() []part {
	area := part{bandGround, styleLayer{ID: "area", Type: "fill", Paint: properties{"fill-opacity": 0}}}
	lines := part{bandEdge, styleLayer{ID: "line", Type: "line", Layout: roundJoin(), Paint: properties{"line-color": d.colour}}}
	switch d.ID() {
	case "streets":
		area.band, area.Paint = bandTint, properties{"fill-opacity": expression{"interpolate", expression{"linear"}, expression{"zoom"}, 11, 1, 15, 0},
			"fill-color": expression{"to-color", expression{"at", expression{"%", expression{"to-number", expression{"id"}}, len(tints)}, expression{"literal", tints}}}}
		lines.Paint["line-opacity"], lines.Paint["line-width"], lines.Paint["line-dasharray"] = 0.75, byZoom(10, 0.7, 14, 1.8, 18, 3), []any{6, 2, 1.5, 2}
	case "communities":
		lines.Paint["line-opacity"], lines.Paint["line-width"], lines.Paint["line-dasharray"] = byZoom(11, 0.25, 13, 0.6), byZoom(11, 0.5, 16, 1.4), []any{4, 2}
	default:
		lines.Paint["line-opacity"], lines.Paint["line-width"] = byZoom(13, 0.3, 15, 0.75), byZoom(13, 0.4, 17, 1.2)
	}
	return []part{area, lines}
}

// roadWidths are of zooms 10, 14 and 18, for each class and for any other.
var roadWidths = []struct {
	class  string
	widths [3]float64
}{
	{"expressway", [3]float64{1.6, 5.5, 30}}, {"arterial", [3]float64{1.1, 4.6, 26}}, {"secondary", [3]float64{0.5, 3.4, 21}},
	{"hill", [3]float64{0.5, 2, 14}}, {"local", [3]float64{0.2, 1.9, 15}}, {"", [3]float64{0.1, 1, 9}},
}

func roadWidth(more [3]float64) expression {
	width := expression{"interpolate", expression{"exponential", 1.4}, expression{"zoom"}}
	for i, zoom := range []float64{10, 14, 18} {
		choice := expression{"match", expression{"to-string", expression{"get", "class"}}}
		for _, w := range roadWidths {
			if w.class != "" {
				choice = append(choice, w.class)
			}
			choice = append(choice, math.Round(10*(w.widths[i]+more[i]))/10)
		}
		width = append(width, zoom, choice)
	}
	return width
}

func (d *drawn) roads() []part {
	ends := properties{"line-cap": "round", "line-join": "round"}
	return []part{
		{bandRoadCase, styleLayer{ID: "case", Type: "line", Layout: ends, Paint: properties{"line-color": "#cfc5b4", "line-width": roadWidth([3]float64{0.6, 1.4, 2})}}},
		{bandRoad, styleLayer{ID: "line", Type: "line", Layout: ends, Paint: properties{"line-color": d.coloured(), "line-width": roadWidth([3]float64{})}}},
	}
}

func (d *drawn) rails() []part {
	return []part{
		{bandRoad, styleLayer{ID: "bed", Type: "line", Paint: properties{"line-color": d.colour, "line-width": byZoom(10, 0.8, 16, 4)}}},
		{bandRoad, styleLayer{ID: "ties", Type: "line", MinZoom: 13, Paint: properties{"line-color": "#ffffff", "line-width": byZoom(10, 0.3, 16, 2.4), "line-dasharray": []any{4, 4}}}},
	}
}

func (d *drawn) fill(at band, opacity any, outline string) part {
	return part{at, styleLayer{ID: "area", Type: "fill", Filter: kind("Polygon"),
		Paint: properties{"fill-color": d.coloured(), "fill-opacity": opacity, "fill-outline-color": outline}}}
}

// overlay draws any layer that is not ground by the kinds of its geometry.
func (d *drawn) overlay() []part {
	var all []part
	has := func(k spatial.GeometryKind) bool { return d.schema.Geometry&k != 0 }
	if has(spatial.Polygons) {
		all = append(all,
			part{bandSurface, styleLayer{ID: "area", Type: "fill", Filter: kind("Polygon"), Paint: properties{"fill-color": d.coloured(), "fill-opacity": 0.2}}},
			part{bandSurface, styleLayer{ID: "edge", Type: "line", Filter: kind("Polygon"), Layout: roundJoin(), Paint: properties{"line-color": d.coloured(), "line-width": byZoom(10, 0.8, 16, 2)}}})
	}
	if has(spatial.Lines) {
		all = append(all, part{bandLine, styleLayer{ID: "line", Type: "line", Filter: kind("LineString"),
			Layout: properties{"line-cap": "round", "line-join": "round"}, Paint: properties{"line-color": d.coloured(), "line-width": byZoom(10, 1.2, 16, 3.5)}}})
	}
	if has(spatial.Points) {
		all = append(all, part{bandPoint, d.circles("point", expression{"all", kind("Point"), expression{"<=", memberCount, 1}}, d.pointSize())})
	}
	return all
}

// pointSize is smaller where points are many.
func (d *drawn) pointSize() expression {
	if d.Len() > fewFeatures {
		return byZoom(10, 1.8, 15, 3.5, 18, 6)
	}
	return byZoom(10, 3, 14, 5, 18, 8)
}

func (d *drawn) circles(id string, filter expression, radius any) styleLayer {
	return styleLayer{ID: id, Type: "circle", Filter: filter, Paint: properties{"circle-color": d.coloured(), "circle-radius": radius,
		"circle-stroke-color": "#ffffff", "circle-stroke-width": 1, "circle-opacity": 0.9}}
}

// memberCount is how many features a cluster stands for; 0 for what is none.
var memberCount = expression{"to-number", expression{"get", "point_count"}}

// clusters draws a circle for what stands together, its colour that of the
// highest rank in it, and how many these are.
func (d *drawn) clusters() []part {
	at, least := bandCluster, 1
	if !d.overlaid() {
		at = bandConstruction
	}
	if d.schema.Geometry&spatial.Points == 0 {
		least = 0 // nothing else draws it as a point
	}
	many := expression{"all", kind("Point"), expression{">", memberCount, least}}
	size := expression{"interpolate", expression{"linear"}, memberCount, 1, 3, 10, 6, 100, 10, 1000, 13, 10000, 16}
	all := []part{{at, d.circles("cluster", many, size)}}
	if d.plain || !d.overlaid() {
		return all
	}
	return append(all, part{bandCluster, styleLayer{ID: "count", Type: "symbol", Filter: expression{"all", kind("Point"), expression{">=", memberCount, 10}},
		Layout: properties{"text-field": expression{"case", expression{">=", memberCount, 10000}, expression{"concat", expression{"to-string", expression{"round", expression{"/", memberCount, 1000}}}, "k"},
			expression{"to-string", memberCount}}, "text-font": fonts, "text-size": 10, "text-allow-overlap": true, "text-ignore-placement": true},
		Paint: properties{"text-color": "#ffffff", "text-halo-color": "rgba(0,0,0,0.55)", "text-halo-width": 1}}})
}

// overlaid says whether the layer stands above the ground.
func (d *drawn) overlaid() bool { return d.schema.Group != "base" && d.ID() != "buildings" }

// fonts are those of the reader's machine, the first that it has: the style
// names no glyphs, so MapLibre draws letters by itself.
var fonts = []string{"Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"}

// lettering is how a layer's names are written. Where they meet, those of the
// higher rank stay.
type lettering struct {
	from, to float64
	size     any
	colour   string
	rank     int
	along    bool // lines
}

var letterings = map[spatial.LayerID]lettering{
	"districts":   {from: 7, to: 10, size: 15, colour: "#5d3a6b", rank: 10},
	"streets":     {from: 10, to: 14.5, size: byZoom(10, 10.5, 13, 17), colour: "#5d3a6b", rank: 9},
	"communities": {from: 13, to: 16.5, size: byZoom(13, 10.5, 16, 14), colour: "#6b4a7c", rank: 8},
	"grids":       {from: 15.5, size: byZoom(15.5, 11, 18, 13), colour: "#4d5a72", rank: 6},
	"water":       {from: 12, size: byZoom(12, 10, 16, 14), colour: "#2f6690", rank: 5},
	"parks":       {from: 13, size: byZoom(13, 10, 16, 13), colour: "#3f6f2e", rank: 4},
	"roads":       {from: 13, size: byZoom(13, 10, 17, 13), colour: "#5f564a", rank: 3, along: true},
	"railways":    {from: 13, size: 10.5, colour: "#5c626b", rank: 2, along: true},
	"buildings":   {from: 17.2, size: 11, colour: "#6b6152", rank: 1},
}

// nameSource is tiles that names of areas are taken from: so large that their
// edges cut few of the areas, as a client writes a name into each piece.
type nameSource struct {
	id    string
	zoom  int  // the deepest
	whole bool // or one at which all areas are in one tile
}

// nameSourceOf is for layers whose areas cover the ground, and whose names are in
// such tiles; other features are small.
func nameSourceOf(l *spatial.Layer) (_ nameSource, ok bool) {
	from, schema := nameSource{"district-names", 11, true}, l.Schema()
	if l.Len() > 500 {
		from = nameSource{"district-numbers", 13, false}
	}
	label := schema.FieldIndex(schema.Label)
	if label < 0 || !schema.Partition {
		return from, false
	}
	begins := schema.Fields[label].FromZoom
	return from, begins == 0 || !from.whole && begins <= from.zoom
}

func (d *drawn) names() []part {
	field := d.schema.FieldIndex(d.schema.Label)
	if field < 0 || d.schema.Fields[field].Detail {
		return nil
	}
	n, known := letterings[d.ID()]
	if !known {
		n = lettering{from: 15, size: 11, colour: d.colour, rank: 7}
	}
	text := styleLayer{ID: "name", Type: "symbol", MinZoom: max(n.from, float64(d.schema.Fields[field].FromZoom)), MaxZoom: n.to,
		Layout: properties{"text-field": expression{"to-string", expression{"get", d.schema.Label}}, "text-font": fonts, "text-size": n.size, "text-max-width": 8, "text-padding": 4},
		Paint:  properties{"text-color": n.colour, "text-halo-color": "rgba(255,255,255,0.9)", "text-halo-width": 1.4}}
	from, apart := nameSourceOf(d.Layer)
	switch {
	case n.along:
		text.Layout["symbol-placement"], text.Layout["symbol-spacing"] = "line", 320
	case apart:
		text.Source = from.id
	case !known:
		text.Layout["text-variable-anchor"], text.Layout["text-radial-offset"] = []string{"top", "bottom", "left", "right"}, 0.9
	}
	return []part{{bandLabel + band(n.rank), text}}
}

// byZoom goes from value to value, each after its zoom.
func byZoom(stops ...float64) expression {
	all := expression{"interpolate", expression{"exponential", 1.4}, expression{"zoom"}}
	for _, s := range stops {
		all = append(all, s)
	}
	return all
}

// coloured is the layer's colour, or that of each value of the field that it
// goes by, from the zoom on from which tiles have it.
func (d *drawn) coloured() any {
	field := d.colouring()
	if field == nil {
		return d.colour
	}
	choice := expression{"match", expression{"to-string", expression{"get", field.Name}}}
	for i, value := range field.Values {
		choice = append(choice, value.Value, cmp.Or(value.Color, d.colours[value.Value], made[i%len(made)]))
	}
	choice = append(choice, unclassified)
	if field.FromZoom == 0 {
		return choice
	}
	return expression{"step", expression{"zoom"}, d.colour, field.FromZoom, choice}
}

// colouring is the field that colours go by: that of the look, else the first
// one with colours of its own; nil if there is none.
func (d *drawn) colouring() *spatial.Field {
	coloured := func(f spatial.Field) bool {
		return !f.Detail && slices.ContainsFunc(f.Values, func(l spatial.Label) bool { return l.Color != "" })
	}
	i := slices.IndexFunc(d.schema.Fields, func(f spatial.Field) bool { return !f.Detail && len(f.Values) > 0 && f.Name == d.by })
	if i < 0 && d.overlaid() {
		i = slices.IndexFunc(d.schema.Fields, coloured)
	}
	if i < 0 {
		return nil
	}
	return &d.schema.Fields[i]
}

// kind picks geometries by their simple name.
func kind(name string) expression {
	return expression{"match", expression{"geometry-type"}, []string{name, "Multi" + name}, true, false}
}
