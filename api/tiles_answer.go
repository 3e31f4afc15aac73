package api

import (
	"net/http"
	"strconv"
	"strings"

	"wangge/spatial"
	"wangge/tiles"
)

// writeTile answers with a tile in the coding that suits the client. Caches
// may keep it but ask each time (no-cache): a question that is answered with
// 304 from memory costs little, and nobody shows a stale tile.
func (s *Server) writeTile(w http.ResponseWriter, r *request, tile *tiles.Tile) error {
	h := w.Header()
	h.Set("Cache-Control", r.keeping())
	h.Set(headerVersion, strconv.FormatInt(int64(r.snapshot.Version()), 10))
	if r.actor.Role == "" && proxied(r.Request) {
		h.Set("X-Accel-Expires", "@1") // nginx may keep it, and must ask each time
	}
	// No program guesses at what has this type, and up to eight headers cost
	// next to nothing, while a ninth makes the map of them grow.
	h.Del("X-Content-Type-Options")
	if len(tile.Aggregated) > 0 {
		h.Set(headerAggregated, layerList(tile.Aggregated))
	}
	if in := datumParam.of(r); !in.plain() {
		in.head(h)
	}
	h.Add("Vary", "Accept-Encoding")
	h.Set("ETag", tile.ETag)
	switch {
	case matches(r.Header.Values("If-None-Match"), tile.ETag):
		w.WriteHeader(http.StatusNotModified)
		return nil
	case tile.Empty():
		s.keep(r, h, tile)
		w.WriteHeader(http.StatusNoContent)
		return nil
	case tile.Coding != tiles.Identity:
		h.Set("Content-Encoding", tile.Coding.String())
	}
	h.Set("Content-Type", mediaTile)
	h.Set("Content-Length", strconv.Itoa(len(tile.Bytes)))
	s.keep(r, h, tile)
	_, err := w.Write(tile.Bytes)
	return err
}

// proxied says whether a proxy asks for somebody.
func proxied(r *http.Request) bool { return r.Header["X-Forwarded-For"] != nil }

// codingFor negotiates the coding (RFC 9110, 12.5.3): the one that is most
// welcome, of several the one that makes tiles smallest. Where any coding will
// do it is gzip.
func codingFor(accept []string) tiles.Coding {
	zstd, gzip, identity, other := -1.0, -1.0, -1.0, -1.0
	for element := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, weight := weighted(element)
		switch name {
		case "zstd":
			zstd = weight
		case "gzip", "x-gzip":
			gzip = max(gzip, weight)
		case "identity":
			identity = weight
		case "*":
			other = weight
		}
	}
	if gzip < 0 {
		gzip = other
	}
	switch {
	case zstd > 0 && zstd >= gzip && zstd >= identity:
		return tiles.Zstd
	case gzip > 0 && gzip >= identity:
		return tiles.Gzip
	}
	return tiles.Identity
}

// headerAggregated lists the layers whose features stand in clusters in a tile.
const headerAggregated = "Wangge-Aggregated"

func layerList(layers []spatial.LayerID) string {
	names := make([]string, len(layers))
	for i, id := range layers {
		names[i] = string(id)
	}
	return strings.Join(names, ",")
}

// weighted reads an element like "gzip;q=0.5"; a weight that is not a number
// from 0 to 1 counts as 0.
func weighted(element string) (name string, weight float64) {
	name, parameters, given := strings.Cut(element, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	if !given {
		return name, 1
	}
	text, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q=")
	weight, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if !ok || err != nil || !(weight >= 0 && weight <= 1) {
		return name, 0
	}
	return name, weight
}

// matches says whether If-None-Match names an entity tag (RFC 9110, 13.1.2;
// weak comparison) or is *, which any answer matches.
func matches(conditions []string, tag string) bool {
	if len(conditions) == 1 && conditions[0] == tag {
		return true
	}
	for element := range strings.SplitSeq(strings.Join(conditions, ","), ",") {
		element = strings.TrimSpace(element)
		if element == "*" || strings.TrimPrefix(element, "W/") == tag {
			return true
		}
	}
	return false
}
