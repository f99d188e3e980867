package preflight

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// shell is what CMD-SHELL runs its line with: "the container's default shell".
const shell = "/bin/sh"

// plainWord is a word that a shell takes as the name of a program, as it stands.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./+-]+$`)

// ofTheShell are words that a shell has itself, or that begin what is no program. In some
// images /bin/sh is bash, which has more of them than others.
var ofTheShell = []string{"exit", "test", "true", "false", "cd", "echo", "printf", "exec", "eval", "set", "export", "unset", "read", "kill", "wait",
	"if", "for", "while", "until", "case", "command", "type", "trap", "ulimit", "umask", ".", ":",
	"alias", "bg", "break", "builtin", "compgen", "continue", "coproc", "declare", "dirs", "enable", "fc", "fg", "function", "getopts", "hash", "help",
	"jobs", "let", "local", "mapfile", "popd", "pushd", "pwd", "readarray", "readonly", "return", "select", "shift", "shopt", "source", "time", "times",
	"typeset", "unalias"}

// CheckPrograms are the programs that a container's health check needs, by name or by
// absolute path; one that only the shell, a volume or a PATH of the container's own can
// tell is not among them.
func CheckPrograms(c types.ContainerDefinition) []string {
	if c.HealthCheck == nil || len(c.HealthCheck.Command) < 2 {
		return nil
	}
	var all []string
	switch first := c.HealthCheck.Command[1]; c.HealthCheck.Command[0] {
	case "CMD":
		all = []string{first}
	case "CMD-SHELL":
		all = []string{shell}
		if words := strings.Fields(first); len(words) > 0 && plainWord.MatchString(words[0]) && !slices.Contains(ofTheShell, words[0]) {
			all = append(all, words[0])
		}
	}
	ownPath := slices.ContainsFunc(c.Environment, func(v types.KeyValuePair) bool { return aws.ToString(v.Name) == "PATH" })
	var known []string
	for _, p := range all {
		if strings.Contains(p, "/") && !path.IsAbs(p) && c.WorkingDirectory != nil {
			p = path.Join("/", *c.WorkingDirectory, p)
		}
		if ownPath && !strings.Contains(p, "/") || mounted(c, p) || slices.Contains(known, p) {
			continue
		}
		known = append(known, p)
	}
	return known
}

// mounted tells whether a path may be in one of the container's volumes. Those that it has
// from another container may be anywhere.
func mounted(c types.ContainerDefinition, file string) bool {
	return len(c.VolumesFrom) > 0 && path.IsAbs(file) && file != shell || slices.ContainsFunc(c.MountPoints, func(m types.MountPoint) bool {
		return strings.HasPrefix(file, strings.TrimSuffix(aws.ToString(m.ContainerPath), "/")+"/")
	})
}

// checks: the command of a health check has to be in the image.
func checks(f Facts) (found []Problem) {
	for _, c := range f.TaskDefinition.ContainerDefinitions {
		image, looked := f.Images[aws.ToString(c.Image)]
		needed := CheckPrograms(c)
		if !looked || image.Presence == Missing || len(needed) == 0 {
			continue
		}
		if image.Programs == nil {
			found = append(found, Problem{"check-uninspected", Unchecked, subject(c),
				fmt.Sprintf("Whether the image has what its health check runs (%s) cannot be inspected: %s.", strings.Join(needed, ", "), cmp.Or(image.Uninspected, image.Detail, "nobody looked into it")), nil})
			continue
		}
		if p := lacks(c, image); p != "" {
			severity := Error
			if c.Essential != nil && !*c.Essential {
				severity = Warning
			}
			found = append(found, Problem{"check-command-missing", severity, subject(c),
				fmt.Sprintf("Its health check runs %s, which the image %s does not have: the container will be unhealthy.", p, aws.ToString(c.Image)),
				[]string{"Check with something that the image has, as the program itself, or install " + p + " in the image."}})
		}
	}
	return found
}

// lacks is the first program of a container's health check that its image does not have;
// empty where it has all, or nobody knows.
func lacks(c types.ContainerDefinition, image Image) string {
	for _, p := range CheckPrograms(c) {
		if image.Programs[p] == Missing {
			return p
		}
	}
	return ""
}

// Lacking are the programs that health checks run and images are known not to have, one
// by container.
func Lacking(f Facts) map[string]string {
	all := map[string]string{}
	for _, c := range f.TaskDefinition.ContainerDefinitions {
		if p := lacks(c, f.Images[aws.ToString(c.Image)]); p != "" {
			all[aws.ToString(c.Name)] = p
		}
	}
	return all
}
