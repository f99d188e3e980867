package table

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestWhatAViewHasStaysAsItIs: messages that come after a view was taken change none that it
// has, however many come and whether or not their block is packed.
func TestWhatAViewHasStaysAsItIs(t *testing.T) {
	var m messages
	var want [][]string
	var views []Messages
	var all []string
	for i := range 3000 {
		all = append(all, fmt.Sprintf("%d %s", i, strings.Repeat(string(rune('a'+i%26)), i%400)))
		m.add(all[i])
		if i%37 == 0 {
			views, want = append(views, m.view()), append(want, slices.Clone(all))
		}
	}
	if len(m.blocks) < 3 {
		t.Fatalf("only %d blocks were packed", len(m.blocks))
	}
	for i, v := range views {
		if got, err := v.All(); err != nil || !slices.Equal(got, want[i]) {
			t.Errorf("view %d has other messages, %v", i, err)
		}
	}
}
