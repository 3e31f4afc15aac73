package ledger

import "context"

// Settle puts into effect what is due.
func Settle(l *Ledger, ctx context.Context) { l.settle(ctx) }
