package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"steady/runtime"
)

// Stats asks the engine for one sample of a container.
func (r *Runtime) Stats(ctx context.Context, id string) (runtime.Stats, error) {
	const name = "CannotGetContainerStatsError"
	res, err := r.engine.ContainerStats(ctx, id, client.ContainerStatsOptions{})
	if err != nil {
		return runtime.Stats{}, failure(name, id, err)
	}
	defer res.Body.Close()
	var s container.StatsResponse
	raw, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		return runtime.Stats{}, failure(name, id, fmt.Errorf("read the statistics of container %s: %w", id, err))
	}
	if s.Read.IsZero() || s.MemoryStats.Usage == 0 { // the engine's answer for one that does not run
		return runtime.Stats{}, &runtime.Error{Kind: runtime.NotFound, Name: name, Detail: "container " + id + " is not running"}
	}
	out := statsOf(s)
	out.Raw = raw
	return out, nil
}

// statsOf keeps of a sample what the seam speaks of.
func statsOf(s container.StatsResponse) runtime.Stats {
	out := runtime.Stats{At: s.Read, CPU: time.Duration(s.CPUStats.CPUUsage.TotalUsage), Memory: memoryInUse(s.MemoryStats)}
	for _, n := range s.Networks {
		out.Rx.Bytes += int64(n.RxBytes)
		out.Rx.Packets += int64(n.RxPackets)
		out.Rx.Errors += int64(n.RxErrors)
		out.Rx.Dropped += int64(n.RxDropped)
		out.Tx.Bytes += int64(n.TxBytes)
		out.Tx.Packets += int64(n.TxPackets)
		out.Tx.Errors += int64(n.TxErrors)
		out.Tx.Dropped += int64(n.TxDropped)
	}
	for _, b := range s.BlkioStats.IoServiceBytesRecursive {
		switch strings.ToLower(b.Op) { // "Read" of cgroup v1, "read" of v2
		case "read":
			out.BlockRead += int64(b.Value)
		case "write":
			out.BlockWrite += int64(b.Value)
		}
	}
	return out
}

// memoryInUse leaves out the files that the kernel may drop from memory at any time, as
// `docker stats` does.
func memoryInUse(m container.MemoryStats) int64 {
	for _, name := range []string{"total_inactive_file", "inactive_file"} { // of cgroup v1, of v2
		if cached, ok := m.Stats[name]; ok && cached < m.Usage {
			return int64(m.Usage - cached)
		}
	}
	return int64(m.Usage)
}
