package api

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"

	"wangge/spatial"
	"wangge/spatial/relate"
)

// warmNearest are questions about who is nearest in a straight line that were
// answered the general way from one snapshot, for anonymous readers. Asked again
// about any place, in otherwise the very same words, they are answered without
// another look at the request but for the place. As soon as there is another
// snapshot, or other closures are in force, they count no more; whatever is
// unusual goes the general way too.
type warmNearest struct {
	snapshot    *spatial.Snapshot
	from, until time.Time // while the same closures are in force; until is zero if always
	force       string    // the name of these
	questions   map[string]*nearQuestion
	hits        *atomic.Uint64
}

// nearQuestion is all of an answer but what depends on the place.
type nearQuestion struct {
	*asking
	district      *relate.Shape
	before, after []byte // of the head, around the place among the parameters
	headers       []warmHeader
	version       string
	boot, accept  string
	given         prometheus.Observer
	bytes         prometheus.Counter
}

const (
	nearQuestions = 64       // that are kept
	nearURL       = 500      // bytes of an address that is usual
	unzipped      = 1024 - 1 // bytes of an answer that nobody compresses
)

// nearKey takes the place out of a request for who is nearest. What is left is
// the key of its question, appended to dst.
func nearKey(dst []byte, r *http.Request) (key []byte, lon, lat float64, usual bool) {
	if r.Method != http.MethodGet || len(r.RequestURI) > nearURL || r.Header["Authorization"] != nil || r.Header["If-None-Match"] != nil {
		return nil, 0, 0, false
	}
	for _, name := range [...]string{"Accept", "Accept-Encoding"} {
		texts := r.Header[name]
		if len(texts) > 1 {
			return nil, 0, 0, false
		}
		if len(texts) == 1 {
			dst = append(dst, texts[0]...)
		}
		dst = append(dst, 0)
	}
	if r.Header["Origin"] != nil {
		dst = append(dst, 'o')
	}
	var have [2]bool
	for query := r.URL.RawQuery; query != ""; {
		part, rest, _ := strings.Cut(query, "&")
		query = rest
		switch {
		case strings.HasPrefix(part, "lon=") && !have[0]:
			lon, have[0] = plainNumber(part[4:], 180)
			part = "lon"
		case strings.HasPrefix(part, "lat=") && !have[1]:
			lat, have[1] = plainNumber(part[4:], 90)
			part = "lat"
		}
		dst = append(append(dst, '&'), part...)
	}
	return dst, lon, lat, have[0] && have[1]
}

// plainNumber reads a number that is written with digits, a point and a sign,
// and no greater than most either way.
func plainNumber(text string, most float64) (float64, bool) {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && c != '.' && c != '-' {
			return 0, false
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	small := n != 0 && math.Abs(n) < 1e-6 // is written with an exponent
	return n, err == nil && math.Abs(n) <= most && !small
}

// keepNearest remembers a question that was answered the general way; start is
// the head of its answer.
func (s *Server) keepNearest(r *request, h http.Header, a *asking, start []byte) {
	key, _, _, usual := nearKey(nil, r.Request)
	if !usual || a.byRoad != nil || datumParam.given(r) || s.config.Rate > 0 || s.state.Fault() != nil {
		return
	}
	before, after, found := cutPlace(start, r)
	if !found {
		return
	}
	q := &nearQuestion{asking: a, district: districtShape(r.snapshot), before: before, after: after, version: strconv.FormatInt(int64(r.snapshot.Version()), 10),
		boot: s.boot, accept: r.Header.Get("Accept"), bytes: s.metrics.bytes.WithLabelValues("/nearest"), given: s.metrics.took.WithLabelValues(http.MethodGet, "/nearest", "200")}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		switch {
		case name == "X-Request-Id" || name == "Etag":
		case name == "Vary":
			q.headers = append(q.headers, warmHeader{name, []string{strings.Join(h[name], ", ")}})
		default:
			q.headers = append(q.headers, warmHeader{name, h[name]})
		}
	}
	s.rememberNearest(r, string(key), q)
}

func (s *Server) rememberNearest(r *request, key string, q *nearQuestion) {
	old := s.near.Load()
	next := &warmNearest{snapshot: r.whole, from: r.moment, until: r.inForce().Next, force: r.inForce().Name(), questions: map[string]*nearQuestion{key: q}, hits: new(atomic.Uint64)}
	if old != nil {
		next.hits = old.hits
	}
	if old.holds(r.whole, r.moment) {
		if len(old.questions) >= nearQuestions {
			return // until the next snapshot
		}
		maps.Copy(next.questions, old.questions)
		next.from = old.from
	}
	s.near.CompareAndSwap(old, next) // or another request has remembered something
}

// holds says whether the questions are those of a state.
func (n *warmNearest) holds(s *spatial.Snapshot, at time.Time) bool {
	return n != nil && n.snapshot == s && !at.Before(n.from) && (n.until.IsZero() || at.Before(n.until))
}

// cutPlace takes the place out of the parameters in a head.
func cutPlace(start []byte, r *request) (before, after []byte, ok bool) {
	lat, errLat := json.Marshal(latParam.of(r))
	lon, errLon := json.Marshal(lonParam.of(r))
	_, parameters, found := bytes.Cut(start, []byte(`"parameters":{`))
	if errLat != nil || errLon != nil || !found {
		return nil, nil, false
	}
	head := start[:len(start)-len(parameters)]
	before, after, ok = bytes.Cut(parameters, slices.Concat([]byte(`"lat":`), lat, []byte(`,"lon":`), lon))
	return slices.Concat(head, before), slices.Clone(after), ok
}

// nearBodies are buffers for answers.
var nearBodies = sync.Pool{New: func() any { return new([]byte) }}

// answerNearest answers if it has been asked the like of it.
func (s *Server) answerNearest(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != "/nearest" {
		return false
	}
	known := s.near.Load()
	began := s.now()
	if !known.holds(s.state.Current(), began) || s.state.Fault() != nil || s.log.Enabled(r.Context(), slog.LevelDebug) {
		return false
	}
	var space [256]byte
	key, lon, lat, usual := nearKey(space[:0], r)
	if !usual {
		return false
	}
	q, ok := known.questions[string(key)]
	if !ok {
		return false
	}
	buffer := nearBodies.Get().(*[]byte)
	defer nearBodies.Put(buffer)
	body := q.body((*buffer)[:0], lon, lat)
	*buffer = body
	if len(body) > unzipped {
		return false
	}
	known.hits.Add(1)
	h := w.Header()
	for _, header := range q.headers {
		h[header.name] = header.values
	}
	h["Etag"] = []string{"W/" + tagOf(q.boot, q.version, r.Host, r.RequestURI, q.accept, "", "", known.force)}
	if d, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = d.SetWriteDeadline(time.Now().Add(s.limits.write))
	}
	n, _ := w.Write(body) // a client that takes no more is gone
	q.bytes.Add(float64(n))
	q.given.Observe(time.Since(began).Seconds())
	return true
}

func (q *nearQuestion) body(dst []byte, lon, lat float64) []byte {
	dst = append(append(dst, q.before...), `"lat":`...)
	dst = strconv.AppendFloat(dst, lat, 'f', -1, 64)
	dst = strconv.AppendFloat(append(dst, `,"lon":`...), lon, 'f', -1, 64)
	dst = append(dst, q.after[:len(q.after)-1]...) // the head's own end
	doubts := func(p orb.Point) []doubt { return placeDoubts(q.district, p, false) }
	return append(q.answer(dst, doubts, orb.Point{lon, lat}, false), "}\n"...)
}
