package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"wangge/data"
	"wangge/data/geopackage"
	"wangge/data/postgis"
)

// defaultStore is made from the reference dataset when it is not there.
const defaultStore = "var/luohu.gpkg"

// storeFlag is the --store of every command that needs one.
type storeFlag struct {
	Store string `help:"Where the layers are kept: postgres://… or the path of a .gpkg file." default:"${store_default}" placeholder:"STORE" env:"WANGGE_STORE"`
}

func isPostgres(store string) bool {
	return strings.HasPrefix(store, "postgres://") || strings.HasPrefix(store, "postgresql://")
}

// exists says whether the store is there. What can be no store is an error.
func (f storeFlag) exists(ctx context.Context) (bool, error) {
	if isPostgres(f.Store) {
		return postgis.Exists(ctx, f.Store)
	}
	if f.Store == "" || strings.Contains(f.Store, "://") {
		return false, fmt.Errorf("the store %q is neither postgres://… nor the path of a .gpkg file", f.Store)
	}
	_, err := os.Stat(f.Store)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// open opens a store that exists.
func (f storeFlag) open(ctx context.Context, log *slog.Logger) (data.Store, error) {
	there, err := f.exists(ctx)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, fmt.Errorf("there is no store at %s: make one with: wangge init --sample --store %s", f.name(), f.name())
	}
	return f.make(ctx, log)
}

// make opens a store, making an empty one if there is none.
func (f storeFlag) make(ctx context.Context, log *slog.Logger) (data.Store, error) {
	if isPostgres(f.Store) {
		return postgis.Open(ctx, f.Store, log)
	}
	if _, err := f.exists(ctx); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(f.Store), 0o755); err != nil {
		return nil, fmt.Errorf("make the store's folder: %w", err)
	}
	return geopackage.Open(ctx, f.Store, log)
}

// name is the store as messages show it: without a password.
func (f storeFlag) name() string {
	if !isPostgres(f.Store) {
		return f.Store
	}
	scheme, rest, _ := strings.Cut(f.Store, "://")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		user, _, _ := strings.Cut(rest[:at], ":")
		return scheme + "://" + user + rest[at:]
	}
	return f.Store
}
