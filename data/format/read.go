package format

import (
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// Mode says what a file does to the rows of a layer that exists.
type Mode uint8

// The modes. With all but Append a row whose code the layer has replaces that
// one, keeps its id, and keeps the values of columns that the file has not.
const (
	Upsert  Mode = iota // rows that the file has not stay
	Append              // every row is new
	Replace             // rows that the file has not go
)

// Options say what a file's features are to become.
type Options struct {
	Layer     spatial.LayerID
	Title     spatial.Title // of a new layer: the file's name if empty
	AsOf      string        // date of the data, 2006-01-02
	Source    string        // where it is from: the file's name
	Mode      Mode
	CRS       *datum.CRS        // the user's word on the coordinates; nil to ask the file
	Fields    map[string]string // fields of columns, by the user's word; "" leaves a column out
	Code      string            // the column that holds a new layer's codes
	Pick      Pick              // what becomes of ranges in fields of numbers
	SkipBad   bool              // leave out rows with problems instead of refusing the file
	Partition bool              // a new layer's polygons cover an area without gap or overlap
	Outline   orb.Geometry      // of the district, to doubt coordinates by; degrees, nil if unknown
	Problem   func(Problem)     // told every problem; nil to keep only the first
}

// Problem is one reason why one row of a file is refused.
type Problem struct {
	Row    int    // as [Record.Number]
	Column string // of the file, "" if it concerns none
	*spatial.InvalidError
}

// Mapped says what became of a column.
type Mapped struct {
	Column string
	Field  string // "" if it was left out
	Type   spatial.Type
	Unit   string
	How    string // by what the field was known, or why there is none
}

// Report says what a reading found that the user should know.
type Report struct {
	Features  int // in the file
	New       int
	Changed   int
	Unchanged int
	Deleted   int // rows of the layer that go
	Refused   int // features with problems
	Mapping   []Mapped
	Notes     []string  // what was left out, converted, renamed or doubted
	Doubt     string    // why the coordinates may be of another system, also in Notes; "" if nothing says so
	Problems  []Problem // the first of them
}

// firstProblems is how many problems a report keeps.
const firstProblems = 20

// Import is a file that was read through and judged: the schema it has or
// fits, and its rows. Rows are read from the file again, so it must stay
// open and unchanged; memory holds one feature at a time, and the codes.
type Import struct {
	Schema *spatial.Schema
	Report Report

	file    Features
	options Options
	layer   *spatial.Layer // nil for a new one
	state   *spatial.Snapshot
	located located
	columns map[string]*target
	targets []*target // in the order of the file's columns
	deleted []int64
}

// target is where a column's values go.
type target struct {
	converter
	index int // of the field
}

// Read reads a file of features twice, to learn what its columns are and to
// try every row against them, and reports. state is that of the store the file
// is for; where it has the layer, columns are matched to its fields and rows to
// its codes, and otherwise a schema is inferred. Rows that cannot be taken are
// problems in the report, and refuse the file as a whole unless
// [Options.SkipBad]; the error is for files that cannot be judged at all.
func Read(f Features, state *spatial.Snapshot, o Options) (*Import, error) {
	in := &Import{file: f, options: o, state: state, columns: map[string]*target{}}
	if in.layer, _ = state.Layer(o.Layer); in.layer == nil {
		in.options.Mode = Upsert
	}
	met, err := in.survey()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Source, err)
	}
	in.Report.Notes = append(in.Report.Notes, f.Notes()...)
	if in.located, err = in.locate(f, met); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Source, err)
	}
	if err := in.plan(met); err != nil {
		return nil, fmt.Errorf("import %s: %w", o.Source, err)
	}
	if err := in.judge(); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Source, err)
	}
	return in, nil
}

func (in *Import) note(format string, args ...any) {
	in.Report.Notes = append(in.Report.Notes, fmt.Sprintf(format, args...))
}

func (in *Import) survey() (*survey, error) {
	_, loose := in.file.(interface{ loose() bool })
	met := &survey{loose: loose, pick: in.options.Pick, byName: map[string]*column{}}
	if err := in.file.Each(met.see); err != nil {
		return nil, err
	}
	if met.records == 0 {
		return nil, &spatial.InvalidError{Rule: "file_empty", Detail: "the file has no features"}
	}
	in.Report.Features = met.records
	return met, nil
}

// plan decides what each column becomes.
func (in *Import) plan(met *survey) error {
	for column := range in.options.Fields {
		if met.byName[column] == nil {
			return fmt.Errorf("--field %s: the file has no such column; it has %s", column, met.names())
		}
	}
	if in.layer != nil {
		return in.match(met)
	}
	in.Schema = in.infer(met)
	if err := in.Schema.Validate(); err != nil {
		return err
	}
	if in.options.Code != "" && in.Schema.Code == "" {
		return fmt.Errorf("--code %s: the file has no such column; it has %s", in.options.Code, met.names())
	}
	if in.options.Partition && met.kinds != spatial.Polygons {
		return fmt.Errorf("--partition: a partition is made of polygons; the file holds %s", met.kinds)
	}
	return nil
}

func (s *survey) names() string {
	names := make([]string, len(s.columns))
	for i, c := range s.columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// infer makes a schema that fits the columns.
func (in *Import) infer(met *survey) *spatial.Schema {
	o := in.options
	s := &spatial.Schema{ID: o.Layer, Title: o.Title, Group: "user", Geometry: met.kinds, Partition: o.Partition, AsOf: o.AsOf, Source: o.Source}
	if s.Title == (spatial.Title{}) {
		name := strings.TrimSuffix(filepath.Base(o.Source), filepath.Ext(o.Source))
		s.Title = spatial.Title{ZH: name, EN: name}
	}
	if met.marked == met.records {
		s.Synthetic = true
	}
	if !in.located.crs.SurveyGrade() {
		s.Note = spatial.Title{ZH: in.located.crs.String() + " 坐标换算而来，非测绘精度", EN: "converted from " + in.located.crs.String() + ": good to metres, not survey grade"}
	}
	taken := map[string]bool{"id": true, "geom": true, "fid": true, "geometry": true}
	for i, c := range met.columns {
		name := newName(c.name, i+1, o.Fields)
		if name == "" {
			in.leave(c.name, "as --field says")
			continue
		}
		in.add(s, c, free(name, taken), taken)
	}
	if met.missing > 0 && met.kinds != spatial.NoGeometry {
		in.note("%d of %d features have no geometry", met.missing, met.records)
	}
	s.Label = labelOf(s)
	return s
}

func (in *Import) leave(column, why string) {
	in.columns[column] = nil
	in.Report.Mapping = append(in.Report.Mapping, Mapped{Column: column, How: why})
}

// add makes a field of a column.
func (in *Import) add(s *spatial.Schema, c *column, name string, taken map[string]bool) {
	taken[name] = true
	t, why := c.typ()
	f := spatial.Field{Name: name, Type: t}
	if name != c.name {
		f.Title = titleOf(c.name)
	}
	if in.options.Code != "" && c.name == in.options.Code {
		f.Type, f.Required, f.Unique, s.Code, why = spatial.TypeText, true, true, name, ""
	}
	unit := ""
	if f.Type == spatial.TypeFloat || f.Type == spatial.TypeInt {
		if unit = c.unit; unit != "" {
			f.Unit = fieldUnit(unit, c.kinds)
		}
	}
	if why != "" {
		in.note("column %q %s", c.name, why)
	}
	s.Fields = append(s.Fields, f)
	in.target(c.name, s, len(s.Fields)-1, ownUnit(unit, f.Unit), "inferred")
}

// fieldUnit is the unit of a new field: that in the column's name where the
// values are bare, the base unit where they name units of their own.
func fieldUnit(name string, k kinds) string {
	if k&sawMeasure != 0 {
		return baseUnit(units[name].dimension)
	}
	if base := baseUnit(units[name].dimension); units[name] == units[strings.ToLower(base)] {
		return base
	}
	return name
}

// ownUnit is a column's unit, "" where it is the field's own.
func ownUnit(unit, field string) string {
	if unit == field || units[unit] == units[strings.ToLower(field)] {
		return ""
	}
	return unit
}

func (in *Import) target(column string, s *spatial.Schema, index int, unit, how string) {
	f := &s.Fields[index]
	code := f.Name == s.Code || f.Digits > 0 || f.References != ""
	t := &target{converter{field: f, column: column, unit: unit, code: code, pick: in.options.Pick, told: map[string]int{}}, index}
	in.columns[column] = t
	in.targets = append(in.targets, t)
	in.Report.Mapping = append(in.Report.Mapping, Mapped{Column: column, Field: f.Name, Type: f.Type, Unit: f.Unit, How: how})
}

// labelOf is the text field that people would call a feature by.
func labelOf(s *spatial.Schema) string {
	if i := s.FieldIndex("name"); i >= 0 && s.Fields[i].Type == spatial.TypeText {
		return "name"
	}
	return ""
}

// match finds the fields of an existing layer that the columns mean.
func (in *Import) match(met *survey) error {
	s := in.layer.Schema()
	in.Schema = s
	known := map[int]string{}
	for _, c := range met.columns {
		if c.name == featureID || bare(c.name) == "id" || bare(c.name) == "fid" {
			if i := s.FieldIndex("source_id"); i < 0 || known[i] != "" {
				in.leave(c.name, "ids of a file are not the layer's own")
				continue
			}
		}
		name, said := in.options.Fields[c.name]
		if said && name == "" {
			in.leave(c.name, "as --field says")
			continue
		}
		i, how := fieldOf(s, c.name, in.options.Fields)
		switch {
		case i < 0 && said:
			return fmt.Errorf("--field %s=%s: the layer %s has no such field", c.name, name, s.ID)
		case i < 0:
			in.leave(c.name, "the layer has no such field")
		case known[i] != "":
			return fmt.Errorf("the columns %q and %q both mean the field %s: leave one out with --field '%s='", known[i], c.name, s.Fields[i].Name, c.name)
		default:
			known[i] = c.name
			in.target(c.name, s, i, unitIn(c.name), how)
		}
	}
	if in.options.Mode == Upsert {
		return in.needCode(known)
	}
	return nil
}

// needCode refuses to bring rows up to date that nothing tells apart.
func (in *Import) needCode(known map[int]string) error {
	s := in.layer.Schema()
	if s.Code == "" {
		return fmt.Errorf("the layer %s exists and has no codes, so nothing says which rows are meant: "+
			"say --append to add all rows, --replace to put them in place of all, or choose another name", s.ID)
	}
	if i := s.FieldIndex(s.Code); known[i] == "" {
		return fmt.Errorf("the layer %s exists and is brought up to date by its code, but no column is the field %s (%s): name it with --field COLUMN=%s, or say --append or --replace",
			s.ID, s.Code, s.Fields[i].Title.ZH, s.Code)
	}
	return nil
}

// judge tries every row and counts.
func (in *Import) judge() error {
	doubts := suspicion{outline: in.options.Outline, nearest: 1e9}
	p := in.newPass()
	for _, t := range in.targets {
		clear(t.told)
	}
	err := in.file.Each(func(r *Record) error {
		row, what, problem := p.take(r)
		if problem != nil {
			in.problem(*problem)
			return nil
		}
		doubts.see(row.Geometry)
		switch what {
		case inserted:
			in.Report.New++
		case changed:
			in.Report.Changed++
		case same:
			in.Report.Unchanged++
		}
		return nil
	})
	if err != nil {
		return err
	}
	in.conclude(p, &doubts)
	return nil
}

func (in *Import) problem(p Problem) {
	in.Report.Refused++
	if len(in.Report.Problems) < firstProblems {
		in.Report.Problems = append(in.Report.Problems, p)
	}
	if in.options.Problem != nil {
		in.options.Problem(p)
	}
}

func (in *Import) conclude(p *pass, doubts *suspicion) {
	for _, t := range in.targets {
		for _, what := range sortedKeys(t.told) {
			in.note("column %q: %s (%d values)", t.column, what, t.told[what])
		}
	}
	if p.kept > 0 {
		in.note("%d features have no geometry in the file and keep the one they have", p.kept)
	}
	if in.layer != nil && !in.located.crs.SurveyGrade() {
		in.note("the coordinates were converted from %s: good to metres, not survey grade", in.located.crs)
	}
	if in.Report.Doubt = doubts.doubt(in.located.crs); in.Report.Doubt != "" {
		in.note("%s", in.Report.Doubt)
	}
	if in.options.Mode == Replace {
		for f := range in.layer.All() {
			if !p.ids[f.ID()] {
				in.deleted = append(in.deleted, f.ID())
			}
		}
		in.Report.Deleted = len(in.deleted)
	}
}

// Deleted are the ids of the layer's rows that go, in ascending order;
// none unless the mode is Replace.
func (in *Import) Deleted() []int64 { return in.deleted }

// Err is why the file is refused as a whole, nil if it is not: the first
// problem.
func (in *Import) Err() error {
	if in.Report.Refused == 0 || in.options.SkipBad {
		return nil
	}
	return in.Report.Problems[0].InvalidError
}

// Rows yields the rows that are new or changed, each id once; those of a new
// layer in order of id. A file that is refused yields its first problem.
func (in *Import) Rows() iter.Seq2[spatial.Row, error] {
	return func(yield func(spatial.Row, error) bool) {
		if err := in.Err(); err != nil {
			yield(spatial.Row{}, err)
			return
		}
		p := in.newPass()
		p.judged = in.Report.Refused == 0
		err := in.file.Each(func(r *Record) error {
			row, what, problem := p.take(r)
			if problem != nil || what == same {
				return nil
			}
			if !yield(row, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(spatial.Row{}, fmt.Errorf("read %s: %w", in.options.Source, err))
		}
	}
}

// errStopped says that the consumer wants no more rows.
var errStopped = errors.New("stopped")

// Source is the name of the file.
func (in *Import) Source() string { return in.options.Source }
