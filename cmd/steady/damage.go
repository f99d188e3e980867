package main

import (
	"bufio"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// damagedLine begins a line of GET /healthz about what is damaged in the archive.
const damagedLine = "damaged in the archive: "

// damageOf asks a server what is damaged in its archive that an answer about log groups,
// by name or ARN, may lack; of no groups it is all. A server that does not say, as one
// that is no Steady, has nothing to say.
func damageOf(ctx context.Context, endpoint string, groups []string) (lines []string) {
	if endpoint == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(endpoint, "/")+"/healthz", nil)
	if err != nil {
		return nil
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil
	}
	for in := bufio.NewScanner(res.Body); in.Scan(); {
		if what, ok := strings.CutPrefix(in.Text(), damagedLine); ok && concerns(what, groups) {
			lines = append(lines, what)
		}
	}
	return lines
}

// concerns tells whether a damage is of one of the groups, as far as it says whose it is.
func concerns(damage string, groups []string) bool {
	_, of, ok := strings.Cut(damage, " records of ")
	if !ok || len(groups) == 0 {
		return true
	}
	return slices.ContainsFunc(groups, func(g string) bool {
		if _, name, ok := strings.Cut(g, ":log-group:"); ok {
			g = strings.TrimSuffix(name, ":*")
		}
		return strings.HasPrefix(of, g+":")
	})
}
