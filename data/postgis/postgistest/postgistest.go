// Package postgistest gives tests a PostgreSQL with PostGIS.
//
// It starts one private cluster for each test binary, when the first test
// asks for it, or uses the server that WANGGE_TEST_POSTGIS names. It knows
// nothing about the store.
//
// Invariant: the cluster is gone soon after the test binary is, however that
// ended: it watches a pipe that ends with the binary.
package postgistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// server names the variable with the URL of a server to use instead of a
// private one. Its user must be allowed to create schemas, and PostGIS.
const server = "WANGGE_TEST_POSTGIS"

// fast are settings that give up safety against a crash of the machine, not
// of a program.
const fast = "fsync = off\nfull_page_writes = off\nmax_connections = 200\nshared_buffers = 64MB\n"

// URL is that of a database with a fresh, empty schema of its own for the
// test, dropped with it. Without PostgreSQL the test is skipped, or failed
// if the variable CI is true.
func URL(t testing.TB) string {
	t.Helper()
	base := os.Getenv(server)
	if base == "" {
		base = shared(t)
	}
	return freshSchema(t, base)
}

// copied are the databases that were made to be copied, by name.
var copied sync.Map

// Copy is the URL of a database of its own for the test, a copy of one that
// fill makes for the first test that asks for that name. It is dropped with the
// test.
func Copy(t testing.TB, name string, fill func(url string)) string {
	t.Helper()
	base := os.Getenv(server)
	if base == "" {
		base = shared(t)
	}
	original := fmt.Sprintf("%s_%d", name, os.Getpid())
	once, _ := copied.LoadOrStore(original, new(sync.Once))
	once.(*sync.Once).Do(func() {
		Exec(t, base, "CREATE DATABASE "+original)
		fill(database(t, base, original))
	})
	mine := fmt.Sprintf("%s_%d", original, schemas.Add(1))
	Exec(t, base, "CREATE DATABASE "+mine+" TEMPLATE "+original)
	t.Cleanup(func() { Exec(t, base, "DROP DATABASE "+mine+" WITH (FORCE)") })
	return database(t, base, mine)
}

// database is the URL of another database of a server.
func database(t testing.TB, base, name string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(errors.New(server + " is not a URL"))
	}
	u.Path = "/" + name
	return searching(u, "public")
}

// Hold starts a cluster of its own for a test, in a directory that is handed
// back with its URL, with further lines of postgresql.conf. A port other than
// "" opens it on 127.0.0.1 too. It is stopped and removed with the test.
func Hold(t testing.TB, port, settings string) (url, dir string) {
	t.Helper()
	needPrograms(t)
	dir = temporary(t)
	held, err := hold(dir, port, settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(held.stop)
	return held.url, dir
}

// Cluster runs the cluster script beside this package.
func Cluster(t testing.TB, arguments ...string) {
	t.Helper()
	if out, err := exec.Command(script(), arguments...).CombinedOutput(); err != nil {
		t.Fatalf("cluster.sh %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
}

// shared is the URL of the binary's one cluster.
func shared(t testing.TB) string {
	t.Helper()
	needPrograms(t)
	held, err := start()
	if err != nil {
		t.Fatal(err)
	}
	return held.url
}

// start starts the binary's cluster once, and keeps it reachable, as the
// pipe would be closed with it.
var start = sync.OnceValues(func() (*cluster, error) {
	dir, err := os.MkdirTemp("", "wangge-postgis-")
	if err != nil {
		return nil, err
	}
	return hold(dir, "", fast)
})

func temporary(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wangge-postgis-")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// cluster is one that lives until it is stopped or the process ends.
type cluster struct {
	url   string
	stdin io.Closer // the pipe that it watches
	cmd   *exec.Cmd
}

func hold(dir, port, settings string) (*cluster, error) {
	if err := os.Chmod(dir, 0o755); err != nil { // the user postgres goes through it
		return nil, err
	}
	cmd := exec.Command(script(), "hold", dir, port)
	cmd.Env = append(os.Environ(), "CLUSTER_SETTINGS="+settings)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is for the tests, not for it
	var complaints strings.Builder
	cmd.Stderr = &complaints
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &cluster{stdin: stdin, cmd: cmd}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("start a cluster: %w: %s", err, complaints.String())
	}
	c.url = strings.TrimSpace(line)
	return c, nil
}

// stop returns when the cluster is gone.
func (c *cluster) stop() {
	_ = c.stdin.Close()
	_ = c.cmd.Wait()
}

// script is the path of cluster.sh, from wherever in the module a test runs.
func script() string {
	dir, err := os.Getwd()
	for err == nil && dir != "/" {
		path := filepath.Join(dir, "data", "postgis", "cluster.sh")
		if _, err := os.Stat(path); err == nil {
			return path
		}
		dir = filepath.Dir(dir)
	}
	return "data/postgis/cluster.sh"
}

func needPrograms(t testing.TB) {
	t.Helper()
	err := exec.Command(script(), "check").Run()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("PostgreSQL with PostGIS is not installed; run data/postgis/cluster.sh install, or set %s", server)
	default:
		t.Skipf("PostgreSQL with PostGIS is not installed; run data/postgis/cluster.sh install, or set %s", server)
	}
}

// schemas numbers the schemas of this process.
var schemas atomic.Int64

func freshSchema(t testing.TB, base string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), schemas.Add(1))
	Exec(t, base, "CREATE SCHEMA "+name)
	t.Cleanup(func() { Exec(t, base, "DROP SCHEMA "+name+" CASCADE") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(errors.New(server + " is not a URL"))
	}
	return searching(u, name)
}

// searching is a URL whose clients find the tables of a schema, and PostGIS.
func searching(u *url.URL, schema string) string {
	query := u.Query()
	query.Set("options", "-csearch_path="+schema+",postgis")
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return u.String()
}

// Exec runs statements as any client would.
func Exec(t testing.TB, url string, statements ...string) {
	t.Helper()
	ctx := context.Background() // also for cleanups
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
