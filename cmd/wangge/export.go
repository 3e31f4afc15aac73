package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/datum"
)

type exportCommand struct {
	Layer string `arg:"" help:"Id of the layer."`
	File  string `arg:"" help:"File to write: .geojson, .gpkg, .zip or .shp.zip (a Shapefile), .csv or .xlsx."`
	storeFlag
	SRS      string   `name:"srs" help:"Coordinate system of the file: 4490, 4326, 4547, 4526, 3857, gcj02 or bd09." default:"4490" placeholder:"SRS"`
	Encoding string   `help:"Encoding of text in a Shapefile, like gbk." default:"utf-8" placeholder:"NAME"`
	Fields   []string `help:"Fields to write, in this order; all if left out." placeholder:"FIELD"`
	Force    bool     `help:"Overwrite the file if it is there."`
}

// Run writes one state of the layer beside its place and moves it there when
// it is whole.
func (c *exportCommand) Run(ctx context.Context, p *program) (err error) {
	write, err := c.writer()
	if err != nil {
		return err
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
	selection, err := c.selection(state.Published())
	if err != nil {
		return err
	}
	if err := replace(c.File, func(path string) error { return write(path, selection) }); err != nil {
		return fmt.Errorf("write %s: %w", c.File, err)
	}
	c.say(p, selection, state.Version())
	return nil
}

func (c *exportCommand) say(p *program, s format.Selection, version spatial.Version) {
	schema := s.Layer.Schema()
	fmt.Fprintf(p.out, "%s: %d features of %s, data of %s, version %d, in %s.\n", c.File, s.Layer.Len(), c.Layer, schema.AsOf, version, s.CRS)
	if schema.Synthetic {
		fmt.Fprintf(p.err, "wangge: these are synthetic data, not surveyed (合成数据，非实测); say so wherever they are shown\n")
	}
	if !s.CRS.SurveyGrade() {
		fmt.Fprintf(p.err, "wangge: %s coordinates are good to metres, not survey grade\n", s.CRS)
	}
}

func (c *exportCommand) selection(state *spatial.Snapshot) (s format.Selection, err error) {
	if s.Layer, err = findLayer(state, spatial.LayerID(c.Layer)); err != nil {
		return s, err
	}
	if s.CRS, err = datum.Parse(c.SRS); err != nil {
		return s, fmt.Errorf("--srs: %w", err)
	}
	s.Features = s.Layer.All()
	schema := s.Layer.Schema()
	if c.Fields == nil {
		for i := range schema.Fields {
			s.Fields = append(s.Fields, i)
		}
	}
	for _, name := range c.Fields {
		i := schema.FieldIndex(name)
		if i < 0 {
			return s, fmt.Errorf("--fields: the layer %s has no field %s", c.Layer, name)
		}
		s.Fields = append(s.Fields, i)
	}
	return s, nil
}

// findLayer is a layer of a state, or an error that names those it has.
func findLayer(state *spatial.Snapshot, id spatial.LayerID) (*spatial.Layer, error) {
	layer, err := state.Layer(id)
	if err != nil {
		var ids []string
		for layer := range state.Layers() {
			ids = append(ids, string(layer.ID()))
		}
		return nil, fmt.Errorf("there is no layer %s; the store has %s", id, strings.Join(ids, ", "))
	}
	return layer, nil
}

// writer is what writes files of the name's extension.
func (c *exportCommand) writer() (func(path string, s format.Selection) error, error) {
	switch extension := strings.ToLower(filepath.Ext(c.File)); extension {
	case ".geojson", ".json":
		return stream(format.WriteGeoJSON), nil
	case ".csv":
		return stream(format.WriteCSV), nil
	case ".xlsx":
		return stream(format.WriteXLSX), nil
	case ".gpkg":
		return format.WriteGeoPackage, nil
	case ".zip":
		return stream(func(w io.Writer, s format.Selection) error { return format.WriteShapefile(w, s, c.Encoding) }), nil
	default:
		return nil, fmt.Errorf("%s: files of the kind %q are not written; name it .geojson, .gpkg, .shp.zip, .csv or .xlsx", c.File, extension)
	}
}

// stream writes to a file what is written to a stream.
func stream(write func(io.Writer, format.Selection) error) func(string, format.Selection) error {
	return func(path string, s format.Selection) error {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			return err
		}
		out := bufio.NewWriter(file)
		err = write(out, s)
		return errors.Join(err, out.Flush(), file.Sync(), file.Close())
	}
}

// vacant says whether a file may be written in a place.
func vacant(file string, force bool) error {
	if _, err := os.Lstat(file); err == nil && !force {
		return fmt.Errorf("%s is there already: choose another name, or say --force to overwrite it", file)
	}
	return nil
}

// replace lets write make a file in a folder beside its place and moves it
// there.
func replace(file string, write func(path string) error) (err error) {
	folder, err := os.MkdirTemp(filepath.Dir(file), ".wangge-export-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, filepath.Base(file))
	if err := write(path); err != nil {
		return err
	}
	return os.Rename(path, file)
}
