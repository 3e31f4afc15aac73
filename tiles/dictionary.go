package tiles

import (
	"hash/maphash"
	"slices"

	"wangge/spatial"
)

// dictionary is a layer's table of values, each once, numbered in the order of
// first use. It finds values by the bytes that they are encoded in, and can be
// used again for another layer.
type dictionary struct {
	encoded []byte   // the values, as fields of the layer's message
	ends    []uint32 // of each in encoded
	hashes  []uint32 // of each
	slots   []uint32 // one more than a value's number, by its hash; a power of two of places
	last    []coded  // of each column: its value of last time
}

type coded struct {
	value spatial.Value
	code  uint64
}

// seed scatters values over the places of tables. Which place a value has
// decides nothing.
var seed = maphash.MakeSeed()

// reset makes the dictionary empty, for values of so many columns.
func (d *dictionary) reset(columns int) {
	const few = 128
	d.slots = slices.Grow(d.slots[:0], few)[:few]
	clear(d.slots)
	d.encoded, d.ends, d.hashes = d.encoded[:0], d.ends[:0], d.hashes[:0]
	d.last = slices.Grow(d.last[:0], columns)[:columns]
	clear(d.last)
}

// codeIn is the number of a value of a column, in which neighbours are often
// alike. The value is not null.
func (d *dictionary) codeIn(column int, v spatial.Value) uint64 {
	last := &d.last[column]
	if last.value != v {
		last.value, last.code = v, d.code(v)
	}
	return last.code
}

// code is the number of a value that is not null.
func (d *dictionary) code(v spatial.Value) uint64 {
	begin := len(d.encoded)
	d.encoded = appendValue(d.encoded, v)
	fresh := d.encoded[begin:]
	hash := uint32(maphash.Bytes(seed, fresh))
	at := hash & uint32(len(d.slots)-1)
	for ; d.slots[at] != 0; at = (at + 1) & uint32(len(d.slots)-1) {
		if code := d.slots[at] - 1; d.hashes[code] == hash && string(d.at(code)) == string(fresh) {
			d.encoded = d.encoded[:begin]
			return uint64(code)
		}
	}
	d.ends, d.hashes = append(d.ends, uint32(len(d.encoded))), append(d.hashes, hash)
	d.slots[at] = uint32(len(d.ends))
	if 2*len(d.ends) > len(d.slots) {
		d.grow()
	}
	return uint64(len(d.ends) - 1)
}

// at is an encoded value.
func (d *dictionary) at(code uint32) []byte {
	from := uint32(0)
	if code > 0 {
		from = d.ends[code-1]
	}
	return d.encoded[from:d.ends[code]]
}

func (d *dictionary) grow() {
	n := 4 * len(d.slots)
	d.slots = slices.Grow(d.slots[:0], n)[:n]
	clear(d.slots)
	for code, hash := range d.hashes {
		at := hash & uint32(n-1)
		for d.slots[at] != 0 {
			at = (at + 1) & uint32(n-1)
		}
		d.slots[at] = uint32(code + 1)
	}
}

// appendValue appends a value as a field of the layer's message.
func appendValue(b []byte, v spatial.Value) []byte {
	switch v.Type() {
	case spatial.TypeInt:
		if i := v.Int(); i < 0 {
			return appendVarintValue(b, valueSint, zigzag(i))
		}
		return appendVarintValue(b, valueUint, uint64(v.Int()))
	case spatial.TypeFloat:
		return appendDouble(append(b, layerValues<<3|wireBytes, 9), valueDouble, v.Float())
	case spatial.TypeBool:
		if v.Bool() {
			return append(b, layerValues<<3|wireBytes, 2, valueBool<<3|wireVarint, 1)
		}
		return append(b, layerValues<<3|wireBytes, 2, valueBool<<3|wireVarint, 0)
	case spatial.TypeText:
		return appendTextValue(b, v.Text())
	}
	return appendTextValue(b, v.String())
}

func appendVarintValue(b []byte, field int, n uint64) []byte {
	b = append(b, layerValues<<3|wireBytes, byte(1+sizeOfVarint(n)))
	return appendUint(b, field, n)
}

func appendTextValue(b []byte, text string) []byte {
	n := uint64(len(text))
	b = appendVarint(append(b, layerValues<<3|wireBytes), 1+uint64(sizeOfVarint(n))+n)
	return append(appendVarint(append(b, valueString<<3|wireBytes), n), text...)
}
