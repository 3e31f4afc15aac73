package format

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"strings"

	"wangge/spatial"
)

// dbfTable is a dBASE table, III to FoxPro, as the attributes of a shapefile
// are stored. Sources: dBASE III+ file structure; Esri's Shapefile Technical
// Description (1998).
type dbfTable struct {
	name     string // for messages
	file     *window
	begin    int64 // of the first record
	width    int64 // of a record, with its deletion mark
	records  int
	language byte
	fields   []dbfField
	text     charset
	notes    []string
}

// dbfField is a column of the table.
type dbfField struct {
	raw      []byte // the name as the file has it
	name     string // in UTF-8, unique
	kind     byte
	offset   int // in a record
	width    int
	decimals int
	left     bool // left out: a memo or a type of no meaning here
}

const (
	dbfHead       = 32 // bytes of the head, and of the description of a field
	dbfName       = 11 // bytes for a field's name and the zero behind it
	dbfDeleted    = '*'
	dbfEndOfFile  = 0x1a
	dbfTerminator = 0x0d
)

// openDBF reads the head of a table and all its text, to decide on the
// encoding: user is what the user names, page what the .cpg file does.
func openDBF(name string, file *window, user, page charset) (*dbfTable, error) {
	t := &dbfTable{name: name, file: file}
	if err := t.readHead(); err != nil {
		return nil, err
	}
	if err := t.countRecords(); err != nil {
		return nil, err
	}
	return t, t.chooseText(user, page)
}

func (t *dbfTable) refuse(rule, detail, fix string) error {
	return &spatial.InvalidError{Rule: rule, Where: t.name, Detail: detail, Fix: fix}
}

func (t *dbfTable) readHead() error {
	head, err := t.file.piece(0, dbfHead)
	if err != nil {
		return err
	}
	if len(head) < dbfHead || !dbfVersion(head[0]) {
		return t.refuse("dbf_format", "the file is not a dBASE table", "save it again as a shapefile with its .dbf")
	}
	if head[0] == 0x04 || head[0] == 0x8c {
		return t.refuse("dbf_format", "the table is of dBASE 7", "save it as dBASE IV or as CSV")
	}
	t.records = int(binary.LittleEndian.Uint32(head[4:]))
	t.begin = int64(binary.LittleEndian.Uint16(head[8:]))
	t.width = int64(binary.LittleEndian.Uint16(head[10:]))
	t.language = head[29]
	return t.readFields()
}

// dbfVersion knows the first bytes of the tables that are read, and of dBASE
// 7, which is refused by name.
func dbfVersion(b byte) bool {
	return bytes.IndexByte([]byte{0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8b, 0x8c, 0x8e, 0xcb, 0xe5, 0xf5, 0xfb}, b) >= 0
}

func (t *dbfTable) readFields() error {
	offset := 1
	at := int64(dbfHead)
	for ; ; at += dbfHead {
		d, err := t.file.piece(at, dbfHead)
		if err != nil {
			return err
		}
		ends := at+dbfHead > t.begin && int64(offset) == t.width // where another byte ends the description
		if ends || len(d) > 0 && d[0] == dbfTerminator {
			break
		}
		if len(d) < dbfHead {
			return t.refuse("dbf_truncated", fmt.Sprintf("the file ends at byte %d, within the description of its fields", t.file.size), "get a whole copy of it")
		}
		f := newDBFField(d, offset)
		offset += f.width
		t.fields = append(t.fields, f)
	}
	return t.checkWidths(at, offset)
}

func newDBFField(d []byte, offset int) dbfField {
	raw, _, _ := bytes.Cut(d[:dbfName], []byte{0})
	f := dbfField{raw: bytes.TrimRight(bytes.Clone(raw), " "), kind: d[11], offset: offset, width: int(d[16]), decimals: int(d[17])}
	if f.kind == 'C' { // Clipper and FoxPro have text of more than 255 bytes
		f.width += f.decimals << 8
	}
	return f
}

// checkWidths holds the fields against the width of a record, and the end of
// their description against the beginning of the records.
func (t *dbfTable) checkWidths(end int64, sum int) error {
	if int64(sum) != t.width {
		sum = t.narrow()
	}
	if int64(sum) > t.width || t.width == 0 {
		return t.refuse("dbf_width", fmt.Sprintf("the fields take %d bytes, but a record has %d", sum, t.width), "save the file again with another program")
	}
	if t.begin < end {
		t.notes = append(t.notes, fmt.Sprintf("%s says that its records begin at byte %d, which is within its field descriptions; read from byte %d on", t.name, t.begin, end+1))
		t.begin = end + 1
	}
	return nil
}

// narrow takes the decimals of text fields for what they mean elsewhere:
// nothing.
func (t *dbfTable) narrow() (sum int) {
	sum = 1
	for i := range t.fields {
		f := &t.fields[i]
		if f.kind == 'C' {
			f.width &= 0xff
		}
		f.offset = sum
		sum += f.width
	}
	return sum
}

// countRecords holds the number of records against the size of the file. A
// number of 0 may be a head that was never brought up to date.
func (t *dbfTable) countRecords() error {
	whole := int((t.file.size - t.begin) / t.width)
	switch {
	case t.records > whole:
		return &spatial.InvalidError{Rule: "dbf_truncated", Where: fmt.Sprintf("%s, record %d", t.name, max(whole, 0)+1),
			Detail: fmt.Sprintf("the file ends at byte %d, but it should have %d records", t.file.size, t.records), Fix: "get a whole copy of it"}
	case t.records == 0 && whole > 0:
		mark, err := t.file.piece(t.begin, 1)
		if err != nil || mark[0] != ' ' && mark[0] != dbfDeleted {
			return err
		}
		t.records = whole
		t.notes = append(t.notes, fmt.Sprintf("%s says that it has no records, but has %d", t.name, whole))
	}
	return nil
}

// place is a record in words; i counts from 0.
func (t *dbfTable) place(i int) string {
	return fmt.Sprintf("%s, record %d at byte %d", t.name, i+1, t.begin+int64(i)*t.width)
}

// record is the bytes of a record, from its deletion mark on.
func (t *dbfTable) record(i int) ([]byte, error) {
	b, err := t.file.piece(t.begin+int64(i)*t.width, t.width)
	if err == nil && int64(len(b)) < t.width {
		err = t.refuse("dbf_truncated", "the file became shorter while it was read", "try again")
	}
	return b, err
}

// chooseText decides on the encoding by all names and texts.
func (t *dbfTable) chooseText(user, page charset) error {
	language, known := codePage(languages[t.language])
	if number := languages[t.language]; number != "" && !known {
		t.notes = append(t.notes, fmt.Sprintf("the language byte of the .dbf says code page %s, which is not read here", number))
	}
	survey := newCharsetSurvey(user, language, page)
	for i, f := range t.fields {
		survey.see(f.raw, len(f.raw) >= dbfName-1, fmt.Sprintf("%s, name of field %d", t.name, i+1))
	}
	if err := t.surveyTexts(survey); err != nil {
		return err
	}
	text, notes, err := survey.choose(t.name)
	if err != nil {
		return err
	}
	t.text = text
	t.notes = append(t.notes, notes...)
	t.nameFields()
	return nil
}

func (t *dbfTable) surveyTexts(survey *charsetSurvey) error {
	for i := range t.records {
		record, err := t.record(i)
		if err != nil {
			return err
		}
		if record[0] == dbfDeleted || isASCII(record) {
			continue
		}
		for k := range t.fields {
			f := &t.fields[k]
			if text, full := f.textOf(record); isTextKind(f.kind) && !isASCII(text) {
				survey.see(text, full, t.place(i)+fmt.Sprintf(", field %d", k+1))
			}
		}
	}
	return nil
}

func isTextKind(kind byte) bool { return kind == 'C' || kind == 'V' }

// textOf is the text of a field without the blanks or zeros behind it, and
// whether it fills the field.
func (f *dbfField) textOf(record []byte) (text []byte, full bool) {
	all := record[f.offset : f.offset+f.width]
	text, _, _ = bytes.Cut(all, []byte{0})
	text = bytes.TrimSuffix(text, []byte{dbfEndOfFile}) // over the last byte, by some programs
	return bytes.TrimRight(text, " "), len(text) > 0 && len(text) == f.width && text[len(text)-1] != ' '
}

// nameFields decodes the names, which are cut at ten bytes, maybe within a
// character, and makes them unique.
func (t *dbfTable) nameFields() {
	taken := map[string]bool{}
	for i := range t.fields {
		f := &t.fields[i]
		name, cut, _ := t.text.decode(f.raw, len(f.raw) >= dbfName-1)
		if cut {
			t.note("the name of field %d was cut within a character and is read as %q", i+1, name)
		}
		name = strings.TrimSpace(name)
		if name == "" {
			name = fmt.Sprintf("field_%d", i+1)
			t.note("field %d has no name and is called %s", i+1, name)
		}
		f.name = freeName(name, taken)
		if f.name != name {
			t.note("two fields are called %q; the second, field %d, is read as %q", name, i+1, f.name)
		}
		f.left = !strings.ContainsRune("CVNFDLIO+TYB@", rune(f.kind)) || f.kind == 'B' && f.width != 8 || f.kind == 'I' && f.width != 4
		if f.left && f.kind != '0' { // '0' are FoxPro's marks of nulls
			t.note("field %q is a memo or of another type, %q, that is not read", f.name, f.kind)
		}
	}
}

// restoreNames gives fields the whole names that a list says they had before
// they were cut: rows of the name in the table, the whole one, and a title.
func (t *dbfTable) restoreNames(list string) {
	rows, err := csv.NewReader(strings.NewReader(list)).ReadAll()
	if err != nil || len(rows) == 0 || len(rows[0]) < 2 || rows[0][0] != "dbf" || rows[0][1] != "field" {
		return
	}
	whole := map[string]string{}
	for _, row := range rows[1:] {
		whole[row[0]] = row[1]
	}
	taken := map[string]bool{}
	for i := range t.fields {
		f := &t.fields[i]
		f.name = freeName(cmp.Or(whole[f.name], f.name), taken)
	}
	t.note("whole names of fields taken from the list beside it")
}

// freeName is the name, or with a number behind it the first one that is not
// taken yet. Letters of either case are the same.
func freeName(name string, taken map[string]bool) string {
	free := name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	taken[strings.ToLower(free)] = true
	return free
}

func (t *dbfTable) note(format string, args ...any) {
	t.notes = append(t.notes, t.name+": "+fmt.Sprintf(format, args...))
}
