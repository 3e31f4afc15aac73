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

// ID is the address of a tile in a tile matrix set, WebMercatorQuad where
// none is named: zoom, column from the west, row from the north.
type ID struct{ Z, X, Y uint32 }

// ParseID reads an address of WebMercatorQuad as [Matrix.ParseID] does.
func ParseID(z, x, y string) (ID, error) { return WebMercatorQuad.ParseID(z, x, y) }

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

// Valid says whether the address is in WebMercatorQuad.
func (id ID) Valid() bool { return WebMercatorQuad.Has(id) }

// String is the address as z/x/y.
func (id ID) String() string { return fmt.Sprintf("%d/%d/%d", id.Z, id.X, id.Y) }

// Bound is the square of a tile of WebMercatorQuad in degrees (lon, lat),
// without the buffer.
func (id ID) Bound() orb.Bound { return WebMercatorQuad.Bound(id) }

// At is the tile of a zoom of WebMercatorQuad that holds a position in degrees
// (lon, lat).
func At(p orb.Point, z uint32) ID { return WebMercatorQuad.At(p, z) }
