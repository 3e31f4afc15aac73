package spatial

import "strings"

// column holds one attribute of a chunk's rows. Numbers of any type are
// packed. Text is coded by a dictionary of the chunk: the texts one after
// another, and where each ends; code 0 is null.
type column struct {
	typ     Type
	numbers numbers
	null    []uint64 // a bit for each row; nil where nothing is null
	texts   string
	ends    numbers
	codes   int // how many there are, null too
}

// newColumn encodes field i of the rows.
func newColumn(typ Type, rows []source, i int) column {
	if typ == TypeText {
		return newTextColumn(rows, i)
	}
	return newNumberColumn(typ, len(rows), func(row int) Value { return rows[row].value(i) })
}

func newNumberColumn(typ Type, rows int, value func(row int) Value) column {
	c := column{typ: typ}
	values := make([]int64, rows)
	last := int64(0)
	for r := range rows {
		v := value(r)
		if v.IsNull() {
			c.setNull(r, rows)
		} else {
			last = int64(v.num)
		}
		values[r] = last // at a null the number before it, which packs well
	}
	c.numbers = packNumbers(values)
	return c
}

func (c *column) setNull(row, rows int) {
	if c.null == nil {
		c.null = make([]uint64, (rows+63)/64)
	}
	c.null[row/64] |= 1 << (row % 64)
}

func newTextColumn(rows []source, i int) column {
	d := newDictionary(&rows[0], i)
	values := make([]int64, len(rows))
	for r := range rows {
		if rows[r].put != nil {
			values[r] = d.code(rows[r].put.Values[i])
		} else {
			values[r] = d.recode(&rows[r].from.columns[i], rows[r].row)
		}
	}
	return column{typ: TypeText, numbers: packNumbers(values), texts: strings.Clone(d.texts.String()), ends: packNumbers(d.ends), codes: len(d.ends)}
}

// dictionary gives texts their codes in a new column.
type dictionary struct {
	codes map[string]int64
	texts strings.Builder
	ends  []int64
	from  *column // whose rows came last
	known []int64 // its codes here, 0 where not yet met
}

// newDictionary has room for as many texts as the column of a row has.
func newDictionary(first *source, i int) dictionary {
	room := 16
	if first.put == nil {
		room = first.from.columns[i].codes
	}
	return dictionary{codes: make(map[string]int64, room), ends: make([]int64, 1, room+1)}
}

func (d *dictionary) code(v Value) int64 {
	if v.IsNull() {
		return 0
	}
	code, ok := d.codes[v.text]
	if !ok {
		code = int64(len(d.ends))
		d.codes[v.text] = code
		d.texts.WriteString(v.text)
		d.ends = append(d.ends, int64(d.texts.Len()))
	}
	return code
}

// recode is the code of a row of another column; it looks at each text of
// that column once.
func (d *dictionary) recode(from *column, row int) int64 {
	if d.from != from {
		d.from, d.known = from, make([]int64, from.codes)
	}
	old := from.numbers.at(row)
	if d.known[old] == 0 {
		d.known[old] = d.code(from.textValue(int(old)))
	}
	return d.known[old]
}

func (c *column) value(row int) Value {
	if c.typ == TypeText {
		return c.textValue(int(c.numbers.at(row)))
	}
	if c.null != nil && c.null[row/64]&(1<<(row%64)) != 0 {
		return Null
	}
	return Value{typ: c.typ, num: uint64(c.numbers.at(row))}
}

func (c *column) textValue(code int) Value {
	if code == 0 {
		return Null
	}
	return Value{typ: TypeText, text: c.texts[c.ends.at(code-1):c.ends.at(code)]}
}
