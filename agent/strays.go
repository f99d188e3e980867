package agent

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"steady/runtime"
)

// RemoveStrays removes the containers and cgroups of an installation whose container instance has no
// agent in this run: it was deregistered, or there are fewer instances than there were.
// instances are the ids of those that have one. It returns when ctx ends, or when no
// stray is left, nor in the making: none can come to be any more.
func RemoveStrays(ctx context.Context, rt runtime.Runtime, installation string, instances []string, cgroups Cgroups, log *slog.Logger) {
	served := map[string]bool{}
	for _, id := range instances {
		served[id] = true
	}
	for clean := 0; clean < 2 && ctx.Err() == nil; pause(ctx, sweepEvery) {
		found, err := strays(ctx, rt, installation, served)
		switch {
		case err != nil && ctx.Err() == nil:
			log.Warn("look for containers whose container instance is gone, trying again later", "error", err)
		case err == nil && len(found) == 0:
			clean++
			removeStrayVolumes(ctx, rt, installation, served, log)
			removeStrayCgroups(cgroups, served, log)
		default:
			clean = 0
		}
		removeAll(ctx, rt, log, found, func(context.Context, string) {})
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
