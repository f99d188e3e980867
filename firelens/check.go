package firelens

//lint:file-ignore ST1005 These errors are answers of the API, which callers see as they are.

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

var (
	errNoRouter = errors.New("When awsfirelens log driver is specified in log configuration, a firelens configuration object must be configured in one of the containers.")
	errNoUse    = errors.New("When a firelensConfiguration object is specified, at least one container has to be configured with the awsfirelens log driver.")
	errRouters  = errors.New("Only one container of a task definition can have a firelensConfiguration.")
)

// maxBufferLimit: "valid values are 0–536870912".
const maxBufferLimit = 512 << 20

// Check finds fault with the router of a task definition and with what is routed, in
// ECS's words where they are known.
func Check(containers []types.ContainerDefinition) error {
	routers, routed := 0, 0
	for _, c := range containers {
		if c.FirelensConfiguration != nil {
			routers++
			if err := checkRouter(c); err != nil {
				return err
			}
		}
		if Routed(c) {
			routed++
		}
	}
	switch {
	case routers > 1:
		return errRouters
	case routed > 0 && routers == 0:
		return errNoRouter
	case routers > 0 && routed == 0:
		return errNoUse
	}
	r, _ := Of(containers)
	for i, c := range containers {
		if !Routed(c) {
			continue
		}
		if err := r.check(i, c); err != nil {
			return fmt.Errorf("unable to apply log options of container %s to firelens config: %w", aws.ToString(c.Name), err)
		}
	}
	return nil
}

func checkRouter(c types.ContainerDefinition) error {
	f, where := c.FirelensConfiguration, "Invalid setting for container '"+aws.ToString(c.Name)+"'. "
	if !slices.Contains(f.Type.Values(), f.Type) {
		return fmt.Errorf("%s'firelensConfiguration.type' is '%s'; it should be one of [fluentd,fluentbit].", where, f.Type)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Options)) {
		value := f.Options[name]
		switch {
		case name == optionMetadata:
			if _, err := strconv.ParseBool(value); err != nil {
				return fmt.Errorf("%sThe option %s is '%s'; it should be true or false.", where, name, value)
			}
		case name == optionType:
			if value != "s3" && value != "file" {
				return fmt.Errorf("%sinvalid value %s is specified for option %s", where, value, name)
			}
			if f.Options[optionValue] == "" {
				return fmt.Errorf("%soption %s is specified but %s is not specified", where, name, optionValue)
			}
		case name != optionValue:
			return fmt.Errorf("%sfirelensConfiguration has no option %s: [%s,%s,%s] are there.", where, name, optionMetadata, optionType, optionValue)
		}
	}
	return checkFile(where, f.Options)
}

func checkFile(where string, options map[string]string) error {
	value, given := options[optionValue]
	switch kind := options[optionType]; {
	case given && kind == "":
		return fmt.Errorf("%soption %s is specified but %s is not specified", where, optionValue, optionType)
	case kind == "file" && (!strings.HasPrefix(value, "/") || unwritable(value)):
		return fmt.Errorf("%sThe option %s is %q; with the type file it should be a path in the image, such as /extra.conf.", where, optionValue, value)
	case kind == "s3" && !isObject(value):
		return fmt.Errorf("%sThe option %s is %q; with the type s3 it should be the ARN of an object, such as arn:aws:s3:::BUCKET/KEY.conf.", where, optionValue, value)
	}
	return nil
}

func isObject(arn string) bool {
	part := strings.SplitN(arn, ":", 6)
	if len(part) < 6 || part[0] != "arn" || part[2] != "s3" || part[3] != "" || part[4] != "" {
		return false
	}
	bucket, key, _ := strings.Cut(part[5], "/")
	return bucket != "" && key != "" && !unwritable(arn)
}

// check checks the log options of one container for the router. Neither Fluent Bit nor
// Fluentd has a way to write a line break in a value, so what would end a line, or make
// it anything but an option, is refused.
func (r Router) check(position int, c types.ContainerDefinition) error {
	variables := map[string]string{}
	for _, s := range c.LogConfiguration.SecretOptions {
		name := aws.ToString(s.Name)
		if other, taken := variables[Variable(name, position)]; taken {
			return fmt.Errorf("the secret options %s and %s have the same name in an environment variable", other, name)
		}
		variables[Variable(name, position)] = name
	}
	all := r.options(position, c)
	output := 0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch value := all[name]; {
		case !isOption(r.Type, name):
			return fmt.Errorf("%q cannot be the name of an option", name)
		case unwritable(value):
			return fmt.Errorf("the value of %s has a line break or another control character, which its configuration cannot hold", name)
		case name != optionInclude && name != optionExclude:
			output++
		}
	}
	if _, ok := all[r.outputKey()]; !ok && output > 0 {
		return fmt.Errorf("missing output key %s which is required for firelens configuration of type %s", r.outputKey(), r.Type)
	}
	if limit, ok := c.LogConfiguration.Options[BufferLimit]; ok {
		if n, err := strconv.Atoi(limit); err != nil || n < 0 || n > maxBufferLimit {
			return fmt.Errorf("%s is %q; it should be from 0 to %d", BufferLimit, limit, maxBufferLimit)
		}
	}
	return nil
}

// isOption tells whether a line that begins with this name is an option: "[" and "<"
// begin a section, "#" a comment, and "@" a directive of Fluent Bit.
func isOption(t types.FirelensConfigurationType, name string) bool {
	if name == "" || unwritable(name) || strings.ContainsAny(name, " \u0085\u00a0") || strings.ContainsAny(name[:1], "[<#") {
		return false
	}
	if t == types.FirelensConfigurationTypeFluentd {
		return name != "@include"
	}
	return name[0] != '@'
}

// unwritable tells whether a text cannot stand in one line.
func unwritable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == '\u2028' || r == '\u2029' })
}
