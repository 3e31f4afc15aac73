package postgis

import (
	"context"
	"log/slog"
	"testing"

	"wangge/data"
	"wangge/data/postgis/postgistest"
	"wangge/data/storetest"
)

func openStore(ctx context.Context, url string) (data.Store, error) {
	store, err := Open(ctx, url, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return store, nil
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) string { return postgistest.URL(t) }, openStore)
}
