// Package osmtest writes small OpenStreetMap extracts for tests. It knows of the
// format what such an extract needs, and nothing of its readers. Its source is the
// description of the format (wiki.openstreetmap.org/wiki/PBF_Format).
//
// Invariant: what is written is what was given, in its order.
package osmtest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"math"
)

// Extract is what an extract holds.
type Extract struct {
	Nodes     []Node
	Ways      []Way
	Relations []Relation
	Seconds   int64 // since 1970, of the state of the data; 0 if it does not say
}

// Node is a position.
type Node struct {
	ID       int64
	Lon, Lat float64 // degrees, to 10⁻⁷
	Tags     map[string]string
}

// Way is a line of nodes.
type Way struct {
	ID    int64
	Nodes []int64
	Tags  map[string]string
}

// Relation is a group of things with roles.
type Relation struct {
	ID      int64
	Members []Member
	Tags    map[string]string
}

// Member is a thing in a relation.
type Member struct {
	Kind Kind
	ID   int64
	Role string
}

// Kind is that of a member.
type Kind uint64

// The kinds of members.
const (
	OfNode Kind = iota
	OfWay
	OfRelation
)

// PBF is the extract as the bytes of a file.
func (e Extract) PBF() []byte {
	var header message
	header.text(4, "OsmSchema-V0.6")
	header.text(4, "DenseNodes")
	if e.Seconds > 0 {
		header.varint(32, uint64(e.Seconds))
	}
	var file bytes.Buffer
	blob(&file, "OSMHeader", header)
	blob(&file, "OSMData", e.block())
	return file.Bytes()
}

// block is a PrimitiveBlock with all things, one group for each kind.
func (e Extract) block() message {
	words := &table{at: map[string]uint64{"": 0}, list: []string{""}}
	groups := []message{e.nodes(words), e.ways(words), e.relations(words)}
	var strings, block message
	for _, s := range words.list {
		strings.text(1, s)
	}
	block.bytes(1, strings)
	for _, g := range groups {
		if len(g) > 0 {
			block.bytes(2, g)
		}
	}
	return block
}

// nodes are dense: differences to the node before, and tags one after the other.
func (e Extract) nodes(words *table) (group message) {
	if len(e.Nodes) == 0 {
		return nil
	}
	var ids, lats, lons, tags message
	var id, lat, lon int64
	for _, n := range e.Nodes {
		y, x := int64(math.Round(n.Lat*1e7)), int64(math.Round(n.Lon*1e7))
		ids.packed(zigzag(n.ID - id))
		lats.packed(zigzag(y - lat))
		lons.packed(zigzag(x - lon))
		id, lat, lon = n.ID, y, x
		for key, value := range n.Tags {
			tags.packed(words.number(key))
			tags.packed(words.number(value))
		}
		tags.packed(0)
	}
	var dense message
	dense.bytes(1, ids)
	dense.bytes(8, lats)
	dense.bytes(9, lons)
	dense.bytes(10, tags)
	group.bytes(2, dense)
	return group
}

func (e Extract) ways(words *table) (group message) {
	for _, w := range e.Ways {
		var way, refs message
		way.varint(1, uint64(w.ID))
		way.tags(words, w.Tags)
		last := int64(0)
		for _, n := range w.Nodes {
			refs.packed(zigzag(n - last))
			last = n
		}
		way.bytes(8, refs)
		group.bytes(3, way)
	}
	return group
}

func (e Extract) relations(words *table) (group message) {
	for _, r := range e.Relations {
		var relation, roles, ids, kinds message
		relation.varint(1, uint64(r.ID))
		relation.tags(words, r.Tags)
		last := int64(0)
		for _, m := range r.Members {
			roles.packed(words.number(m.Role))
			ids.packed(zigzag(m.ID - last))
			kinds.packed(uint64(m.Kind))
			last = m.ID
		}
		relation.bytes(8, roles)
		relation.bytes(9, ids)
		relation.bytes(10, kinds)
		group.bytes(4, relation)
	}
	return group
}

// table is the strings of a block.
type table struct {
	at   map[string]uint64
	list []string
}

func (t *table) number(s string) uint64 {
	i, ok := t.at[s]
	if !ok {
		i = uint64(len(t.list))
		t.at[s] = i
		t.list = append(t.list, s)
	}
	return i
}

// blob writes a message with its header, compressed.
func blob(file *bytes.Buffer, kind string, content message) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(content) // into memory
	_ = z.Close()
	var b, header message
	b.varint(2, uint64(len(content)))
	b.bytes(3, packed.Bytes())
	header.text(1, kind)
	header.varint(3, uint64(len(b)))
	_ = binary.Write(file, binary.BigEndian, uint32(len(header)))
	file.Write(header)
	file.Write(b)
}

// message is one of Protocol Buffers, as far as it is written.
type message []byte

func (m *message) packed(x uint64) { *m = binary.AppendUvarint(*m, x) }

func (m *message) varint(field int, x uint64) {
	m.packed(uint64(field) << 3)
	m.packed(x)
}

func (m *message) bytes(field int, b []byte) {
	m.packed(uint64(field)<<3 | 2)
	m.packed(uint64(len(b)))
	*m = append(*m, b...)
}

func (m *message) text(field int, s string) { m.bytes(field, []byte(s)) }

func (m *message) tags(words *table, tags map[string]string) {
	var keys, values message
	for key, value := range tags {
		keys.packed(words.number(key))
		values.packed(words.number(value))
	}
	m.bytes(2, keys)
	m.bytes(3, values)
}

func zigzag(x int64) uint64 { return uint64(x<<1) ^ uint64(x>>63) }
