package storetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"wangge/data"
	"wangge/spatial"
)

// writerPlace is the variable that tells a test process to be the writer
// that will be killed, and where.
const writerPlace = "WANGGE_STORETEST_WRITER"

func isWriter() bool { return os.Getenv(writerPlace) != "" }

// writeUntilKilled commits to the pair of layers in a loop and prints each
// version once it is acknowledged. It ends, too, when its parent does.
func writeUntilKilled(t *testing.T, open Open) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	ctx := context.Background()
	store, err := open(ctx, os.Getenv(writerPlace))
	if err != nil {
		t.Fatal(err)
	}
	for {
		version, err := commitNext(ctx, store)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("acknowledged %d\n", version)
	}
}

// commitNext writes a new row to both layers, with the version as its id.
func commitNext(ctx context.Context, store data.Store) (spatial.Version, error) {
	base, err := store.Version(ctx)
	if err != nil {
		return 0, err
	}
	row := figureRow(int64(base)+1, int64(base)+1)
	return store.Commit(ctx, spatial.Change{Base: base, Layers: []spatial.LayerChange{
		{Layer: "left", Put: []spatial.Row{row}}, {Layer: "right", Put: []spatial.Row{row}}}})
}

// testKilledWriter kills a writer again and again. After each kill the store
// opens, every acknowledged change is there, and none is there by half.
func (k kind) testKilledWriter(t *testing.T) {
	const kills = 10
	place := k.Fresh(t)
	fill(t, k.at(t, place), pair())
	for i := range kills {
		last := runAndKill(t, place, time.Duration(5+17*i)*time.Millisecond)
		store := k.at(t, place)
		checkKept(t, load(t, store), last)
		if _, err := commitNext(t.Context(), store); err != nil {
			t.Fatalf("commit after kill %d: %v", i, err)
		}
	}
}

// runAndKill starts a writer, lets it work for a while after its first
// commit, kills it, and returns the last version it acknowledged.
func runAndKill(t *testing.T, place string, work time.Duration) spatial.Version {
	t.Helper()
	top, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.Command(os.Args[0], "-test.run=^"+top+"$")
	cmd.Env = append(os.Environ(), writerPlace+"="+place)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := lastAcknowledged(t, stdout, func() {
		time.AfterFunc(work, func() { _ = cmd.Process.Kill() })
	})
	_ = cmd.Wait() // killed: its error says so
	return last
}

// lastAcknowledged reads what a writer prints until it is gone; begun is
// called after the first commit.
func lastAcknowledged(t *testing.T, r io.Reader, begun func()) spatial.Version {
	t.Helper()
	last := spatial.Version(0)
	for lines := bufio.NewScanner(r); lines.Scan(); {
		var version spatial.Version
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &version); err != nil {
			t.Errorf("the writer says %q", lines.Text())
			continue
		}
		if last == 0 {
			begun()
		}
		last = version
	}
	if last == 0 {
		t.Fatal("the writer ended without a commit")
	}
	return last
}

// checkKept proves that every version up to the acknowledged one left its
// row in both layers.
func checkKept(t *testing.T, s *spatial.Snapshot, acknowledged spatial.Version) {
	t.Helper()
	if s.Version() < acknowledged {
		t.Fatalf("version %d, but %d was acknowledged", s.Version(), acknowledged)
	}
	for _, id := range []spatial.LayerID{"left", "right"} {
		layer, err := s.Layer(id)
		if err != nil {
			t.Fatal(err)
		}
		if layer.Len() != int(s.Version()) {
			t.Errorf("layer %s has %d rows at version %d", id, layer.Len(), s.Version())
		}
		for version := range int64(s.Version()) {
			if f, err := layer.Feature(version + 1); err != nil || (version > 0 && f.Attribute("figure").Int() != version+1) {
				t.Errorf("the change of version %d is lost in layer %s", version+1, id)
			}
		}
	}
}
