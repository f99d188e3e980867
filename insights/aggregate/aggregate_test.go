package aggregate

import (
	"fmt"
	"testing"
)

// TestManyDistinct: beyond exactly, a count of distinct values is within two percent.
func TestManyDistinct(t *testing.T) {
	d := &distinct{}
	d.Grow(1)
	const n = 200000
	for i := range n {
		d.insert(0, hash(fmt.Sprint("task/", i)))
		d.insert(0, hash(fmt.Sprint("task/", i/2)))
	}
	got, _ := d.Result(0).Number()
	if got < n*0.98 || got > n*1.02 {
		t.Errorf("%v distinct values of %d", got, n)
	}
}
