package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"steady/archive"
)

// Who asks hears of the records that damage has taken from the answer, and of no others.
func TestDamageThatConcernsAQuery(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
		for _, line := range wrongWith(archive.Health{Damaged: []string{"a.parquet with 3 records of /a: bad page", "b.parquet with 1 records of /a/b: bad page", "catalog.db-1: moved aside before the last start"}}) {
			fmt.Fprintln(w, line)
		}
	}))
	defer server.Close()
	for _, c := range []struct {
		groups []string
		want   string
	}{
		{nil, "a.parquet b.parquet catalog.db-1:"},
		{[]string{"/a"}, "a.parquet catalog.db-1:"},
		{[]string{"arn:aws:logs:us-east-1:000000000000:log-group:/a/b:*", "/c"}, "b.parquet catalog.db-1:"},
	} {
		var got []string
		for _, line := range damageOf(t.Context(), server.URL+"/", c.groups) {
			got = append(got, strings.Fields(line)[0])
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: %v, want %s", c.groups, got, c.want)
		}
	}
	silent := httptest.NewServer(http.NotFoundHandler())
	defer silent.Close()
	if got := damageOf(t.Context(), silent.URL, nil); len(got) > 0 {
		t.Errorf("another server says %v", got)
	}
}
