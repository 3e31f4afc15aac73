package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"wangge/spatial"
)

// Headers that say what an answer was made from.
const (
	headerVersion   = "Data-Version"
	headerAsOf      = "Data-As-Of"
	headerSynthetic = "Data-Synthetic"
)

const (
	mediaJSON    = "application/json"
	mediaGeoJSON = "application/geo+json"
	mediaSchema  = "application/schema+json"
	mediaProblem = "application/problem+json"
	mediaHTML    = "text/html"
)

// crs84 is the coordinate system of answers: degrees, longitude first.
const crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

// provenance is what every answer says of the data it was made from.
type provenance struct {
	Version   spatial.Version            `json:"version"`
	AsOf      map[spatial.LayerID]string `json:"as_of"` // date of each layer used
	Synthetic bool                       `json:"synthetic"`
	when
}

func provenanceOf(s *spatial.Snapshot, layers ...*spatial.Layer) provenance {
	p := provenance{Version: s.Version(), AsOf: map[spatial.LayerID]string{}}
	for _, l := range layers {
		p.AsOf[l.ID()] = l.Schema().AsOf
		p.Synthetic = p.Synthetic || l.Schema().Synthetic
	}
	return p
}

// head says the same in headers.
func (p provenance) head(h http.Header) {
	h.Set(headerVersion, strconv.FormatInt(int64(p.Version), 10))
	h.Set(headerSynthetic, strconv.FormatBool(p.Synthetic))
	if len(p.AsOf) > 0 {
		dates, err := json.Marshal(p.AsOf)
		if err != nil {
			panic(err) // strings only
		}
		h.Set(headerAsOf, string(dates))
	}
}

// link leads to something related (RFC 8288).
type link struct {
	Href      string `json:"href"`
	Rel       string `json:"rel"`
	Type      string `json:"type,omitempty"`
	Title     string `json:"title,omitempty"`
	Templated bool   `json:"templated,omitempty"`
}

// base is the address of the service as the client sees it, without a slash
// at the end; nothing for a client of HTTP/1.0 that does not say: its links
// are relative.
func (s *Server) base(r *http.Request) string {
	if s.config.PublicURL != nil {
		return strings.TrimSuffix(s.config.PublicURL.String(), "/")
	}
	if r.Host == "" {
		return ""
	}
	here := url.URL{Scheme: "http", Host: r.Host}
	if r.TLS != nil {
		here.Scheme = "https"
	}
	return here.String()
}

// self is the link to the answer itself.
func (s *Server) self(r *request, media string) link {
	href := s.base(r.Request) + r.URL.EscapedPath()
	if query := r.query.Encode(); query != "" {
		href += "?" + query
	}
	return link{Href: href, Rel: "self", Type: media, Title: "this document"}
}

// unchanged sets the answer's ETag and, if the client has that answer, says
// so with 304. The tag is weak and covers the snapshot, the closures in force, the
// address, who asks and what the client accepts: all that an answer depends on. A condition of *
// is no reason for 304, as whether anything is at the address is not yet known.
func (s *Server) unchanged(w http.ResponseWriter, r *request) bool {
	tag := tagOf(s.boot, strconv.FormatInt(int64(r.snapshot.Version()), 10), r.Host, r.RequestURI, r.Header.Get("Accept"), string(r.actor.Role), r.actor.Name, r.inForce().Name())
	h := w.Header()
	h.Set("ETag", "W/"+tag)
	h.Set("Cache-Control", r.keeping())
	h.Add("Vary", "Accept")
	if !strings.Contains(strings.Join(r.Header.Values("If-None-Match"), ","), tag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// tagOf is the opaque tag of some texts, quotes included: FNV-1a of each with its
// length before it.
func tagOf(parts ...string) string {
	sum := uint64(14695981039346656037)
	var length [20]byte
	for _, part := range parts {
		for _, b := range append(strconv.AppendInt(length[:0], int64(len(part)), 10), ':') {
			sum = (sum ^ uint64(b)) * 1099511628211
		}
		for i := range len(part) {
			sum = (sum ^ uint64(part[i])) * 1099511628211
		}
	}
	var tag [18]byte
	for i := range 16 {
		tag[16-i] = "0123456789abcdef"[sum>>(4*i)&15]
	}
	tag[0], tag[17] = '"', '"'
	return string(tag[:])
}

// keeping is the Cache-Control of an answer: caches may keep it but ask each
// time, and those that many share may not keep what was asked with a token.
func (r *request) keeping() string {
	if r.actor.Role != "" {
		return "private, no-cache"
	}
	return "no-cache"
}

// writeJSON answers with a value as a whole.
func writeJSON(w http.ResponseWriter, media string, value any) error {
	body, err := encode(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", media)
	_, err = w.Write(append(body, '\n'))
	return err
}

// encode is json.Marshal without escapes for HTML: addresses stay readable.
func encode(value any) ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return bytes.TrimRight(body.Bytes(), "\n"), nil
}
