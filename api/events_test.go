package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/data"
	"wangge/spatial"
	"wangge/spatial/history"
)

// changing is a state whose events a test makes.
type changing struct {
	mu    sync.Mutex
	now   *spatial.Snapshot
	fault error
	log   []data.Event // the event that made each version
	news  chan struct{}
}

func newChanging(t testing.TB) *changing {
	return &changing{now: district(t), news: make(chan struct{})}
}

func (c *changing) Current() *spatial.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *changing) Fault() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}

// happen makes the next version, in which something changed.
func (c *changing) happen(t testing.TB, touched ...data.Touched) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	next, err := c.now.Apply(spatial.Change{Base: c.now.Version()}, c.now.Version()+1)
	if err != nil {
		t.Fatal(err)
	}
	c.now = next
	c.tell(data.Event{Version: next.Version(), Touched: touched, Behind: c.fault != nil})
}

func (c *changing) fail(fault error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = fault
	c.tell(data.Event{Version: c.now.Version(), Behind: fault != nil})
}

func (c *changing) tell(e data.Event) {
	c.log = append(c.log, e)
	close(c.news)
	c.news = make(chan struct{})
}

func (*changing) At(s *spatial.Snapshot, valid, known time.Time) (*spatial.Snapshot, error) {
	return history.At(s, valid, known)
}

// Next joins the events after the last one, as data.Live does.
func (c *changing) Next(ctx context.Context, last data.Event) (data.Event, error) {
	for {
		c.mu.Lock()
		news, now := c.news, data.Event{Version: c.now.Version(), Behind: c.fault != nil}
		for _, e := range c.log {
			if e.Version > last.Version {
				now.Touched = append(now.Touched, e.Touched...)
			}
		}
		c.mu.Unlock()
		if now.Version != last.Version || now.Behind != last.Behind {
			return now, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return last, context.Cause(ctx)
		}
	}
}

// listener reads one event stream.
type listener struct {
	*testing.T
	answer *http.Response
	lines  *bufio.Reader
	stop   context.CancelFunc
}

func listen(t *testing.T, address string, headers ...string) *listener {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(stop)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return &listener{t, answer, bufio.NewReader(answer.Body), stop}
}

// heard is an event as it came.
type heard struct {
	id, event string
	happened
}

// next reads an event; the error is io.EOF at the end of the stream.
func (l *listener) next() (e heard, err error) {
	for {
		line, err := l.lines.ReadString('\n')
		if err != nil {
			return e, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "":
			if e.event != "" {
				return e, nil
			}
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e.happened); err != nil {
				l.Fatal(err)
			}
		}
	}
}

func (l *listener) must() heard {
	l.Helper()
	e, err := l.next()
	if err != nil {
		l.Fatalf("the stream ended: %v", err)
	}
	return e
}

func box(x float64) orb.Bound { return orb.Bound{Min: spot(x, 0), Max: spot(x+1, 1)} }

func touchedAt(layer spatial.LayerID, x float64) data.Touched {
	return data.Touched{Layer: layer, Bounds: []orb.Bound{box(x)}}
}

func TestEvents(t *testing.T) {
	state := newChanging(t)
	s := server(t, state, Config{})
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	l := listen(t, web.URL+"/events")
	h := l.answer.Header
	if h.Get("Content-Type") != mediaEvents || h.Get("X-Accel-Buffering") != "no" || h.Get("Content-Encoding") != "" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", h)
	}
	first := l.must()
	if first.Version != 7 || first.All || first.Behind || len(first.Layers) != 0 || !strings.HasPrefix(first.id, s.boot+"-7-") || first.event != "change" {
		t.Errorf("first %+v", first)
	}
	state.happen(t, touchedAt("grids", 1))
	if e := l.must(); e.Version != 8 || e.All || !reflect.DeepEqual(e.Layers, []touched{{"grids", [][4]float64{corners(box(1))}, tilesOf([]orb.Bound{box(1)})}}) {
		t.Errorf("a change: %+v", e)
	}
	state.fail(errPlanted)
	if e := l.must(); e.Version != 8 || !e.Behind {
		t.Errorf("a store that is away: %+v", e)
	}
	state.fail(nil)
	if e := l.must(); e.Behind {
		t.Errorf("a store that is back: %+v", e)
	}
}

func TestEventsResume(t *testing.T) {
	state := newChanging(t)
	s := server(t, state, Config{})
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	state.happen(t, touchedAt("grids", 1))
	state.happen(t, touchedAt("streets", 2))
	here := func(version int) string { return fmt.Sprintf("%s-%d", s.boot, version) }
	tests := map[string]struct {
		header, query string
		layers        []spatial.LayerID
		all           bool
	}{
		"nothing seen":          {},
		"two changes missed":    {header: here(7), layers: []spatial.LayerID{"grids", "streets"}},
		"one change missed":     {header: here(8), layers: []spatial.LayerID{"streets"}},
		"by the query":          {query: here(8), layers: []spatial.LayerID{"streets"}},
		"the header wins":       {header: here(9), query: here(7)},
		"nothing missed":        {header: here(9)},
		"another run":           {header: "OTHERRUN-8", all: true},
		"a version to come":     {header: here(99), all: true},
		"something else":        {header: "\x01", all: true},
		"an absurd number":      {header: s.boot + "-99999999999999999999", all: true},
		"a version before time": {header: here(0), all: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := listen(t, web.URL+"/events?last="+test.query, "Last-Event-ID", strings.ReplaceAll(test.header, "\x01", "§"))
			e := l.must()
			var layers []spatial.LayerID
			for _, at := range e.Layers {
				layers = append(layers, at.Layer)
			}
			if e.Version != 9 || e.All != test.all || !reflect.DeepEqual(layers, test.layers) {
				t.Errorf("%+v", e)
			}
			l.stop()
		})
	}
}

func TestEventsOfSomeLayers(t *testing.T) {
	state := newChanging(t)
	web := httptest.NewServer(server(t, state, Config{}))
	t.Cleanup(web.Close)
	l := listen(t, web.URL+"/events?layers=streets,to_come")
	l.must()
	state.happen(t, touchedAt("grids", 1))
	time.Sleep(20 * time.Millisecond)
	state.happen(t, touchedAt("grids", 1), touchedAt("streets", 1))
	if e := l.must(); e.Version != 9 || len(e.Layers) != 1 || e.Layers[0].Layer != "streets" {
		t.Errorf("%+v", e)
	}
}

func TestEventStreamsAreFew(t *testing.T) {
	s := server(t, newChanging(t), Config{Streams: 1})
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	first := listen(t, web.URL+"/events")
	first.must()
	w := askOf(s, http.MethodGet, "/events", "")
	checkShape(t, problemShape, decoded(t, w, http.StatusServiceUnavailable))
	if w.Header().Get("Retry-After") == "" {
		t.Error("nothing says when to try again")
	}
	first.stop()
	deadline := time.Now().Add(5 * time.Second)
	for s.streams.open.Load() > 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	listen(t, web.URL+"/events").must()
}

func TestEventsShowThatTheyLive(t *testing.T) {
	state := newChanging(t)
	s := server(t, state, Config{})
	s.limits.silence = 10 * time.Millisecond
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	l := listen(t, web.URL+"/events")
	l.must()
	for range 3 {
		if e := l.must(); e.event != "alive" || e.Version != 7 || e.id != "" {
			t.Errorf("%+v", e)
		}
	}
	state.happen(t, touchedAt("grids", 1))
	for e := l.must(); e.event != "change"; e = l.must() {
	}
}

func TestEventsHead(t *testing.T) {
	w := ask(t, http.MethodHead, "/events", "")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != mediaEvents {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// TestEventsOutlastTheRequest: the time a request may take to arrive is not
// the time its stream may last.
func TestEventsOutlastTheRequest(t *testing.T) {
	state := newChanging(t)
	s := server(t, state, Config{})
	s.limits.read = 50 * time.Millisecond
	address, _ := serving(t, s)
	l := listen(t, address+"/events")
	l.must()
	time.Sleep(150 * time.Millisecond)
	state.happen(t, touchedAt("grids", 1))
	if e := l.must(); e.Version != 8 {
		t.Errorf("%+v", e)
	}
}

// TestEventsEndWithTheService: open streams do not keep the service from
// stopping, and end as streams do.
func TestEventsEndWithTheService(t *testing.T) {
	address, stop := serving(t, server(t, newChanging(t), Config{}))
	l := listen(t, address+"/events")
	l.must()
	begun := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the service took %v to stop", took)
	}
	if _, err := l.next(); err != io.EOF {
		t.Errorf("the stream ended with %v", err)
	}
}

// serving runs a server as the program does.
func serving(t *testing.T, s *Server) (address string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return servingOn(t, s, l)
}

func servingOn(t *testing.T, s *Server, l net.Listener) (address string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	return "http://" + l.Addr().String(), stop
}

// narrow is a listener whose connections hold little that is not yet read.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(4 << 10)
	}
	return conn, err
}

// TestSlowListenersAreCut: who takes nothing does not keep a place.
func TestSlowListenersAreCut(t *testing.T) {
	state := newChanging(t)
	s := server(t, state, Config{})
	s.limits.write = 50 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, _ := servingOn(t, s, narrow{l})
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	if _, err := io.WriteString(conn, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	long := data.Touched{Layer: "grids", Bounds: make([]orb.Bound, 20000)}
	for begin := time.Now(); time.Since(begin) < time.Minute; { // machines are slow
		state.happen(t, long)
		if s.streams.open.Load() == 0 && state.Current().Version() > 10 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("a client that reads nothing still has its stream")
}
