package api

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/spatial"
)

// BenchmarkWarmTile compares the service, asked for a tile that it has in
// memory, with a bare net/http handler that answers the same bytes with the same
// four headers that a tile needs: how many requests per second of the bare
// handler's it answers (ratio), and how its 99th percentile compares; beside it
// the ratio to the bare handler in a server that bounds how long clients may
// take, as the service does (ratio-timed). Sixteen connections ask without
// pause, one handler after the other, for short rounds in turn; the ratios are
// medians over the rounds.
func BenchmarkWarmTile(b *testing.B) {
	for _, c := range []struct{ name, condition string }{{"whole", ""}, {"not modified", "yes"}} {
		for _, kind := range []string{"small", "large"} {
			b.Run(c.name+" "+kind, func(b *testing.B) { compareWarm(b, kind == "large", c.condition != "") })
		}
	}
}

func compareWarm(b *testing.B, large, conditional bool) {
	const target = "/tiles/grids,risk_points/12/3345/1785.mvt"
	state := fixed{snapshot: district(b)}
	if large {
		state.snapshot = crowded(b)
	}
	s := server(b, state, Config{})
	answer := askOf(s, http.MethodGet, target, "", "Accept-Encoding", "gzip")
	body, tag := answer.Body.Bytes(), answer.Header().Get("ETag")
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", mediaTile)
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
	request := "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n"
	if conditional {
		request += "If-None-Match: " + tag + "\r\n"
	}
	request += "\r\n"
	ours, theirs, limited := connected(b, s.timed(s)), connected(b, &http.Server{Handler: bare}), connected(b, s.timed(bare))
	var rates, tails, alike []float64
	for b.Loop() {
		rate, tail := load(b, ours, request)
		bareRate, bareTail := load(b, theirs, request)
		limitedRate, _ := load(b, limited, request)
		rates, tails, alike = append(rates, rate/bareRate), append(tails, tail/bareTail), append(alike, rate/limitedRate)
	}
	b.ReportMetric(median(rates), "ratio")
	b.ReportMetric(median(alike), "ratio-timed")
	b.ReportMetric(median(tails), "p99-ratio")
	b.ReportMetric(float64(len(body)), "body-B")
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// connected serves until the benchmark ends, and gives the address.
func connected(b *testing.B, server *http.Server) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	b.Cleanup(func() { _ = server.Close() })
	return l.Addr().String()
}

// crowded is the district with more points than one tile of 20 kB holds.
func crowded(b *testing.B) *spatial.Snapshot {
	s := district(b)
	points, err := s.Layer("risk_points")
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	change := spatial.LayerChange{Layer: points.ID()}
	for i := range 1500 {
		values := []spatial.Value{text(fmt.Sprint("点", i)), text("low"), spatial.Int(int64(i)), spatial.Float(random.Float64()), spatial.Null}
		change.Put = append(change.Put, spatial.Row{ID: int64(10_001 + i), Geometry: orb.Point(spot(4*random.Float64(), random.Float64())), Values: values})
	}
	next, err := s.Apply(spatial.Change{Base: s.Version(), Layers: []spatial.LayerChange{change}}, s.Version()+1)
	if err != nil {
		b.Fatal(err)
	}
	return next
}

// load asks a server over sixteen connections for a while, and gives requests
// per second and the 99th percentile in seconds.
func load(b *testing.B, address, request string) (rate, tail float64) {
	const connections, each = 16, 400
	times := make([][]time.Duration, connections)
	var group sync.WaitGroup
	began := time.Now()
	for i := range connections {
		group.Go(func() { times[i] = repeat(b, address, request, each) })
	}
	group.Wait()
	took := time.Since(began)
	all := slices.Concat(times...)
	slices.Sort(all)
	return connections * each / took.Seconds(), all[len(all)*99/100].Seconds()
}

// repeat sends a request over one connection again and again. It reads no more
// of an answer than where it ends, so that the client costs little.
func repeat(b *testing.B, address, request string, n int) []time.Duration {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Error(err)
		return nil
	}
	defer conn.Close()
	in, length := bufio.NewReaderSize(conn, 64<<10), []byte("Content-Length: ")
	times := make([]time.Duration, 0, n)
	for range n {
		began := time.Now()
		if _, err := io.WriteString(conn, request); err != nil {
			b.Error(err)
			return times
		}
		size := 0
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				b.Error(err)
				return times
			}
			if len(line) <= 2 {
				break
			}
			if digits, ok := bytes.CutPrefix(line, length); ok {
				size, _ = strconv.Atoi(string(bytes.TrimSpace(digits)))
			}
		}
		if _, err := in.Discard(size); err != nil {
			b.Error(err)
			return times
		}
		times = append(times, time.Since(began))
	}
	return times
}
