package firelens

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Task is what a router is told of its task.
type Task struct {
	Cluster, ARN string
	Definition   string // family:revision
	EC2Instance  string // empty where there is none
	Network      types.NetworkMode
	Containers   []types.ContainerDefinition
}

// option is a line of a section.
type option struct{ name, value string }

// sorted are options by name.
func sorted(m map[string]string) []option {
	var all []option
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, option{name, m[name]})
	}
	return all
}

// grep is a filter of what one container writes.
type grep struct {
	exclude        bool
	match, pattern string
}

// output is where what one container writes goes.
type output struct {
	match, plugin string
	options       []option
}

// routing is what the two configurations have in common.
type routing struct {
	listen  string // the address to listen on in the task's network; empty: none
	greps   []grep
	record  []option // added to every record
	include string
	outputs []output
}

// Config is the configuration of a task's router.
func Config(t Task) (string, error) {
	r, ok := Of(t.Containers)
	if !ok {
		return "", errNoRouter
	}
	if err := Check(t.Containers); err != nil {
		return "", err
	}
	route := r.routing(t)
	for _, o := range route.record {
		if unwritable(o.value) {
			return "", fmt.Errorf("%s, %q, has a control character", o.name, o.value)
		}
	}
	if r.Type == types.FirelensConfigurationTypeFluentd {
		return fluentd(route), nil
	}
	return fluentBit(route), nil
}

// routing puts together what is asked for. The filters that include stand before those
// that exclude.
func (r Router) routing(t Task) routing {
	route := routing{listen: listen(t.Network), include: r.included()}
	if r.Metadata {
		if t.EC2Instance != "" {
			route.record = append(route.record, option{"ec2_instance_id", t.EC2Instance})
		}
		route.record = append(route.record, option{"ecs_cluster", t.Cluster}, option{"ecs_task_arn", t.ARN}, option{"ecs_task_definition", t.Definition})
	}
	var excluded []grep
	for i, c := range t.Containers {
		if !Routed(c) {
			continue
		}
		all, match := r.options(i, c), aws.ToString(c.Name)+"-firelens"+r.anything()
		if p, ok := all[optionInclude]; ok {
			route.greps = append(route.greps, grep{match: match, pattern: p})
		}
		if p, ok := all[optionExclude]; ok {
			excluded = append(excluded, grep{exclude: true, match: match, pattern: p})
		}
		if plugin, ok := all[r.outputKey()]; ok {
			for _, name := range []string{optionInclude, optionExclude, r.outputKey()} {
				delete(all, name)
			}
			route.outputs = append(route.outputs, output{match, plugin, sorted(all)})
		}
	}
	route.greps = append(route.greps, excluded...)
	return route
}

// listen is where a router listens in its task's network, so that what has a Fluent
// library can send it records: with awsvpc that is for the task alone.
func listen(mode types.NetworkMode) string {
	switch mode {
	case types.NetworkModeBridge, "":
		return "0.0.0.0"
	case types.NetworkModeAwsvpc:
		return "127.0.0.1"
	}
	return ""
}

// outputKey is the option that names the plugin of an output.
func (r Router) outputKey() string {
	if r.Type == types.FirelensConfigurationTypeFluentd {
		return "@type"
	}
	return "Name"
}

// anything matches the rest of a tag.
func (r Router) anything() string {
	if r.Type == types.FirelensConfigurationTypeFluentd {
		return "**"
	}
	return "*"
}

// options are those of a container for the router, with where the secrets among them are
// found.
func (r Router) options(position int, c types.ContainerDefinition) map[string]string {
	all := map[string]string{}
	maps.Copy(all, c.LogConfiguration.Options)
	delete(all, BufferLimit)
	for _, s := range c.LogConfiguration.SecretOptions {
		variable := Variable(aws.ToString(s.Name), position)
		if r.Type == types.FirelensConfigurationTypeFluentd {
			all[aws.ToString(s.Name)] = `"#{ENV['` + variable + `']}"`
		} else {
			all[aws.ToString(s.Name)] = "${" + variable + "}"
		}
	}
	return all
}

// text is a configuration in the making.
type text struct{ strings.Builder }

func (t *text) line(depth int, words ...string) {
	t.WriteString(strings.Repeat("    ", depth) + strings.Join(words, " ") + "\n")
}

func (t *text) options(all []option) {
	for _, o := range all {
		t.line(1, o.name, o.value)
	}
}

// fluentBit writes the classic format of Fluent Bit. A check of the router's health may
// send what it likes to port 8877: it goes nowhere.
func fluentBit(r routing) string {
	const healthTag = "firelens-healthcheck"
	var t text
	section := func(kind, name string, more ...option) {
		t.line(0, "\n["+kind+"]")
		t.line(1, "Name", name)
		t.options(more)
	}
	section("INPUT", "forward", option{"unix_path", SocketDirectory + SocketName})
	if r.listen != "" {
		section("INPUT", "forward", option{"Listen", r.listen}, option{"Port", Port})
		section("INPUT", "tcp", option{"Tag", healthTag}, option{"Listen", "127.0.0.1"}, option{"Port", "8877"})
	}
	for _, g := range r.greps {
		kind := "Regex"
		if g.exclude {
			kind = "Exclude"
		}
		section("FILTER", "grep", option{"Match", g.match}, option{kind, "log " + g.pattern})
	}
	if len(r.record) > 0 {
		section("FILTER", "record_modifier", option{"Match", "*"})
		for _, o := range r.record {
			t.line(1, "Record", o.name, o.value)
		}
	}
	if r.include != "" {
		t.line(0, "\n@INCLUDE", r.include)
	}
	if r.listen != "" {
		section("OUTPUT", "null", option{"Match", healthTag})
	}
	for _, o := range r.outputs {
		section("OUTPUT", o.plugin, append([]option{{"Match", o.match}}, o.options...)...)
	}
	return t.String()
}

// fluentd writes the format of Fluentd.
func fluentd(r routing) string {
	var t text
	t.line(0, "\n<source>")
	t.options([]option{{"@type", "unix"}, {"path", SocketDirectory + SocketName}})
	t.line(0, "</source>")
	if r.listen != "" {
		t.line(0, "\n<source>")
		t.options([]option{{"@type", "forward"}, {"bind", r.listen}, {"port", Port}})
		t.line(0, "</source>")
	}
	for _, g := range r.greps {
		kind := "regexp"
		if g.exclude {
			kind = "exclude"
		}
		t.line(0, "\n<filter", g.match+">")
		t.line(1, "@type", "grep")
		t.line(1, "<"+kind+">")
		t.line(2, "key", "log")
		t.line(2, "pattern", g.pattern)
		t.line(1, "</"+kind+">")
		t.line(0, "</filter>")
	}
	if len(r.record) > 0 {
		t.line(0, "\n<filter **>")
		t.line(1, "@type", "record_transformer")
		t.line(1, "<record>")
		for _, o := range r.record {
			t.line(2, o.name, o.value)
		}
		t.line(1, "</record>")
		t.line(0, "</filter>")
	}
	if r.include != "" {
		t.line(0, "\n@include", r.include)
	}
	for _, o := range r.outputs {
		t.line(0, "\n<match", o.match+">")
		t.line(1, "@type", o.plugin)
		t.options(o.options)
		t.line(0, "</match>")
	}
	return t.String()
}
