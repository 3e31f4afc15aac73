package spatial

import (
	"encoding/binary"
	"math"
)

// numbers is a sequence of whole numbers, each kept as what it is above the
// least of them in as few bytes (0, 1, 2, 4 or 8) as the greatest needs.
type numbers struct {
	least int64
	width int
	bytes []byte
}

func packNumbers(values []int64) numbers {
	if len(values) == 0 {
		return numbers{}
	}
	least, greatest := values[0], values[0]
	for _, v := range values {
		least, greatest = min(least, v), max(greatest, v)
	}
	n := numbers{least: least, width: widthOf(uint64(greatest) - uint64(least))}
	n.bytes = make([]byte, 0, n.width*len(values))
	for _, v := range values {
		n.add(uint64(v) - uint64(least))
	}
	return n
}

func widthOf(span uint64) int {
	switch {
	case span == 0:
		return 0
	case span <= math.MaxUint8:
		return 1
	case span <= math.MaxUint16:
		return 2
	case span <= math.MaxUint32:
		return 4
	}
	return 8
}

func (n *numbers) add(above uint64) {
	switch n.width {
	case 1:
		n.bytes = append(n.bytes, byte(above))
	case 2:
		n.bytes = binary.LittleEndian.AppendUint16(n.bytes, uint16(above))
	case 4:
		n.bytes = binary.LittleEndian.AppendUint32(n.bytes, uint32(above))
	case 8:
		n.bytes = binary.LittleEndian.AppendUint64(n.bytes, above)
	}
}

// at is the i-th number; i is not checked where all are the same.
func (n *numbers) at(i int) int64 {
	above := uint64(0)
	switch n.width {
	case 1:
		above = uint64(n.bytes[i])
	case 2:
		above = uint64(binary.LittleEndian.Uint16(n.bytes[2*i:]))
	case 4:
		above = uint64(binary.LittleEndian.Uint32(n.bytes[4*i:]))
	case 8:
		above = binary.LittleEndian.Uint64(n.bytes[8*i:])
	}
	return int64(uint64(n.least) + above)
}
