package docker

import (
	"strings"

	"github.com/containerd/errdefs"

	"steady/runtime"
)

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

// settled are what a registry or the engine says of a pull that trying again cannot
// mend: the image is not there, or may not be had, or there is no room for it.
var settled = []string{
	"manifest unknown", "manifest unverified", "not found", "does not exist", "name unknown", "name invalid",
	"denied", "unauthorized", "authentication required", "no basic auth credentials", "incorrect username or password",
	"no matching manifest", "does not match the specified platform", "does not contain descriptor matching platform",
	"invalid reference format", "unsupported manifest", "no space left on device",
}

// final tells whether a failed pull stays failed when it is tried again.
func final(err error) bool {
	if errdefs.IsNotFound(err) || errdefs.IsInvalidArgument(err) || errdefs.IsUnauthorized(err) || errdefs.IsPermissionDenied(err) {
		return true
	}
	text := strings.ToLower(err.Error())
	for _, s := range settled {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}
