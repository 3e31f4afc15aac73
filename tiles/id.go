package tiles

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

const (
	// MaxZoom is the deepest zoom: there one unit of a tile is one step of
	// [spatial.World]. Clients magnify its tiles beyond.
	MaxZoom = 20
	// Extent is the side of a tile in its own units.
	Extent = 4096
	// Buffer is the margin around a tile, in its units, within which
	// geometry is kept so that strokes and symbols meet at the edges: 8
	// pixels where a tile is shown 512 pixels wide.
	Buffer = 64
)

// ID is the address of a tile in the Web Mercator quad tree (WebMercatorQuad):
// zoom, column from the west, row from the north.
type ID struct{ Z, X, Y uint32 }

// ParseID reads an address from decimal digits. Anything else, leading zeros
// included, is a *spatial.InvalidError; an address outside the matrix is
// [spatial.ErrNotFound].
func ParseID(z, x, y string) (ID, error) {
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
	if !id.Valid() {
		return ID{}, fmt.Errorf("tile %s/%s/%s is outside the matrix: z is at most %d, x and y are less than 2 to the power of z: %w",
			z, x, y, MaxZoom, spatial.ErrNotFound)
	}
	return id, nil
}

// parseNumber reads digits; a number too large for the type is one that no
// matrix has.
func parseNumber(name, text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if errors.Is(err, strconv.ErrRange) {
		return math.MaxUint32, nil
	}
	if err != nil || len(text) > 1 && text[0] == '0' {
		return 0, &spatial.InvalidError{Rule: "tile_address", Where: "tile",
			Detail: fmt.Sprintf("%s is %q, not a whole number in plain digits", name, text)}
	}
	return uint32(n), nil
}

// Valid says whether the address is in the matrix.
func (id ID) Valid() bool { return id.Z <= MaxZoom && id.X>>id.Z == 0 && id.Y>>id.Z == 0 }

// String is the address as z/x/y.
func (id ID) String() string { return fmt.Sprintf("%d/%d/%d", id.Z, id.X, id.Y) }

// Bound is the tile's square in degrees (lon, lat), without the buffer.
func (id ID) Bound() orb.Bound { return id.frame().bound(0) }

// At is the tile of a zoom that holds a position in degrees (lon, lat).
func At(p orb.Point, z uint32) ID {
	w := spatial.WorldOf(p)
	shift := 32 - z
	return ID{z, uint32((int64(w[0]) + worldHalf) >> shift), uint32((int64(w[1]) + worldHalf) >> shift)}
}

// worldHalf is half the side of the world square, in steps.
const worldHalf = 1 << 31

// px is a position in tile units from the tile's north-west corner, x to the
// east and y to the south.
type px [2]int64

// frame places world coordinates in one tile.
type frame struct {
	origin px   // north-west corner, in world steps
	shift  uint // one unit is 1<<shift steps
}

func (id ID) frame() frame {
	side := 32 - id.Z
	return frame{
		origin: px{int64(id.X)<<side - worldHalf, int64(id.Y)<<side - worldHalf},
		shift:  uint(MaxZoom - id.Z),
	}
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

// bound is the square with a margin in world steps, in degrees, as far as the
// world goes.
func (f frame) bound(margin int64) orb.Bound {
	side := int64(Extent) << f.shift
	return orb.Bound{
		Min: orb.Point{longitude(f.origin[0] - margin), latitude(f.origin[1] + side + margin)},
		Max: orb.Point{longitude(f.origin[0] + side + margin), latitude(f.origin[1] - margin)},
	}
}

func longitude(step int64) float64 { return 360*fraction(step) - 180 }

func latitude(step int64) float64 {
	return math.Atan(math.Sinh((0.5-fraction(step))*2*math.Pi)) * 180 / math.Pi
}

// fraction is a step's share of the side of the world, from 0 to 1.
func fraction(step int64) float64 {
	return float64(min(max(step, -worldHalf), worldHalf)+worldHalf) / (2 * worldHalf)
}

// reach is where anything may lie that rounding can bring into the buffered
// square: the buffer, half a unit, and a step for the rounding of world
// coordinates; at the world's north and south edge all that is beyond it,
// since [spatial.WorldOf] brings it there.
func (f frame) reach() orb.Bound {
	b := f.bound(int64(Buffer)<<f.shift + int64(1)<<f.shift>>1 + 1)
	if b.Max[1] >= latitude(-worldHalf) {
		b.Max[1] = 90
	}
	if b.Min[1] <= latitude(worldHalf) {
		b.Min[1] = -90
	}
	return b
}
