package data

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"wangge/spatial"
)

const (
	pollEvery   = time.Second
	planTries   = 4                // plans of one edit before a conflict is reported
	answerLimit = 10 * time.Second // for reading the version of a store that may have gone silent
	reloadLimit = 30 * time.Second // for reading the truth after a commit whose fate is unknown
)

// Live is the current snapshot of a store and its single writer. All methods
// are safe for concurrent use; readers never wait.
type Live struct {
	store   Store
	log     *slog.Logger
	writing chan struct{} // holds one token while somebody replaces the snapshot
	current atomic.Pointer[spatial.Snapshot]
	fault   atomic.Pointer[error]
}

// Open loads the store's state. The store stays the caller's to close.
func Open(ctx context.Context, store Store, log *slog.Logger) (*Live, error) {
	first, err := store.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	l := &Live{store: store, log: log, writing: make(chan struct{}, 1)}
	l.publish(first)
	return l, nil
}

// Current is the snapshot to answer from. A request calls it once and uses
// that one snapshot throughout. It costs one atomic load.
func (l *Live) Current() *spatial.Snapshot { return l.current.Load() }

// Fault is why the current snapshot may be behind the store, nil if it is
// not known to be.
func (l *Live) Fault() error {
	if err := l.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// Edit plans a change on the current snapshot, commits it, and returns the
// snapshot that holds it. Edits run one after another. If another program
// commits in between, the plan is made again on its result, so plan must be
// free of side effects; after a few such rounds the error is
// [spatial.ErrConflict]. The errors of plan are returned as they are. A plan
// that changes nothing commits nothing.
func (l *Live) Edit(ctx context.Context, plan func(*spatial.Snapshot) (spatial.Change, error)) (*spatial.Snapshot, error) {
	if err := l.lock(ctx); err != nil {
		return nil, err
	}
	defer l.unlock()
	for try := 1; ; try++ {
		base := l.Current()
		change, err := plan(base)
		if err != nil {
			return nil, err
		}
		next, err := l.commit(ctx, base, change)
		if !errors.Is(err, spatial.ErrConflict) || try == planTries {
			return next, err
		}
		if _, err := l.reload(ctx); err != nil {
			return nil, err
		}
	}
}

func (l *Live) commit(ctx context.Context, base *spatial.Snapshot, change spatial.Change) (*spatial.Snapshot, error) {
	if len(change.Create)+len(change.Drop)+len(change.Layers) == 0 {
		return base, nil
	}
	change.Base = base.Version()
	version, err := l.store.Commit(ctx, change)
	if err != nil {
		return nil, l.refused(ctx, base, err)
	}
	if version == base.Version()+1 {
		if next, err := base.Apply(change, version); err == nil {
			l.publish(next)
			return next, nil
		}
		l.log.Warn("a committed change did not fit the snapshot; loading the store again", "version", version)
	}
	next, err := l.reloadAnyway(ctx)
	if err != nil {
		return nil, fmt.Errorf("version %d was committed but not loaded: %w", version, err)
	}
	return next, nil
}

// refused is the error of a commit that failed. Only conflicts and broken
// rules prove that nothing was written; after anything else, such as a
// connection lost at the end, the store is asked before the caller is told.
func (l *Live) refused(ctx context.Context, base *spatial.Snapshot, err error) error {
	var invalid *spatial.InvalidError
	if errors.Is(err, spatial.ErrConflict) || errors.As(err, &invalid) {
		return err
	}
	now, failed := l.reloadAnyway(ctx)
	switch {
	case failed != nil:
		return fmt.Errorf("commit, outcome unknown: %w", err)
	case now.Version() == base.Version():
		return fmt.Errorf("commit: nothing was written: %w", err)
	}
	return fmt.Errorf("commit, outcome unknown, the store went from version %d to %d: %w", base.Version(), now.Version(), err)
}

// Follow keeps the snapshot up with commits of other programs until ctx ends.
// A failure leaves the old snapshot in place, shows in [Live.Fault], and is
// tried again.
func (l *Live) Follow(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			l.poll(ctx)
		}
	}
}

func (l *Live) poll(ctx context.Context) {
	if !l.behind(ctx) || l.lock(ctx) != nil {
		return
	}
	defer l.unlock()
	if !l.behind(ctx) { // it was an edit of ours, published meanwhile
		return
	}
	if next, err := l.reload(ctx); err == nil {
		l.log.Info("loaded a commit of another program", "version", next.Version())
	}
}

// behind says whether the store is known to be at another version than the
// snapshot.
func (l *Live) behind(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	version, err := l.store.Version(ctx)
	if err != nil {
		l.fail(ctx, fmt.Errorf("read the store's version: %w", err))
		return false
	}
	if version != l.Current().Version() {
		return true
	}
	l.fault.Store(nil)
	return false
}

// reload replaces the snapshot by the store's state.
func (l *Live) reload(ctx context.Context) (*spatial.Snapshot, error) {
	next, err := l.store.Load(ctx)
	if err != nil {
		err = fmt.Errorf("load: %w", err)
		l.fail(ctx, err)
		return nil, err
	}
	l.publish(next)
	return next, nil
}

// reloadAnyway reloads even if the caller has given up.
func (l *Live) reloadAnyway(ctx context.Context) (*spatial.Snapshot, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reloadLimit)
	defer cancel()
	return l.reload(ctx)
}

func (l *Live) publish(s *spatial.Snapshot) {
	l.current.Store(s)
	l.fault.Store(nil)
}

// fail remembers a fault and logs it when it is news. That nobody waits any
// more is no fault; that the store took too long is one.
func (l *Live) fail(ctx context.Context, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if known := l.fault.Swap(&err); known == nil || (*known).Error() != err.Error() {
		l.log.Error("the snapshot may be behind the store", "error", err)
	}
}

func (l *Live) lock(ctx context.Context) error {
	select {
	case l.writing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *Live) unlock() { <-l.writing }
