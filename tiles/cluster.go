package tiles

import (
	"cmp"
	"slices"

	"wangge/spatial"
)

const (
	// clusterAbove is how many features of a layer may stand for themselves at
	// every zoom.
	clusterAbove = 5000
	// pointsFrom and shapesFrom are the zooms of WebMercatorQuad from which
	// those of larger layers do: points until then lie on top of each other,
	// and outlines of buildings are but a few pixels.
	pointsFrom, shapesFrom = 15, 14
	// mostInTile is how many features of any layer may stand for themselves in
	// a tile, at any zoom.
	mostInTile = 4000
	// mostUpper is how many of the highest ranks stand for themselves in a
	// tile in which others are in clusters.
	mostUpper = 64
	// clusterSide is the side of a cluster's square in tile units: 64 pixels
	// where a tile is shown 512 pixels wide.
	clusterSide = 512
	perSide     = Extent / clusterSide
)

// CountTag is the tag of a cluster that says how many features it stands for.
const CountTag = "point_count"

// ClusteredBelow is the zoom of WebMercatorQuad below which the features of a
// layer stand in clusters everywhere, 0 if at none.
func ClusteredBelow(l *spatial.Layer) int {
	switch schema := l.Schema(); {
	case l.Len() <= clusterAbove || schema.Partition:
		return 0
	case schema.Geometry == spatial.Points:
		return pointsFrom
	}
	return shapesFrom
}

// ClusteredAbove is how many features of a layer one tile shows for themselves,
// at any zoom, 0 if the layer does not have more.
func ClusteredAbove(l *spatial.Layer) int {
	if l.Len() <= mostInTile {
		return 0
	}
	return mostInTile
}

func clustered(l *spatial.Layer, z uint32) bool { return int(z) < ClusteredBelow(l) }

// crowd is what stands in a tile where not all can be shown for themselves.
// Each feature counts by the one position that stands for it, in the one tile
// that holds this, so over the tiles of a zoom nothing is left out or counted
// twice.
type crowd struct {
	squares [perSide * perSide]spatial.Tally // by row and column
	alone   []spatial.Feature                // stand for themselves and are in no square
}

// crowd is nil where the features of the layer, many as may be near, stand for
// themselves; they do not if they are always in clusters.
func (e *layerEncoder) crowd(always bool) (*crowd, error) {
	if e.where == nil && e.shaper.frame.asStored() {
		return e.countedCrowd(always), nil
	}
	if always {
		e.near = e.finder.Meeting(e.layer, e.shaper.frame.reach())
	}
	return e.scannedCrowd(always)
}

// countedCrowd asks the layer's own tallies, which do not grow with what
// stands there.
func (e *layerEncoder) countedCrowd(always bool) *crowd {
	tile := spatial.Square{Depth: e.id.Z, Column: e.id.X, Row: e.id.Y}
	total := e.layer.Tally(tile)
	if !always && total.Features <= mostInTile {
		return nil
	}
	c := &crowd{}
	c.fill(e.layer, tile)
	upper := e.upper(total)
	for rank := range upper {
		for f := range e.layer.Within(tile, rank) {
			c.take(e, f)
		}
	}
	for i := range c.squares {
		if c.squares[i].Features != 1 {
			continue
		}
		for f := range e.layer.Within(part(tile, i), -1) {
			if e.layer.RankOf(f) >= upper {
				c.take(e, f)
				break
			}
		}
	}
	return c
}

// squareBits is by how many levels of the quad tree a square is below its tile.
const squareBits = 3

// part is the i-th square of a tile.
func part(tile spatial.Square, i int) spatial.Square {
	return spatial.Square{Depth: tile.Depth + squareBits,
		Column: tile.Column<<squareBits + uint32(i%perSide), Row: tile.Row<<squareBits + uint32(i/perSide)}
}

// fill counts what stands in the squares, where anything does.
func (c *crowd) fill(l *spatial.Layer, tile spatial.Square) {
	for i := range c.squares {
		c.squares[i] = l.Tally(part(tile, i))
	}
}

// upper is how many of the highest ranks are few enough in the tile to stand
// for themselves.
func (e *layerEncoder) upper(total spatial.Tally) int {
	schema := e.layer.Schema()
	field := schema.FieldIndex(schema.Rank)
	if field < 0 {
		return 0
	}
	n := 0
	for rank := range schema.Fields[field].Values {
		if n += total.Ranks[rank]; n > mostUpper {
			return rank
		}
	}
	return len(schema.Fields[field].Values)
}

// take lets a feature stand for itself.
func (c *crowd) take(e *layerEncoder, f spatial.Feature) {
	w, square := e.stands(f)
	t := &c.squares[square]
	t.Features--
	t.Ranks[e.layer.RankOf(f)]--
	t.X, t.Y = t.X-int64(w[0]), t.Y-int64(w[1])
	c.alone = append(c.alone, f)
}

// stands is where a feature stands, in steps of the matrix, and in which square
// of the tile; -1 if in none.
func (e *layerEncoder) stands(f spatial.Feature) (spatial.World, int) {
	w, ok := f.Stands()
	if !ok {
		return w, -1
	}
	frame := e.shaper.frame
	if !frame.asStored() {
		w = frame.worldOf(w.LL())
	}
	side := frame.shift + 12 // a tile is 4096 units wide
	x, y := int64(w[0])-frame.origin[0], int64(w[1])-frame.origin[1]
	if x>>side != 0 || y>>side != 0 {
		return w, -1
	}
	return w, int(y>>(side-squareBits))*perSide + int(x>>(side-squareBits))
}

// scannedCrowd looks at every feature that may stand in the tile.
func (e *layerEncoder) scannedCrowd(always bool) (*crowd, error) {
	c, total := &crowd{}, spatial.Tally{}
	var here []spatial.Feature
	for i, err := range e.selected() {
		if err != nil {
			return nil, err
		}
		f := e.near[i]
		w, square := e.stands(f)
		if square < 0 {
			continue
		}
		here = append(here, f)
		rank, t := e.layer.RankOf(f), &c.squares[square]
		total.Features++
		total.Ranks[rank]++
		t.Features++
		t.Ranks[rank]++
		t.X, t.Y = t.X+int64(w[0]), t.Y+int64(w[1])
	}
	if !always && total.Features <= mostInTile {
		return nil, nil
	}
	e.takeFrom(c, here, e.upper(total))
	return c, nil
}

// takeFrom lets those of the highest ranks stand for themselves, and those
// that are then left alone in their squares.
func (e *layerEncoder) takeFrom(c *crowd, here []spatial.Feature, upper int) {
	for _, f := range here {
		if e.layer.RankOf(f) < upper {
			c.take(e, f)
		}
	}
	for _, f := range here {
		if _, square := e.stands(f); e.layer.RankOf(f) >= upper && c.squares[square].Features == 1 {
			c.take(e, f)
		}
	}
}

// addCrowd appends those who stand for themselves, in id order, and the
// clusters, row by row. All are points.
func (e *layerEncoder) addCrowd(c *crowd) {
	slices.SortFunc(c.alone, func(a, b spatial.Feature) int { return cmp.Compare(a.ID(), b.ID()) })
	for _, f := range c.alone {
		w, _ := e.stands(f)
		e.shaper.point(within(e.shaper.frame.place(w)))
		e.tag(f)
		e.tagValue(CountTag, spatial.Int(1))
		e.finish(uint64(f.ID()), typePoint)
	}
	for i := range c.squares {
		if c.squares[i].Features > 0 {
			e.addCluster(i, c.squares[i])
		}
	}
}

// addCluster appends a cluster at the mean position of its members. Its id is
// that of its square: apart from those of features and exact in a double.
func (e *layerEncoder) addCluster(square int, t spatial.Tally) {
	n := int64(t.Features)
	mean := spatial.World{int32(floor(t.X, n)), int32(floor(t.Y, n))}
	e.shaper.point(within(e.shaper.frame.place(mean)))
	e.tags = e.tags[:0]
	e.tagRanks(t)
	e.tagValue(CountTag, spatial.Int(n))
	column, row := uint64(e.id.X)<<squareBits+uint64(square%perSide), uint64(e.id.Y)<<squareBits+uint64(square/perSide)
	e.finish(1<<52|row<<26|column, typePoint)
}

// within brings what rounding puts on the tile's far edges back into it, as
// clients leave out symbols that stand there.
func within(p px) px { return px{min(p[0], Extent-1), min(p[1], Extent-1)} }

func floor(sum, n int64) int64 {
	if sum < 0 {
		return -((-sum + n - 1) / n)
	}
	return sum / n
}

// tagRanks says which is the highest rank in a cluster, and how many there are
// of each.
func (e *layerEncoder) tagRanks(t spatial.Tally) {
	schema := e.layer.Schema()
	field := schema.FieldIndex(schema.Rank)
	if field < 0 || !slices.Contains(e.fields, field) {
		return
	}
	values := schema.Fields[field].Values
	highest := slices.IndexFunc(t.Ranks[:], func(n int) bool { return n > 0 })
	if highest < len(values) {
		e.tagValue(schema.Rank, spatial.Text(values[highest].Value))
	}
	for rank, n := range t.Ranks {
		switch {
		case n == 0:
		case rank < len(values):
			e.tagValue(schema.Rank+"_"+values[rank].Value, spatial.Int(int64(n)))
		default:
			e.tagValue(schema.Rank+"_none", spatial.Int(int64(n)))
		}
	}
}

// tagValue appends a tag of any name.
func (e *layerEncoder) tagValue(name string, v spatial.Value) {
	key := slices.Index(e.keys, name)
	if key < 0 {
		key = len(e.keys)
		e.keys = append(e.keys, name)
	}
	e.tags = appendVarint(e.tags, uint64(key))
	e.tags = appendVarint(e.tags, e.values.code(v))
}
