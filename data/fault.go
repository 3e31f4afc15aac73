package data

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"wangge/spatial"
)

// BrokenError says that the store holds a state that breaks a rule.
type BrokenError struct {
	Version   spatial.Version         // of that state; 0 where a row of it cannot be read
	Published bool                    // whether it is current all the same, as there was none before it
	Faults    []*spatial.InvalidError // at least one
}

// Error names the first fault with its place, and how many there are.
func (e *BrokenError) Error() string {
	text := "the store holds a state that is not published: " + e.what()
	if e.Version > 0 {
		text = fmt.Sprintf("the store holds a state that is not published, version %d: %s", e.Version, e.what())
	}
	if e.Published {
		text = fmt.Sprintf("the store's state of version %d is broken: %s", e.Version, e.what())
	}
	return text
}

func (e *BrokenError) what() string {
	switch more := len(e.Faults) - 1; more {
	case 0:
		return e.Faults[0].Error()
	case 1:
		return e.Faults[0].Error() + "; and one more fault"
	default:
		return fmt.Sprintf("%s; and %d more faults", e.Faults[0], more)
	}
}

// UnreadableError says that the store's state cannot be read now. Its text is
// fit for strangers: the cause, which may name hosts and users, is in the log
// and behind Unwrap.
type UnreadableError struct{ Cause error }

// Error tells silence from refusal.
func (e *UnreadableError) Error() string {
	if errors.Is(e.Cause, context.DeadlineExceeded) {
		return "the store does not answer"
	}
	return "the store cannot be read"
}

// Unwrap is the cause.
func (e *UnreadableError) Unwrap() error { return e.Cause }

// Fault is why the current snapshot may be behind the store or broken, nil if
// it is not known to be: an [*UnreadableError] or a [*BrokenError].
func (l *Live) Fault() error {
	if err := l.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// held is the fault that keeps the store's state from being published.
func (l *Live) held() *BrokenError {
	var broken *BrokenError
	if errors.As(l.Fault(), &broken) && !broken.Published {
		return broken
	}
	return nil
}

// unreadable remembers that the store could not be read, or holds a row that
// cannot be. That nobody waits any more is no fault; that the store took too
// long is one.
func (l *Live) unreadable(ctx context.Context, err error) {
	var invalid *spatial.InvalidError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
	case errors.As(err, &invalid) && !strings.HasPrefix(invalid.Rule, "store_"): // whose places are files
		l.setFault(&BrokenError{Faults: []*spatial.InvalidError{invalid}})
	default:
		l.setFault(&UnreadableError{err})
	}
}

// doubted says whether the last word was that the snapshot is behind the
// store.
func (l *Live) doubted() bool {
	fault := l.Fault()
	return fault != nil && !isPublished(fault)
}

// confirm takes that back: the store is known to be at the snapshot's version.
func (l *Live) confirm() {
	if l.doubted() {
		l.setFault(l.standing(l.Current()))
	}
}

// setFault replaces the fault, and logs it when it is news.
func (l *Live) setFault(err error) {
	l.telling.Lock()
	defer l.telling.Unlock()
	known := l.Fault()
	if err == nil {
		l.fault.Store(nil)
	} else {
		l.fault.Store(&err)
	}
	l.news.setBehind(err != nil && !isPublished(err))
	switch {
	case err == nil && known != nil:
		l.log.Info("the snapshot is the store's state again", "version", l.Current().Version())
	case err != nil && (known == nil || detailed(known) != detailed(err)):
		l.log.Error("the snapshot is not the store's sound state", "error", detailed(err))
	}
}

func isPublished(err error) bool {
	var broken *BrokenError
	return errors.As(err, &broken) && broken.Published
}

// detailed is a fault with what only the log should tell, and without the
// version, which grows while the fault stays.
func detailed(err error) string {
	var unreadable *UnreadableError
	var broken *BrokenError
	switch {
	case errors.As(err, &unreadable):
		return unreadable.Error() + ": " + unreadable.Cause.Error()
	case errors.As(err, &broken) && !broken.Published:
		return "a state is not published: " + broken.what()
	case errors.As(err, &broken):
		return "a broken state is served: " + broken.what()
	}
	return err.Error()
}
