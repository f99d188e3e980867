package runtimetest

import (
	"strings"
	"testing"

	"steady/runtime"
)

func pull(t *testing.T, s *suite) {
	first, err := s.rt.Pull(within(t), s.image, "")
	must(t, err)
	if !strings.HasPrefix(first.Digest, "sha256:") || len(first.Digest) != len("sha256:")+64 {
		t.Errorf("digest %q", first.Digest)
	}
	if again, err := s.rt.Pull(within(t), s.image, ""); err != nil || again != first {
		t.Errorf("pulled again: %+v, %v; was %+v", again, err, first)
	}
	spec := s.spec(t, serves)
	spec.Image = first.Ref
	must(t, s.rt.Start(within(t), s.create(t, spec)))
}

func pullDigest(t *testing.T, s *suite) {
	first, err := s.rt.Pull(within(t), s.image, "")
	must(t, err)
	pinned, err := s.rt.Pull(within(t), s.image, first.Digest)
	must(t, err)
	if pinned.Digest != first.Digest {
		t.Errorf("digest %q, want %q", pinned.Digest, first.Digest)
	}
	spec := s.spec(t, serves)
	spec.Image = pinned.Ref
	must(t, s.rt.Start(within(t), s.create(t, spec)))

	none := "sha256:" + strings.Repeat("0", 64)
	_, err = s.rt.Pull(within(t), s.image, none)
	wantError(t, err, "CannotPullContainerError", runtime.Other)
	if repository, _, _ := strings.Cut(s.image, ":"); err != nil && (!strings.Contains(err.Error(), repository) || !strings.Contains(err.Error(), "@"+none)) {
		t.Errorf("the error does not name the image and its digest: %v", err)
	}
}
