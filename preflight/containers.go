package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func subject(c types.ContainerDefinition) string { return "container " + aws.ToString(c.Name) }

// names: "container names are unique within a task definition, and one container is
// essential".
func names(f Facts) (found []Problem) {
	seen, essential := map[string]bool{}, false
	for _, c := range f.TaskDefinition.ContainerDefinitions {
		name := aws.ToString(c.Name)
		if seen[name] {
			found = append(found, Problem{"duplicate-name", Error, subject(c), "Two containers have this name.", []string{"Give each container a name of its own."}})
		}
		seen[name] = true
		essential = essential || c.Essential == nil || *c.Essential
	}
	if !essential && len(seen) > 0 {
		found = append(found, Problem{"no-essential", Error, "task definition", "No container is essential, so nothing says when the task has ended.",
			[]string{"Make the container that does the work essential."}})
	}
	return found
}

// dependencies: a container waits only for one that is there, and for its health only
// where it is checked.
func dependencies(f Facts) (found []Problem) {
	for _, c := range f.TaskDefinition.ContainerDefinitions {
		for _, d := range c.DependsOn {
			other := container(f.TaskDefinition, aws.ToString(d.ContainerName))
			switch {
			case other == nil:
				found = append(found, Problem{"unknown-dependency", Error, subject(c),
					fmt.Sprintf("It depends on container %q, which is not there.", aws.ToString(d.ContainerName)), []string{"Correct the name in dependsOn."}})
			case d.Condition == types.ContainerConditionHealthy && other.HealthCheck == nil:
				found = append(found, Problem{"dependency-without-check", Error, subject(c),
					fmt.Sprintf("It waits until container %q is HEALTHY, which has no health check.", aws.ToString(d.ContainerName)),
					[]string{"Give that container a healthCheck, or wait for START."}})
			}
		}
	}
	return found
}

// cycles: "dependencies … cannot go round", since no container of the circle would start.
func cycles(f Facts) []Problem {
	visited := map[string]bool{}
	var circle func(name string, path []string) []string
	circle = func(name string, path []string) []string {
		if i := slices.Index(path, name); i >= 0 {
			return append(path[i:], name)
		}
		c := container(f.TaskDefinition, name)
		if c == nil || visited[name] {
			return nil
		}
		for _, d := range c.DependsOn {
			if round := circle(aws.ToString(d.ContainerName), append(path, name)); round != nil {
				return round
			}
		}
		visited[name] = true
		return nil
	}
	for _, c := range f.TaskDefinition.ContainerDefinitions {
		if round := circle(aws.ToString(c.Name), nil); round != nil {
			return []Problem{{"dependency-cycle", Error, subject(c),
				"Containers wait for one another in a circle: " + strings.Join(round, " → ") + ".", []string{"Take one of these out of dependsOn."}}}
		}
	}
	return nil
}

func container(d types.TaskDefinition, name string) *types.ContainerDefinition {
	for i := range d.ContainerDefinitions {
		if aws.ToString(d.ContainerDefinitions[i].Name) == name {
			return &d.ContainerDefinitions[i]
		}
	}
	return nil
}

// images exist, and for the processor that the task will run on.
func images(f Facts) (found []Problem) {
	wanted := architectures(f)
	for _, c := range f.TaskDefinition.ContainerDefinitions {
		name := aws.ToString(c.Image)
		image, looked := f.Images[name]
		switch {
		case !looked:
		case image.Malformed:
			found = append(found, Problem{"image-malformed", Error, subject(c), fmt.Sprintf("%q cannot be the name of an image: %s.", name, image.Detail),
				[]string{"Correct it: [REGISTRY/]REPOSITORY[:TAG][@DIGEST], the repository in small letters."}})
		case image.Presence == Missing:
			found = append(found, Problem{"image-missing", Error, subject(c), fmt.Sprintf("The registry has no image %s.", name),
				[]string{"Push the image, or correct its name and tag."}})
		case image.Presence == Unknown:
			found = append(found, Problem{"image-unchecked", Unchecked, subject(c), fmt.Sprintf("The image %s could not be looked for: %s.", name, image.Detail), nil})
		case len(image.Platforms) > 0 && len(wanted) > 0 && !slices.ContainsFunc(wanted, func(a string) bool { return slices.Contains(image.Platforms, "linux/"+a) }):
			found = append(found, Problem{"image-platform", Error, subject(c),
				fmt.Sprintf("The image %s is there for %s, and the task will run on linux/%s: its program cannot be executed.", name, strings.Join(image.Platforms, ", "), strings.Join(wanted, " or ")),
				[]string{"Build the image for that platform (docker buildx build --platform), or set runtimePlatform.cpuArchitecture."}})
		}
	}
	return found
}

// architectures are those that the task may run on, as images name them: the one it
// asks for, else those of the cluster's instances, else Fargate's default.
func architectures(f Facts) []string {
	known := map[string]string{"X86_64": "amd64", "ARM64": "arm64", "x86_64": "amd64", "arm64": "arm64"}
	p := f.TaskDefinition.RuntimePlatform
	if p != nil && strings.HasPrefix(string(p.OperatingSystemFamily), "WINDOWS") {
		return nil // only images for Linux are judged
	}
	if p != nil && p.CpuArchitecture != "" {
		return []string{known[string(p.CpuArchitecture)]}
	}
	if onFargate(f) {
		return []string{"amd64"}
	}
	var all []string
	for _, i := range f.Instances {
		for _, a := range i.Attributes {
			name := known[aws.ToString(a.Value)]
			if aws.ToString(a.Name) == "ecs.cpu-architecture" && name != "" && !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

// secrets exist, have the keys that are asked for, and there is a role to read them.
func secrets(f Facts) (found []Problem) {
	asked := false
	for _, c := range f.TaskDefinition.ContainerDefinitions {
		for _, s := range c.Secrets {
			asked = true
			found = append(found, secret(f, c, s)...)
		}
	}
	if asked && aws.ToString(f.TaskDefinition.ExecutionRoleArn) == "" {
		found = append(found, Problem{"no-execution-role", Error, "task definition", "It has secrets, and no execution role that may read them.",
			[]string{"Set executionRoleArn to a role with secretsmanager:GetSecretValue or ssm:GetParameters."}})
	}
	return found
}

func secret(f Facts, c types.ContainerDefinition, s types.Secret) []Problem {
	from, key := SecretID(aws.ToString(s.ValueFrom))
	is, looked := f.Secrets[from]
	switch {
	case !looked:
		return nil
	case is.Presence == Missing:
		return []Problem{{"secret-missing", Error, subject(c), fmt.Sprintf("The secret of %s, %s, does not exist.", aws.ToString(s.Name), from),
			[]string{"Create it, or correct valueFrom; a secret's ARN ends with six random characters, and its region counts."}}}
	case is.Presence == Unknown:
		return []Problem{{"secret-unchecked", Unchecked, subject(c), fmt.Sprintf("The secret %s could not be looked for: %s.", from, is.Detail), nil}}
	case key != "" && is.Readable && !slices.Contains(is.Keys, key):
		return []Problem{{"secret-key-missing", Error, subject(c), fmt.Sprintf("The secret %s has no key %q.", from, key),
			[]string{"Add the key to the secret's JSON, or correct it in valueFrom."}}}
	}
	return reader(f, c, from)
}

// reader: "the task execution role must have permission to read the secret".
func reader(f Facts, c types.ContainerDefinition, secret string) []Problem {
	role := aws.ToString(f.TaskDefinition.ExecutionRoleArn)
	remedy := []string{"Allow " + ReadAction(secret) + " on " + secret + " in a policy of that role, and kms:Decrypt on its key where that is one of your own."}
	switch f.Readers[secret] {
	case NoRole: // as roles says
	case Forbidden:
		return []Problem{{"secret-forbidden", Error, subject(c), fmt.Sprintf("A policy of the execution role %s denies it to read the secret %s.", role, secret), remedy}}
	case NotAllowed:
		return []Problem{{"secret-not-allowed", Warning, subject(c),
			fmt.Sprintf("No policy of the execution role %s allows it to read the secret %s; only a policy of the secret itself still can.", role, secret), remedy}}
	case NoAnswer:
		return []Problem{{"secret-reader-unchecked", Unchecked, subject(c), fmt.Sprintf("Whether the execution role %s may read the secret %s could not be asked of IAM.", role, secret), nil}}
	}
	return nil
}

// ReadAction is what reading a secret is called in policies.
func ReadAction(secret string) string {
	if strings.Contains(secret, ":secretsmanager:") {
		return "secretsmanager:GetSecretValue"
	}
	return "ssm:GetParameters"
}

// SecretID splits what a secret's valueFrom says into the secret itself and the key in
// its JSON: "arn:aws:secretsmanager:region:account:secret:name:key:stage:version".
func SecretID(valueFrom string) (id, key string) {
	parts := strings.Split(valueFrom, ":")
	if len(parts) > 7 && parts[2] == "secretsmanager" {
		return strings.Join(parts[:7], ":"), parts[7]
	}
	return valueFrom, ""
}

// logs: with awslogs the group must be there, unless it may be made.
func logs(f Facts) (found []Problem) {
	for _, c := range f.TaskDefinition.ContainerDefinitions {
		l := c.LogConfiguration
		if l == nil || l.LogDriver != types.LogDriverAwslogs {
			continue
		}
		group := l.Options["awslogs-group"]
		switch {
		case group == "":
			found = append(found, Problem{"log-group-unnamed", Error, subject(c), "Its log driver is awslogs, and no awslogs-group is given.", []string{"Set the option awslogs-group."}})
		case f.LogGroups[group] == Missing && l.Options["awslogs-create-group"] != "true":
			found = append(found, Problem{"log-group-missing", Error, subject(c), fmt.Sprintf("The log group %s does not exist, and awslogs-create-group is not set.", group),
				[]string{"aws logs create-log-group --log-group-name " + group}})
		}
		if onFargate(f) && l.Options["awslogs-stream-prefix"] == "" {
			found = append(found, Problem{"log-prefix", Error, subject(c), "On Fargate awslogs needs the option awslogs-stream-prefix.", []string{"Set awslogs-stream-prefix."}})
		}
	}
	return found
}
