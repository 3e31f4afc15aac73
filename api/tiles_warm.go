package api

import (
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"wangge/spatial"
	"wangge/tiles"
)

// warmTiles are answers with tiles that were given to anonymous readers from the
// current snapshot. Asked for in the very same words they are given again
// without another look at the request: a map asks for the same tiles as every
// other map. As soon as there is another snapshot they count no more, and the
// general way, which finds the tile in the renderer's memo if nothing touched
// it, gives the next answer. Whatever is unusual goes the general way too.
type warmTiles struct {
	answers *otter.Cache[warmKey, *warmTile]
	hits    atomic.Uint64
}

// warmKey is all of a request that an answer depends on, but for conditions.
type warmKey struct {
	uri, accept string // accept is the coding header
	foreign     bool   // a page of another site asks
	proxied     bool   // a proxy asks
}

// warmTile is an answer: the general way's headers, ready to be handed out.
type warmTile struct {
	snapshot *spatial.Snapshot
	tile     *tiles.Tile
	always   []warmHeader // of a 304 too
	content  []warmHeader
	given    [3]prometheus.Observer // with 200, 204, 304
	bytes    prometheus.Counter
}

type warmHeader struct {
	name   string
	values []string
}

func newWarmTiles(bytes uint64) *warmTiles {
	const overhead = 1024
	return &warmTiles{answers: otter.Must(&otter.Options[warmKey, *warmTile]{
		MaximumWeight: bytes,
		Weigher:       func(key warmKey, t *warmTile) uint32 { return uint32(len(t.tile.Bytes) + len(key.uri) + overhead) },
	})}
}

// warmKeyOf is the key of a request that has nothing unusual.
func warmKeyOf(r *http.Request) (key warmKey, usual bool) {
	accept := r.Header["Accept-Encoding"]
	if r.Method != http.MethodGet || len(accept) > 1 || r.Header["Authorization"] != nil {
		return key, false
	}
	key.uri, key.foreign, key.proxied = r.RequestURI, r.Header["Origin"] != nil, proxied(r)
	if len(accept) == 1 {
		key.accept = accept[0]
	}
	return key, true
}

// keep remembers an answer that was given the general way.
func (s *Server) keep(r *request, h http.Header, tile *tiles.Tile) {
	key, usual := warmKeyOf(r.Request)
	if !usual || r.worked || r.when != (when{}) || s.config.Rate > 0 || s.state.Fault() != nil {
		return
	}
	w := &warmTile{snapshot: r.whole, tile: tile, bytes: s.metrics.bytes.WithLabelValues(answerOf(r.Request).route)}
	for i, status := range []string{"200", "204", "304"} {
		w.given[i] = s.metrics.took.WithLabelValues(http.MethodGet, answerOf(r.Request).route, status)
	}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		header := warmHeader{name, h[name]}
		switch {
		case name == "X-Request-Id":
		case name == "Vary":
			w.always = append(w.always, warmHeader{name, []string{strings.Join(h[name], ", ")}})
		case strings.HasPrefix(name, "Content-") && name != "Content-Crs":
			w.content = append(w.content, header)
		default:
			w.always = append(w.always, header)
		}
	}
	s.warm.answers.Set(key, w)
}

// answerWarm answers if it has the answer at hand.
func (s *Server) answerWarm(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasPrefix(r.RequestURI, "/tiles/") && !strings.HasPrefix(r.RequestURI, "/collections/") {
		return false
	}
	key, usual := warmKeyOf(r)
	if !usual {
		return false
	}
	warm, ok := s.warm.answers.GetIfPresent(key)
	if !ok || warm.snapshot != s.state.Current() || s.state.Fault() != nil || s.log.Enabled(r.Context(), slog.LevelDebug) {
		return false
	}
	s.warm.hits.Add(1)
	began := time.Now()
	h := w.Header()
	for _, header := range warm.always {
		h[header.name] = header.values
	}
	warm.given[warm.write(w, r, s.limits.write)].Observe(time.Since(began).Seconds())
	return true
}

// write answers as [writeTile] does, and gives the index of the status.
func (t *warmTile) write(w http.ResponseWriter, r *http.Request, patience time.Duration) int {
	if conditions := r.Header["If-None-Match"]; conditions != nil && matches(conditions, t.tile.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return 2
	}
	if t.tile.Empty() {
		w.WriteHeader(http.StatusNoContent)
		return 1
	}
	h := w.Header()
	for _, header := range t.content {
		h[header.name] = header.values
	}
	if d, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
		paceOf(r).allow(patience, d.SetWriteDeadline)
	}
	n, _ := w.Write(t.tile.Bytes) // a client that takes no more is gone
	t.bytes.Add(float64(n))
	return 0
}
