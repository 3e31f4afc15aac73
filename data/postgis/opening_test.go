package postgis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/data/postgis/postgistest"
	"wangge/spatial"
)

const password = "s3cret&%40"

// freePort is a port that nothing listens at.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// wantRefused opens a store in vain; the error must hold the words and not
// the password.
func wantRefused(t *testing.T, url string, words ...string) {
	t.Helper()
	_, err := openStore(t.Context(), url)
	if err == nil {
		t.Fatalf("opened %s", url)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%q shows the password", err)
	}
}

func TestOpenNobodyThere(t *testing.T) {
	port := freePort(t)
	wantRefused(t, "postgres://clerk:"+password+"@127.0.0.1:"+port+"/town",
		"postgres://clerk@127.0.0.1:"+port+"/town", "no PostgreSQL answers at 127.0.0.1 port "+port, "start it")
	wantRefused(t, "postgres://clerk:"+password+"@/town?host=/nowhere", "no PostgreSQL answers at /nowhere")
}

func TestOpenBadAddress(t *testing.T) {
	for _, url := range []string{"postgres://clerk:s3cret@host:port/town", "postgres://clerk:s3cret%zz@host/town",
		"postgres://clerk:s3cret:s3cret@host:1:2/town", "postgres://clerk@host/town?sslmode=s3cret"} {
		wantRefused(t, url, "postgres://user:password@host:5432/database")
	}
}

// TestOpenRefused is what a server says no to, on one with passwords.
func TestOpenRefused(t *testing.T) {
	port := freePort(t)
	admin, _ := postgistest.Hold(t, port, "fsync = off\n")
	database := func(name string) string { return strings.Replace(admin, "/wangge?", "/"+name+"?", 1) }
	clerk := func(password, name string) string {
		return fmt.Sprintf("postgres://clerk:%s@127.0.0.1:%s/%s", password, port, name)
	}
	postgistest.Exec(t, admin, "CREATE ROLE clerk LOGIN PASSWORD 's3cret&@'", "CREATE DATABASE town OWNER clerk",
		"CREATE DATABASE bare", "CREATE DATABASE mixed", "CREATE DATABASE closed", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")

	t.Run("wrong password", func(t *testing.T) {
		wantRefused(t, clerk("wrong", "town"), "postgres://clerk@127.0.0.1:"+port+"/town", `the password of user "clerk" is wrong`, "PGPASSWORD")
		wantRefused(t, "postgres://clerk@127.0.0.1:"+port+"/town", `the password of user "clerk" is wrong or missing`)
	})
	t.Run("no database", func(t *testing.T) {
		wantRefused(t, clerk(password, "village"), `there is no database "village"`, "createdb")
	})
	t.Run("no such role", func(t *testing.T) {
		wantRefused(t, strings.Replace(admin, "wangge@", "stranger@", 1), `does not let user "stranger" in`)
	})
	t.Run("may not create the extension", func(t *testing.T) {
		wantRefused(t, clerk(password, "town"), `user "clerk" may not create`, "CREATE EXTENSION postgis SCHEMA postgis")
	})
	t.Run("extension made by the administrator", func(t *testing.T) {
		postgistest.Exec(t, database("town"), "CREATE SCHEMA postgis", "CREATE EXTENSION postgis SCHEMA postgis", "GRANT USAGE ON SCHEMA postgis TO PUBLIC")
		version := commitAnything(t, clerk(password, "town"))
		if version != 1 {
			t.Errorf("version %d", version)
		}
	})
	t.Run("extension not installed", func(t *testing.T) {
		postgistest.Exec(t, database("bare"), `CREATE FUNCTION missing() RETURNS event_trigger LANGUAGE plpgsql AS
			$$ BEGIN RAISE EXCEPTION 'extension "postgis" is not available' USING ERRCODE = '0A000'; END $$`,
			"CREATE EVENT TRIGGER missing ON ddl_command_start WHEN tag IN ('CREATE EXTENSION') EXECUTE FUNCTION missing()")
		wantRefused(t, database("bare"), "PostGIS is not installed on the database server", "apt-get install")
	})
	t.Run("extension elsewhere", func(t *testing.T) {
		postgistest.Exec(t, database("mixed"), "CREATE EXTENSION postgis SCHEMA public")
		commitAnything(t, database("mixed"))
	})
	t.Run("a schema that is not there yet", func(t *testing.T) {
		url := database("mixed") + "&search_path=other"
		commitAnything(t, url)
		if got := ask[int64](t, url, "SELECT version FROM other.store"); got != 1 {
			t.Errorf("version %d", got)
		}
	})
}

func commitAnything(t *testing.T, url string) spatial.Version {
	t.Helper()
	version, err := open(t, url).Commit(t.Context(), spatial.Change{Create: []*spatial.Schema{wardSchema()},
		Layers: []spatial.LayerChange{{Layer: "wards", Put: []spatial.Row{ward(1, "01", square(1, 2))}}}})
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func TestOpenNewerStore(t *testing.T) {
	_, url := wards(t)
	postgistest.Exec(t, url, "INSERT INTO migration (version_id, is_applied) VALUES (9999, true)")
	wantRefused(t, url, "newer program", "9999", "use that newer program")
}

// TestOpenTogether: programs that start at the same moment on an empty
// database do not hinder each other.
func TestOpenTogether(t *testing.T) {
	url := postgistest.URL(t)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			store, err := openStore(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			_ = store.Close()
		})
	}
	group.Wait()
}

// TestSilentServer holds the answer back, as a server that hangs does.
func TestSilentServer(t *testing.T) {
	store, url := wards(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE store"); err != nil {
		t.Fatal(err)
	}
	if version, err := store.Version(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("version %d, %v", version, err)
	}
	if _, err := conn.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if version, err := store.Version(t.Context()); version != 1 || err != nil {
		t.Errorf("afterwards: version %d, %v", version, err)
	}
}

// TestCrashedServer: what was acknowledged is there after the server died,
// even if the role's commits are not synchronous by default.
func TestCrashedServer(t *testing.T) {
	url, dir := postgistest.Hold(t, "", "")
	postgistest.Exec(t, url, "ALTER ROLE wangge SET synchronous_commit = off", "ALTER SYSTEM SET wal_writer_delay = '10s'")
	postgistest.Cluster(t, "stop", dir)
	for round := range 3 {
		postgistest.Cluster(t, "start", dir)
		store := open(t, url)
		base, err := store.Version(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if base != spatial.Version(round) {
			t.Fatalf("version %d after %d acknowledged commits", base, round)
		}
		if _, err := store.Commit(t.Context(), spatial.Change{Base: base}); err != nil {
			t.Fatal(err)
		}
		postgistest.Cluster(t, "stop", dir, "immediate")
	}
}
