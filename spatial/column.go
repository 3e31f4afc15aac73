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
}

// newColumn encodes field i of the rows.
func newColumn(typ Type, rows []source, i int) column {
	if typ == TypeText {
		return newTextColumn(rows, i)
	}
	c := column{typ: typ}
	values := make([]int64, len(rows))
	last := int64(0)
	for r := range rows {
		v := rows[r].value(i)
		if v.IsNull() {
			c.setNull(r, len(rows))
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
	codes := make(map[string]int64, 16)
	values := make([]int64, len(rows))
	ends := []int64{0}
	var texts strings.Builder
	for r := range rows {
		v := rows[r].value(i)
		if v.IsNull() {
			continue
		}
		code, ok := codes[v.text]
		if !ok {
			code = int64(len(ends))
			codes[v.text] = code
			texts.WriteString(v.text)
			ends = append(ends, int64(texts.Len()))
		}
		values[r] = code
	}
	return column{typ: TypeText, numbers: packNumbers(values), texts: strings.Clone(texts.String()), ends: packNumbers(ends)}
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
