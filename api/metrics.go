package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"wangge/tiles"
)

const mediaMetrics = "text/plain"

func (s *Server) metricsRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/metrics", summary: "Figures about the service, for Prometheus",
			media: []string{mediaMetrics}, volatile: true, handle: s.scrape},
	}
}

// metrics are the figures of one server, in a registry of its own.
type metrics struct {
	registry *prometheus.Registry
	took     *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "wangge_http_request_duration_seconds",
			Help:    "Time from the request's head to the end of the answer, by route.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"method", "route", "status"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wangge_http_response_bytes_total",
			Help: "Bytes of answers by route, before compression."}, []string{"route"}),
	}
	m.registry.MustRegister(m.took, m.bytes, stateCollector{s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	return m
}

// observe counts an answer. What matches no route is counted together: its
// methods and addresses are whatever strangers send.
func (m *metrics) observe(method string, a *answer, took time.Duration) {
	route := a.route
	if route == "" {
		method, route = "any", "none"
	}
	m.took.WithLabelValues(method, route, strconv.Itoa(a.status)).Observe(took.Seconds())
	m.bytes.WithLabelValues(route).Add(float64(a.bytes))
}

func (s *Server) scrape(w http.ResponseWriter, r *request) error {
	promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{DisableCompression: true}).ServeHTTP(w, r.Request)
	return nil
}

// stateCollector reads the figures that the server knows anyway when they
// are asked for.
type stateCollector struct{ *Server }

var (
	versionFigure  = figure("wangge_snapshot_version", "Version of the state that answers are made from.")
	behindFigure   = figure("wangge_store_behind", "1 while answers come from an older state than the store's, else 0.")
	streamsFigure  = figure("wangge_event_streams", "Event streams that are open.")
	featuresFigure = figure("wangge_layer_features", "Features of a layer.", "layer")
	hitsFigure     = figure("wangge_tile_memo_hits_total", "Tiles answered from memory: of the memo that everybody shares, or of that of views somebody chose.", "memo")
	missesFigure   = figure("wangge_tile_memo_misses_total", "Tiles that were not in memory.", "memo")
	memoFigure     = figure("wangge_tile_memo_bytes", "Memory that rendered tiles take.", "memo")
	renderedFigure = figure("wangge_tiles_rendered_total", "Tiles that were made.")
	clusterFigure  = figure("wangge_tiles_aggregated_total", "Tiles that were made with features in clusters.")
	refusedFigure  = figure("wangge_tiles_refused_total", "Tiles refused because too many others were being made.")
	sizeFigure     = figure("wangge_tile_bytes", "Sizes of tiles that were made with something in them: all of them before compression (identity), and those in a coding on the wire.", "coding")
)

func figure(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe is for [prometheus.Collector].
func (c stateCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{versionFigure, behindFigure, streamsFigure, featuresFigure, hitsFigure, missesFigure, memoFigure,
		renderedFigure, clusterFigure, refusedFigure, sizeFigure} {
		to <- d
	}
}

// Collect is for [prometheus.Collector].
func (c stateCollector) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	count := func(d *prometheus.Desc, value uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	snapshot, made := c.state.Current().Published(), c.renderer.Stats()
	gauge(versionFigure, float64(snapshot.Version()))
	behind := 0.0
	if c.state.Fault() != nil {
		behind = 1
	}
	gauge(behindFigure, behind)
	gauge(streamsFigure, float64(c.streams.open.Load()))
	for layer := range snapshot.Layers() {
		gauge(featuresFigure, float64(layer.Len()), string(layer.ID()))
	}
	made.Shared.Hits += c.warm.hits.Load()
	for name, memo := range map[string]tiles.MemoStats{"shared": made.Shared, "chosen": made.Chosen} {
		count(hitsFigure, memo.Hits, name)
		count(missesFigure, memo.Misses, name)
		gauge(memoFigure, float64(memo.Bytes), name)
	}
	count(renderedFigure, made.Rendered)
	count(clusterFigure, made.Aggregated)
	count(refusedFigure, made.Refused)
	for coding, sizes := range made.Sizes {
		buckets := map[float64]uint64{}
		for size, n := range sizes.AtMost {
			buckets[float64(size)] = n
		}
		to <- prometheus.MustNewConstHistogram(sizeFigure, sizes.Tiles, float64(sizes.Bytes), buckets, tiles.Coding(coding).String())
	}
}
