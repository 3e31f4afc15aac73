package data

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"wangge/spatial"
	"wangge/spatial/history"
)

const planTries = 4 // plans of one edit before a conflict is reported

// Live is the current snapshot of a store and its single writer. All methods
// are safe for concurrent use; readers never wait.
type Live struct {
	store   Store
	log     *slog.Logger
	writing chan struct{} // holds one token while somebody replaces the snapshot
	sound   bool          // the snapshot's partitions are proved; written by the holder of the token
	current atomic.Pointer[spatial.Snapshot]
	fault   atomic.Pointer[error]
	telling sync.Mutex // one says what the fault is
	news    *news
	now     func() time.Time
	past    past
}

// Open loads the store's state. The store stays the caller's to close. A
// state whose partitions are broken is taken all the same, as there is none
// before it, and told by [Live.Fault].
func Open(ctx context.Context, store Store, log *slog.Logger) (*Live, error) {
	return OpenWithClock(ctx, store, time.Now, log)
}

// OpenWithClock is [Open] with the clock that says when changes are recorded.
func OpenWithClock(ctx context.Context, store Store, now func() time.Time, log *slog.Logger) (*Live, error) {
	l := &Live{store: store, log: log, writing: make(chan struct{}, 1), news: newNews(), now: now}
	first, err := l.load(ctx)
	if err != nil {
		return nil, err
	}
	l.current.Store(first)
	l.news.add(loaded(first))
	err = l.admit(ctx, candidate{state: first, record: loaded(first)})
	if errors.Is(err, spatial.ErrConflict) {
		_ = l.catchUp(ctx) // is a fault if it fails
	}
	return l, context.Cause(ctx)
}

// Current is the snapshot to answer from. A request calls it once and uses
// that one snapshot throughout. It costs one atomic load.
func (l *Live) Current() *spatial.Snapshot { return l.current.Load() }

// Edit plans a change on the current snapshot, commits it, and returns the
// snapshot that holds it. Edits run one after another. If another program
// commits in between, the plan is made again on its result, so plan must be
// free of side effects; after a few such rounds the error is
// [spatial.ErrConflict]. The errors of plan are returned as they are. A plan
// that changes nothing commits nothing. A change that would break a partition
// is refused with [*spatial.InvalidError]; while the store holds a state that
// is not published, all are, with [*BrokenError]. What a change replaces is
// kept in the same commit, see [history.Record].
func (l *Live) Edit(ctx context.Context, plan func(*spatial.Snapshot) (spatial.Change, error)) (*spatial.Snapshot, error) {
	if err := l.lock(ctx); err != nil {
		return nil, err
	}
	defer l.unlock()
	for try := 1; ; try++ {
		if err := l.editable(ctx); err != nil {
			return nil, err
		}
		base := l.Current()
		change, err := plan(base)
		if err != nil {
			return nil, err
		}
		next, err := l.commit(ctx, base, change)
		if !errors.Is(err, spatial.ErrConflict) || try == planTries {
			return next, err
		}
		if err := l.overtake(ctx); err != nil {
			return nil, err
		}
	}
}

// editable refuses edits while the store holds a state that is not
// published, for which they would not be planned.
func (l *Live) editable(ctx context.Context) error {
	if l.held() == nil {
		return nil
	}
	return l.overtake(ctx)
}

// overtake catches up before an edit is planned.
func (l *Live) overtake(ctx context.Context) error {
	err := l.catchUp(ctx)
	if broken := l.held(); err != nil && broken != nil {
		return fmt.Errorf("%w; repair it first", broken)
	}
	return err
}

func (l *Live) commit(ctx context.Context, base *spatial.Snapshot, change spatial.Change) (*spatial.Snapshot, error) {
	if len(change.Create)+len(change.Drop)+len(change.Layers) == 0 {
		return base, nil
	}
	change.Base = base.Version()
	change, err := history.Record(base, change, l.now())
	if err != nil {
		return nil, err
	}
	next, unfit := base.Apply(change, change.Base+1)
	if unfit == nil && l.sound {
		if faults := partitionFaults(base, next, change); len(faults) > 0 {
			return nil, faults[0]
		}
	}
	version, err := l.store.Commit(ctx, change)
	if err != nil {
		return nil, l.refused(ctx, base, err)
	}
	if unfit == nil && version == next.Version() {
		l.publish(next, recordOf(base, next, change), l.standing(next))
		return next, nil
	}
	if err := l.catchUpAnyway(ctx); err != nil {
		return nil, fmt.Errorf("version %d was committed but not loaded: %w", version, err)
	}
	return l.Current(), nil
}

// standing is what is still broken in a state that follows a broken one.
func (l *Live) standing(next *spatial.Snapshot) error {
	if l.sound {
		return nil
	}
	if faults := allFaults(next); len(faults) > 0 {
		return &BrokenError{Version: next.Version(), Published: true, Faults: faults}
	}
	return nil
}

// refused is the error of a commit that failed. Only conflicts and broken
// rules prove that nothing was written; after anything else, such as a
// connection lost at the end, the store is asked before the caller is told.
func (l *Live) refused(ctx context.Context, base *spatial.Snapshot, err error) error {
	var invalid *spatial.InvalidError
	if errors.Is(err, spatial.ErrConflict) || errors.As(err, &invalid) {
		return err
	}
	failed := l.catchUpAnyway(ctx)
	now := l.Current().Version()
	switch {
	case failed != nil:
		return fmt.Errorf("commit, outcome unknown: %w", err)
	case now == base.Version():
		return fmt.Errorf("commit: nothing was written: %w", err)
	}
	return fmt.Errorf("commit, outcome unknown, the store went from version %d to %d: %w", base.Version(), now, err)
}

// publish replaces the snapshot; broken is what is wrong with it, if
// anything. The caller holds the token.
func (l *Live) publish(s *spatial.Snapshot, r record, broken error) {
	l.sound = broken == nil
	l.current.Store(s)
	l.news.add(r)
	l.setFault(broken)
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
