package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"

	"wangge/data"
	"wangge/data/ledger"
	"wangge/data/scenario"
	"wangge/spatial"
	"wangge/tiles"
)

// State is the current state of the district: data.Live, or a fixed snapshot.
type State interface {
	// Current is the newest snapshot; never nil.
	Current() *spatial.Snapshot
	// Fault says why the snapshot may be behind the store; nil if it is not.
	Fault() error
	// Next waits until the state differs from that of an earlier event; see
	// data.Live.
	Next(ctx context.Context, last data.Event) (data.Event, error)
	// At is, by a snapshot, the state that held at a time, as it was believed
	// at another; zero times stand for now.
	At(s *spatial.Snapshot, valid, known time.Time) (*spatial.Snapshot, error)
}

// Config is what an operator may choose. The zero value works.
type Config struct {
	PublicURL *url.URL       // base of the links in answers; nil: as the request's Host says
	BodyLimit int64          // largest request body in bytes; 0: 32 MiB
	TileMemo  uint64         // bytes of rendered tiles and of answers kept in memory; 0: 64 MiB
	Streams   int            // most event streams at a time; 0: 1000
	Rate      int            // most requests per second of one client address, on average over ten seconds; 0: any number
	Ledger    *ledger.Ledger // of the same state; nil: no adjustments
	Scenarios *scenario.Book // of the same state; nil: none are kept
	Page      http.Handler   // the map page, at / and below /viewer/; nil: none
}

const (
	defaultBodyLimit = 32 << 20
	defaultTileMemo  = 64 << 20
)

// Server answers HTTP requests from the current state. It is an
// [http.Handler], safe for concurrent use.
type Server struct {
	state   State
	config  Config
	log     *slog.Logger
	boot    string // tells the ETags of one run of the program from another's
	now     func() time.Time
	derived []*derivedLayer
	routes  []route
	handler http.Handler

	renderer  *tiles.Renderer
	warm      *warmTiles
	near      atomic.Pointer[warmNearest]
	workbooks chan struct{} // places for making workbooks
	trials    chan struct{} // a place for what takes all processors
	long      chan struct{} // places for what takes long
	patience  time.Duration // for a turn
	streams   streams
	metrics   *metrics
	limits    limits
	failures  *httprate.RateLimiter // failed sign-ins, by client address
	closing   context.Context       // ends when the service does, and event streams with it
	close     context.CancelFunc
}

// New makes the service of a state.
func New(state State, config Config, log *slog.Logger) *Server {
	if config.BodyLimit == 0 {
		config.BodyLimit = defaultBodyLimit
	}
	if config.TileMemo == 0 {
		config.TileMemo = defaultTileMemo
	}
	if config.Streams == 0 {
		config.Streams = defaultStreams
	}
	s := &Server{state: state, config: config, log: log, boot: rand.Text()[:8], now: time.Now, limits: usual, patience: patience}
	s.closing, s.close = context.WithCancel(context.Background())
	s.streams.most = int64(config.Streams)
	s.workbooks = make(chan struct{}, workbooks)
	s.trials = make(chan struct{}, 1)
	s.long = make(chan struct{}, 2*runtime.GOMAXPROCS(0))
	s.failures = httprate.NewRateLimiter(maxFailures, failureWindow, httprate.WithResponseHeaders(httprate.ResponseHeaders{}))
	s.warm = newWarmTiles(config.TileMemo / 4)
	s.renderer = tiles.NewRenderer(config.TileMemo-config.TileMemo/4, runtime.GOMAXPROCS(0))
	s.metrics = newMetrics(s)
	s.derived = s.derivedLayers()
	s.routes = s.table()
	s.handler = s.wrap(s.router())
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.answerNearest(w, r) && !s.answerWarm(w, r) {
		s.handler.ServeHTTP(w, r)
	}
}

func (s *Server) router() http.Handler {
	mux := chi.NewRouter()
	mux.Use(middleware.GetHead)
	mux.NotFound(s.plain(s.unknownPath))
	mux.MethodNotAllowed(s.plain(s.wrongMethod(mux)))
	for i := range s.routes {
		mux.Method(s.routes[i].method, s.routes[i].path, s.endpoint(&s.routes[i]))
	}
	if s.config.Page != nil {
		mux.Method(http.MethodGet, "/viewer/*", named("/viewer/*", s.config.Page))
	}
	return mux
}

// limits is how long a client may take. An answer has no limit as a whole:
// each write must make progress (see [answer]). After a silence an event
// stream says that it is there, so that both sides notice a dead connection.
type limits struct{ header, read, idle, write, grace, silence time.Duration }

var usual = limits{header: 10 * time.Second, read: time.Minute, idle: 2 * time.Minute, write: 30 * time.Second,
	grace: 10 * time.Second, silence: 15 * time.Second}

const maxHeader = 64 << 10

// timed is a server that lets no client take longer than it may.
func (s *Server) timed(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: s.limits.header,
		ReadTimeout:       s.limits.read,
		IdleTimeout:       s.limits.idle,
		MaxHeaderBytes:    maxHeader,
		ConnContext:       paced,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// Serve accepts connections until ctx ends, then ends event streams and lets
// other requests under way finish for ten seconds. It closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := s.timed(s)
	server.RegisterOnShutdown(s.close)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.grace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close()
		return fmt.Errorf("requests still under way after %v were cut off: %w", s.limits.grace, err)
	}
	return nil
}
