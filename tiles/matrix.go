package tiles

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// Matrix is a tile matrix set (OGC 17-083r4): a quad tree of square tiles.
// Its lattice has steps of 2⁻³² of the whole circle, x to the east and y to
// the south, and at the deepest zoom one step is one unit of a tile.
type Matrix struct {
	ID      string        // WebMercatorQuad
	Title   spatial.Title // for people
	CRS     datum.CRS     // of the tiles
	MaxZoom uint32        // the deepest zoom
	// Columns and Rows are how many tiles there are at zoom 0.
	Columns, Rows uint32

	north   int64                                 // the northern edge, in steps
	project func(degrees orb.Point) spatial.World // nil: as [spatial.WorldOf]
	degrees func(x, y int64) orb.Point            // back, clamped to the world
}

// The tile matrix sets that are served. The two in degrees are of the same
// tiles; that of CGCS2000 is in the datum and the axis order of EPSG:4490, and
// its zoom z is level z+1 of the service 天地图 ("c").
var (
	WebMercatorQuad = &Matrix{ID: "WebMercatorQuad", Title: spatial.Title{ZH: "Web 墨卡托", EN: "Google Maps compatible, Web Mercator"},
		CRS: datum.EPSG3857, MaxZoom: MaxZoom, Columns: 1, Rows: 1, north: -worldHalf, degrees: mercatorDegrees}
	WorldCRS84Quad = &Matrix{ID: "WorldCRS84Quad", Title: spatial.Title{ZH: "经纬度（CRS84）", EN: "degrees, CRS84 for the world"},
		CRS: datum.CRS84, MaxZoom: MaxZoom - 1, Columns: 2, Rows: 1, north: -worldHalf / 2, project: plate, degrees: plateDegrees}
	CGCS2000Quad = &Matrix{ID: "CGCS2000Quad", Title: spatial.Title{ZH: "经纬度（CGCS2000，EPSG:4490）", EN: "degrees, CGCS2000 (EPSG:4490)"},
		CRS: datum.EPSG4490, MaxZoom: MaxZoom - 1, Columns: 2, Rows: 1, north: -worldHalf / 2, project: plate, degrees: plateDegrees}
)

// Matrices lists the tile matrix sets that are served, the usual one first.
func Matrices() []*Matrix { return []*Matrix{WebMercatorQuad, WorldCRS84Quad, CGCS2000Quad} }

// FindMatrix finds a tile matrix set by its id; the error is
// [spatial.ErrNotFound].
func FindMatrix(id string) (*Matrix, error) {
	for _, m := range Matrices() {
		if m.ID == id {
			return m, nil
		}
	}
	return nil, fmt.Errorf("tile matrix set %q: %w", id, spatial.ErrNotFound)
}

// ParseID reads an address from decimal digits. Anything else, leading zeros
// included, is a *spatial.InvalidError; an address outside the matrix is
// [spatial.ErrNotFound].
func (m *Matrix) ParseID(z, x, y string) (ID, error) {
	var id ID
	for _, part := range []struct {
		name, text string
		to         *uint32
	}{{"z", z, &id.Z}, {"x", x, &id.X}, {"y", y, &id.Y}} {
		n, err := parseNumber(part.name, part.text)
		if err != nil {
			return ID{}, err
		}
		*part.to = n
	}
	if !m.Has(id) {
		return ID{}, fmt.Errorf("tile %s/%s/%s is outside the matrix %s: z is at most %d, x less than %d and y less than %d times 2 to the power of z: %w",
			z, x, y, m.ID, m.MaxZoom, m.Columns, m.Rows, spatial.ErrNotFound)
	}
	return id, nil
}

// Has says whether an address is in the matrix.
func (m *Matrix) Has(id ID) bool {
	return id.Z <= m.MaxZoom && id.X>>id.Z < m.Columns && id.Y>>id.Z < m.Rows
}

// Bound is a tile's square in degrees (lon, lat), without the buffer.
func (m *Matrix) Bound(id ID) orb.Bound { return m.frame(id, datum.CRS84).bound(0) }

// At is the tile of a zoom that holds a position in degrees (lon, lat).
func (m *Matrix) At(p orb.Point, z uint32) ID {
	w := m.worldOf(p)
	side := m.MaxZoom + 12 - z
	return ID{z, m.tileOf(int64(w[0])+worldHalf, side, m.Columns<<z), m.tileOf(int64(w[1])-m.north, side, m.Rows<<z)}
}

// tileOf keeps what stands on the far edge of the world in the last tile.
func (m *Matrix) tileOf(steps int64, side, tiles uint32) uint32 {
	return uint32(min(max(steps>>side, 0), int64(tiles)-1))
}

// level is the zoom of WebMercatorQuad at which tiles are as fine as those of
// a zoom of the matrix.
func (m *Matrix) level(z uint32) uint32 { return z + MaxZoom - m.MaxZoom }

func (m *Matrix) worldOf(p orb.Point) spatial.World {
	if m.project == nil {
		return spatial.WorldOf(p)
	}
	return m.project(p)
}

// worldHalf is half the side of the world square, in steps.
const worldHalf = 1 << 31

// plate takes degrees for coordinates as they are (plate carrée).
func plate(p orb.Point) spatial.World {
	return spatial.World{plateStep(p[0]), plateStep(-p[1])}
}

func plateStep(degrees float64) int32 {
	return int32(min(max(math.Round(degrees/360*(1<<32)), math.MinInt32), math.MaxInt32))
}

func plateDegrees(x, y int64) orb.Point {
	y = min(max(y, -worldHalf/2), worldHalf/2)
	return orb.Point{360 * (fraction(x) - 0.5), 360 * (0.5 - fraction(y))}
}

func mercatorDegrees(x, y int64) orb.Point {
	return orb.Point{360*fraction(x) - 180, math.Atan(math.Sinh((0.5-fraction(y))*2*math.Pi)) * 180 / math.Pi}
}

// fraction is a step's share of the side of the world, from 0 to 1.
func fraction(step int64) float64 {
	return float64(min(max(step, -worldHalf), worldHalf)+worldHalf) / (2 * worldHalf)
}

// px is a position in tile units from the tile's north-west corner, x to the
// east and y to the south.
type px [2]int64

// frame places coordinates in one tile.
type frame struct {
	matrix *Matrix
	datum  datum.CRS // GCJ02 or BD09 move what is placed
	origin px        // north-west corner, in steps of the matrix
	shift  uint      // one unit is 1<<shift steps
	zoom   uint32
}

func (m *Matrix) frame(id ID, moved datum.CRS) frame {
	side := m.MaxZoom + 12 - id.Z
	return frame{
		matrix: m,
		datum:  moved,
		origin: px{int64(id.X)<<side - worldHalf, int64(id.Y)<<side + m.north},
		shift:  uint(m.MaxZoom - id.Z),
		zoom:   id.Z,
	}
}

// asStored says whether the tile's coordinates are the world coordinates that
// features come with.
func (f frame) asStored() bool { return f.matrix.project == nil && f.datum == datum.CRS84 }

// worldOf is the position in steps of the matrix of a position in degrees.
func (f frame) worldOf(p orb.Point) spatial.World {
	if f.datum != datum.CRS84 {
		p = datum.FromLL(f.datum, p)
	}
	return f.matrix.worldOf(p)
}

// place rounds a position to the unit lattice, halves to the south-east. The
// lattice is the same for all tiles of a zoom.
func (f frame) place(w spatial.World) px {
	half := int64(1) << f.shift >> 1
	return px{
		(int64(w[0]) - f.origin[0] + half) >> f.shift,
		(int64(w[1]) - f.origin[1] + half) >> f.shift,
	}
}

// outside says beyond which edges of the buffered square a position is, a bit
// for each, and by more than rounding can bring back.
type outside uint8

func (f frame) outside(w spatial.World) (o outside) {
	for axis, at := range w {
		at := int64(at) - f.origin[axis]
		if at < (low-1)<<f.shift {
			o |= 1 << axis
		}
		if at > (high+1)<<f.shift {
			o |= 4 << axis
		}
	}
	return o
}

// bound is the square with a margin in steps, in degrees of the tile's own
// datum, as far as the world goes.
func (f frame) bound(margin int64) orb.Bound {
	side := int64(Extent) << f.shift
	southWest := f.matrix.degrees(f.origin[0]-margin, f.origin[1]+side+margin)
	northEast := f.matrix.degrees(f.origin[0]+side+margin, f.origin[1]-margin)
	return orb.Bound{Min: southWest, Max: northEast}
}

// reach is where anything may lie, in degrees as stored, that rounding can
// bring into the buffered square: the buffer, half a unit, and a step for the
// rounding of world coordinates; at the world's north and south edge all that
// is beyond it, since [spatial.WorldOf] brings it there.
func (f frame) reach() orb.Bound {
	b := f.bound(int64(Buffer)<<f.shift + int64(1)<<f.shift>>1 + 1)
	if b.Max[1] >= f.matrix.degrees(0, -worldHalf)[1] {
		b.Max[1] = 90
	}
	if b.Min[1] <= f.matrix.degrees(0, worldHalf)[1] {
		b.Min[1] = -90
	}
	if f.datum != datum.CRS84 {
		return f.unmoved(b)
	}
	return b
}

// unmoved is a box that holds all that the datum moves into b. The datums move
// by at most 0.02 degrees, and by nearly as much all over a small box.
func (f frame) unmoved(b orb.Bound) orb.Bound {
	const farthest = 0.02
	if b.Max[0]-b.Min[0] > 10*farthest {
		return b.Pad(farthest)
	}
	around := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
	for _, corner := range b.ToRing() {
		around = around.Extend(datum.ToLL(f.datum, corner))
	}
	return around.Pad(0.01*max(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1]) + 1e-6)
}

// Range is an unbroken block of tiles of one zoom: columns and rows from the
// first to the last.
type Range struct{ Z, FirstX, FirstY, LastX, LastY uint32 }

// Touching are the tiles of a zoom that may show something of what is in a box
// (degrees, edges included), in themselves or in their buffers.
func (m *Matrix) Touching(b orb.Bound, z uint32) Range {
	low, high := m.worldOf(b.LeftTop()), m.worldOf(b.RightBottom())
	shift, side := m.MaxZoom-z, m.MaxZoom+12-z
	margin := int64(Buffer)<<shift + int64(1)<<shift>>1 + 1
	return Range{z,
		m.tileOf(int64(low[0])+worldHalf-margin, side, m.Columns<<z), m.tileOf(int64(low[1])-m.north-margin, side, m.Rows<<z),
		m.tileOf(int64(high[0])+worldHalf+margin, side, m.Columns<<z), m.tileOf(int64(high[1])-m.north+margin, side, m.Rows<<z)}
}
