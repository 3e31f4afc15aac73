package geopackage_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"wangge/data"
	"wangge/data/geopackage"
	"wangge/data/storetest"
)

var quiet = slog.New(slog.DiscardHandler)

func TestConformance(t *testing.T) {
	storetest.Run(t,
		func(t *testing.T) string { return filepath.Join(t.TempDir(), "空 store?#%.gpkg") },
		func(ctx context.Context, place string) (data.Store, error) { return geopackage.Open(ctx, place, quiet) })
}
