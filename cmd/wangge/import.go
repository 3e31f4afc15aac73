package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/data/format"
	"wangge/spatial"
	"wangge/spatial/datum"
)

type importCommand struct {
	Layer string `arg:"" help:"Id of the layer, new or there: lower-case letters, digits and underscores."`
	File  string `arg:"" type:"existingfile" help:"GeoJSON, GeoPackage, Shapefile (.shp or .zip), CSV or XLSX; for roads an OpenStreetMap extract (.osm.pbf)."`
	storeFlag
	SRS       string   `name:"srs" help:"Coordinate system of the file: 4490, 4326, 4547, 4526, 3857, gcj02 or bd09; the file's word or the size of its coordinates if left out." placeholder:"SRS"`
	Encoding  string   `help:"Encoding of text in .csv and .dbf files, like gbk; detected if left out." placeholder:"NAME"`
	Sheet     string   `help:"Sheet of a workbook, table of a GeoPackage or layer of a .zip, where there are several." placeholder:"NAME"`
	Field     []string `help:"Field that a column becomes, like 楼栋名称=name; without a name the column is left out. May be repeated." placeholder:"COLUMN=FIELD" sep:"none"`
	Code      string   `help:"Column that holds the codes of a new layer." placeholder:"COLUMN"`
	Append    bool     `help:"Add all rows to a layer that is there, as new ones." xor:"mode"`
	Replace   bool     `help:"Remove the rows of the layer that the file has not." xor:"mode"`
	Range     string   `help:"What becomes of ranges like 8~10 in fields of numbers: low, mid or high; refused if left out." enum:",low,mid,high" default:"" placeholder:"END"`
	SkipBad   bool     `help:"Leave out rows with problems instead of refusing the file."`
	Partition bool     `help:"The polygons of the new layer cover an area without gap or overlap: prove it, and keep it so."`
	Repair    string   `help:"Mend gaps and overlaps of a partition up to this size, like 0.01m." placeholder:"TOLERANCE"`
	Slivers   string   `help:"Write every gap and overlap of a partition, as the file has them, to this GeoJSON file." placeholder:"FILE"`
	Title     string   `help:"What people call a new layer; the file's name if left out." placeholder:"TEXT"`
	AsOf      string   `help:"Date of the data of a new layer, like 2024-12-30; the file's own date if left out." placeholder:"DATE"`
	Report    string   `help:"Write all problems to this file, .csv or .json." placeholder:"FILE"`
	DryRun    bool     `help:"Read and check the file, say what would be done, and change nothing."`
}

// Run brings the file into the layer, whole or not at all.
func (c *importCommand) Run(ctx context.Context, p *program) (err error) {
	if format.IsOSM(c.File) {
		return c.importOSM(ctx, p)
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	file, err := format.Open(c.File, format.Source{Encoding: c.Encoding, Sheet: c.Sheet, AnyCRS: c.SRS != ""})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	store, err := c.open(ctx, p.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	state, err := store.Load(ctx)
	if err != nil {
		return err
	}
	if layer, err := state.Layer(options.Layer); err == nil && layer.Schema().Internal {
		return fmt.Errorf("%s is kept by the service itself: name another layer", c.Layer)
	}
	read, err := c.read(file, state, options)
	if err != nil {
		return err
	}
	describe(p, read)
	if read.Err() != nil {
		fmt.Fprintf(p.err, "wangge: %d of %d features are refused, so nothing was changed; correct them, or leave them out with --skip-bad\n", read.Report.Refused, read.Report.Features)
		return errFaults
	}
	return (&importing{importCommand: c, program: p, store: store, state: state, read: read}).run(ctx)
}

func (c *importCommand) options() (format.Options, error) {
	o := format.Options{Layer: spatial.LayerID(c.Layer), Title: spatial.Title{ZH: c.Title, EN: c.Title}, AsOf: c.AsOf, Source: filepath.Base(c.File),
		Code: c.Code, Pick: format.Pick(c.Range), SkipBad: c.SkipBad, Partition: c.Partition, Fields: map[string]string{}}
	if o.AsOf == "" {
		info, err := os.Stat(c.File)
		if err != nil {
			return o, err
		}
		o.AsOf = info.ModTime().Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, o.AsOf); err != nil {
		return o, fmt.Errorf("--as-of %q is not a date like 2024-12-30", c.AsOf)
	}
	if c.SRS != "" {
		crs, err := datum.Parse(c.SRS)
		if err != nil {
			return o, fmt.Errorf("--srs: %w", err)
		}
		o.CRS = &crs
	}
	for _, pair := range c.Field {
		i := strings.LastIndex(pair, "=")
		if i <= 0 {
			return o, fmt.Errorf("--field %q: write COLUMN=FIELD", pair)
		}
		o.Fields[pair[:i]] = pair[i+1:]
	}
	switch {
	case c.Append:
		o.Mode = format.Append
	case c.Replace:
		o.Mode = format.Replace
	}
	return o, nil
}

// read judges the file, and writes down every problem where the user asked.
func (c *importCommand) read(file format.Features, state *spatial.Snapshot, o format.Options) (read *format.Import, err error) {
	if layer, err := state.Layer(o.Layer); err == nil {
		if err := c.fits(layer.Schema()); err != nil {
			return nil, err
		}
	} else if (c.Repair != "" || c.Slivers != "") && !c.Partition {
		return nil, errors.New("--repair and --slivers are for partitions: say --partition too")
	}
	o.Outline = outline(state, o.Layer)
	if c.Report == "" {
		return format.Read(file, state, o)
	}
	list, err := newProblemList(c.Report)
	if err != nil {
		return nil, err
	}
	o.Problem = list.add
	read, err = format.Read(file, state, o)
	return read, errors.Join(err, list.close(read))
}

// fits refuses what can be said only of a new layer.
func (c *importCommand) fits(s *spatial.Schema) error {
	for flag, given := range map[string]bool{"--title": c.Title != "", "--as-of": c.AsOf != "", "--code": c.Code != "", "--partition": c.Partition && !s.Partition} {
		if given {
			return fmt.Errorf("there is a layer %s already, and %s is only for a new one: leave it out, or choose another name", s.ID, flag)
		}
	}
	if (c.Repair != "" || c.Slivers != "") && !s.Partition {
		return fmt.Errorf("--repair and --slivers are for partitions, and the layer %s is none", s.ID)
	}
	return nil
}

// outline is the district's area, nil if the store has none or it is what
// the file brings.
func outline(state *spatial.Snapshot, into spatial.LayerID) orb.Geometry {
	districts, err := state.Layer("districts")
	if err != nil || into == "districts" {
		return nil
	}
	var area orb.MultiPolygon
	for f := range districts.All() {
		switch g := f.Geometry().(type) {
		case orb.Polygon:
			area = append(area, g)
		case orb.MultiPolygon:
			area = append(area, g...)
		}
	}
	if area == nil {
		return nil
	}
	return area
}

func describe(p *program, read *format.Import) {
	r := &read.Report
	fmt.Fprintf(p.out, "%s: %d features, %s: %d new, %d changed, %d unchanged, %d refused", filepath.Base(read.Source()), r.Features, read.Schema.Geometry, r.New, r.Changed, r.Unchanged, r.Refused)
	if r.Deleted > 0 {
		fmt.Fprintf(p.out, "; %d rows of the layer go", r.Deleted)
	}
	fmt.Fprintf(p.out, "\n")
	for _, m := range r.Mapping {
		if m.Field == "" {
			fmt.Fprintf(p.out, "  %-20s   (left out: %s)\n", m.Column, m.How)
			continue
		}
		fmt.Fprintf(p.out, "  %-20s → %-20s %-6s %s\n", m.Column, m.Field, m.Type, m.Unit)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(p.out, "note:", note)
	}
	for _, problem := range r.Problems {
		fmt.Fprintln(p.out, "REFUSED", problem)
	}
	if more := r.Refused - len(r.Problems); more > 0 {
		fmt.Fprintf(p.out, "… %d more refused; --report FILE lists them all\n", more)
	}
}

// importing is one import on its way into the store.
type importing struct {
	*importCommand
	*program
	store data.Store
	state *spatial.Snapshot
	read  *format.Import
}

func (i *importing) run(ctx context.Context) error {
	switch r := &i.read.Report; {
	case r.New+r.Changed+r.Deleted == 0 && i.exists():
		fmt.Fprintln(i.out, "There is nothing to change.")
		return nil
	case i.needsProof():
		return i.plan(ctx)
	case i.DryRun:
		fmt.Fprintln(i.out, "Dry run: nothing was changed.")
		return nil
	}
	bar := newBar(i.err, "writing "+i.Layer)
	bar.ChangeMax(i.read.Report.New + i.read.Report.Changed)
	version, err := i.store.Upsert(ctx, i.state.Version(), i.read.Schema, i.read.Rows(), i.why(), counter(bar))
	_ = bar.Finish()
	return i.done(version, err)
}

func (i *importing) exists() bool {
	_, err := i.state.Layer(i.read.Schema.ID)
	return err == nil
}

func (i *importing) why() string { return "import of " + i.read.Source() }

func (i *importing) done(version spatial.Version, err error) error {
	if errors.Is(err, spatial.ErrConflict) {
		return fmt.Errorf("%w: somebody else changed the store meanwhile; import again", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(i.out, "Layer %s is in %s as of version %d.\n", i.Layer, i.name(), version)
	return nil
}

// needsProof says whether the rows are good only together: where they make up
// a partition, add up to figures, or go.
func (i *importing) needsProof() bool {
	if i.read.Schema.Partition || i.read.Report.Deleted > 0 {
		return true
	}
	for layer := range i.state.Layers() {
		s := layer.Schema()
		for k := range s.Fields {
			f := &s.Fields[k]
			total := f.SumOver != "" || f.CountOf != ""
			if f.SumOver == i.read.Schema.ID || f.CountOf == i.read.Schema.ID || total && s.ID == i.read.Schema.ID {
				return true
			}
		}
	}
	return false
}

// plan makes the whole change in memory, proves the state that it leads to,
// and commits it.
func (i *importing) plan(ctx context.Context) error {
	change, err := i.change()
	if err != nil {
		return err
	}
	if i.read.Schema.Partition {
		if err := i.fit(&change.Layers[0]); err != nil {
			return err
		}
	}
	next, err := i.state.Apply(change, i.state.Version()+1)
	if err != nil {
		return err
	}
	if faults := newFaults(i.state, next); len(faults) > 0 {
		return i.broken(faults)
	}
	if i.DryRun {
		fmt.Fprintln(i.out, "Dry run: nothing was changed.")
		return nil
	}
	version, err := i.store.Commit(ctx, change)
	return i.done(version, err)
}

func (i *importing) change() (spatial.Change, error) {
	rows := spatial.LayerChange{Layer: i.read.Schema.ID, Delete: i.read.Deleted()}
	for row, err := range i.read.Rows() {
		if err != nil {
			return spatial.Change{}, err
		}
		rows.Put = append(rows.Put, row)
	}
	c := spatial.Change{Base: i.state.Version(), Note: i.why(), Layers: []spatial.LayerChange{rows}}
	if !i.exists() {
		c.Create = []*spatial.Schema{i.read.Schema}
	}
	return c, nil
}

// newFaults are the faults that a state has and the one before had not.
func newFaults(before, after *spatial.Snapshot) []*spatial.InvalidError {
	known := map[string]bool{}
	for _, fault := range data.Check(before).Faults {
		known[fault.Error()] = true
	}
	var faults []*spatial.InvalidError
	for _, fault := range data.Check(after).Faults {
		if !known[fault.Error()] {
			faults = append(faults, fault)
		}
	}
	return faults
}

// printed is how many faults are printed.
const printed = 20

func (i *importing) broken(faults []*spatial.InvalidError) error {
	for n, fault := range faults {
		if n == printed {
			fmt.Fprintf(i.out, "… %d more\n", len(faults)-n)
			break
		}
		fmt.Fprintln(i.out, "REFUSED", fault)
	}
	fmt.Fprintf(i.err, "wangge: the store would not be sound with these rows, %d faults; nothing was changed\n", len(faults))
	if i.read.Schema.Partition && i.Repair == "" {
		fmt.Fprintln(i.err, "wangge: small gaps and overlaps are mended with --repair 0.01m")
	}
	return errFaults
}
