package format

import (
	"encoding/binary"
	"fmt"
	"os"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// shapeFile is a .shp with its index, the .shx, where that fits. What the
// heads say of lengths is not trusted.
type shapeFile struct {
	name  string
	file  *window
	index *window // nil if there is none that fits
	count int     // of the index
	notes []string
}

const (
	shapeHead   = 100 // bytes before the first record, also of the index
	shapeCode   = 9994
	recordHead  = 8 // number and length, big-endian
	longestSkip = 1 << 20
)

func openShapes(name string, shp, shx *os.File) (*shapeFile, error) {
	file, err := newWindow(shp)
	if err != nil {
		return nil, err
	}
	s := &shapeFile{name: name, file: file}
	head, err := file.piece(0, shapeHead)
	if err != nil {
		return nil, err
	}
	if len(head) < shapeHead || binary.BigEndian.Uint32(head) != shapeCode {
		return nil, &spatial.InvalidError{Rule: "shp_format", Where: name, Detail: "the file is not the .shp of a shapefile", Fix: "get a whole copy of it"}
	}
	if said := 2 * int64(binary.BigEndian.Uint32(head[24:])); said > file.size {
		s.notes = append(s.notes, fmt.Sprintf("%s says that it has %d bytes, but has %d", name, said, file.size))
	}
	if shx == nil {
		return s, nil
	}
	if s.index, err = newWindow(shx); err != nil {
		return nil, err
	}
	return s, s.checkIndex()
}

// checkIndex gives the index up if any entry does not point to a record.
func (s *shapeFile) checkIndex() error {
	s.count = int(max(s.index.size-shapeHead, 0) / recordHead)
	for i := range s.count {
		offset, err := s.indexed(i)
		if err != nil {
			return err
		}
		if offset < shapeHead || !s.plausible(offset) {
			s.notes = append(s.notes, fmt.Sprintf("the .shx does not fit the .shp at record %d and was not used", i+1))
			s.index = nil
			return nil
		}
	}
	if s.count == 0 && s.plausible(shapeHead) {
		s.notes = append(s.notes, "the .shx is empty and was not used")
		s.index = nil
	}
	return nil
}

func (s *shapeFile) indexed(i int) (offset int64, err error) {
	entry, err := s.index.piece(shapeHead+int64(i)*recordHead, recordHead)
	if err != nil || len(entry) < recordHead {
		return 0, err
	}
	return 2 * int64(binary.BigEndian.Uint32(entry)), nil
}

// plausible says whether a record may begin at an offset: a length that the
// file has room for and a type of shape.
func (s *shapeFile) plausible(offset int64) bool {
	head, err := s.file.piece(offset, recordHead+4)
	if err != nil || len(head) < recordHead+4 {
		return false
	}
	length := 2 * int64(binary.BigEndian.Uint32(head[4:]))
	_, known := flat(binary.LittleEndian.Uint32(head[8:]))
	return known && length >= 4 && offset+recordHead+length <= s.file.size
}

// shapeCursor walks through the records of a .shp.
type shapeCursor struct {
	*shapeFile
	tally  shapeTally
	number int   // of the record, from 1
	offset int64 // where it begins
	next   int64 // where the one after it begins, without an index
	skips  []string
}

func (s *shapeFile) walk() *shapeCursor { return &shapeCursor{shapeFile: s, next: shapeHead} }

// where is the current record in words.
func (c *shapeCursor) where() string {
	return fmt.Sprintf("%s, record %d at byte %d", c.name, c.number, c.offset)
}

// advance goes to the next record; ok is false behind the last.
func (c *shapeCursor) advance() (ok bool, err error) {
	c.number++
	if c.index != nil {
		if c.number > c.count {
			return false, nil
		}
		c.offset, err = c.indexed(c.number - 1)
		return err == nil, err
	}
	if c.offset = c.next; c.offset >= c.file.size {
		return false, nil
	}
	if c.plausible(c.offset) {
		return true, nil
	}
	return c.resume()
}

// resume looks for the next record behind bytes that are none. Nothing but
// zeros up to the end is an end.
func (c *shapeCursor) resume() (bool, error) {
	zeros := true
	for at := c.offset; at < c.file.size; at++ {
		if at-c.offset > longestSkip {
			break
		}
		b, err := c.file.piece(at, 1)
		if err != nil {
			return false, err
		}
		if at > c.offset && c.follows(at) {
			c.skips = append(c.skips, fmt.Sprintf("%s: %d bytes before record %d are no record and were passed over", c.name, at-c.offset, c.number))
			c.offset = at
			return true, nil
		}
		zeros = zeros && b[0] == 0
	}
	if zeros {
		return false, nil
	}
	return false, &spatial.InvalidError{Rule: "shp_record", Where: c.where(),
		Detail: fmt.Sprintf("no record begins here, or it goes beyond the end of the file at byte %d", c.file.size),
		Fix:    "the file is cut off or damaged: get a whole copy of it"}
}

// follows says whether the record of the number that is next begins at an
// offset; among arbitrary bytes plausibility is not enough.
func (c *shapeCursor) follows(at int64) bool {
	head, err := c.file.piece(at, 4)
	return err == nil && len(head) == 4 && int(binary.BigEndian.Uint32(head)) == c.number && c.plausible(at)
}

// geometry decodes the current record and finds where the next one begins. A
// record that says less than its shape needs is believed only if the next
// begins right behind the shape.
func (c *shapeCursor) geometry() (orb.Geometry, error) {
	head, err := c.file.piece(c.offset, recordHead)
	if err != nil {
		return nil, err
	}
	length := 2 * int64(binary.BigEndian.Uint32(head[4:]))
	g, err := c.decode(length)
	if short, ok := err.(errShort); ok {
		end := c.offset + recordHead + short.need
		if end != c.file.size && !(end < c.file.size && c.plausible(end)) {
			return nil, shapeFault("shape_length", "the shape needs %d bytes, but the record has %d", short.need, length)
		}
		c.skips = append(c.skips, fmt.Sprintf("%s: the record says it has %d bytes, but has %d", c.where(), length, short.need))
		length = short.need
		g, err = c.decode(length)
	}
	c.next = c.offset + recordHead + length
	return g, err
}

func (c *shapeCursor) decode(length int64) (orb.Geometry, error) {
	content, err := c.file.piece(c.offset+recordHead, length)
	if err != nil {
		return nil, err
	}
	r := shapeReader{data: content, number: c.number, tally: &c.tally}
	return r.geometry()
}
