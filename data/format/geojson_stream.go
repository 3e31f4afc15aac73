package format

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wangge/spatial"
	"wangge/spatial/datum"
)

// feature is one feature of a file, numbered from 1.
type feature struct {
	number     int
	geometry   orb.Geometry // nil where it has none
	properties object
	id         []byte // JSON text, nil where it has none
	at         int64  // where it begins
	heights    bool   // had more than two coordinates
	empty      bool   // had a geometry without positions
	fault      error  // why it cannot be read
}

// stream walks through the features of a file, holding one at a time.
type stream struct {
	dec   *json.Decoder
	begin int64 // bytes before what the decoder sees
	count int
	crs   *datum.CRS // as the file declares it; nil if it does not
	each  func(feature) error
}

// eachFeature calls each with the features of a file: one collection, one
// feature, one geometry, or any number of these one after another (newline-
// delimited, or with record separators as in RFC 8142).
func eachFeature(file io.Reader, each func(feature) error) (*datum.CRS, error) {
	r := bufio.NewReaderSize(file, 1<<16)
	s := &stream{each: each}
	switch head, _ := r.Peek(3); {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		s.begin = 3
		_, _ = r.Discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, notUTF8("the file is UTF-16")
	}
	s.dec = json.NewDecoder(separators{r})
	for {
		token, err := s.dec.Token()
		if errors.Is(err, io.EOF) {
			return s.crs, nil
		}
		if err == nil && token != json.Delim('{') {
			return nil, s.refuse("geojson_type", spell(token)+" stands where a GeoJSON object belongs", "give a FeatureCollection, features or geometries")
		}
		if err == nil {
			err = s.value()
		}
		if err != nil {
			return nil, s.explain(err)
		}
	}
}

// spell is a token as it stands in the file.
func spell(token json.Token) string {
	if text, ok := token.(json.Delim); ok {
		return text.String()
	}
	raw, err := json.Marshal(token)
	if err != nil {
		return fmt.Sprint(token)
	}
	return string(raw)
}

// separators turns RFC 8142's record separators, which no JSON text can
// hold, into blanks.
type separators struct{ r io.Reader }

func (s separators) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	for i := range p[:n] {
		if p[i] == 0x1e {
			p[i] = ' '
		}
	}
	return n, err
}

func (s *stream) refuse(rule, detail, fix string) error {
	return &spatial.InvalidError{Rule: rule, Where: fmt.Sprintf("byte %d", s.begin+s.dec.InputOffset()), Detail: detail, Fix: fix}
}

// explain gives faults of the JSON itself their place.
func (s *stream) explain(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return s.refuse("json_syntax", "the file ends in the middle", "fetch it again, it is not complete")
	case errors.As(err, &syntax) && strings.Contains(syntax.Error(), "max depth"):
		return s.refuse("json_depth", "lists or objects stand more than 10,000 deep in each other", "the file is damaged, or is no GeoJSON: write it again from its source")
	case errors.As(err, &syntax):
		return s.refuse("json_syntax", "not JSON after here: "+syntax.Error(), "JSON knows no NaN, no comments and no trailing commas")
	}
	return err
}

// value reads an object whose brace is already read. Only the features of a
// collection may be many; all else is kept.
func (s *stream) value() error {
	var whole object
	collection := false
	for s.dec.More() {
		key, err := s.dec.Token()
		if err != nil {
			return err
		}
		if key == "features" {
			collection = true
			if err := s.features(); err != nil {
				return err
			}
			continue
		}
		m, err := s.next()
		if err != nil {
			return err
		}
		m.key, _ = key.(string)
		whole = append(whole, m)
	}
	if _, err := s.dec.Token(); err != nil {
		return err
	}
	if err := s.system(whole); err != nil {
		return err
	}
	if kind := whole.text("type"); collection && kind != "FeatureCollection" {
		return s.refuse("geojson_type", fmt.Sprintf("an object with features is of type %q", kind), "its type must be FeatureCollection")
	} else if collection {
		return nil
	}
	return s.single(whole)
}

// next reads one whole value.
func (s *stream) next() (member, error) {
	var raw json.RawMessage
	if err := s.dec.Decode(&raw); err != nil {
		return member{}, err
	}
	m := member{raw: raw, at: s.begin + s.dec.InputOffset() - int64(len(raw))}
	if !utf8.Valid(raw) {
		return m, notUTF8(fmt.Sprintf("the text near byte %d is not UTF-8", m.at))
	}
	return m, nil
}

func notUTF8(detail string) error {
	return &spatial.InvalidError{Rule: "encoding", Detail: detail, Fix: "save the file as UTF-8; Chinese files are often GBK (GB18030)"}
}

func (s *stream) features() error {
	if open, err := s.dec.Token(); err != nil || open != json.Delim('[') {
		return errors.Join(err, s.refuse("geojson_type", "the features are not a list", ""))
	}
	for s.dec.More() {
		m, err := s.next()
		if err != nil {
			return err
		}
		o, ok := objectOf(m)
		if !ok || o.text("type") != "Feature" {
			s.count++
			return s.within(m.at, &spatial.InvalidError{Rule: "geojson_type", Detail: "it is not of type Feature",
				Fix: "convert other kinds of JSON with ogr2ogr -f GeoJSON"})
		}
		if err := s.feature(o, m.at); err != nil {
			return err
		}
	}
	_, err := s.dec.Token()
	return err
}

// single takes an object that is no collection: a feature, or a bare
// geometry.
func (s *stream) single(o object) error {
	at := s.begin + s.dec.InputOffset()
	switch kind := o.text("type"); kind {
	case "Feature":
		return s.feature(o, at)
	case "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection":
		s.count++
		return s.pass(feature{number: s.count, at: at}, o)
	case "Topology":
		return s.refuse("geojson_type", "the file is TopoJSON", "convert it with ogr2ogr -f GeoJSON")
	default:
		return s.refuse("geojson_type", fmt.Sprintf("an object of type %q is not GeoJSON", kind), "give a FeatureCollection, features or geometries")
	}
}

func (s *stream) feature(o object, at int64) error {
	s.count++
	f := feature{number: s.count, at: at}
	if id, ok := o.find("id"); ok && !isNull(id.raw) {
		f.id = id.raw
	}
	if m, ok := o.find("properties"); ok && !isNull(m.raw) {
		if f.properties, ok = objectOf(m); !ok {
			return s.fail(f, m.at, &spatial.InvalidError{Rule: "geojson_properties", Detail: "the properties are not an object"})
		}
	}
	g, ok := o.find("geometry")
	if !ok || isNull(g.raw) {
		return s.each(f)
	}
	geometry, ok := objectOf(g)
	if !ok {
		return s.fail(f, g.at, &spatial.InvalidError{Rule: "geometry_kind", Detail: "the geometry is not an object"})
	}
	return s.pass(f, geometry)
}

// fail hands on a feature that cannot be read.
func (s *stream) fail(f feature, at int64, err error) error {
	f.fault = s.within(at, err)
	return s.each(f)
}

// pass reads the geometry and hands the feature on.
func (s *stream) pass(f feature, geometry object) error {
	kind := geometry.text("type")
	m, ok := geometry.find("coordinates")
	switch {
	case kind == "GeometryCollection":
		return s.fail(f, f.at, &spatial.InvalidError{Rule: "geometry_kind", Detail: "a GeometryCollection is not supported",
			Fix: "split it into features of one kind each (ogr2ogr -explodecollections)"})
	case !ok || m.raw[0] != '[':
		return s.fail(f, f.at, &spatial.InvalidError{Rule: "geojson_coordinates", Detail: fmt.Sprintf("a geometry of type %q without coordinates", kind)})
	}
	c := &coordinates{raw: m.raw, at: m.at}
	if f.empty = c.empty(); f.empty {
		return s.each(f)
	}
	f.geometry = c.geometry(kind)
	f.heights = c.heights
	switch {
	case c.fault != nil:
		return s.fail(f, f.at, c.fault)
	case f.geometry == nil:
		return s.fail(f, f.at, &spatial.InvalidError{Rule: "geometry_kind", Detail: fmt.Sprintf("there is no geometry of type %q", kind)})
	}
	return s.each(f)
}

// within puts the feature before the place of a fault.
func (s *stream) within(at int64, err error) error {
	var invalid *spatial.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	placed := *invalid
	placed.Where = fmt.Sprintf("feature %d", s.count)
	switch {
	case invalid.Where == "":
		placed.Where += fmt.Sprintf(", byte %d", at)
	case strings.Contains(invalid.Where, "byte"):
		placed.Where += ", " + invalid.Where
	default:
		placed.Where += fmt.Sprintf(", %s, byte %d", invalid.Where, at)
	}
	return &placed
}

// system reads the crs member of the 2008 format.
func (s *stream) system(o object) error {
	m, ok := o.find("crs")
	if !ok || isNull(m.raw) {
		return nil
	}
	crs, _ := objectOf(m)
	properties, ok := crs.find("properties")
	name := ""
	if ok {
		named, _ := objectOf(properties)
		name = named.text("name")
	}
	known, err := datum.Parse(name)
	if err == nil {
		s.crs = &known
		return nil
	}
	if name == "" {
		name = string(m.raw[:min(len(m.raw), 80)])
	}
	return &spatial.InvalidError{Rule: "crs", Where: fmt.Sprintf("crs, byte %d", m.at),
		Detail: fmt.Sprintf("the coordinate system %s is not known here", name),
		Fix:    "convert the file: ogr2ogr -t_srs EPSG:4490 -f GeoJSON new.geojson old.geojson"}
}
