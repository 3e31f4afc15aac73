package geopackage_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"wangge/data"
	"wangge/data/geopackage"
	"wangge/data/storetest"
)

var quiet = slog.New(slog.DiscardHandler)

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Fresh:    func(t *testing.T) string { return filepath.Join(t.TempDir(), "空 store?#%.gpkg") },
		Open:     func(ctx context.Context, place string) (data.Store, error) { return geopackage.Open(ctx, place, quiet) },
		Client:   client,
		Geometry: blobLiteral,
	})
}

// client is a GIS at the file, with a minute's patience.
func client(t *testing.T, place string) func(string) error {
	db := foreign(t, "file:"+(&url.URL{Path: filepath.ToSlash(place)}).EscapedPath()+"?_pragma=busy_timeout(60000)")
	return func(statement string) error {
		_, err := db.ExecContext(t.Context(), statement)
		return err
	}
}

// blobLiteral is a geometry as GeoPackage keeps it, little-endian and without
// an envelope, OGC 12-128r18 clause 2.1.3.
func blobLiteral(g orb.Geometry) string {
	if g == nil {
		return "NULL"
	}
	blob := binary.LittleEndian.AppendUint32([]byte("GP\x00\x01"), 4490)
	return fmt.Sprintf("X'%x'", append(blob, wkb.MustMarshal(g, binary.LittleEndian)...))
}
