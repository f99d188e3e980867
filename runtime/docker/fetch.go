package docker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/moby/moby/client"

	"steady/runtime"
)

const (
	// registryPatience is how long a registry may be silent about an image that is
	// already here before the image here is used. The first word comes when the manifest
	// has been resolved; a download that goes on is not cut short.
	registryPatience = 5 * time.Second
	// pullStall is how long a download may make no progress (ECS: "image pull 2 h with
	// 1 min no-progress limit").
	pullStall = time.Minute
	// retryWithin is when the last retry of a pull begins at the latest: each may last
	// long where nobody answers.
	retryWithin = 30 * time.Second
)

// pullPauses are the ECS agent's between its attempts: five retries, from 1.1 s by the
// half more up to 5 s, give or take a fifth.
var pullPauses = []time.Duration{1100 * time.Millisecond, 1650 * time.Millisecond, 2475 * time.Millisecond, 3712 * time.Millisecond, 5 * time.Second}

var (
	errSilent  = errors.New("the registry did not answer")
	errStalled = fmt.Errorf("i/o timeout: no progress for %v", pullStall)
)

// fetch pulls from the registry and tells whether that brought an image that was not
// here under any name. With an image to spare it asks once and is soon content with no
// answer; else it tries again what may be better the next time.
func (r *Runtime) fetch(ctx context.Context, ref, auth string, spare bool) (runtime.Pulled, error) {
	before := r.imageIDs(ctx)
	var err error
	if spare {
		err = r.attempt(ctx, ref, auth, r.patience, errSilent)
	} else {
		err = r.persist(ctx, ref, auth)
	}
	if err != nil {
		return runtime.Pulled{}, err
	}
	pulled := r.local(ctx, ref).Pulled
	pulled.Fetched = true
	pulled.New = before != nil && pulled.ID != "" && !before[pulled.ID]
	return pulled, nil
}

// persist tries until the pull is done, or trying again is of no use or has been enough.
func (r *Runtime) persist(ctx context.Context, ref, auth string) error {
	began := time.Now()
	for retries := 0; ; retries++ {
		err := r.attempt(ctx, ref, auth, pullStall, errStalled)
		if err == nil || ctx.Err() != nil || final(err) || unanswered(err) || retries == len(r.pauses) || time.Since(began) > retryWithin {
			return afterRetries(retries, err)
		}
		slog.Info("pull failed, trying again", "image", ref, "error", err)
		select {
		case <-time.After(jittered(r.pauses[retries])):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// afterRetries words a failure as ECS does.
func afterRetries(n int, err error) error {
	if err == nil || n == 0 {
		return err
	}
	return fmt.Errorf("ref pull has been retried %d time(s): %w", n, err)
}

func jittered(d time.Duration) time.Duration {
	return d - d/5 + rand.N(max(1, d*2/5))
}

// attempt pulls once, with so much patience for the first word from the registry, after
// which the pull fails for want of it.
func (r *Runtime) attempt(ctx context.Context, ref, auth string, patience time.Duration, silent error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	first := time.AfterFunc(patience, func() { cancel(silent) })
	defer first.Stop()
	stall := time.AfterFunc(pullStall, func() { cancel(errStalled) })
	defer stall.Stop()
	return r.download(ctx, ref, auth, func() {
		first.Stop()
		stall.Reset(pullStall)
	})
}

// download pulls and calls heard with each word from the registry.
func (r *Runtime) download(ctx context.Context, ref, auth string, heard func()) error {
	progress, err := r.engine.ImagePull(ctx, ref, client.ImagePullOptions{RegistryAuth: auth})
	if err != nil {
		return causeOr(ctx, err)
	}
	defer progress.Close()
	for message, err := range progress.JSONMessages(ctx) {
		if err != nil {
			return causeOr(ctx, err)
		}
		if message.Error != nil {
			return message.Error
		}
		heard()
	}
	return nil
}

// causeOr prefers the reason why a context ended to the error that this caused.
func causeOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// imageIDs are those of all images that are here; nil when they are not known.
func (r *Runtime) imageIDs(ctx context.Context) map[string]bool {
	all, err := r.engine.ImageList(ctx, client.ImageListOptions{All: true})
	if err != nil {
		return nil
	}
	ids := map[string]bool{}
	for _, i := range all.Items {
		ids[i.ID] = true
	}
	return ids
}
