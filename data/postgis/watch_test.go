package postgis

import (
	"context"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wangge/data"
	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

// watched runs Watch until the test ends. It returns when Watch hears, with a
// channel of what is heard from then on and one of its end.
func watched(t *testing.T, store data.Store) (woken chan time.Time, ended chan error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	woken, ended = make(chan time.Time, 1000), make(chan error, 1)
	go func() { ended <- store.Watch(ctx, func() { woken <- time.Now() }) }()
	t.Cleanup(stop)
	select {
	case <-woken:
	case err := <-ended:
		t.Fatal(err)
	}
	return woken, ended
}

func wantWoken(t *testing.T, woken chan time.Time) time.Time {
	t.Helper()
	select {
	case at := <-woken:
		return at
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was woken")
	}
	return time.Time{}
}

// TestWatch: commits of anyone to this store wake, those to another in the
// same database and those taken back do not.
func TestWatch(t *testing.T) {
	store, url := wards(t)
	other, _ := wards(t)
	woken, ended := watched(t, store)
	conn := connect(t, url)

	if _, err := other.Commit(t.Context(), edit("wards", ward(3, "03", nil))); err != nil {
		t.Fatal(err)
	}
	exec(t, conn, "NOTIFY wangge", "NOTIFY wangge, 'nobody'", "BEGIN; UPDATE wards SET men = 1; ROLLBACK")
	if _, err := store.Commit(t.Context(), edit("wards", ward(3, "02", nil))); err == nil {
		t.Fatal("a code stands twice")
	}
	exec(t, conn, "UPDATE wards SET men = 1")
	wantWoken(t, woken)
	if version, err := store.Version(t.Context()); version != 2 || err != nil {
		t.Errorf("woken at version %d, %v", version, err)
	}
	c := edit("wards", ward(3, "03", nil))
	c.Base = 2
	if _, err := store.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	wantWoken(t, woken)
	if len(woken) > 0 {
		t.Errorf("woken %d times more", len(woken))
	}

	ctx, stop := context.WithCancel(t.Context())
	go stop()
	if err := store.Watch(ctx, func() {}); err != nil {
		t.Errorf("after its end: %v", err)
	}
	postgistest.Exec(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN wangge'")
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "was lost") {
		t.Errorf("killed: %v", err)
	}
}

// TestWatchReverseOrder: each of two transactions wakes when it commits, at
// the version that it made.
func TestWatchReverseOrder(t *testing.T) {
	store, url := wards(t)
	woken, _ := watched(t, store)
	first, second := connect(t, url), connect(t, url)
	exec(t, first, "BEGIN", "UPDATE wards SET men = 1 WHERE id = 1")
	exec(t, second, "UPDATE wards SET men = 2 WHERE id = 2")
	for want := spatial.Version(2); want <= 3; want++ {
		wantWoken(t, woken)
		if version, err := store.Version(t.Context()); version != want || err != nil {
			t.Errorf("woken at version %d, %v, want %d", version, err, want)
		}
		if want == 2 {
			exec(t, first, "COMMIT")
		}
	}
}

// TestWatchHalfOpen: a connection on which nothing comes any more, as after a
// cable was cut, is found out.
func TestWatchHalfOpen(t *testing.T) {
	_, address := wards(t)
	address, freeze := through(t, address)
	_, ended := watched(t, open(t, address))
	freeze()
	begun := time.Now()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "was lost") || !strings.Contains(err.Error(), "postgres://wangge@") {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
	case <-time.After(20 * time.Second):
		t.Error("not found out")
	}
}

// through is the URL of a server behind a relay on a socket of its own, which
// carries nothing once it is frozen.
func through(t *testing.T, server string) (relayed string, freeze func()) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	if !strings.HasPrefix(query.Get("host"), "/") {
		t.Skip("the server is not on a socket")
	}
	name := ".s.PGSQL." + query.Get("port")
	to, from := filepath.Join(query.Get("host"), name), t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(from, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var frozen atomic.Bool
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", to)
			if err != nil {
				return
			}
			go relay(near, far, &frozen)
			go relay(far, near, &frozen)
		}
	}()
	query.Set("host", from)
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return u.String(), func() { frozen.Store(true) }
}

func relay(to io.WriteCloser, from io.Reader, frozen *atomic.Bool) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if frozen.Load() && err == nil {
			continue
		}
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			_ = to.Close()
			return
		}
	}
}

// BenchmarkWake is how long after another client's COMMIT Watch wakes.
func BenchmarkWake(b *testing.B) {
	address := postgistest.URL(b)
	store, err := openStore(b.Context(), address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	if err := store.Fill(b.Context(), town{}, nil); err != nil {
		b.Fatal(err)
	}
	woken := make(chan time.Time, 10)
	go func() { _ = store.Watch(b.Context(), func() { woken <- time.Now() }) }()
	<-woken
	ctx := b.Context()
	conn := connect(b, address)
	var taken []time.Duration
	for b.Loop() {
		if _, err := conn.Exec(ctx, "UPDATE points SET number_1 = number_1 + 1 WHERE id = 1000"); err != nil {
			b.Fatal(err)
		}
		done := time.Now()
		taken = append(taken, (<-woken).Sub(done))
	}
	slices.Sort(taken)
	b.ReportMetric(float64(taken[len(taken)*99/100].Microseconds()), "µs-p99")
}
