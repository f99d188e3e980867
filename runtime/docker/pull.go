package docker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"

	"steady/runtime"
)

// registryPatience is how long a registry may be silent about an image that is
// already here before the image here is used. The first word comes when the manifest
// has been resolved; a download that has begun is not cut short.
const registryPatience = 5 * time.Second

// errSilent ends a pull whose registry said nothing for registryPatience.
var errSilent = errors.New("the registry did not answer")

// Pull makes an image available, as the ECS agent does by default: ask the registry,
// and if that fails use what is here under that name. Two kinds of image are used
// without asking, because the answer is known:
//
//   - one that is here and has no digest of that repository: it was built or loaded
//     on this machine and never came from the registry;
//   - one that is here and named by digest.
//
// With a digest the image is looked for here first: under the repository's name, then
// by its id, which is the digest of an image that came from no registry.
//
// Callers that want the same image with the same credentials at the same time share one
// pull.
func (r *Runtime) Pull(ctx context.Context, ref, digest string, with ...runtime.Credentials) (runtime.Pulled, error) {
	auth, err := registryAuth(with)
	if err != nil {
		return runtime.Pulled{}, pullFailure(ref, err)
	}
	if digest == "" {
		return r.pulls.do(ctx, ref, auth, func(ctx context.Context) (runtime.Pulled, error) { return r.pull(ctx, ref, auth) })
	}
	return r.pulls.do(ctx, ref+"@"+digest, auth, func(ctx context.Context) (runtime.Pulled, error) { return r.pullDigest(ctx, ref, digest, auth) })
}

// registryAuth is what the engine tells the registry, empty without credentials.
func registryAuth(with []runtime.Credentials) (string, error) {
	c, ok := runtime.First(with)
	if !ok {
		return "", nil
	}
	return authconfig.Encode(registry.AuthConfig{Username: c.Username, Password: c.Password})
}

func (r *Runtime) pull(ctx context.Context, ref, auth string) (runtime.Pulled, error) {
	local := r.local(ctx, ref)
	if local.present && !local.fromRegistry {
		return local.Pulled, nil
	}
	err := r.fetch(ctx, ref, auth, local.present)
	if err == nil {
		return r.local(ctx, ref).Pulled, nil
	}
	if local.present && ctx.Err() == nil {
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
		if l := r.local(ctx, c); l.present {
			return runtime.Pulled{Digest: digest, Ref: c, Platform: l.Platform}, nil
		}
	}
	pinned := candidates[0]
	if err := r.fetch(ctx, pinned, auth, false); err != nil {
		return runtime.Pulled{}, naming(pullFailure(pinned, err), ref+"@"+digest)
	}
	return runtime.Pulled{Digest: digest, Ref: pinned, Platform: r.local(ctx, pinned).Platform}, nil
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

// fetch pulls from the registry. When the image is present too, a silent registry is
// given up on after registryPatience.
func (r *Runtime) fetch(ctx context.Context, ref, auth string, present bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if present {
		patience := time.AfterFunc(r.patience, func() { cancel(errSilent) })
		defer patience.Stop()
		return r.download(ctx, ref, auth, func() { patience.Stop() })
	}
	return r.download(ctx, ref, auth, func() {})
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

// localImage is what the engine has under a name.
type localImage struct {
	runtime.Pulled
	present      bool
	fromRegistry bool // came from a registry under this name, so may have changed there
}

func (r *Runtime) local(ctx context.Context, ref string) localImage {
	named, err := reference.ParseAnyReference(ref)
	if err != nil {
		return localImage{}
	}
	found, err := r.engine.ImageInspect(ctx, ref)
	if err != nil {
		return localImage{}
	}
	return describe(named, found.InspectResponse)
}

// describe tells whether an image under this name came from a registry. An image
// named by digest cannot have changed there, so counts as not to be asked for.
func describe(named reference.Reference, found image.InspectResponse) localImage {
	l := localImage{present: true, Pulled: runtime.Pulled{Digest: found.ID, Ref: found.ID, Platform: platformOf(found)}}
	repository, ok := named.(reference.Named)
	if !ok {
		return l // an image id
	}
	l.Pulled, l.fromRegistry = pinned(repository, found)
	l.Platform = platformOf(found)
	if _, pinned := named.(reference.Digested); pinned {
		l.fromRegistry = false
	}
	// Newer engines keep a digest for images built here too, and say where they came
	// from instead.
	if found.Identity != nil && len(found.Identity.Pull) == 0 {
		l.fromRegistry = false
	}
	return l
}

// platformOf is what the image says that it is for.
func platformOf(found image.InspectResponse) string {
	if found.Os == "" || found.Architecture == "" {
		return ""
	}
	return found.Os + "/" + found.Architecture
}

// pinned names the image by its digest in that repository; else by its id, and false.
func pinned(repository reference.Named, found image.InspectResponse) (runtime.Pulled, bool) {
	for _, d := range found.RepoDigests {
		known, err := reference.ParseNormalizedNamed(d)
		if err != nil || known.Name() != repository.Name() {
			continue
		}
		if pinned, ok := known.(reference.Digested); ok {
			return runtime.Pulled{Digest: pinned.Digest().String(), Ref: reference.FamiliarString(known)}, true
		}
	}
	return runtime.Pulled{Digest: found.ID, Ref: found.ID}, false
}

// advice is what the ECS agent puts before an engine's error that it recognises.
var advice = []struct{ contains, say string }{
	{"denied: requested access to the resource is denied", "The task can’t pull the image. Check whether the image exists. "},
	{"request canceled while waiting for connection", "The task can’t pull the image. Check your network configuration. "},
}

func pullFailure(ref string, err error) error {
	failed := failure("CannotPullContainerError", ref, err)
	e, ok := failed.(*runtime.Error)
	if !ok {
		return failed
	}
	for _, a := range advice {
		if strings.Contains(e.Detail, a.contains) {
			e.Detail = a.say + e.Detail
			break
		}
	}
	return e
}
