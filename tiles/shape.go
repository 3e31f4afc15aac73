package tiles

import (
	"math"
	"slices"

	"wangge/spatial"
)

// Geometry types and commands of the specification, 4.3.
const (
	typePoint   = 1
	typeLine    = 2
	typePolygon = 3

	moveTo    = 1
	lineTo    = 2
	closePath = 7
)

// shaper turns geometry into the command integers of one tile. Its slices are
// scratch that the next feature reuses.
type shaper struct {
	frame    frame
	moved    []spatial.World // a part in steps of the matrix, where it is not stored in them
	survey   survey          // of what is near, where it is simplified
	thinned  bool            // it is
	paths    arena
	rings    [][]px
	owners   []int // the shell of each hole
	shells   [][]px
	holes    [][]px
	cutter   cutter
	sweep    sweep
	commands []byte
	cursor   px
	trace    px   // somewhere the feature is, within the buffered square
	traced   bool // trace is set: the feature is in the tile
}

// begin makes ready for features of a layer, of which it is given all that
// are near the tile.
func (s *shaper) begin(near []spatial.Feature) {
	s.thinned = len(near) > 0 && near[0].Layer().Schema().Geometry != spatial.Points && s.frame.matrix.level(s.frame.zoom) < simplifiedBelow
	if !s.thinned {
		return
	}
	s.survey.reset()
	for _, f := range near {
		s.survey.first = append(s.survey.first, len(s.survey.parts))
		kind := f.Kind()
		for part := range f.Parts() {
			from, closed := len(s.survey.paths), kind == spatial.Polygons
			if closed {
				s.placeRing(&s.survey.paths, part, (*shaper).place)
			} else {
				s.place(&s.survey.paths, s.world(part))
			}
			s.survey.parts = append(s.survey.parts, surveyed{from, len(s.survey.paths), closed})
		}
	}
	s.survey.find()
}

// shape encodes the geometry of a feature, the i-th of those near, into
// s.commands and says of which type it is; 0 if the feature is not in the tile.
func (s *shaper) shape(f spatial.Feature, i int) int {
	s.paths, s.commands = s.paths[:0], s.commands[:0]
	s.cursor, s.traced = px{}, false
	switch f.Kind() {
	case spatial.Points:
		return s.points(f)
	case spatial.Lines:
		return s.lines(f, i)
	case spatial.Polygons:
		return s.polygons(f, i)
	}
	return 0
}

// point encodes a single point.
func (s *shaper) point(p px) {
	s.commands, s.cursor = s.commands[:0], px{}
	s.command(moveTo, 1)
	s.step(p)
}

func (s *shaper) points(f spatial.Feature) int {
	for part := range f.Parts() {
		for _, w := range s.world(part) {
			if p := s.frame.place(w); inSquare(p) {
				s.paths = appendNew(s.paths, p)
			}
		}
	}
	if len(s.paths) == 0 {
		return 0
	}
	s.command(moveTo, len(s.paths))
	for _, p := range s.paths {
		s.step(p)
	}
	return typePoint
}

func inSquare(p px) bool {
	return p[0] >= low && p[0] <= high && p[1] >= low && p[1] <= high
}

func (s *shaper) lines(f spatial.Feature, i int) int {
	at := s.firstPart(i)
	for part := range f.Parts() {
		var line []px
		if s.thinned {
			line = s.survey.simplify(s.survey.parts[at], &s.paths)
		} else {
			line = s.placeNear(&s.paths, s.world(part))
		}
		at++
		for _, piece := range s.cutter.cutLine(line) {
			s.sight(piece)
			if piece = tidyLine(piece); len(piece) >= 2 {
				s.path(piece)
			}
		}
	}
	switch {
	case !s.traced:
		return 0
	case len(s.commands) == 0:
		p := s.dot()
		s.path([]px{p, {p[0] + 1, p[1]}})
	}
	return typeLine
}

// firstPart is where the survey has the parts of a feature.
func (s *shaper) firstPart(i int) int {
	if !s.thinned {
		return 0
	}
	return s.survey.first[i]
}

func (s *shaper) polygons(f spatial.Feature, i int) int {
	s.rings = s.rings[:0]
	at, all, skip := s.firstPart(i), noBox(), false
	for part := range f.Parts() {
		var ring []px
		if s.thinned {
			ring = s.survey.simplify(s.survey.parts[at], &s.paths)
		} else {
			ring = s.placeRing(&s.paths, part, (*shaper).placeNear)
		}
		at++
		box := boxOf(ring)
		if part.Shell {
			skip = box.apart()
		}
		if !skip && !box.apart() {
			all = all.union(box)
			s.rings = append(s.rings, ring)
		}
	}
	s.clip(all)
	s.area()
	switch {
	case !s.traced:
		return 0
	case len(s.commands) == 0:
		p := s.dot()
		s.ring([]px{p, {p[0] + 1, p[1]}, {p[0] + 1, p[1] + 1}, {p[0], p[1] + 1}})
	}
	return typePolygon
}

// area encodes the polygons of s.shells and s.holes. A hole belongs to the
// smallest shell around it.
func (s *shaper) area() {
	s.owners = s.owners[:0]
	for _, hole := range s.holes {
		owner, least := -1, int64(math.MaxInt64)
		for i, shell := range s.shells {
			if size := doubleArea(shell); size < least && encloses(shell, hole) {
				owner, least = i, size
			}
		}
		s.owners = append(s.owners, owner)
	}
	for i, shell := range s.shells {
		s.ring(shell)
		for k, hole := range s.holes {
			if s.owners[k] == i {
				s.ring(hole)
			}
		}
	}
}

// clip fills s.shells and s.holes with the outer and the inner rings of what
// lies of s.rings, the rings of all polygons of a feature, in the tile.
func (s *shaper) clip(all box) {
	s.shells, s.holes = s.shells[:0], s.holes[:0]
	if len(s.rings) == 0 {
		return
	}
	rings := s.rings
	if !all.within() {
		rings = s.cutter.cutRings(rings, all)
	}
	tidy := rings[:0]
	for _, ring := range rings {
		s.sight(ring)
		if ring = tidyRing(ring); len(ring) > 0 {
			tidy = append(tidy, ring)
		}
	}
	if !s.sweep.simple(tidy) {
		tidy = redrawn(tidy)
	}
	for _, ring := range tidy {
		if area := doubleArea(ring); area > 0 {
			s.shells = append(s.shells, ring)
		} else if area < 0 {
			s.holes = append(s.holes, ring)
		}
	}
}

// world is a part in steps of the matrix.
func (s *shaper) world(part spatial.Part) []spatial.World {
	if s.frame.asStored() {
		return part.World
	}
	s.moved = s.moved[:0]
	for _, p := range part.Degrees {
		s.moved = append(s.moved, s.frame.worldOf(p))
	}
	return s.moved
}

// place rounds a path to the lattice; positions that fall together are one.
func (s *shaper) place(to *arena, world []spatial.World) []px {
	from := len(*to)
	for _, w := range world {
		to.add(from, s.frame.place(w))
	}
	return to.take(from)
}

// placeNear does it without what is far from the tile: positions that lie, with
// both beside them, beyond the same edge of the buffered square. Nothing of
// such a stretch is left when the path is cut, nor of the straight way past it,
// and around the square the path winds as before.
func (s *shaper) placeNear(to *arena, world []spatial.World) []px {
	from := len(*to)
	last, here := outside(0), s.frame.outside(world[0])
	for i, w := range world[:len(world)-1] {
		next := s.frame.outside(world[i+1])
		if last&here&next == 0 {
			to.add(from, s.frame.place(w))
			last = here
		}
		here = next
	}
	to.add(from, s.frame.place(world[len(world)-1]))
	return to.take(from)
}

// placeRing rounds a ring, without its closing position, and winds it as the
// specification asks: shells with positive area, holes negative.
func (s *shaper) placeRing(to *arena, part spatial.Part, place func(*shaper, *arena, []spatial.World) []px) []px {
	world := s.world(part)
	ring := place(s, to, world[:len(world)-1])
	for len(ring) > 1 && ring[0] == ring[len(ring)-1] {
		ring = ring[:len(ring)-1]
		*to = (*to)[:len(*to)-1]
	}
	if part.Clockwise != part.Shell {
		slices.Reverse(ring)
	}
	return ring
}

// sight notes that a path of the feature is in the tile, and not merely along
// the border of the buffer.
func (s *shaper) sight(path []px) {
	if !s.traced && boxOf(path).inside() {
		s.trace, s.traced = path[0], true
	}
}

// dot is where something too small to show is shown one unit wide.
func (s *shaper) dot() px { return px{min(s.trace[0], high-1), min(s.trace[1], high-1)} }

func (s *shaper) path(line []px) {
	s.command(moveTo, 1)
	s.step(line[0])
	s.command(lineTo, len(line)-1)
	for _, p := range line[1:] {
		s.step(p)
	}
}

func (s *shaper) ring(ring []px) {
	s.path(ring)
	s.command(closePath, 1)
}

func (s *shaper) command(id, count int) {
	s.commands = appendVarint(s.commands, uint64(id)|uint64(count)<<3)
}

// step appends the way from the cursor to p.
func (s *shaper) step(p px) {
	s.commands = appendVarint(s.commands, zigzag(p[0]-s.cursor[0]))
	s.commands = appendVarint(s.commands, zigzag(p[1]-s.cursor[1]))
	s.cursor = p
}

// box is the smallest box around a path.
type box struct{ min, max px }

// noBox is around nothing.
func noBox() box { return box{px{math.MaxInt64, math.MaxInt64}, px{math.MinInt64, math.MinInt64}} }

func boxOf(path []px) box {
	b := noBox()
	for _, p := range path {
		b.min = px{min(b.min[0], p[0]), min(b.min[1], p[1])}
		b.max = px{max(b.max[0], p[0]), max(b.max[1], p[1])}
	}
	return b
}

func (b box) union(o box) box {
	return box{px{min(b.min[0], o.min[0]), min(b.min[1], o.min[1])}, px{max(b.max[0], o.max[0]), max(b.max[1], o.max[1])}}
}

// within says whether the box lies in the buffered square.
func (b box) within() bool { return inSquare(b.min) && inSquare(b.max) }

// inside says whether more of the box than its edge lies in the square.
func (b box) inside() bool {
	return b.max[0] > low && b.max[1] > low && b.min[0] < high && b.min[1] < high
}

// apart says whether the box lies beside the buffered square.
func (b box) apart() bool {
	return b.max[0] < low || b.max[1] < low || b.min[0] > high || b.min[1] > high
}
