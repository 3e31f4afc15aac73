package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wangge/data/postgis"
	"wangge/spatial"
)

type mapCommand struct {
	Layer string `arg:"" help:"Id of the layer: lower-case letters, digits and underscores."`
	Table string `arg:"" optional:"" help:"A table of the store's database: table or schema.table."`
	storeFlag
	Title  string `help:"What people call the layer; the table's comment or name if left out." placeholder:"TEXT"`
	AsOf   string `help:"Date of the data, like 2024-12-30; today if left out." placeholder:"DATE"`
	ID     string `help:"Column of the ids; the primary key if left out." name:"id" placeholder:"COLUMN"`
	Code   string `help:"Column of the codes." placeholder:"COLUMN"`
	Label  string `help:"Column of what people call a feature by." placeholder:"COLUMN"`
	Remove bool   `help:"Take the mapped layer out again; its table stays as it is."`
}

// Run makes a layer of a table that stays where it is.
func (c *mapCommand) Run(ctx context.Context, p *program) (err error) {
	if !isPostgres(c.Store) {
		return fmt.Errorf("only tables of a PostGIS database are mapped, and the store %s is a file: import a copy with: wangge import %s FILE", c.name(), c.Layer)
	}
	if c.Remove == (c.Table != "") {
		return errors.New("name a table to map, or --remove and no table")
	}
	opened, err := c.open(ctx, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	store := opened.(*postgis.Store) // as its address says
	if c.Remove {
		return c.remove(ctx, p, store)
	}
	return c.add(ctx, p, store)
}

func (c *mapCommand) remove(ctx context.Context, p *program, store *postgis.Store) error {
	version, err := store.Unmap(ctx, spatial.LayerID(c.Layer))
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "Layer %s is gone from %s as of version %d; its table stays.\n", c.Layer, c.name(), version)
	return nil
}

func (c *mapCommand) add(ctx context.Context, p *program, store *postgis.Store) error {
	if c.AsOf == "" {
		c.AsOf = time.Now().Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, c.AsOf); err != nil {
		return fmt.Errorf("--as-of %q is not a date like 2024-12-30", c.AsOf)
	}
	done, err := store.Map(ctx, postgis.Mapping{Layer: spatial.LayerID(c.Layer), Table: c.Table, Title: c.Title, AsOf: c.AsOf, ID: c.ID, Code: c.Code, Label: c.Label})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%s: %d rows, %s\n", done.Schema.Source, done.Rows, done.Schema.Geometry)
	for _, f := range done.Schema.Fields {
		fmt.Fprintf(p.out, "  %-20s %-6s %s\n", f.Name, f.Type, f.Title.ZH)
	}
	for _, note := range done.Notes {
		fmt.Fprintln(p.out, "note:", note)
	}
	fmt.Fprintf(p.out, "Layer %s is in %s as of version %d.\n", c.Layer, c.name(), done.Version)
	return nil
}
