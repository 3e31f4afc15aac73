package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/schollz/progressbar/v3"

	"wangge/api/auth"
	"wangge/spatial"
	"wangge/spatial/datum"
	"wangge/tiles"
)

type tilesCommand struct {
	File string `arg:"" help:"File to write, .pmtiles."`
	storeFlag
	Layers  []spatial.LayerID `help:"Layers to write, in this order; all with geometry if left out." placeholder:"LAYER"`
	MinZoom uint32            `name:"minzoom" help:"Smallest zoom." default:"0"`
	MaxZoom uint32            `name:"maxzoom" help:"Largest zoom, up to 20; maps magnify its tiles beyond." default:"16"`
	Datum   string            `help:"Datum of the tiles: wgs84, or gcj02 or bd09 (derived, good to metres)." default:"wgs84"`
	Whole   bool              `help:"Write the figures that readers without a token do not see, too."`
	Force   bool              `help:"Overwrite the file if it is there."`
}

// Run writes one state of the store beside the file's place and moves it there
// when it is whole.
func (c *tilesCommand) Run(ctx context.Context, p *program) (err error) {
	if strings.ToLower(filepath.Ext(c.File)) != ".pmtiles" {
		return fmt.Errorf("%s: tiles are written as PMTiles; name it .pmtiles", c.File)
	}
	if c.MinZoom > c.MaxZoom || c.MaxZoom > tiles.MaxZoom {
		return fmt.Errorf("--minzoom %d --maxzoom %d: the first must not be above the second, and that at most %d", c.MinZoom, c.MaxZoom, tiles.MaxZoom)
	}
	if err := vacant(c.File, c.Force); err != nil {
		return err
	}
	store, err := c.open(ctx, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	state, err := store.Load(ctx)
	if err != nil {
		return err
	}
	view, err := c.view(state)
	if err != nil {
		return err
	}
	var written tiles.Archive
	err = replace(c.File, func(path string) (err error) {
		written, err = c.write(ctx, p, path, view, state.Version())
		return err
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", c.File, err)
	}
	c.say(p, view, written, state)
	return nil
}

// view is what the tiles show.
func (c *tilesCommand) view(state *spatial.Snapshot) (v tiles.View, err error) {
	shown := state.Published()
	if !c.Whole {
		if shown, err = auth.View(state); err != nil {
			return v, err
		}
	}
	for _, id := range c.Layers {
		layer, err := findLayer(shown, id)
		if err != nil {
			return v, fmt.Errorf("--layers: %w", err)
		}
		v.Layers = append(v.Layers, layer)
	}
	if c.Layers == nil {
		for layer := range shown.Layers() {
			if layer.Schema().Geometry != spatial.NoGeometry {
				v.Layers = append(v.Layers, layer)
			}
		}
	}
	if c.Datum != "wgs84" {
		v.Datum, err = datum.Parse(c.Datum)
		if err == nil && v.Datum != datum.GCJ02 && v.Datum != datum.BD09 {
			err = fmt.Errorf("tiles are in wgs84, gcj02 or bd09")
		}
	}
	if err != nil {
		return v, fmt.Errorf("--datum %s: %w", c.Datum, err)
	}
	return v, nil
}

func (c *tilesCommand) write(ctx context.Context, p *program, path string, view tiles.View, version spatial.Version) (tiles.Archive, error) {
	file, err := os.Create(path)
	if err != nil {
		return tiles.Archive{}, err
	}
	bar := newBar(p.err, "making tiles")
	written, err := tiles.WritePMTiles(ctx, file, tiles.Pyramid{View: view, MinZoom: c.MinZoom, MaxZoom: c.MaxZoom,
		Parallel: runtime.GOMAXPROCS(0), Progress: shownBy(bar)}, map[string]any{"version": fmt.Sprint(version)})
	_ = bar.Finish()
	return written, errors.Join(err, file.Sync(), file.Close())
}

// shownBy shows progress in a bar.
func shownBy(bar *progressbar.ProgressBar) func(done, total int) {
	return func(done, total int) {
		bar.ChangeMax(total)
		_ = bar.Set(done)
	}
}

func (c *tilesCommand) say(p *program, view tiles.View, written tiles.Archive, state *spatial.Snapshot) {
	fmt.Fprintf(p.out, "%s: %d tiles of %d layers, zooms %d to %d, version %d, %.1f MB.\n", c.File, written.Tiles, len(view.Layers), c.MinZoom, c.MaxZoom, state.Version(), float64(written.Bytes)/1e6)
	if c.Whole && auth.Withholds(state) {
		fmt.Fprintf(p.err, "wangge: the tiles hold small counts of people; keep them from those who may not see these\n")
	}
	for _, layer := range view.Layers {
		if layer.Schema().Synthetic {
			fmt.Fprintf(p.err, "wangge: these are synthetic data, not surveyed (合成数据，非实测); say so wherever they are shown\n")
			break
		}
	}
	if view.Datum != datum.CRS84 {
		fmt.Fprintf(p.err, "wangge: %s coordinates are derived and good to metres\n", view.Datum)
	}
}
