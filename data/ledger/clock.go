package ledger

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"wangge/spatial"
	"wangge/spatial/adjustment"
)

const clockTick = time.Second

// clock is who puts scheduled adjustments into effect.
var clock = Request{Actor: adjustment.Actor{Name: "clock", Role: adjustment.Clock}}

// Run puts adjustments into effect when their time has come, until ctx ends.
// It may run in every process that has the store open: each adjustment takes
// effect once, since its status is part of the same commit. One that can no
// longer take effect stays scheduled, and its audit says why.
func (l *Ledger) Run(ctx context.Context) {
	tick := time.NewTicker(clockTick)
	defer tick.Stop()
	for {
		l.settle(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// settle puts into effect what is due.
func (l *Ledger) settle(ctx context.Context) {
	for _, id := range l.due() {
		_, err := l.Do(ctx, clock, id, Move{Action: adjustment.Apply})
		if reason, final := refusal(err); final {
			l.explain(ctx, id, "not put into effect: "+reason)
		}
	}
}

// due are the scheduled adjustments whose time has come, in its order.
func (l *Ledger) due() []int64 {
	now := l.now()
	var due []entry
	for _, e := range entries(l.live.Current()) {
		if e.Status == adjustment.Scheduled && !e.EffectiveAt.After(now) {
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b entry) int { return cmp.Or(a.EffectiveAt.Compare(b.EffectiveAt), cmp.Compare(a.ID, b.ID)) })
	var ids []int64
	for _, e := range due {
		ids = append(ids, e.ID)
	}
	return ids
}

// refusal is why an adjustment cannot take effect; final is false for what
// may be different a moment later.
func refusal(err error) (reason string, final bool) {
	var changed *adjustment.ChangedError
	var invalid *spatial.InvalidError
	if errors.As(err, &changed) || errors.As(err, &invalid) {
		return err.Error(), true
	}
	return "", false
}

// explain notes once why an adjustment is not in effect. If it cannot be
// noted now, it will be at the next tick.
func (l *Ledger) explain(ctx context.Context, id int64, reason string) {
	for _, r := range Audit(l.live.Current(), id) {
		if r.Role == adjustment.Clock && r.Note == reason {
			return
		}
	}
	_, _ = l.Do(ctx, clock, id, Move{Action: adjustment.Comment, Note: reason})
}
