package agent

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"steady/agent/output"
	"steady/fleet"
	"steady/runtime"
)

// Strays says which containers and cgroups are strays: those of an installation whose container
// instance has no agent in this run, because it was deregistered, or there are fewer
// instances than there were.
type Strays struct {
	Runtime      runtime.Runtime
	Fleet        *fleet.Fleet
	Output       output.Sink // where their last lines go; nil leaves them to the runtime
	Installation string
	Instances    []string // the ids of those that have an agent
	Cgroups      Cgroups
	Log          *slog.Logger
}

// RemoveStrays removes the strays, and returns when ctx ends, or when no stray is left, nor
// in the making: none can come to be any more.
func RemoveStrays(ctx context.Context, s Strays) {
	served := map[string]bool{}
	for _, id := range s.Instances {
		served[id] = true
	}
	lines := newLastLines(s.Runtime, s.Fleet, s.Output, s.Log)
	defer lines.wg.Wait()
	for clean := 0; clean < 2 && ctx.Err() == nil; pause(ctx, sweepEvery) {
		found, err := strays(ctx, s.Runtime, s.Installation, served)
		switch {
		case err != nil && ctx.Err() == nil:
			s.Log.Warn("look for containers whose container instance is gone, trying again later", "error", err)
		case err == nil && len(found) == 0:
			clean++
			removeStrayVolumes(ctx, s.Runtime, s.Installation, served, s.Log)
			removeStrayCgroups(s.Cgroups, served, s.Log)
		default:
			clean = 0
		}
		removeAll(ctx, s.Runtime, s.Log, lines, found)
	}
}

func strays(ctx context.Context, rt runtime.Runtime, installation string, served map[string]bool) ([]runtime.Container, error) {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	all, err := rt.List(ctx, map[string]string{LabelInstallation: installation})
	return slices.DeleteFunc(all, func(c runtime.Container) bool { return served[c.Labels[LabelInstance]] }), err
}

// removeStrayVolumes removes the volumes of tasks of container instances that are gone.
func removeStrayVolumes(ctx context.Context, rt runtime.Runtime, installation string, served map[string]bool, log *slog.Logger) {
	limit, cancel := context.WithTimeout(ctx, removeLimit)
	defer cancel()
	all, err := rt.ListVolumes(limit, map[string]string{LabelInstallation: installation})
	for _, v := range all {
		if !served[v.Labels[LabelInstance]] {
			err = errors.Join(err, rt.RemoveVolume(limit, v.Name))
		}
	}
	if err != nil && ctx.Err() == nil {
		log.Warn("remove volumes whose container instance is gone, trying again at the next start", "error", err)
	}
}
