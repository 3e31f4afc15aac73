package format

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// Shapefile is a shapefile read as [Features]: a .shp with what stands beside
// it, or a table without shapes.
//
// Numbers of records count from 1, deleted ones too, as GIS programs show
// them. Text is UTF-8 whatever it is in the file; empty text is null, as a
// .dbf has no other. Notes on single values are complete after [Shapefile.Each]
// has been through the file.
type Shapefile struct {
	parts    *shapefileParts
	shapes   *shapeFile // nil for a table alone
	table    *dbfTable  // nil for shapes alone
	crs      datum.CRS
	declared bool
	notes    []string // of the opening
	found    []string // by the last Each
}

// OpenShapefile opens a shapefile: the path is that of its .shp, of a .dbf, or
// of a .zip with one; "FILE.zip:layer" picks one of several. encoding is what
// the user says of the text, "" to follow the file or its bytes. Faults are
// [*spatial.InvalidError].
//
// Files of an archive are unpacked to a temporary folder, at most 8 GiB, until
// Close. Memory holds one record at a time. Not for concurrent use.
func OpenShapefile(path, encoding string) (Features, error) {
	return openShapefile(path, encoding, false)
}

// openShapefile opens a shapefile; with anyCRS a coordinate system that is not
// known is a note, for a user who gives another.
func openShapefile(path, encoding string, anyCRS bool) (Features, error) {
	user, err := userCharset(encoding)
	if err != nil {
		return nil, err
	}
	parts, err := openParts(path)
	if err != nil {
		return nil, err
	}
	s := &Shapefile{parts: parts, notes: parts.notes}
	if err := s.open(user, anyCRS); err != nil {
		return nil, errors.Join(err, parts.close())
	}
	return s, nil
}

func (s *Shapefile) open(user charset, anyCRS bool) (err error) {
	if s.parts.shp == nil && s.parts.dbf == nil {
		return &spatial.InvalidError{Rule: "shapefile_parts", Where: s.parts.name, Detail: "there is neither a .shp nor a .dbf", Fix: "put the files of the shapefile beside one another"}
	}
	if s.parts.shp != nil {
		if s.shapes, err = openShapes(s.parts.name+".shp", s.parts.shp, s.parts.shx); err != nil {
			return err
		}
		s.notes = append(s.notes, s.shapes.notes...)
		if err := s.readCRS(anyCRS); err != nil {
			return err
		}
	}
	return s.openTable(user)
}

func (s *Shapefile) readCRS(anyCRS bool) error {
	if !s.parts.hasPRJ {
		s.notes = append(s.notes, "there is no .prj: no coordinate system is declared")
		return nil
	}
	crs, declared, note, err := parsePRJ(s.parts.name+".prj", s.parts.prj)
	if err != nil && anyCRS {
		note, err = fmt.Sprintf("%v; passed over for the one that was given", err), nil
	}
	if note != "" {
		s.notes = append(s.notes, note)
	}
	s.crs, s.declared = crs, declared
	return err
}

func (s *Shapefile) openTable(user charset) error {
	if s.parts.dbf == nil {
		s.notes = append(s.notes, "there is no .dbf: shapes without attributes")
		return nil
	}
	file, err := newWindow(s.parts.dbf)
	if err != nil {
		return err
	}
	page, note := s.page()
	if note != "" {
		s.notes = append(s.notes, note)
	}
	s.table, err = openDBF(s.parts.name+".dbf", file, user, page)
	if err != nil {
		return err
	}
	s.table.restoreNames(s.parts.fields)
	s.notes = append(s.notes, s.table.notes...)
	return nil
}

// page is what the .cpg file says.
func (s *Shapefile) page() (charset, string) {
	said := strings.TrimSpace(strings.Trim(s.parts.cpg, "\x00\ufeff"))
	if said == "" {
		return charset{}, ""
	}
	if found, ok := parseCharset(said); ok {
		return found, ""
	}
	if runes := []rune(said); len(runes) > 20 {
		said = string(runes[:20]) + "…"
	}
	return charset{}, fmt.Sprintf("the .cpg file names no encoding that a .dbf can have and was ignored: %q", said)
}

// CRS is the system that the .prj declares.
func (s *Shapefile) CRS() (datum.CRS, bool) { return s.crs, s.declared }

// Notes tell the encoding and why, and what was left out or mended.
func (s *Shapefile) Notes() []string { return slices.Concat(s.notes, s.found) }

// Close closes the files and removes what was unpacked.
func (s *Shapefile) Close() error {
	if err := s.parts.close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return fmt.Errorf("close %s: %w", filepath.Base(s.parts.name), err)
	}
	return nil
}

// Each hands out the records in the order of the file; deleted ones are
// passed over together with their shapes.
func (s *Shapefile) Each(see func(*Record) error) error {
	pass := shapefilePass{Shapefile: s}
	if s.shapes != nil {
		pass.cursor = s.shapes.walk()
	}
	if s.table != nil {
		pass.tally = make([]dbfTally, len(s.table.fields))
	}
	for more := true; more; {
		var err error
		if more, err = pass.step(see); err != nil {
			return err
		}
	}
	s.found = pass.words()
	return nil
}

// shapefilePass is one reading of the file.
type shapefilePass struct {
	*Shapefile
	cursor  *shapeCursor
	tally   []dbfTally
	number  int
	deleted int
	record  Record
}

// step reads one record of both files.
func (p *shapefilePass) step(see func(*Record) error) (more bool, err error) {
	p.number++
	p.record = Record{Number: p.number, Cells: p.record.Cells[:0]}
	shape, row := true, true
	if p.cursor != nil {
		if shape, err = p.cursor.advance(); err != nil {
			return false, err
		}
	}
	if p.table != nil {
		row = p.number <= p.table.records
	}
	switch {
	case shape != row && p.cursor != nil && p.table != nil:
		return false, p.mismatch(shape)
	case !shape || !row:
		return false, nil
	}
	deleted, err := p.read()
	if err != nil || deleted {
		return err == nil, err
	}
	return true, see(&p.record)
}

func (p *shapefilePass) mismatch(shape bool) error {
	detail := fmt.Sprintf("the .shp ends after %d records, but the .dbf has %d", p.number-1, p.table.records)
	if shape {
		detail = fmt.Sprintf("the .dbf ends after %d records, but the .shp has more", p.table.records)
	}
	return &spatial.InvalidError{Rule: "shapefile_count", Where: fmt.Sprintf("%s, record %d", p.parts.name, p.number), Detail: detail,
		Fix: "the files do not belong together, or one is cut off: get a whole copy of all of them"}
}

// read fills the record with its shape and its row.
func (p *shapefilePass) read() (deleted bool, err error) {
	var row []byte
	if p.table != nil {
		if row, err = p.table.record(p.number - 1); err != nil {
			return false, err
		}
		deleted = row[0] == dbfDeleted
		p.record.Where = p.table.place(p.number - 1)
	}
	if p.cursor != nil {
		p.record.Where = p.cursor.where()
		if p.record.Geometry, err = p.cursor.geometry(); err != nil {
			return false, placed(p.record.Where, err)
		}
	}
	if deleted {
		p.deleted++
		return true, nil
	}
	if p.table != nil {
		if p.record.Cells, err = p.table.cells(p.record.Cells, row, p.tally); err != nil {
			return false, placed(p.table.place(p.number-1), err)
		}
	}
	return false, nil
}

// placed puts a place before an error's own.
func placed(where string, err error) error {
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("%s: %w", where, err)
	}
	at := *invalid
	at.Where = where
	if invalid.Where != "" {
		at.Where += ", " + invalid.Where
	}
	return &at
}

func (p *shapefilePass) words() []string {
	var notes []string
	if p.cursor != nil {
		notes = append(p.cursor.skips, p.cursor.tally.words()...)
	}
	if p.table != nil {
		notes = append(notes, p.table.words(p.tally)...)
	}
	if p.deleted > 0 {
		notes = append(notes, fmt.Sprintf("%d records are marked as deleted and were left out", p.deleted))
	}
	return notes
}
