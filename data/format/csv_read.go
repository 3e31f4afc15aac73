package format

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"

	"wangge/spatial"
)

// csvFile is a file of delimited text.
type csvFile struct {
	file  io.ReadSeekCloser
	text  encoding.Encoding // nil for UTF-8
	comma byte
}

// OpenCSV reads delimited text as features, below a row of names. The
// delimiter (comma, semicolon, tab or |) is the one that stands most often, and
// evenly, in the first rows; the encoding is the user's word, a byte order
// mark's, or UTF-8 if the bytes are that, and detected otherwise. Columns of
// coordinates or well-known text are the geometry.
func OpenCSV(file io.ReadSeekCloser, charsetName string) (Features, error) {
	f := &csvFile{file: file}
	said, err := f.decide(charsetName)
	if err != nil {
		return nil, err
	}
	sample, err := f.sample()
	if err != nil {
		return nil, err
	}
	f.comma = sniff(sample)
	header, err := f.header()
	if err != nil {
		return nil, err
	}
	t, err := newTable(f, header, 2)
	if err != nil {
		return nil, err
	}
	t.said = append(said, t.said...)
	if f.comma != ',' {
		t.note("the cells are parted by %q", f.comma)
	}
	return t, nil
}

// decide finds the encoding.
func (f *csvFile) decide(name string) (said []string, err error) {
	head := make([]byte, 3)
	n, err := io.ReadFull(f.file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return nil, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		f.text = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
		return []string{"text read as UTF-16, as its first bytes say"}, nil
	}
	user, err := userCharset(name)
	if err != nil {
		return nil, err
	}
	if name == "" {
		if valid, err := f.isUTF8(); valid || err != nil {
			return nil, err
		}
	}
	chosen := newCharsetSurvey(user, charset{}, charset{})
	if err := f.weigh(chosen); err != nil {
		return nil, err
	}
	c, said, err := chosen.choose("the file")
	if err != nil || c.name == utf8Text.name {
		return nil, err
	}
	f.text = c.table
	return said, nil
}

func (f *csvFile) isUTF8() (bool, error) {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	for r := bufio.NewReaderSize(f.file, 1<<16); ; {
		switch c, size, err := r.ReadRune(); {
		case errors.Is(err, io.EOF):
			return true, nil
		case err != nil:
			return false, err
		case c == utf8.RuneError && size == 1:
			return false, nil
		}
	}
}

// weigh shows the lines of the file to a survey of encodings.
func (f *csvFile) weigh(chosen *charsetSurvey) error {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r := bufio.NewReaderSize(f.file, 1<<20)
	for line, whole := 1, true; ; line++ {
		text, err := r.ReadSlice('\n')
		if whole {
			chosen.see(bytes.TrimRight(text, "\r\n"), errors.Is(err, bufio.ErrBufferFull), fmt.Sprintf("line %d", line))
		}
		whole = !errors.Is(err, bufio.ErrBufferFull)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && whole:
			return err
		}
	}
}

// open begins the text again, decoded.
func (f *csvFile) open() (io.Reader, error) {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if f.text != nil {
		return f.text.NewDecoder().Reader(f.file), nil
	}
	return unicode.UTF8BOM.NewDecoder().Reader(f.file), nil
}

// sample is the beginning of the text.
func (f *csvFile) sample() ([]byte, error) {
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	sample := make([]byte, 1<<16)
	n, err := io.ReadFull(r, sample)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return sample[:n], err
}

// sniff is the delimiter that parts the first rows into most columns, all into
// as many as the header or nearly.
func sniff(sample []byte) byte {
	best, most := byte(','), 0
	for _, comma := range []byte{',', '\t', ';', '|'} {
		s := newCSVScanner(bytes.NewReader(sample), comma)
		width, even := 0, 0
		for row := 0; row < 20 && s.next() == nil; row++ {
			if row == 0 {
				width = len(s.cells)
			}
			if len(s.cells) == width {
				even++
			}
		}
		if score := (width - 1) * even; score > most {
			best, most = comma, score
		}
	}
	return best
}

func (f *csvFile) header() (names []string, err error) {
	stop := errors.New("header read")
	err = f.rows(func(s *csvScanner, number int) error {
		if number > 1 {
			return &spatial.InvalidError{Rule: "header_missing", Where: "row 1", Detail: "the first row is empty", Fix: "put a row of names above the values"}
		}
		for i := range s.cells {
			names = append(names, s.text(i))
		}
		return stop
	})
	if err == nil {
		return nil, &spatial.InvalidError{Rule: "file_empty", Where: "row 1", Detail: "the file is empty"}
	}
	if errors.Is(err, stop) {
		err = nil
	}
	return names, err
}

// rows hands on the rows that are not empty.
func (f *csvFile) rows(see func(s *csvScanner, number int) error) error {
	r, err := f.open()
	if err != nil {
		return err
	}
	s := newCSVScanner(r, f.comma)
	for number := 1; ; number++ {
		switch err := s.next(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if len(s.buf) == 0 {
			continue
		}
		if err := see(s, number); err != nil {
			return err
		}
	}
}

// each implements lines.
func (f *csvFile) each(see func(int, []spatial.Value, *spatial.InvalidError) error) error {
	var cells []spatial.Value
	width := 0
	return f.rows(func(s *csvScanner, number int) error {
		cells = cells[:0]
		for i := range s.cells {
			cells = append(cells, s.value(i))
		}
		if number == 1 {
			width = len(cells)
		}
		return see(number, cells, ragged(cells, width, s))
	})
}

// value is a cell: null if nothing stands there, not even quotes.
func (s *csvScanner) value(i int) spatial.Value {
	text := s.text(i)
	if !s.cells[i].quoted {
		text = strings.TrimSpace(text)
	}
	if text == "" && !s.cells[i].quoted {
		return spatial.Null
	}
	return spatial.Text(unguard(text))
}

// ragged says what is wrong with a row as such.
func ragged(cells []spatial.Value, width int, s *csvScanner) *spatial.InvalidError {
	if len(cells) < width {
		return &spatial.InvalidError{Rule: "row_width", Detail: fmt.Sprintf("the row has %d cells, the header %d", len(cells), width),
			Fix: "a text with a line break in it must stand in quotes"}
	}
	if !utf8.Valid(s.buf) {
		return &spatial.InvalidError{Rule: "encoding", Detail: "the text is not in the encoding of the rest", Fix: "save the file as UTF-8"}
	}
	return nil
}

// Close implements lines.
func (f *csvFile) Close() error { return f.file.Close() }
