package spatial

// column holds one attribute of a chunk's rows. Text is coded by a
// dictionary of the chunk; index 0 is null.
type column struct {
	typ  Type
	text []uint16
	dict []string
	nums []uint64
	null []bool // nil where nothing is null
}

// newColumn encodes the values of field i of the rows.
func newColumn(typ Type, rows []Row, i int) column {
	if typ == TypeText {
		return newTextColumn(rows, i)
	}
	c := column{typ: typ, nums: make([]uint64, len(rows))}
	for r := range rows {
		v := rows[r].Values[i]
		c.nums[r] = v.num
		if !v.IsNull() {
			continue
		}
		if c.null == nil {
			c.null = make([]bool, len(rows))
		}
		c.null[r] = true
	}
	return c
}

func newTextColumn(rows []Row, i int) column {
	c := column{typ: TypeText, text: make([]uint16, len(rows)), dict: []string{""}}
	codes := map[string]uint16{}
	for r := range rows {
		v := rows[r].Values[i]
		if v.IsNull() {
			continue
		}
		code, ok := codes[v.text]
		if !ok {
			code = uint16(len(c.dict))
			c.dict = append(c.dict, v.text)
			codes[v.text] = code
		}
		c.text[r] = code
	}
	return c
}

func (c *column) value(row int) Value {
	if c.typ == TypeText {
		if code := c.text[row]; code != 0 {
			return Value{typ: TypeText, text: c.dict[code]}
		}
		return Null
	}
	if c.null != nil && c.null[row] {
		return Null
	}
	return Value{typ: c.typ, num: c.nums[row]}
}
