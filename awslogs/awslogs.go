// Package awslogs knows what the options of a container's log configuration mean: which
// log stream its output goes to, what makes one event, and how much may wait.
// It decides purely: it never reads a log and never writes one.
package awslogs

//lint:file-ignore ST1005 These errors are AWS's own texts, which callers see as they are.

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Options say what becomes of a container's output.
type Options struct {
	Group        string
	CreateGroup  bool   // make the group where it is missing
	StreamPrefix string // empty: the stream is named like the container's runtime id
	// Start matches the first line of an event of several lines; nil: each line is an
	// event.
	Start *regexp.Regexp
	// Blocking says that what waits is never dropped by its reader: it is left with the
	// container engine.
	Blocking bool
	// BufferBytes is how much may wait before something is dropped.
	BufferBytes int
}

// The defaults of ECS since June 2025: "mode: non-blocking" and "max-buffer-size: 10m".
const defaultBuffer = 10 << 20

// allowed are the options that a task definition can have, each with what reads it.
var allowed = map[string]func(o *Options, name, value string) error{
	"awslogs-group":             func(o *Options, name, value string) error { return group(o, name, value) },
	"awslogs-region":            region,
	"awslogs-stream-prefix":     func(o *Options, _, value string) error { o.StreamPrefix = value; return nil },
	"awslogs-create-group":      createGroup,
	"awslogs-datetime-format":   datetimeFormat,
	"awslogs-multiline-pattern": multilinePattern,
	"mode":                      mode,
	"max-buffer-size":           bufferSize,
}

// Of reads the log configuration of a container. One without the driver awslogs gives
// false: its output goes where Steady keeps it by default.
func Of(c types.ContainerDefinition) (Options, bool, error) {
	o := Options{CreateGroup: true, BufferBytes: defaultBuffer}
	if c.LogConfiguration == nil || c.LogConfiguration.LogDriver != types.LogDriverAwslogs {
		return o, false, nil
	}
	o, err := Parse(c.LogConfiguration.Options)
	return o, true, err
}

// Parse reads the options of the awslogs driver. An error is in ECS's words where ECS
// has any.
func Parse(options map[string]string) (Options, error) {
	o := Options{BufferBytes: defaultBuffer}
	names := slices.Sorted(maps.Keys(options))
	unknown := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return allowed[n] != nil })
	if len(unknown) > 0 {
		return o, fmt.Errorf("Log driver awslogs disallows options: %s", strings.Join(unknown, ", "))
	}
	var missing []string
	for _, n := range []string{"awslogs-region", "awslogs-group"} {
		if _, ok := options[n]; !ok {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		return o, fmt.Errorf("Log driver awslogs requires options: %s", strings.Join(missing, ", "))
	}
	for _, n := range names {
		if err := allowed[n](&o, n, options[n]); err != nil {
			return o, err
		}
	}
	return o, together(options)
}

// together checks what options cannot be given with others.
func together(options map[string]string) error {
	has := func(name string) bool { _, ok := options[name]; return ok }
	switch {
	case has("awslogs-datetime-format") && has("awslogs-multiline-pattern"):
		return fmt.Errorf("Log driver awslogs options 'awslogs-datetime-format' and 'awslogs-multiline-pattern' cannot be configured at the same time")
	case has("max-buffer-size") && options["mode"] == "blocking":
		return fmt.Errorf("Log driver awslogs option 'max-buffer-size' is only supported with 'mode' 'non-blocking'")
	}
	return nil
}

var (
	validGroup  = regexp.MustCompile(`^[-._/#A-Za-z0-9]{1,512}$`)
	validRegion = regexp.MustCompile(`^[a-z0-9-]+$`)
	validSize   = regexp.MustCompile(`^([0-9]{1,9})([kmgKMG]?)[bB]?$`)
)

func group(o *Options, name, value string) error {
	o.Group = value
	switch {
	case value == "":
		return fmt.Errorf("Log driver awslogs option '%s' should not be null or empty.", name)
	case !validGroup.MatchString(value):
		return fmt.Errorf("Log driver awslogs option '%s' should have 1 to 512 of the characters a-z, A-Z, 0-9, '_', '-', '/', '.' and '#'.", name)
	}
	return nil
}

// region is any: a Steady has one, and keeps what goes to all of them.
func region(_ *Options, name, value string) error {
	if !validRegion.MatchString(value) {
		return fmt.Errorf("Log driver awslogs option '%s' should be the name of a region.", name)
	}
	return nil
}

func createGroup(o *Options, name, value string) error {
	if o.CreateGroup = value == "true"; !o.CreateGroup {
		return fmt.Errorf("Log driver awslogs option '%s' should only be set to 'true', else omit option.", name)
	}
	return nil
}

func multilinePattern(o *Options, name, value string) (err error) {
	if o.Start, err = regexp.Compile(value); err != nil || value == "" {
		return fmt.Errorf("Log driver awslogs option '%s' should be a regular expression: %q is none", name, value)
	}
	return nil
}

func mode(o *Options, name, value string) error {
	if o.Blocking = value == "blocking"; !o.Blocking && value != "non-blocking" {
		return fmt.Errorf("Log driver awslogs option '%s' should be 'blocking' or 'non-blocking'.", name)
	}
	return nil
}

// bufferSize reads "25m": a number of bytes, KiB, MiB or GiB.
func bufferSize(o *Options, name, value string) error {
	m := validSize.FindStringSubmatch(value)
	if m == nil {
		return fmt.Errorf("Log driver awslogs option '%s' should be a number with k, m or g, such as 10m.", name)
	}
	n, _ := strconv.Atoi(m[1]) // up to nine digits
	o.BufferBytes = n << map[string]int{"k": 10, "m": 20, "g": 30}[strings.ToLower(m[2])]
	if o.BufferBytes == 0 || o.BufferBytes > 4<<30 {
		return fmt.Errorf("Log driver awslogs option '%s' should be from 1 to 4g.", name)
	}
	return nil
}

// Container is what the name of a log stream is made of.
type Container struct {
	Cluster, Family, Name, Task string
	RuntimeID                   string // empty until it is made
}

// Location is the log group and stream of a container's output: with awslogs "prefix
// name/container name/task id" of its group, without a prefix the container's runtime id;
// else "family/container name/task id" of the group /steady/CLUSTER. A name that is not
// known yet is empty.
func (o Options) Location(c Container) (group, stream string) {
	switch {
	case o.Group == "":
		return DefaultGroup + c.Cluster, c.Family + "/" + c.Name + "/" + c.Task
	case o.StreamPrefix == "":
		return o.Group, c.RuntimeID
	}
	return o.Group, o.StreamPrefix + "/" + c.Name + "/" + c.Task
}
