package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/road"
)

// importOSM brings the roads of an OpenStreetMap extract in, and the turn
// restrictions between them, in one change.
func (c *importCommand) importOSM(ctx context.Context, p *program) (err error) {
	schema := road.Schema()
	if spatial.LayerID(c.Layer) != schema.ID {
		return fmt.Errorf("an extract of OpenStreetMap is read for its roads: wangge import %s %s", schema.ID, filepath.Base(c.File))
	}
	if err := c.onlyForOSM(); err != nil {
		return err
	}
	read, err := format.ReadOSM(c.File)
	if err != nil {
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
	change, err := c.changeOSM(state, read)
	if err != nil {
		return err
	}
	next, err := state.Apply(change, state.Version()+1)
	if err != nil {
		return err
	}
	if err := describeOSM(p, read, next); err != nil {
		return err
	}
	if area := outline(state, schema.ID); area != nil && !area.Bound().Intersects(read.Bound) {
		fmt.Fprintln(p.out, "note: the roads lie outside the district")
	}
	if c.DryRun {
		fmt.Fprintln(p.out, "Dry run: nothing was changed.")
		return nil
	}
	version, err := store.Commit(ctx, change)
	return (&importing{importCommand: c, program: p, store: store}).done(version, err)
}

// onlyForOSM refuses flags that mean nothing for an extract.
func (c *importCommand) onlyForOSM() error {
	for flag, given := range map[string]bool{"--srs": c.SRS != "", "--encoding": c.Encoding != "", "--sheet": c.Sheet != "", "--field": len(c.Field) > 0, "--code": c.Code != "",
		"--append": c.Append, "--range": c.Range != "", "--skip-bad": c.SkipBad, "--partition": c.Partition, "--repair": c.Repair != "", "--slivers": c.Slivers != "", "--report": c.Report != ""} {
		if given {
			return fmt.Errorf("%s means nothing for an extract of OpenStreetMap: leave it out", flag)
		}
	}
	return nil
}

// changeOSM makes the layers anew. Ids go on after those that were, so that none
// is used again.
func (c *importCommand) changeOSM(state *spatial.Snapshot, read *format.OSM) (spatial.Change, error) {
	change := spatial.Change{Base: state.Version(), Note: "import of " + filepath.Base(c.File)}
	if c.AsOf != "" {
		if _, err := time.Parse(time.DateOnly, c.AsOf); err != nil {
			return change, fmt.Errorf("--as-of %q is not a date like 2024-12-30", c.AsOf)
		}
		read.AsOf = c.AsOf
	}
	if read.AsOf == "" {
		return change, errors.New("the extract does not say of when it is: give --as-of, like 2024-12-30")
	}
	for _, l := range []struct {
		schema *spatial.Schema
		rows   []spatial.Row
	}{{road.Schema(), read.Roads}, {road.TurnSchema(), read.Turns}} {
		s := l.schema
		s.AsOf, s.Source, s.Licence = read.AsOf, filepath.Base(c.File), "ODbL 1.0, © OpenStreetMap contributors"
		if c.Title != "" && s.ID == spatial.LayerID(c.Layer) {
			s.Title = spatial.Title{ZH: c.Title, EN: c.Title}
		}
		last := int64(0)
		if old, err := state.Layer(s.ID); err == nil {
			if old.Len() > 0 && !c.Replace {
				return change, fmt.Errorf("there are %d rows in %s already: --replace puts the roads of the extract in their place", old.Len(), s.ID)
			}
			last = old.LastID()
			change.Drop = append(change.Drop, s.ID)
		}
		rows := slices.Clone(l.rows)
		for i := range rows {
			rows[i].ID += last
		}
		change.Create = append(change.Create, s)
		change.Layers = append(change.Layers, spatial.LayerChange{Layer: s.ID, Put: rows})
	}
	return change, nil
}

// describeOSM says what was read and left out, and how the roads hang together.
func describeOSM(p *program, read *format.OSM, next *spatial.Snapshot) error {
	fmt.Fprintf(p.out, "%d ways with a tag highway: %d roads and %d turn restrictions, as of %s\n", read.Ways, len(read.Roads), len(read.Turns), read.AsOf)
	for _, reason := range slices.Sorted(maps.Keys(read.Left)) {
		fmt.Fprintf(p.out, "  left out or changed: %d %s\n", read.Left[reason], reason)
	}
	return describeRoads(p, next)
}

// describeRoads says how the roads of a snapshot hang together, for each profile.
func describeRoads(p *program, s *spatial.Snapshot) error {
	n, err := road.Of(s)
	if err != nil {
		return err
	}
	profiles, err := road.Profiles()
	if err != nil {
		return err
	}
	for _, profile := range profiles {
		g, err := n.Profile(profile.Name)
		if err != nil {
			return err
		}
		c := g.Connectivity()
		fmt.Fprintf(p.out, "  roads for %s: %d junctions, %d stretches, %.1f km; %d parts that hang together, %.1f km off the largest\n",
			profile.Name, c.Junctions, c.Edges, float64(c.Length)/1000, c.Parts, float64(c.OffLength)/1000)
	}
	return nil
}
