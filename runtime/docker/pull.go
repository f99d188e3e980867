package docker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/distribution/reference"

	"steady/runtime"
)

// Pull makes an image available, as the ECS agent does under the runtime's PullBehavior.
//
// With a digest the image is looked for here first, but under PullAlways: under the
// repository's name, then by its id, which is the digest of an image that came from no
// registry.
//
// The registry is asked with the credentials, else with those that the machine has for
// it. Callers that want the same image with the same credentials at the same time share
// one pull.
func (r *Runtime) Pull(ctx context.Context, ref, digest string, with ...runtime.Credentials) (runtime.Pulled, error) {
	auth, err := r.registryAuth(ref, with)
	if err != nil {
		return runtime.Pulled{}, pullFailure(ref, err)
	}
	if digest == "" {
		return r.pulls.do(ctx, ref, auth, func(ctx context.Context) (runtime.Pulled, error) { return r.pull(ctx, ref, auth) })
	}
	return r.pulls.do(ctx, ref+"@"+digest, auth, func(ctx context.Context) (runtime.Pulled, error) { return r.pullDigest(ctx, ref, digest, auth) })
}

func (r *Runtime) pull(ctx context.Context, ref, auth string) (runtime.Pulled, error) {
	local := r.local(ctx, ref)
	if !r.asks(ref, local) {
		return local.Pulled, nil
	}
	spare := local.present && r.options.Behavior.usesCache()
	pulled, err := r.fetch(ctx, ref, auth, spare)
	if err == nil {
		return pulled, nil
	}
	if spare && ctx.Err() == nil {
		slog.Info("pull failed, using the image that is here", "image", ref, "digest", local.Digest, "error", err)
		return local.Pulled, nil
	}
	return runtime.Pulled{}, pullFailure(ref, err)
}

// pullDigest makes one image of a name's repository available, whatever the name
// stands for.
func (r *Runtime) pullDigest(ctx context.Context, ref, digest, auth string) (runtime.Pulled, error) {
	candidates, err := namesOf(ref, digest)
	if err != nil {
		return runtime.Pulled{}, naming(pullFailure(ref, err), ref+"@"+digest)
	}
	for _, c := range candidates {
		if r.options.Behavior == PullAlways {
			break
		}
		if l := r.local(ctx, c); l.present {
			return runtime.Pulled{Digest: digest, Ref: c, Platform: l.Platform, ID: l.ID}, nil
		}
	}
	pinned := candidates[0]
	pulled, err := r.fetch(ctx, pinned, auth, false)
	if err != nil {
		return runtime.Pulled{}, naming(pullFailure(pinned, err), ref+"@"+digest)
	}
	pulled.Digest, pulled.Ref = digest, pinned
	return pulled, nil
}

// namesOf are the names that the image of that digest may have here: "web@sha256:…" and
// its id. An image that is itself named by its id has only that.
func namesOf(ref, digest string) ([]string, error) {
	parsed, err := reference.ParseAnyReference(ref)
	if err != nil {
		return nil, err
	}
	repository, ok := parsed.(reference.Named)
	if !ok {
		return []string{digest}, nil
	}
	pinned, err := reference.ParseNormalizedNamed(repository.Name() + "@" + digest)
	if err != nil {
		return nil, fmt.Errorf("%w: the digest of image %s is %q", err, ref, digest)
	}
	return []string{reference.FamiliarString(pinned), digest}, nil
}

// naming makes sure that an error names the image that was asked for.
func naming(err error, image string) error {
	var e *runtime.Error
	if errors.As(err, &e) && !strings.Contains(e.Detail, image) {
		e.Detail = "image " + image + ": " + e.Detail
	}
	return err
}
