package format

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"wangge/spatial"
)

// maxRow is the most bytes of a row: more is an unclosed quote.
const maxRow = 16 << 20

// csvScanner reads delimited text (RFC 4180, any one-byte delimiter): cells
// that hold the delimiter, quotes or line breaks stand in quotes, which are
// doubled inside. encoding/csv does not tell an empty cell from "", and reads
// all the rest of a file for want of one quote.
type csvScanner struct {
	r     *bufio.Reader
	comma byte
	line  int // of the file, where the next row begins
	cells []csvCell
	buf   []byte
}

type csvCell struct {
	from, to int // of buf
	quoted   bool
}

func newCSVScanner(r io.Reader, comma byte) *csvScanner {
	return &csvScanner{r: bufio.NewReaderSize(r, 1<<16), comma: comma, line: 1}
}

// next reads a row; io.EOF ends the file. A lone empty line is a row of
// one empty cell.
func (s *csvScanner) next() error {
	s.cells, s.buf = s.cells[:0], s.buf[:0]
	began := s.line
	for {
		last, err := s.cell(began)
		if errors.Is(err, io.EOF) && len(s.cells) == 1 && len(s.buf) == 0 && !s.cells[0].quoted {
			return io.EOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if last {
			return nil
		}
	}
}

// cell reads one cell and what ends it.
func (s *csvScanner) cell(began int) (last bool, err error) {
	cell := csvCell{from: len(s.buf)}
	defer func() {
		cell.to = len(s.buf)
		s.cells = append(s.cells, cell)
	}()
	for first := true; ; first = false {
		c, err := s.r.ReadByte()
		switch {
		case err != nil:
			return true, err
		case c == s.comma:
			return false, nil
		case c == '\n':
			s.line++
			return true, nil
		case c == '\r':
			if after, _ := s.r.Peek(1); len(after) == 0 || after[0] == '\n' {
				continue
			}
			s.line++
			return true, nil
		case c == '"' && first:
			cell.quoted = true
			if err := s.quoted(began); err != nil {
				return true, err
			}
		default:
			s.buf = append(s.buf, c)
		}
		if len(s.buf) > maxRow {
			return true, tooLong(began)
		}
	}
}

// quoted reads up to the closing quote.
func (s *csvScanner) quoted(began int) error {
	for {
		c, err := s.r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return &spatial.InvalidError{Rule: "csv_quote", Where: fmt.Sprintf("line %d", began), Detail: "a quote \" opens in the row and never closes",
				Fix: "close it, or double it if it belongs to the text"}
		case err != nil:
			return err
		case c == '"':
			if after, _ := s.r.Peek(1); len(after) == 0 || after[0] != '"' {
				return nil
			}
			_, _ = s.r.Discard(1)
		case c == '\n':
			s.line++
		}
		s.buf = append(s.buf, c)
		if len(s.buf) > maxRow {
			return tooLong(began)
		}
	}
}

func tooLong(began int) error {
	return &spatial.InvalidError{Rule: "csv_row", Where: fmt.Sprintf("line %d", began), Detail: "the row that begins here is longer than 16 MB",
		Fix: "a quote \" may be open in it: close it, or double it if it belongs to the text"}
}

func (s *csvScanner) text(i int) string { return string(s.buf[s.cells[i].from:s.cells[i].to]) }
