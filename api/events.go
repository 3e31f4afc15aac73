package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/closure"
	"wangge/tiles"
)

const mediaEvents = "text/event-stream"

func (s *Server) eventRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/events", summary: "Changes as they happen, as server-sent events: version, layers, boxes and tiles touched",
			parameters: []parameter{watchedParam, lastParam}, media: []string{mediaEvents}, volatile: true, handle: s.events},
	}
}

var (
	watchedParam = &param[[]spatial.LayerID]{
		declaration{name: "layers", in: inQuery, example: "grids,buildings", description: "only changes of these layers, existing or to come; without it all",
			schema: jsonSchema{"type": "string"}},
		tiles.ParseLayers,
	}
	lastParam = &param[string]{
		declaration{name: "last", in: inQuery, example: "Q7ZK2MPA-41-e3b0c442", description: "id of the last event received: what was missed comes first; like the header Last-Event-ID, which wins",
			schema: jsonSchema{"type": "string"}},
		func(text string) (string, error) { return text, nil },
	}
)

const (
	reconnectAfter = 2 * time.Second // told to clients
	defaultStreams = 1000
)

// streams counts the event streams that are open.
type streams struct {
	open atomic.Int64
	most int64
}

// enter takes one of the places.
func (s *streams) enter() error {
	if s.open.Add(1) <= s.most {
		return nil
	}
	s.leave()
	return &problem{Status: http.StatusServiceUnavailable, Kind: "busy", Rule: "event_streams",
		Detail: fmt.Sprintf("all %d places for event streams are taken", s.most), Fix: "try again later, or ask for what you need from time to time"}
}

func (s *streams) leave() { s.open.Add(-1) }

// events tells of changes until the client leaves or the service ends. A
// client that takes nothing for the time of one write is cut off; it comes
// back with the id of the last event it has seen.
func (s *Server) events(w http.ResponseWriter, r *request) error {
	if err := s.streams.enter(); err != nil {
		w.Header().Set("Retry-After", "10")
		return err
	}
	defer s.streams.leave()
	h := w.Header()
	h.Set("Content-Type", mediaEvents)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would collect events
	if r.Method == http.MethodHead {
		return nil
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	last, force := s.last(r)
	err := s.tell(ctx, &telling{ResponseWriter: w, boot: s.boot, force: force, only: watchedParam.of(r), hides: s.internal, derived: s.derivedTouched}, last)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// last is the event that a client saw last, and which closures were in force
// then; nothing if it is new here, and an event of no version if that was in
// another run of the program.
func (s *Server) last(r *request) (last *data.Event, force string) {
	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = lastParam.of(r)
	}
	if id == "" {
		return nil, ""
	}
	boot, rest, _ := strings.Cut(id, "-")
	number, force, _ := strings.Cut(rest, "-")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil || boot != s.boot || spatial.Version(version) > s.state.Current().Version() {
		return &data.Event{}, ""
	}
	return &data.Event{Version: spatial.Version(version)}, force
}

// forceName names closures in force within the id of an event.
func forceName(set *closure.Set) string {
	sum := sha256.Sum256([]byte(set.Name()))
	return hex.EncodeToString(sum[:4])
}

// tell sends the first event at once and then each change.
func (s *Server) tell(ctx context.Context, to *telling, last *data.Event) error {
	now := data.Event{Version: s.state.Current().Version(), Behind: s.state.Fault() != nil}
	switch {
	case last == nil || last.Version == now.Version:
	case last.Version == 0:
		now.All = true
	default:
		missed, err := s.state.Next(ctx, *last)
		if err != nil {
			return err
		}
		now = missed
	}
	before, told := to.force, s.closuresNow()
	to.force = forceName(told)
	if err := to.begin(now); err != nil {
		return err
	}
	if before != "" && before != to.force && !now.All {
		if err := to.closures(now, told, s.derivedTimed()); err != nil {
			return err
		}
	}
	return s.follow(ctx, to, now, told)
}

func (s *Server) follow(ctx context.Context, to *telling, last data.Event, told *closure.Set) error {
	for {
		waiting, cancel := context.WithTimeout(ctx, s.silence(told))
		next, err := s.state.Next(waiting, last)
		silent := waiting.Err() != nil && ctx.Err() == nil
		cancel()
		now := s.closuresNow()
		switch {
		case err != nil && silent && now.Name() == told.Name():
			err = to.alive(last)
		case err != nil && silent:
			err = nil
		case err == nil:
			err = to.change(last, next)
			last = next
		}
		if err == nil && now.Name() != told.Name() {
			to.force = forceName(now)
			err = to.closures(last, now, s.derivedTimed())
		}
		if told = now; err != nil {
			return err
		}
	}
}

// closuresNow are the closures in force.
func (s *Server) closuresNow() *closure.Set { return closure.Scheduled(s.state.Current()).At(s.now()) }

// silence is how long an event stream may say nothing: until others are in
// force, if that comes first.
func (s *Server) silence(force *closure.Set) time.Duration {
	if force.Next.IsZero() {
		return s.limits.silence
	}
	return min(s.limits.silence, max(force.Next.Sub(s.now()), 0)+time.Millisecond)
}

// closures tells that other closures are in force without any change of the
// data, and which layers that touches.
func (t *telling) closures(last data.Event, force *closure.Set, timed []data.Touched) error {
	told := struct {
		Version spatial.Version `json:"version"`
		Active  []int64         `json:"active"`
		Layers  []touched       `json:"layers"`
	}{last.Version, []int64{}, t.told(timed)}
	if len(told.Layers) == 0 && t.only != nil && !slices.Contains(t.only, closure.Layer) {
		return nil
	}
	for _, c := range force.Closures {
		told.Active = append(told.Active, c.ID)
	}
	body, err := encode(told)
	if err != nil {
		return err
	}
	return t.write("id: %s-%d-%s\nevent: closures\ndata: %s\n\n", t.boot, last.Version, t.force, body)
}

// telling writes events to one client.
type telling struct {
	http.ResponseWriter
	boot  string
	force string // which closures are in force
	only  []spatial.LayerID
	hides func(spatial.LayerID) bool // layers that are not published

	derived func(data.Event) []data.Touched // derived layers that an event touches
}

// internal says whether a layer is not published.
func (s *Server) internal(id spatial.LayerID) bool {
	layer, err := s.state.Current().Layer(id)
	return err == nil && layer.Schema().Internal
}

// happened is an event as clients read it.
type happened struct {
	Version spatial.Version `json:"version"`
	Layers  []touched       `json:"layers"`
	All     bool            `json:"all"`    // everything may have changed
	Behind  bool            `json:"behind"` // answers come from an older state than the store's
}

type touched struct {
	Layer  spatial.LayerID `json:"layer"`
	Bounds [][4]float64    `json:"bounds"` // west, south, east, north
	Tiles  [][5]uint32     `json:"tiles"`  // of WebMercatorQuad: zoom, first column, first row, last column, last row
}

// tilesOf are blocks that together hold all tiles that show something of boxes,
// at every zoom, each block once.
func tilesOf(bounds []orb.Bound) [][5]uint32 {
	blocks := [][5]uint32{}
	for z := range uint32(tiles.MaxZoom + 1) {
		known := map[tiles.Range]bool{}
		for _, b := range bounds {
			block := tiles.WebMercatorQuad.Touching(b, z)
			if !known[block] {
				known[block] = true
				blocks = append(blocks, [5]uint32{z, block.FirstX, block.FirstY, block.LastX, block.LastY})
			}
		}
	}
	return blocks
}

func (t *telling) begin(now data.Event) error {
	if _, err := fmt.Fprintf(t, "retry: %d\n", reconnectAfter.Milliseconds()); err != nil {
		return err
	}
	return t.send(now)
}

// change tells of an event unless nothing in it concerns the client.
func (t *telling) change(last, next data.Event) error {
	if !next.All && next.Behind == last.Behind && len(t.touched(next)) == 0 {
		return nil
	}
	return t.send(next)
}

func (t *telling) send(e data.Event) error {
	body, err := encode(happened{e.Version, t.touched(e), e.All, e.Behind})
	if err != nil {
		return err
	}
	return t.write("id: %s-%d-%s\nevent: change\ndata: %s\n\n", t.boot, e.Version, t.force, body)
}

// alive is a comment for proxies and an event for pages, whose scripts see no
// comments.
func (t *telling) alive(last data.Event) error {
	return t.write(": still here\nevent: alive\ndata: {\"version\":%d}\n\n", last.Version)
}

func (t *telling) write(format string, a ...any) error {
	if _, err := fmt.Fprintf(t, format, a...); err != nil {
		return err
	}
	return http.NewResponseController(t.ResponseWriter).Flush()
}

// touched is what an event touched of the layers that the client asked for.
func (t *telling) touched(e data.Event) []touched {
	return t.told(slices.Concat(e.Touched, t.derived(e)))
}

// told is what of some touched layers the client asked for.
func (t *telling) told(all []data.Touched) []touched {
	list := []touched{}
	for _, at := range all {
		if t.hides(at.Layer) || t.only != nil && !slices.Contains(t.only, at.Layer) {
			continue
		}
		boxes := make([][4]float64, len(at.Bounds))
		for i, b := range at.Bounds {
			boxes[i] = corners(b)
		}
		list = append(list, touched{at.Layer, boxes, tilesOf(at.Bounds)})
	}
	return list
}
