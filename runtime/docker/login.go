package docker

import (
	"log/slog"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/types"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"

	"steady/runtime"
)

// dockerHub is the name under which the docker CLI keeps the login of Docker Hub.
const dockerHub = "https://index.docker.io/v1/"

// registryAuth is what the engine tells the registry of an image: the credentials that
// are given, else what the machine has for that registry; empty where it has nothing.
func (r *Runtime) registryAuth(ref string, with []runtime.Credentials) (string, error) {
	if c, ok := runtime.First(with); ok {
		return authconfig.Encode(registry.AuthConfig{Username: c.Username, Password: c.Password})
	}
	host := registryOf(ref)
	if host == "" || r.options.Logins == "" {
		return "", nil
	}
	login, err := machineLogin(r.options.Logins, host)
	if err != nil { // as the docker CLI does: the registry may ask for nothing
		slog.Warn("read the machine's login of a registry, going on without one", "registry", host, "directory", r.options.Logins, "error", err)
		return "", nil
	}
	return encodeLogin(login)
}

// registryOf is the key of the registry of an image among the machine's logins; empty for
// what is no name.
func registryOf(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ""
	}
	if host := reference.Domain(named); host != "docker.io" {
		return host
	}
	return dockerHub
}

// machineLogin reads what `docker login` has left: in the file itself or with one of its
// credential helpers. It is read for every pull, so that a new login is used at once.
func machineLogin(dir, host string) (types.AuthConfig, error) {
	file, err := config.Load(dir)
	if err != nil {
		return types.AuthConfig{}, err
	}
	return file.GetAuthConfig(host)
}

func encodeLogin(l types.AuthConfig) (string, error) {
	l.ServerAddress, l.Auth = "", ""
	if l == (types.AuthConfig{}) {
		return "", nil
	}
	return authconfig.Encode(registry.AuthConfig{
		Username: l.Username, Password: l.Password, IdentityToken: l.IdentityToken, RegistryToken: l.RegistryToken,
	})
}
