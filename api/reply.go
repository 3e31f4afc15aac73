package api

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
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
	mediaHTML    = "text/html"
)

// unchanged sets the answer's ETag and, if the client has that answer, says
// so with 304. The tag is weak and covers the snapshot, the address and what
// the client accepts: all that an answer depends on.
func (s *Server) unchanged(w http.ResponseWriter, r *request) bool {
	sum := fnv.New64a()
	for _, part := range []string{s.boot, strconv.FormatInt(int64(r.snapshot.Version()), 10), r.Host, r.RequestURI, r.Header.Get("Accept")} {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	tag := fmt.Sprintf(`W/"%016x"`, sum.Sum64())
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	h.Add("Vary", "Accept")
	if !strings.Contains(r.Header.Get("If-None-Match"), tag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// describe says in headers which state and layers an answer is made from.
func describe(w http.ResponseWriter, s *spatial.Snapshot, layers ...*spatial.Layer) {
	h := w.Header()
	h.Set(headerVersion, strconv.FormatInt(int64(s.Version()), 10))
	var dates []string
	synthetic := false
	for _, l := range layers {
		dates = append(dates, string(l.ID())+"="+l.Schema().AsOf)
		synthetic = synthetic || l.Schema().Synthetic
	}
	if len(layers) == 0 {
		synthetic = s.Synthetic()
	}
	if len(dates) > 0 {
		h.Set(headerAsOf, strings.Join(dates, ", "))
	}
	h.Set(headerSynthetic, strconv.FormatBool(synthetic))
}

// writeJSON answers with a value as a whole.
func writeJSON(w http.ResponseWriter, media string, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", media)
	_, err = w.Write(append(body, '\n'))
	return err
}
