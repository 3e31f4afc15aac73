package data

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"wangge/spatial"
)

const (
	pollEvery   = time.Second            // in case the store cannot wake us
	answerLimit = 10 * time.Second       // for the version of a store that may have gone silent
	silence     = 3                      // versions not answered in a row, after which a long read is given up
	leastRest   = 20 * time.Millisecond  // between catch-ups, so that a burst of commits costs few
	mostRest    = 10 * time.Second       // between catch-ups that take long
	leastPause  = 100 * time.Millisecond // before watching again
	mostPause   = 10 * time.Second
	snapTries   = 8 // catch-ups in a row while others put the same rows on the lattice
)

// Follow keeps the snapshot up with commits of other programs until ctx ends.
// What goes wrong leaves the old snapshot in place, shows in [Live.Fault], and
// is tried again. Rows that another program put off a partition's lattice are
// written back on it before they become current, and what it replaced without
// keeping it is kept, as of when that was seen. Where the store cannot tell
// what happened ([ErrGap]), or the program was not running, what was replaced
// is lost to the history.
func (l *Live) Follow(ctx context.Context) {
	wake := make(chan struct{}, 1)
	var watching sync.WaitGroup
	watching.Go(func() { l.watch(ctx, func() { offer(wake) }) })
	defer watching.Wait()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-tick.C:
		}
		rest(ctx, l.poll(ctx))
	}
}

func offer(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

// watch keeps watching the store until ctx ends.
func (l *Live) watch(ctx context.Context, wake func()) {
	for pause := leastPause; ctx.Err() == nil; pause = min(2*pause, mostPause) {
		began := time.Now()
		err := l.store.Watch(ctx, wake)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > mostPause {
			pause = leastPause
		}
		l.log.Warn("the store is polled, as it cannot be watched now", "error", err)
		wake()
		rest(ctx, pause)
	}
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// poll catches up if the store is not at the snapshot's version, and says how
// long to rest.
func (l *Live) poll(ctx context.Context) time.Duration {
	if !l.behind(ctx) || l.lock(ctx) != nil {
		return 0
	}
	defer l.unlock()
	if !l.behind(ctx) { // it was an edit of ours, published meanwhile
		return 0
	}
	began := time.Now()
	_ = l.catchUp(ctx) // is a fault now, and logged
	return min(max(time.Since(began), leastRest), mostRest)
}

// behind says whether the store is known to be at another version than the
// snapshot.
func (l *Live) behind(ctx context.Context) bool {
	version, err := l.version(ctx)
	if err != nil {
		l.unreadable(ctx, fmt.Errorf("read the store's version: %w", err))
		return false
	}
	if version == l.Current().Version() {
		return l.doubted()
	}
	held := l.held()
	return held == nil || held.Version != version
}

func (l *Live) version(ctx context.Context) (spatial.Version, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	return l.store.Version(ctx)
}

// catchUpAnyway catches up even if the caller has given up.
func (l *Live) catchUpAnyway(ctx context.Context) error {
	return l.catchUp(context.WithoutCancel(ctx))
}

// catchUp makes the store's state the snapshot, or says why it cannot be,
// which is then the fault. That others commit all the time while rows are to
// be written back is none. The caller holds the token.
func (l *Live) catchUp(ctx context.Context) error {
	var err error
	for range snapTries {
		if err = l.advance(ctx); !errors.Is(err, spatial.ErrConflict) {
			return err
		}
	}
	return err
}

// advance takes what was committed since the snapshot, or loads all where
// that cannot be told.
func (l *Live) advance(ctx context.Context) error {
	if held := l.held(); held != nil {
		if version, err := l.version(ctx); err == nil && version == held.Version {
			return held
		}
	}
	base := l.Current()
	change, version, err := l.since(ctx, base.Version())
	if errors.Is(err, ErrGap) {
		return l.reload(ctx)
	}
	if err != nil {
		l.unreadable(ctx, err)
		return err
	}
	if version == base.Version() {
		l.confirm()
		return nil
	}
	next, change, err := follow(base, change, version)
	if err != nil {
		l.log.Warn("what was committed does not fit the snapshot; loading the store again", "version", version, "error", err)
		return l.reload(ctx)
	}
	c := candidate{base: base, from: base, state: next, change: change, record: recordOf(base, next, change)}
	if !l.sound {
		c.base = nil
	}
	return l.admit(ctx, c)
}

func (l *Live) since(ctx context.Context, base spatial.Version) (change spatial.Change, version spatial.Version, err error) {
	err = l.patiently(ctx, func(ctx context.Context) (err error) {
		change, version, err = l.store.Since(ctx, base)
		return err
	})
	return change, version, err
}

// follow is the snapshot after what was committed since, of which rows that
// came and went in between are left out.
func follow(base *spatial.Snapshot, c spatial.Change, version spatial.Version) (*spatial.Snapshot, spatial.Change, error) {
	c.Layers = slices.Clone(c.Layers)
	for i, change := range c.Layers {
		layer, err := base.Layer(change.Layer)
		if err != nil {
			return nil, c, err
		}
		gone := func(id int64) bool { _, err := layer.Feature(id); return err != nil }
		c.Layers[i].Delete = slices.DeleteFunc(slices.Clone(change.Delete), gone)
	}
	next, err := base.Apply(c, version)
	return next, c, err
}

func (l *Live) reload(ctx context.Context) error {
	next, err := l.load(ctx)
	if err != nil {
		l.unreadable(ctx, err)
		return err
	}
	l.log.Info("loaded the whole store again; what other programs replaced since is in the history only where they kept it",
		"from", l.Current().Version(), "version", next.Version())
	return l.admit(ctx, candidate{state: next, record: loaded(next)})
}

func (l *Live) load(ctx context.Context) (s *spatial.Snapshot, err error) {
	err = l.patiently(ctx, func(ctx context.Context) (err error) {
		s, err = l.store.Load(ctx)
		return err
	})
	return s, err
}

// patiently reads what may take long, and gives up when the store does not
// even tell its version for a while.
func (l *Live) patiently(ctx context.Context, read func(context.Context) error) error {
	reading, stop := context.WithCancelCause(ctx)
	var watchdog sync.WaitGroup
	watchdog.Go(func() { l.listen(reading, stop) })
	err := read(reading)
	silent := context.Cause(reading)
	stop(nil)
	watchdog.Wait()
	if err != nil && ctx.Err() == nil && silent != nil {
		return fmt.Errorf("%w: %w", silent, err)
	}
	return err
}

// listen asks for the version now and then, and stops a reading when too many
// answers in a row fail.
func (l *Live) listen(ctx context.Context, stop context.CancelCauseFunc) {
	for failed := 0; failed < silence; {
		rest(ctx, answerLimit)
		_, err := l.version(ctx)
		if ctx.Err() != nil {
			return
		}
		if failed++; err == nil {
			failed = 0
		}
	}
	stop(fmt.Errorf("the store went silent: %w", context.DeadlineExceeded))
}
