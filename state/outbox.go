package state

import (
	"fmt"
	"iter"
	"strconv"

	"steady/model"
)

// The outbox holds the events that follow from a transaction, written with it: a crash
// can neither lose one nor leave one whose cause was not kept. Events have numbers that
// rise for as long as the state lives, also when the outbox has been emptied.

// Outgoing is the events of one transaction. Number is that of the first; the others
// follow without a gap.
type Outgoing struct {
	Number uint64
	Events []model.Event
}

// Last is the number of the last event.
func (o *Outgoing) Last() uint64 { return o.Number + uint64(len(o.Events)) - 1 }

// metaRemoved is the number of the last event that was removed from the outbox.
const metaRemoved = "outbox"

func outboxKey(number uint64) string { return fmt.Sprintf("%020d", number) }

// Tell puts events into the outbox.
func (tx *Tx) Tell(events []model.Event) {
	if len(events) == 0 {
		return
	}
	o := &Outgoing{Number: tx.told + 1, Events: events}
	tx.told = o.Last()
	write(tx, tx.outbox, tx.outbox.key(o), o)
}

// DropOutgoing removes all events up to that number from the outbox. Those of one
// transaction go together, with the last of them.
func (tx *Tx) DropOutgoing(last uint64) {
	var dropped []*Outgoing
	for o := range tx.Outgoing(0) {
		if o.Last() > last {
			break
		}
		dropped = append(dropped, o)
	}
	if len(dropped) == 0 {
		return
	}
	for _, o := range dropped {
		write(tx, tx.outbox, tx.outbox.key(o), nil)
	}
	tx.PutMeta(&Meta{Name: metaRemoved, Value: strconv.FormatUint(dropped[len(dropped)-1].Last(), 10)})
}

// Outgoing yields what is in the outbox behind the event of that number, in order.
func (t tables) Outgoing(after uint64) iter.Seq[*Outgoing] {
	return func(yield func(*Outgoing) bool) {
		t.outbox.rows.Ascend(outboxKey(after+1), func(_ string, o *Outgoing) bool { return yield(o) })
	}
}

// lastOutgoing is the highest number that an event has had.
func (t tables) lastOutgoing() uint64 {
	if _, o, ok := t.outbox.rows.Max(); ok {
		return o.Last()
	}
	n, _ := strconv.ParseUint(t.Meta(metaRemoved), 10, 64)
	return n
}
