package state

import (
	"reflect"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/s2"

	"steady/model"
)

func TestEventsAreKeptAsTheyWere(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 1, time.UTC)
	o := &Outgoing{Number: 7, Events: []model.Event{
		{Cluster: "default", At: at, JSON: jsontext.Value(`{"a":"ü"}`)},
		{Cluster: "other", At: at.Add(time.Second), JSON: jsontext.Value(`{}`)},
	}}
	again, err := unpack(o.pack())
	if err != nil || !reflect.DeepEqual(again, o) {
		t.Fatalf("kept %+v, read %+v, %v", o, again, err)
	}
	tables := newTables()
	if err := tables.load("outbox", outboxKey(7), o.pack()); err != nil || tables.lastOutgoing() != 8 {
		t.Fatalf("the last number is %d, %v", tables.lastOutgoing(), err)
	}
	raw, _ := s2.Decode(nil, o.pack())
	for n := range raw {
		if _, err := unpack(s2.Encode(nil, raw[:n])); err == nil {
			t.Errorf("%d of %d bytes are accepted", n, len(raw))
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add((&Outgoing{Number: 1, Events: []model.Event{{Cluster: "c", JSON: jsontext.Value(`{}`)}}}).pack())
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := s2.DecodedLen(b); err == nil && n > 1<<20 {
			return // a block says how much to make room for
		}
		if o, err := unpack(b); err == nil {
			if again, err := unpack(o.pack()); err != nil || !reflect.DeepEqual(again, o) {
				t.Errorf("%+v comes back as %+v, %v", o, again, err)
			}
		}
	})
}
