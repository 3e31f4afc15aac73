package partition

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// Draft is a partition that is being redrawn: a layer and the areas that
// operations have changed so far. An operation that is refused changes
// nothing. A draft is one goroutine's; the layer is only read.
type Draft struct {
	layer *spatial.Layer
	faces map[string]*face // as drawn so far, by code; nil for those absorbed
	moved []Piece
}

// Piece is what one area gives to another in one operation.
type Piece struct {
	From, To string
	Geometry orb.Geometry
}

// Pieces are what changed hands so far, in the order of the operations, then
// of codes.
func (d *Draft) Pieces() []Piece { return slices.Clone(d.moved) }

// NewDraft begins to redraw a layer that is a partition.
func NewDraft(layer *spatial.Layer) *Draft {
	return &Draft{layer: layer, faces: map[string]*face{}}
}

// Clone is a draft that goes on from here on its own.
func (d *Draft) Clone() *Draft {
	return &Draft{layer: d.layer, faces: maps.Clone(d.faces), moved: slices.Clone(d.moved)}
}

// Redrawn is an area that a draft has changed. Its geometry is nil if it was
// absorbed by another.
type Redrawn struct {
	Code     string
	Geometry orb.Geometry
}

// Changes are the areas whose geometry differs from the layer's, and new
// ones, in the order of codes.
func (d *Draft) Changes() []Redrawn {
	var changes []Redrawn
	for _, code := range slices.Sorted(maps.Keys(d.faces)) {
		f := d.faces[code]
		if old, ok := d.original(code); ok && f != nil && old.same(f) {
			continue
		}
		changes = append(changes, Redrawn{code, f.geometry()})
	}
	return changes
}

// Geometry is an area as drawn so far; nil if there is none of the code.
func (d *Draft) Geometry(code string) orb.Geometry {
	f, err := d.face(code)
	if err != nil {
		return nil
	}
	return f.geometry()
}

// Move gives what lies both in an area and in a drawn polygon or multipolygon
// to another area. It reports by rule "area_exists" that a code is unknown, by
// "drawing_ring" that the drawing crosses itself, and by "nothing_moved" that
// it does not meet the area.
func (d *Draft) Move(from, to string, drawn orb.Geometry) error {
	drawing, err := newDrawing(drawn)
	if err != nil {
		return err
	}
	b, err := d.bench(drawing, from, to)
	if err != nil {
		return err
	}
	donor, taker, over := b.at[from], b.at[to], int32(len(b.codes))
	moved := false
	for i, c := range b.cells {
		if slices.Contains(c.covers, donor) && slices.Contains(c.covers, over) {
			b.owner[i], moved = taker, true
		}
	}
	if !moved {
		return &spatial.InvalidError{Rule: "nothing_moved", Where: from, At: placeIn(drawn), Detail: "the drawn area does not meet " + from,
			Fix: "draw over a part of it"}
	}
	return b.finish()
}

// Merge gives all of an area to another, which need not touch it.
func (d *Draft) Merge(from, to string) error {
	b, err := d.bench(face{}, from, to)
	if err != nil {
		return err
	}
	for i, c := range b.cells {
		if slices.Contains(c.covers, b.at[from]) {
			b.owner[i] = b.at[to]
		}
	}
	return b.finish()
}

// Split parts an area by a line that crosses it from edge to edge: what is to
// the left of the line, or if that is the larger part, what is to the right,
// becomes the area with the new code. It reports by rule "code_taken" that the
// code is in use, and by "line_ends" that the line does not part the area.
func (d *Draft) Split(code string, line orb.LineString, newCode string) error {
	if f, err := d.face(newCode); err == nil && f != nil {
		return &spatial.InvalidError{Rule: "code_taken", Where: newCode, Detail: "an area has this code already"}
	}
	b, err := d.cutBench(line, code)
	if err != nil {
		return err
	}
	sides, err := b.sidesOf(line, b.at[code])
	if err != nil {
		return err
	}
	added := b.add(newCode)
	away := left
	if b.areaOn(sides, left) > b.areaOn(sides, right) {
		away = right
	}
	for i, side := range sides {
		if side == away {
			b.owner[i] = added
		}
	}
	return b.finish()
}

// MoveEdge lays the edge that two areas share along a line, which crosses the
// two together from edge to edge: each gets the side where more of it was. It
// reports by rule "line_ends" that the line does not part the two.
func (d *Draft) MoveEdge(one, other string, line orb.LineString) error {
	b, err := d.cutBench(line, one, other)
	if err != nil {
		return err
	}
	sides, err := b.sidesOf(line, b.at[one], b.at[other])
	if err != nil {
		return err
	}
	ofOne := [2]float64{}
	for i, side := range sides {
		if slices.Contains(b.cells[i].covers, b.at[one]) {
			ofOne[side] += b.plane.area(b.cells[i], b.metric)
		}
	}
	mine := left
	if ofOne[right] > ofOne[left] {
		mine = right
	}
	for i, side := range sides {
		if b.owner[i] = b.at[other]; side == mine {
			b.owner[i] = b.at[one]
		}
	}
	return b.finish()
}

// face is an area as drawn so far.
func (d *Draft) face(code string) (*face, error) {
	f, changed := d.faces[code]
	if !changed {
		f, _ = d.original(code)
	}
	if f == nil {
		return nil, &spatial.InvalidError{Rule: "area_exists", Where: string(d.layer.ID()), Detail: fmt.Sprintf("there is no area %q", code)}
	}
	return f, nil
}

func (d *Draft) original(code string) (*face, bool) {
	feature, err := d.layer.ByCode(code)
	if err != nil {
		return nil, false
	}
	f := knownFace(code, feature.Geometry())
	return &f, true
}

// bench is where an operation is carried out: the areas concerned and those
// around the drawing, arranged with it, and for each cell the area that
// is to have it.
type bench struct {
	draft   *Draft
	codes   []string
	at      map[string]int32
	old     []face // the named ones first
	named   int
	before  map[Vertex]bool // their vertices
	drawing map[Vertex]bool // vertices of the drawing
	plane   *arrangement
	cells   []cell
	owner   []int32
	metric  metric
}

// bench lays out the named areas and those around a drawn face with it.
func (d *Draft) bench(drawing face, codes ...string) (*bench, error) {
	b, err := d.layOut(&drawing, codes)
	if err != nil {
		return nil, err
	}
	b.draw(drawing, nil)
	return b, nil
}

// cutBench lays out the named areas and those around a line with it.
func (d *Draft) cutBench(line orb.LineString, codes ...string) (*bench, error) {
	cut, err := newLine(line)
	if err != nil {
		return nil, err
	}
	b, err := d.layOut(&face{rings: [][]Vertex{cut}}, codes)
	if err != nil {
		return nil, err
	}
	b.draw(face{}, cut)
	return b, nil
}

// layOut puts the named areas on a bench, and of those around them the ones
// that a drawing may reach.
func (d *Draft) layOut(drawing *face, codes []string) (*bench, error) {
	b := &bench{draft: d, at: map[string]int32{}, before: map[Vertex]bool{}, drawing: map[Vertex]bool{}}
	for _, code := range codes {
		f, err := d.face(code)
		if err != nil {
			return nil, err
		}
		b.lay(*f)
	}
	b.named = len(b.old)
	for _, near := range d.around(drawing) {
		b.lay(near)
	}
	b.metric = metricAt(b.old)
	return b, nil
}

func (b *bench) lay(f face) {
	if _, laid := b.at[f.code]; laid {
		return
	}
	b.at[f.code] = int32(len(b.old))
	b.old = append(b.old, f)
	b.codes = append(b.codes, f.code)
	for h := range f.halfEdges() {
		b.before[h.from] = true
	}
}

func (b *bench) add(code string) int32 {
	b.at[code] = int32(len(b.codes))
	b.codes = append(b.codes, code)
	return b.at[code]
}

// around are the areas whose boxes meet that of f, in the order of codes.
func (d *Draft) around(f *face) []face {
	low, high, ok := f.box()
	if !ok {
		return nil
	}
	found := map[string]face{}
	box := orb.Bound{Min: Vertex{int64(low[0]) - 1, int64(low[1]) - 1}.LL(), Max: Vertex{int64(high[0]) + 1, int64(high[1]) + 1}.LL()}
	for feature := range d.layer.Intersecting(box) {
		if code := nameOf(feature); d.faces[code] == nil {
			found[code] = knownFace(code, feature.Geometry())
		}
	}
	for code, drawn := range d.faces {
		if delete(found, code); drawn == nil {
			continue
		}
		if l, h, ok := drawn.box(); ok && l[0] <= high[0] && h[0] >= low[0] && l[1] <= high[1] && h[1] >= low[1] {
			found[code] = *drawn
		}
	}
	near := slices.Collect(maps.Values(found))
	slices.SortFunc(near, func(a, b face) int { return cmp.Compare(a.code, b.code) })
	return near
}

// draw arranges the areas with a drawing. Each cell begins with the area that
// covers it.
func (b *bench) draw(drawing face, line []Vertex) {
	faces := slices.Clone(b.old)
	if len(drawing.rings) > 0 {
		faces = append(faces, drawing)
	}
	for _, ring := range append(drawing.rings, line) {
		for _, v := range ring {
			b.drawing[v] = true
		}
	}
	b.plane = arrangeWith(faces, line)
	b.cells = b.plane.cells()
	b.owner = make([]int32, len(b.cells))
	for i, c := range b.cells {
		b.owner[i] = -1
		if len(c.covers) > 0 && c.covers[0] < int32(len(b.old)) {
			b.owner[i] = c.covers[0]
		}
	}
}

// The sides of a line.
const (
	left  = 0
	right = 1
)

// sidesOf finds which cells of some areas lie to the left of a line and which
// to the right: those that hang together without crossing it are on one side.
func (b *bench) sidesOf(line orb.LineString, areas ...int32) (map[int]int, error) {
	inside := map[int32]int{}
	for i, c := range b.cells {
		if len(c.covers) > 0 && slices.Contains(areas, c.covers[0]) {
			inside[c.outer] = i
		}
	}
	sides := map[int]int{}
	for _, h := range b.plane.lines {
		for side, edge := range [2]halfEdge{left: h, right: h.reverse()} {
			i, ok := inside[b.plane.cellOf(edge)]
			if !ok {
				continue
			}
			if !b.spread(i, side, inside, sides) {
				return nil, lineEnds(line, b.codes[areas[0]])
			}
		}
	}
	if len(sides) < len(inside) || b.areaOn(sides, left) == 0 || b.areaOn(sides, right) == 0 {
		return nil, lineEnds(line, b.codes[areas[0]])
	}
	return sides, nil
}

func lineEnds(line orb.LineString, code string) error {
	refusal := &spatial.InvalidError{Rule: "line_ends", Where: code, Detail: "the line does not cut right through",
		Fix: "begin and end it on or beyond the outer edge, and do not let it cross itself"}
	if len(line) > 0 {
		refusal.At = &line[0]
	}
	return refusal
}

// spread puts a cell and all it hangs together with on one side; it fails if
// one of them is on the other.
func (b *bench) spread(start, side int, inside map[int32]int, sides map[int]int) bool {
	for open := []int{start}; len(open) > 0; {
		i := open[len(open)-1]
		open = open[:len(open)-1]
		if known, ok := sides[i]; ok {
			if known != side {
				return false
			}
			continue
		}
		sides[i] = side
		for h := range b.plane.edgesOf(b.cells[i]) {
			if next, ok := inside[b.plane.cellOf(h.reverse())]; ok && !b.plane.onLine[h] && next != i {
				open = append(open, next)
			}
		}
	}
	return true
}

func (b *bench) areaOn(sides map[int]int, side int) (area float64) {
	for i, s := range sides {
		if s == side {
			area += b.plane.area(b.cells[i], b.metric)
		}
	}
	return area
}

// finish dissolves the cells into areas and takes them into the draft, if
// they are a partition. Nodes that part nothing are left out; should that make
// edges meet, those on the edges of the named areas stay.
func (b *bench) finish() error {
	for _, keep := range []map[Vertex]bool{nil, b.nodes()} {
		drawn := b.dissolve(keep)
		if b.proven(drawn) {
			b.take(drawn)
			return nil
		}
	}
	return &spatial.InvalidError{Rule: "partition", Where: b.codes[0], Detail: "the redrawn areas do not fit together",
		Fix: "draw with fewer or simpler lines"}
}

// nodes are the vertices of the named areas after they were noded: nobody has
// their edges but areas on the bench.
func (b *bench) nodes() map[Vertex]bool {
	all := map[Vertex]bool{}
	for i := range b.plane.faces[:b.named] {
		for h := range b.plane.faces[i].halfEdges() {
			all[h.from] = true
		}
	}
	return all
}

// straightened is a ring without those of its idle vertices at which it does
// not bend by more than the lattice makes it.
func straightened(ring []Vertex, idle func(Vertex) bool) []Vertex {
	kept := make([]Vertex, 0, len(ring))
	for i, v := range ring {
		before, after := ring[(i+len(ring)-1)%len(ring)], ring[(i+1)%len(ring)]
		if !idle(v) || !passes(halfEdge{before, after}, v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// dissolve joins the cells of each area. Nodes of degree two on straight
// edges that were no vertices before are left out unless they are to be kept.
func (b *bench) dissolve(keep map[Vertex]bool) []face {
	mine := map[int32]int32{}
	for i, c := range b.cells {
		mine[c.outer] = b.owner[i]
	}
	ownerOf := func(h halfEdge) int32 {
		if owner, ok := mine[b.plane.cellOf(h)]; ok {
			return owner
		}
		return -1
	}
	boundary := make([][]halfEdge, len(b.codes))
	degree := map[Vertex]int{}
	for _, c := range b.cells {
		for h := range b.plane.edgesOf(c) {
			owner, beyond := ownerOf(h), ownerOf(h.reverse())
			if owner < 0 || owner == beyond {
				continue
			}
			boundary[owner] = append(boundary[owner], h)
			if degree[h.from]++; beyond < 0 {
				degree[h.to]++ // the edge is met in this direction only
			}
		}
	}
	drawn := make([]face, len(b.codes))
	for i, edges := range boundary {
		drawn[i] = face{code: b.codes[i]}
		for _, l := range loops(edges) {
			for _, ring := range simpleRings(l.vertices()) {
				idle := func(v Vertex) bool { return degree[v] == 2 && !b.before[v] && !b.drawing[v] && !keep[v] }
				drawn[i].rings = append(drawn[i].rings, straightened(ring, idle))
			}
		}
	}
	return drawn
}

// proven says whether the drawn areas take exactly the place of the old ones.
// Where the partition ends, its edges may have new nodes, less than a step
// beside them; an edge shared with an area that is not on the bench may not.
func (b *bench) proven(drawn []face) bool {
	if slices.ContainsFunc(drawn, func(f face) bool { return !f.sound() }) {
		return false
	}
	was, _ := pair(b.old)
	now, overlaps := pair(drawn)
	if len(overlaps) > 0 || len(now.meetings(drawn)) > 0 {
		return false
	}
	var plain []halfEdge
	for _, l := range loops(now.unpaired()) {
		vertices := l.vertices()
		kept := slices.DeleteFunc(slices.Clone(vertices), func(v Vertex) bool { return !b.before[v] })
		for i, from := range kept {
			h := halfEdge{from, kept[(i+1)%len(kept)]}
			if !slices.Contains(l, h) && b.shared(h) {
				return false
			}
			plain = append(plain, h)
		}
	}
	return sameEdges(was.unpaired(), plain)
}

// sound says whether every ring encloses something and they nest.
func (f *face) sound() bool {
	shells := 0
	for _, ring := range f.rings {
		turn := winding(ring)
		if _, twice := repeated(ring); twice || turn == 0 {
			return false
		}
		if turn > 0 {
			shells++
		}
	}
	return (shells > 0 || len(f.rings) == 0) && len(f.misnested()) == 0
}

// shared says whether an area that is not on the bench lies beyond an edge.
func (b *bench) shared(h halfEdge) bool {
	for _, f := range b.draft.around(&face{rings: [][]Vertex{{h.from, h.to}}}) {
		if _, laid := b.at[f.code]; laid {
			continue
		}
		for g := range f.halfEdges() {
			if g == h.reverse() {
				return true
			}
		}
	}
	return false
}

func (b *bench) take(drawn []face) {
	b.draft.moved = append(b.draft.moved, b.pieces()...)
	for i := range drawn {
		switch {
		case len(drawn[i].rings) == 0:
			b.draft.faces[b.codes[i]] = nil
		case i >= len(b.old) || !b.old[i].same(&drawn[i]):
			b.draft.faces[b.codes[i]] = &drawn[i]
		}
	}
}

// pieces are the cells that have another owner now.
func (b *bench) pieces() []Piece {
	type hands struct{ from, to int32 }
	at := map[int32]hands{}
	for i, c := range b.cells {
		if b.owner[i] >= 0 && b.owner[i] != c.covers[0] {
			at[c.outer] = hands{c.covers[0], b.owner[i]}
		}
	}
	edges := map[hands][]halfEdge{}
	for _, c := range b.cells {
		if own, moved := at[c.outer]; moved {
			for h := range b.plane.edgesOf(c) {
				if at[b.plane.cellOf(h.reverse())] != own {
					edges[own] = append(edges[own], h)
				}
			}
		}
	}
	var pieces []Piece
	for own, around := range edges {
		pieces = append(pieces, Piece{b.codes[own.from], b.codes[own.to], polygonOf(around)})
	}
	slices.SortFunc(pieces, func(p, q Piece) int { return cmp.Or(cmp.Compare(p.From, q.From), cmp.Compare(p.To, q.To)) })
	return pieces
}

// same says whether two faces have the same edges.
func (f *face) same(g *face) bool {
	var edges edgeList
	for h := range f.halfEdges() {
		edges.add(h)
	}
	n := 0
	for h := range g.halfEdges() {
		if n++; edges.find(h) < 0 {
			return false
		}
	}
	return n == len(edges.order)
}

func (f *face) geometry() orb.Geometry {
	if f == nil {
		return nil
	}
	return polygonOfRings(f.rings)
}

// newDrawing puts a drawn polygon on the lattice.
func newDrawing(drawn orb.Geometry) (face, error) {
	refuse := func(at *orb.Point, detail, fix string) (face, error) {
		return face{}, &spatial.InvalidError{Rule: "drawing_ring", At: at, Detail: detail, Fix: fix}
	}
	f := lattice.faces([]Area{{"", drawn}})[0]
	if len(f.rings) == 0 {
		return refuse(placeIn(drawn), "the drawing is not a polygon", "draw an area")
	}
	for _, ring := range f.rings {
		if winding(ring) == 0 {
			return refuse(placeIn(drawn), "a ring of the drawing encloses nothing", "draw an area")
		}
	}
	edges, twice := pair([]face{f})
	if meet := append(twice, edges.someMeetings([]face{f}, 1)...); len(meet) > 0 {
		return refuse(&meet[0].At, "the drawn area crosses or touches itself", "draw a simple outline")
	}
	return f, nil
}

// newLine puts a drawn line on the lattice.
func newLine(drawn orb.LineString) ([]Vertex, error) {
	line := slices.Compact(lineOf(drawn))
	edges := &edgeSet{}
	for i := 1; i < len(line); i++ {
		h := halfEdge{line[i-1], line[i]}
		if _, added := edges.add(h); !added || edges.find(h.reverse()) >= 0 {
			return nil, lineCrosses(h.from)
		}
		edges.owner = append(edges.owner, 0)
	}
	if meet := edges.someMeetings([]face{{}}, 1); len(meet) > 0 {
		return nil, lineCrosses(VertexOf(meet[0].At))
	}
	return line, nil
}

func lineCrosses(at Vertex) error {
	place := at.LL()
	return &spatial.InvalidError{Rule: "line_simple", At: &place, Detail: "the line crosses or touches itself", Fix: "draw a simple line"}
}

func placeIn(g orb.Geometry) *orb.Point {
	for _, run := range positionsOf(g) {
		if len(run) > 0 {
			return &run[0]
		}
	}
	return nil
}
