package cgroup

import (
	"strings"
	"testing"
)

func TestLimitsInTheWordsOfTheKernel(t *testing.T) {
	for name, c := range map[string]struct {
		limits Limits
		v1, v2 string
	}{
		"none":                     {Limits{}, "", ""},
		"a processor and a half":   {Limits{CPU: 1536}, "cpu.cfs_period_us=100000 cpu.cfs_quota_us=150000", "cpu.max=150000 100000"},
		"rounded down":             {Limits{CPU: 130}, "cpu.cfs_period_us=100000 cpu.cfs_quota_us=12695", "cpu.max=12695 100000"},
		"the least of the kernel":  {Limits{CPU: 2}, "cpu.cfs_period_us=100000 cpu.cfs_quota_us=1000", "cpu.max=1000 100000"},
		"192 processors":           {Limits{CPU: 196608}, "cpu.cfs_period_us=100000 cpu.cfs_quota_us=19200000", "cpu.max=19200000 100000"},
		"shares":                   {Limits{Shares: 1024}, "cpu.shares=1024", "cpu.weight=39"},
		"least and most of shares": {Limits{Shares: 1}, "cpu.shares=2", "cpu.weight=1"},
		"most shares":              {Limits{Shares: 1 << 20}, "cpu.shares=262144", "cpu.weight=10000"},
		"a limit has no shares":    {Limits{CPU: 1024, Shares: 7}, "cpu.cfs_period_us=100000 cpu.cfs_quota_us=100000", "cpu.max=100000 100000"},
		"memory":                   {Limits{Memory: 32 << 20}, "memory.use_hierarchy=1 memory.limit_in_bytes=33554432", "memory.max=33554432"},
		"both":                     {Limits{CPU: 1024, Memory: 1}, "cpu.cfs_period_us=100000 cpu.cfs_quota_us=100000 memory.use_hierarchy=1 memory.limit_in_bytes=1", "cpu.max=100000 100000 memory.max=1"},
	} {
		for unified, want := range map[bool]string{false: c.v1, true: c.v2} {
			var got []string
			for _, s := range c.limits.settings(unified) {
				got = append(got, s.file+"="+s.value)
				if !strings.HasPrefix(s.file, s.controller+".") {
					t.Errorf("%s: %s is no file of %s", name, s.file, s.controller)
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s, unified %v: %v, want %s", name, unified, got, want)
			}
		}
	}
}
