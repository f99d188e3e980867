package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"steady/agent"
	"steady/model"
	"steady/runtime"
	"steady/runtime/docker"
	"steady/runtime/sim"
)

// defaultDataDir is where the state is kept when nothing else is said.
func defaultDataDir() string {
	if dir, err := os.UserConfigDir(); err == nil {
		return filepath.Join(dir, "steady")
	}
	return ".steady"
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another process: stop it, or choose another address with --listen", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w: give --listen an address of this machine and a port, such as 127.0.0.1:3270", address, err)
	}
	return l, nil
}

func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// reachable is a URL at which this machine reaches a listener: no client can call
// the address that stands for all addresses.
func reachable(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", tcp.Port)
	}
	return "http://" + a.String()
}

// openRuntime opens what runs containers. pulled tells of images that former tasks had pulled.
func openRuntime(ctx context.Context, c upCommand, pulled func(name string) bool) (runtime.Runtime, error) {
	if c.Runtime == "sim" {
		return sim.New(simMachine(c.Instances)), nil
	}
	return docker.New(ctx, docker.Options{Behavior: c.Images.ImagePullBehavior, Pulled: pulled, Logins: c.Images.DockerConfig})
}

// simMachine is as large as so many container instances of 64 CPUs and 256 GiB.
func simMachine(instances int) sim.Options {
	return sim.Options{CPUs: 64 * instances, Memory: int64(instances) * 256 << 30, InstanceLabel: agent.LabelInstance}
}

// installationID names this data directory on the containers that belong to it. It
// is made once and kept beside the state.
func installationID(dir string) (string, error) {
	file := filepath.Join(dir, "installation")
	b, err := os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read the installation's id: %w", err)
	}
	id := model.NewID()
	return id, writeFile(file, id+"\n")
}

// writeFile writes a small file so that it is there as a whole, or not at all.
func writeFile(name, content string) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// accessKey is the one key that Steady issues for a server beyond loopback.
type accessKey struct{ id, value string }

func (k *accessKey) secret(id string) (string, bool) { return k.value, id == k.id }

func credentialsFile(dir string) string { return filepath.Join(dir, "credentials") }

// issueAccessKey reads the key of the data directory, or makes it. The file has the
// form of AWS_SHARED_CREDENTIALS_FILE and can be read by its owner only.
func issueAccessKey(dir string) (*accessKey, error) {
	b, err := os.ReadFile(credentialsFile(dir))
	if err == nil {
		return parseAccessKey(string(b), credentialsFile(dir))
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the access key: %w", err)
	}
	var id [8]byte
	var secret [30]byte
	rand.Read(id[:])
	rand.Read(secret[:])
	k := &accessKey{"AKIA" + strings.ToUpper(hex.EncodeToString(id[:])), base64.StdEncoding.EncodeToString(secret[:])}
	return k, writeFile(credentialsFile(dir), fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", k.id, k.value))
}

func parseAccessKey(content, file string) (*accessKey, error) {
	k := new(accessKey)
	for line := range strings.Lines(content) {
		name, value, _ := strings.Cut(line, "=")
		switch strings.TrimSpace(name) {
		case "aws_access_key_id":
			k.id = strings.TrimSpace(value)
		case "aws_secret_access_key":
			k.value = strings.TrimSpace(value)
		}
	}
	if k.id == "" || k.value == "" {
		return nil, fmt.Errorf("%s holds no access key: remove it to have a new one made", file)
	}
	return k, nil
}
