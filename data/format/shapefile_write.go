package format

import (
	"archive/zip"
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"io"
	"math"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// WriteShapefile writes the selection as a .zip of a shapefile: .shp, .shx,
// .dbf, .prj, .cpg. A shapefile holds one kind of geometry; where kinds mix,
// there are several in the archive, with _point, _multipoint, _line or
// _polygon behind their names. Features without geometry are null shapes in
// the first. A layer of none is a .dbf alone.
//
// encoding is utf-8, which "" stands for, gbk, gb18030 or big5. Names of
// fields are cut to ten bytes; the whole ones stand in the .fields.csv, by
// which [OpenShapefile] restores them. The .dbf has no empty text and no
// blanks behind a text: it is null, and they are lost. What else it cannot
// hold is refused, naming feature and field: text of more than 254 bytes,
// characters that the encoding lacks, more than 255 fields. Instants are text
// in RFC 3339.
//
// The features are gone through several times and must be the same each time;
// memory holds one. The same selection gives the same bytes.
func WriteShapefile(w io.Writer, s Selection, encoding string) error {
	table, err := newDBFWriter(s, encoding)
	if err != nil {
		return err
	}
	layers, err := measureShapes(s, table)
	if err != nil {
		return fmt.Errorf("write %s as a shapefile: %w", s.Layer.ID(), err)
	}
	archive := zip.NewWriter(w)
	for _, l := range layers {
		if err := l.write(archive); err != nil {
			return fmt.Errorf("write %s as a shapefile: %w", s.Layer.ID(), err)
		}
	}
	return archive.Close()
}

// shapeLayer is one shapefile of an archive.
type shapeLayer struct {
	Selection
	name  string
	kind  uint32 // a shape type
	nulls bool   // has the features without geometry
	rows  int
	bytes int64 // of the .shp
	bound orb.Bound
	some  bool // bound holds something
	table *dbfWriter
}

var shapeSuffixes = map[uint32]string{shapePoint: "_point", shapePoints: "_multipoint", shapeLines: "_line", shapePolygon: "_polygon"}

// shapeKind is the type that a geometry is written as, shapeNull for nil.
func shapeKind(g orb.Geometry) uint32 {
	switch g.(type) {
	case orb.Point:
		return shapePoint
	case orb.MultiPoint:
		return shapePoints
	case orb.LineString, orb.MultiLineString:
		return shapeLines
	case orb.Polygon, orb.MultiPolygon:
		return shapePolygon
	}
	return shapeNull
}

// measureShapes goes through the features and finds the shapefiles that they
// make, with their sizes.
func measureShapes(s Selection, table *dbfWriter) ([]*shapeLayer, error) {
	found := map[uint32]*shapeLayer{}
	layer := func(kind uint32) *shapeLayer {
		if found[kind] == nil {
			found[kind] = &shapeLayer{Selection: s, kind: kind, table: table, bytes: shapeHead, name: layerName(s)}
		}
		return found[kind]
	}
	nulls := 0
	for f := range s.Features {
		if err := table.measure(f); err != nil {
			return nil, err
		}
		g, err := projectedShape(f, s.CRS)
		if err != nil {
			return nil, err
		}
		if kind := shapeKind(g); kind == shapeNull {
			nulls++
		} else {
			layer(kind).measure(g)
		}
	}
	if err := table.settle(); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		layer(emptyKind(s.Layer.Schema().Geometry))
	}
	return arrange(found, nulls)
}

// emptyKind is the type of a shapefile without shapes.
func emptyKind(kinds spatial.GeometryKind) uint32 {
	switch {
	case kinds&spatial.Points != 0:
		return shapePoint
	case kinds&spatial.Lines != 0:
		return shapeLines
	case kinds&spatial.Polygons != 0:
		return shapePolygon
	}
	return shapeNull
}

// arrange puts the shapefiles in order and the null shapes into the first.
func arrange(found map[uint32]*shapeLayer, nulls int) ([]*shapeLayer, error) {
	var layers []*shapeLayer
	for _, kind := range []uint32{shapeNull, shapePoint, shapePoints, shapeLines, shapePolygon} {
		l := found[kind]
		if l == nil {
			continue
		}
		if len(found) > 1 {
			l.name += shapeSuffixes[kind]
		}
		if len(layers) == 0 {
			l.nulls = true
			l.rows += nulls
			l.bytes += int64(nulls) * (recordHead + 4)
		}
		layers = append(layers, l)
		if most := max(l.bytes, l.table.size(l.rows)); most > math.MaxInt32 {
			return nil, &spatial.InvalidError{Rule: "shapefile_size", Where: l.name, Detail: fmt.Sprintf("it would take %d bytes; a shapefile has at most 2 GiB", most), Fix: "export a GeoPackage"}
		}
	}
	return layers, nil
}

func (l *shapeLayer) measure(g orb.Geometry) {
	l.rows++
	l.bytes += recordHead + contentSize(g)
	if b := g.Bound(); l.some {
		l.bound = l.bound.Union(b)
	} else {
		l.bound, l.some = b, true
	}
}

// contentSize is the bytes of a shape.
func contentSize(g orb.Geometry) int64 {
	switch g := g.(type) {
	case nil:
		return 4
	case orb.Point:
		return 20
	case orb.MultiPoint:
		return 40 + 16*int64(len(g))
	}
	size := int64(44)
	for _, part := range shapeParts(g) {
		size += 4 + 16*int64(len(part))
	}
	return size
}

// shapeParts are the lines or rings of a geometry; rings alias it and wind as
// they do there.
func shapeParts(g orb.Geometry) []orb.LineString {
	var parts []orb.LineString
	switch g := g.(type) {
	case orb.LineString:
		parts = append(parts, g)
	case orb.MultiLineString:
		parts = g
	case orb.Polygon:
		for _, ring := range g {
			parts = append(parts, orb.LineString(ring))
		}
	case orb.MultiPolygon:
		for _, p := range g {
			parts = append(parts, shapeParts(p)...)
		}
	}
	return parts
}

func (l *shapeLayer) write(archive *zip.Writer) error {
	type member struct {
		extension string
		write     func(*bufio.Writer) error
	}
	members := []member{{".dbf", l.writeDBF}, {".cpg", l.text(l.table.text.name)}, {".fields.csv", l.writeFields}}
	if l.kind != shapeNull {
		members = append(members, member{".shp", l.writeSHP}, member{".shx", l.writeSHX})
	}
	if prj := formatPRJ(l.CRS); prj != "" && l.kind != shapeNull {
		members = append(members, member{".prj", l.text(prj)})
	}
	for _, m := range members {
		file, err := archive.Create(l.name + m.extension)
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(file, windowBytes)
		if err := cmp.Or(m.write(w), w.Flush()); err != nil {
			return err
		}
	}
	return nil
}

func (l *shapeLayer) text(s string) func(*bufio.Writer) error {
	return func(w *bufio.Writer) error {
		_, err := w.WriteString(s)
		return err
	}
}

// each goes through the layer's features with their geometries.
func (l *shapeLayer) each(see func(spatial.Feature, orb.Geometry) error) error {
	for f := range l.Features {
		g, err := projectedShape(f, l.CRS)
		if err != nil {
			return err
		}
		if kind := shapeKind(g); kind != l.kind && !(kind == shapeNull && l.nulls) {
			continue
		}
		if err := see(f, g); err != nil {
			return err
		}
	}
	return nil
}

// head is the head of the .shp or .shx, for a file of so many bytes.
func (l *shapeLayer) head(size int64) []byte {
	head := make([]byte, 32, shapeHead)
	binary.BigEndian.PutUint32(head, shapeCode)
	binary.BigEndian.PutUint32(head[24:], uint32(size/2))
	binary.LittleEndian.PutUint32(head[28:], 1000)
	head = binary.LittleEndian.AppendUint32(head, l.kind)
	head = appendPoints(head, l.bound.Min, l.bound.Max)
	return append(head, make([]byte, 32)...)
}

func (l *shapeLayer) writeSHP(w *bufio.Writer) error {
	if _, err := w.Write(l.head(l.bytes)); err != nil {
		return err
	}
	var record []byte
	number := uint32(0)
	return l.each(func(_ spatial.Feature, g orb.Geometry) error {
		number++
		record = binary.BigEndian.AppendUint32(record[:0], number)
		record = binary.BigEndian.AppendUint32(record, uint32(contentSize(g)/2))
		_, err := w.Write(appendShape(record, g))
		return err
	})
}

func (l *shapeLayer) writeSHX(w *bufio.Writer) error {
	if _, err := w.Write(l.head(shapeHead + recordHead*int64(l.rows))); err != nil {
		return err
	}
	offset := int64(shapeHead)
	var entry []byte
	return l.each(func(_ spatial.Feature, g orb.Geometry) error {
		size := contentSize(g)
		entry = binary.BigEndian.AppendUint32(entry[:0], uint32(offset/2))
		entry = binary.BigEndian.AppendUint32(entry, uint32(size/2))
		offset += recordHead + size
		_, err := w.Write(entry)
		return err
	})
}

func (l *shapeLayer) writeDBF(w *bufio.Writer) error {
	if _, err := w.Write(l.table.head(l.rows, l.Layer.Schema().AsOf)); err != nil {
		return err
	}
	var record []byte
	err := l.each(func(f spatial.Feature, _ orb.Geometry) (err error) {
		if record, err = l.table.record(record[:0], f); err == nil {
			_, err = w.Write(record)
		}
		return err
	})
	return cmp.Or(err, w.WriteByte(dbfEndOfFile))
}

// writeFields lists the fields as the .dbf has them beside their whole names.
func (l *shapeLayer) writeFields(w *bufio.Writer) error {
	list := csv.NewWriter(w)
	_ = list.Write([]string{"dbf", "field", "title"})
	for _, c := range l.table.columns {
		_ = list.Write([]string{c.short, c.name, c.title})
	}
	list.Flush()
	return list.Error()
}

// appendShape appends the content of a record.
func appendShape(dst []byte, g orb.Geometry) []byte {
	kind := shapeKind(g)
	dst = binary.LittleEndian.AppendUint32(dst, kind)
	switch g := g.(type) {
	case nil:
		return dst
	case orb.Point:
		return appendPoints(dst, g)
	case orb.MultiPoint:
		dst = appendPoints(dst, g.Bound().Min, g.Bound().Max)
		return appendPoints(binary.LittleEndian.AppendUint32(dst, uint32(len(g))), g...)
	}
	dst = appendPoints(dst, g.Bound().Min, g.Bound().Max)
	parts, positions := shapeParts(g), 0
	for _, part := range parts {
		positions += len(part)
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(parts)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(positions))
	begin := 0
	for _, part := range parts {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(begin))
		begin += len(part)
	}
	if kind == shapePolygon {
		return appendRings(dst, g)
	}
	for _, part := range parts {
		dst = appendPoints(dst, part...)
	}
	return dst
}

// appendRings appends the positions of polygons, outer rings clockwise and
// holes counterclockwise, as the format has it.
func appendRings(dst []byte, g orb.Geometry) []byte {
	polygons, _ := g.(orb.MultiPolygon)
	if p, ok := g.(orb.Polygon); ok {
		polygons = orb.MultiPolygon{p}
	}
	for _, p := range polygons {
		for i, ring := range p {
			if area := twiceArea(ring); area == 0 || area < 0 == (i == 0) {
				dst = appendPoints(dst, ring...)
				continue
			}
			for k := len(ring) - 1; k >= 0; k-- {
				dst = appendPoints(dst, ring[k])
			}
		}
	}
	return dst
}

func appendPoints(dst []byte, points ...orb.Point) []byte {
	for _, p := range points {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(p[0]))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(p[1]))
	}
	return dst
}
