package supply

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFilesOfThisMachine(t *testing.T) {
	top := t.TempDir()
	at := func(name string) string { return filepath.Join(top, name) }
	for _, dir := range []string{"allowed/sub", "secret", "allowedbutnot"} {
		if err := os.MkdirAll(at(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"allowed/a.env", "allowed/sub/b.env", "secret/c.env", "allowedbutnot/d.env"} {
		if err := os.WriteFile(at(name), []byte("A="+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"allowed/out.env": "../secret/c.env", "allowed/whole": at("secret"), "allowed/in.env": at("allowed/sub/b.env"),
		"byname": "allowed", "secret/in.env": "../allowed/a.env", "allowed/broken.env": "nothing.env", "secret/out": at("allowed"),
	} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(at("allowed/pipe.env"), 0o600); err != nil {
		t.Fatal(err)
	}
	under, linked := Files{Under: []string{at("allowed")}}, Files{Under: []string{at("secret"), at("byname")}}
	const outside = "is under none of the directories of --environment-files"
	for _, c := range []struct {
		files Files
		name  string
		want  string // the content, or what the error says
	}{
		{Files{Anywhere: true}, "secret/c.env", "A=secret/c.env"},
		{Files{Anywhere: true}, "allowed", "it is no file"},
		{Files{}, "allowed/a.env", "name its directory with --environment-files of steady up"},
		{under, "allowed/a.env", "A=allowed/a.env"},
		{under, "allowed/sub/../sub/b.env", "A=allowed/sub/b.env"},
		{under, "allowed/in.env", "A=allowed/sub/b.env"},
		{under, "secret/in.env", "A=allowed/a.env"},
		{under, "byname/a.env", "A=allowed/a.env"},
		{linked, "allowed/a.env", "A=allowed/a.env"},
		{under, "secret/c.env", outside},
		{under, "allowed/../secret/c.env", outside},
		{under, "allowed/out.env", outside},
		{under, "allowed/whole/c.env", outside},
		{under, "allowedbutnot/d.env", outside},
		{under, "secret/nothing.env", outside},
		{under, "allowed/nothing.env", "no such file"},
		{under, "allowed/broken.env", "no such file"},
		{under, "allowed", "it is no file"},
		{under, "allowed/pipe.env", "it is no file"},
		{Files{Under: []string{at("gone")}}, "allowed/a.env", "--environment-files"},
	} {
		content, err := c.files.read(at(c.name))
		if err != nil && !strings.HasPrefix(c.want, "A=") && strings.Contains(err.Error(), c.want) {
			continue
		}
		if err != nil || string(content) != c.want {
			t.Errorf("%+v reads %s: %q, %v; want %s", c.files, c.name, content, err, c.want)
		}
	}
}
