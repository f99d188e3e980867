package sample

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"
)

func TestARouterPrintsWhatItReceives(t *testing.T) {
	dir, err := os.MkdirTemp("", "steady-router") // t.TempDir is long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	config, socket := filepath.Join(dir, "c.conf"), filepath.Join(dir, "s")
	if err := os.WriteFile(config, []byte("[INPUT]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, out := io.Pipe()
	code := make(chan int, 1)
	go func() { code <- Main(ctx, []string{"-route", config, "-route-on", socket}, out); out.Close() }()
	lines := bufio.NewScanner(in)
	says := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "router: ") {
				break
			}
		}
		if got := lines.Text(); !strings.HasPrefix(got, want) {
			t.Fatalf("it says  %s\nwanted %s", got, want)
		}
	}
	says(`router: configured with "[INPUT]\n"`)
	says("router: listening on " + socket)

	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var message []byte
	for _, text := range []string{"hello\n", "again"} {
		message = msgp.AppendArrayHeader(message, 4)
		message = msgp.AppendString(message, "app-firelens-0123")
		message, err = msgp.AppendExtension(message, &msgp.RawExtension{Type: 0, Data: make([]byte, 8)})
		if err != nil {
			t.Fatal(err)
		}
		message = msgp.AppendMapStrStr(message, map[string]string{"log": text, "source": "stdout", "container_name": "/app"})
		message = msgp.AppendMapHeader(message, 0)
	}
	if _, err := c.Write(append(message, msgp.AppendArrayHeader(nil, 9)...)); err != nil {
		t.Fatal(err)
	}
	says(`router: tag=app-firelens-0123 log="hello\n" container_name=/app source=stdout`)
	says(`router: tag=app-firelens-0123 log="again"`)
	says("router: a message has 9 parts")
	cancel()
	says("router: stopped")
	if n := <-code; n != 0 {
		t.Errorf("it ended with %d", n)
	}
}
