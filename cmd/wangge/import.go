package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wangge/data"
	"wangge/data/format"
	"wangge/spatial"
)

type importCommand struct {
	Layer string `arg:"" help:"Id of the new layer: lower-case letters, digits and underscores."`
	File  string `arg:"" type:"existingfile" help:"A GeoJSON file, degrees with longitude first."`
	storeFlag
	Title  string `help:"What people call the layer; the file's name if left out." placeholder:"TEXT"`
	AsOf   string `help:"Date of the data, like 2024-12-30; the file's own date if left out." placeholder:"DATE"`
	DryRun bool   `help:"Read and check the file, say what would be made, and change nothing."`
}

// Run makes the layer, whole or not at all.
func (c *importCommand) Run(ctx context.Context, p *program) (err error) {
	if extension := strings.ToLower(filepath.Ext(c.File)); extension != ".geojson" && extension != ".json" && extension != ".ndjson" && extension != ".geojsonl" {
		return fmt.Errorf("%s: files of the kind %q cannot be read yet; convert it: ogr2ogr -t_srs EPSG:4326 %s.geojson %s",
			c.File, extension, strings.TrimSuffix(c.File, filepath.Ext(c.File)), c.File)
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	options, err := c.options(file)
	if err != nil {
		return err
	}
	read, err := format.ReadGeoJSON(file, options)
	if err != nil {
		return err
	}
	describe(p, read)
	store, err := c.open(ctx, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return c.commit(ctx, p, store, read)
}

func (c *importCommand) options(file *os.File) (format.Options, error) {
	o := format.Options{Layer: spatial.LayerID(c.Layer), Title: spatial.Title{ZH: c.Title, EN: c.Title}, AsOf: c.AsOf, Source: filepath.Base(c.File)}
	if c.AsOf == "" {
		info, err := file.Stat()
		if err != nil {
			return o, err
		}
		o.AsOf = info.ModTime().Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, o.AsOf); err != nil {
		return o, fmt.Errorf("--as-of %q is not a date like 2024-12-30", c.AsOf)
	}
	return o, nil
}

func describe(p *program, read *format.Import) {
	fmt.Fprintf(p.out, "%s: %d features, %s, data of %s\n", read.Schema.Source, read.Report.Features, read.Schema.Geometry, read.Schema.AsOf)
	for _, f := range read.Schema.Fields {
		fmt.Fprintf(p.out, "  %-20s %-6s %s\n", f.Name, f.Type, f.Title.ZH)
	}
	for _, warning := range read.Report.Warnings {
		fmt.Fprintln(p.out, "note:", warning)
	}
}

func (c *importCommand) commit(ctx context.Context, p *program, store data.Store, read *format.Import) error {
	change, err := read.Change()
	if err != nil {
		return err
	}
	if change.Base, err = store.Version(ctx); err != nil {
		return err
	}
	if c.DryRun {
		return c.tryOut(ctx, p, store, change)
	}
	version, err := store.Commit(ctx, change)
	if errors.Is(err, spatial.ErrConflict) {
		return fmt.Errorf("%w; if there is a layer %s already, choose another name", err, c.Layer)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "Layer %s is in %s as of version %d.\n", c.Layer, c.name(), version)
	return nil
}

// tryOut says whether the change would be taken, without making it.
func (c *importCommand) tryOut(ctx context.Context, p *program, store data.Store, change spatial.Change) error {
	current, err := store.Load(ctx)
	if err != nil {
		return err
	}
	if _, err := current.Layer(change.Create[0].ID); err == nil {
		return fmt.Errorf("there is a layer %s already: choose another name", c.Layer)
	}
	if _, err := current.Apply(change, current.Version()+1); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "Dry run: nothing was changed.")
	return nil
}
