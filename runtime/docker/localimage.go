package docker

import (
	"context"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/image"

	"steady/runtime"
)

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
	l := localImage{present: true, Pulled: runtime.Pulled{Digest: found.ID, Ref: found.ID, Platform: platformOf(found), ID: found.ID}}
	repository, ok := named.(reference.Named)
	if !ok {
		return l // an image id
	}
	l.Pulled, l.fromRegistry = pinned(repository, found)
	l.Platform, l.ID = platformOf(found), found.ID
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
