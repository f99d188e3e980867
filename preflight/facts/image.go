package facts

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"steady/preflight"
)

// Registry asks an image's registry for it, with the credentials of the Docker
// configuration. A registry that refuses to answer says nothing: some do so for what
// is not there.
func Registry(ctx context.Context, image string, programs []string) preflight.Image {
	ref, err := name.ParseReference(image)
	if err != nil {
		return preflight.Image{Malformed: true, Detail: err.Error()}
	}
	d, err := remote.Get(ref, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if refused, ok := errors.AsType[*transport.Error](err); ok && refused.StatusCode == http.StatusNotFound {
		return preflight.Image{Presence: preflight.Missing}
	}
	if err != nil {
		return preflight.Image{Detail: err.Error()}
	}
	out := preflight.Image{Presence: preflight.There, Platforms: platforms(d)}
	if len(programs) == 0 {
		return out
	}
	one, err := d.Image() // of an index that for linux/amd64
	if err == nil {
		out.Programs, err = inspect(one, programs, fetchedBytes)
	}
	if err != nil {
		out.Uninspected = err.Error()
	}
	return out
}

// platforms are those that an image is there for; none where it does not tell.
func platforms(d *remote.Descriptor) (all []string) {
	add := func(p *v1.Platform) {
		if p != nil && p.OS != "unknown" && p.OS != "" {
			all = append(all, p.OS+"/"+p.Architecture)
		}
	}
	if !d.MediaType.IsIndex() {
		image, err := d.Image()
		if err != nil {
			return nil
		}
		config, err := image.ConfigFile()
		if err != nil {
			return nil
		}
		add(config.Platform())
		return all
	}
	index, err := d.ImageIndex()
	if err != nil {
		return nil
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil
	}
	for _, m := range manifest.Manifests {
		add(m.Platform)
	}
	return all
}
