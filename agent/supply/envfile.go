package supply

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
)

// maxEnvFile is how long an environment file may be.
const maxEnvFile = 1 << 20

// variable is one line of an environment file.
type variable struct{ name, value string }

// parseEnvFile reads an environment file as ECS does: VARIABLE=VALUE on each line, where
// "spaces or quotation marks are included as part of the values" and lines that begin
// with # are comments. Lines without a name or an equal sign are passed over.
func parseEnvFile(content []byte) ([]variable, error) {
	if len(content) > maxEnvFile {
		return nil, fmt.Errorf("the file is longer than %d bytes", maxEnvFile)
	}
	if i := bytes.IndexByte(content, 0); i >= 0 {
		return nil, fmt.Errorf("the file holds a zero byte at %d: it is no text", i)
	}
	var list []variable
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, maxEnvFile+1)
	for lines.Scan() {
		line := lines.Text()
		name, value, found := strings.Cut(line, "=")
		if strings.HasPrefix(line, "#") || !found || strings.TrimSpace(name) == "" {
			continue
		}
		list = append(list, variable{name, value})
	}
	return list, lines.Err()
}

// merge joins the variables of files: "if several files have the same variable, they are
// processed from the top down", and the first one counts.
func merge(files [][]variable) []string {
	var env []string
	seen := map[string]bool{}
	for _, f := range files {
		for _, v := range f {
			if !seen[v.name] {
				seen[v.name] = true
				env = append(env, v.name+"="+v.value)
			}
		}
	}
	return env
}
