package awslogs

import (
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// with is a good set of options and some more; an empty value leaves one out.
func with(more ...string) map[string]string {
	o := map[string]string{"awslogs-group": "/web", "awslogs-region": "us-east-1"}
	for i := 0; i < len(more); i += 2 {
		o[more[i]] = more[i+1]
	}
	return o
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name    string
		options map[string]string
		want    Options
	}{
		{"the least", with(), Options{Group: "/web", BufferBytes: 10 << 20}},
		{"all", with("awslogs-create-group", "true", "awslogs-stream-prefix", "ecs", "mode", "non-blocking", "max-buffer-size", "25m"),
			Options{Group: "/web", CreateGroup: true, StreamPrefix: "ecs", BufferBytes: 25 << 20}},
		{"blocking", with("mode", "blocking"), Options{Group: "/web", Blocking: true, BufferBytes: 10 << 20}},
		{"bytes", with("max-buffer-size", "4096"), Options{Group: "/web", BufferBytes: 4096}},
		{"KiB", with("max-buffer-size", "16kb"), Options{Group: "/web", BufferBytes: 16 << 10}},
		{"GiB", with("max-buffer-size", "1G"), Options{Group: "/web", BufferBytes: 1 << 30}},
	} {
		if got, err := Parse(c.options); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		want    string
		options map[string]string
	}{
		{"Log driver awslogs requires options: awslogs-region, awslogs-group", nil},
		{"Log driver awslogs requires options: awslogs-group", map[string]string{"awslogs-region": "us-east-1"}},
		{"Log driver awslogs disallows options: awslogs-endpoint, log_key", with("log_key", "a", "awslogs-endpoint", "b")},
		{"Log driver awslogs option 'awslogs-group' should not be null or empty.", with("awslogs-group", "")},
		{"Log driver awslogs option 'awslogs-group' should have 1 to 512", with("awslogs-group", "a b")},
		{"Log driver awslogs option 'awslogs-region' should be the name", with("awslogs-region", "")},
		{"Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit option.", with("awslogs-create-group", "false")},
		{"Log driver awslogs option 'mode' should be", with("mode", "fast")},
		{"Log driver awslogs option 'max-buffer-size' should be a number", with("max-buffer-size", "much")},
		{"Log driver awslogs option 'max-buffer-size' should be from 1", with("max-buffer-size", "0")},
		{"Log driver awslogs option 'max-buffer-size' is only supported", with("max-buffer-size", "1m", "mode", "blocking")},
		{"Log driver awslogs option 'awslogs-multiline-pattern' should be a regular", with("awslogs-multiline-pattern", "(")},
		{"Log driver awslogs option 'awslogs-datetime-format' should be in strftime format: \"%q\"", with("awslogs-datetime-format", "%Y %q")},
		{"Log driver awslogs option 'awslogs-datetime-format' should be in strftime format: \"%\"", with("awslogs-datetime-format", "%Y %")},
		{"cannot be configured at the same time", with("awslogs-datetime-format", "%Y", "awslogs-multiline-pattern", "^a")},
	} {
		if _, err := Parse(c.options); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.options, err, c.want)
		}
	}
}

func TestFirstLines(t *testing.T) {
	for _, c := range []struct {
		option, value string
		first, other  []string
	}{
		{"awslogs-multiline-pattern", `^INFO`, []string{"INFO a"}, []string{"  INFO", "at b"}},
		{"awslogs-datetime-format", `[%b %d, %Y %H:%M:%S]`, []string{"[May 01, 2017 19:00:01] a", "x [Dec 31, 2026 23:59:60]"}, []string{"[May 1, 2017 19:00:01]", "[May 01, 2017 24:00:01]", "at b"}},
		{"awslogs-datetime-format", `%Y-%m-%dT%H:%M:%S%L%z`, []string{"2026-01-02T03:04:05.678+0100"}, []string{"2026-13-02T03:04:05.678+0100", "2026-01-02T03:04:05,678+0100"}},
		{"awslogs-datetime-format", `%A %B %j %I %p %y %f %Z %w %a 100%%`, []string{"Sunday March 001 12 AM 26 123456 UTC 0 Sun 100%"}, []string{"Sunday March 000 12 AM 26 123456 UTC 0 Sun 100%"}},
	} {
		o, err := Parse(with(c.option, c.value))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range c.first {
			if !o.Start.MatchString(line) {
				t.Errorf("%s: %q begins no event", c.value, line)
			}
		}
		for _, line := range c.other {
			if o.Start.MatchString(line) {
				t.Errorf("%s: %q begins an event", c.value, line)
			}
		}
	}
}

func TestLocation(t *testing.T) {
	c := Container{Cluster: "prod", Family: "web", Name: "app", Task: "t1", RuntimeID: "beef"}
	for _, x := range []struct {
		driver  types.LogDriver
		options map[string]string
		want    string
	}{
		{"", nil, "/steady/prod web/app/t1"},
		{types.LogDriverJsonFile, map[string]string{}, "/steady/prod web/app/t1"},
		{types.LogDriverAwslogs, with(), "/web beef"},
		{types.LogDriverAwslogs, with("awslogs-stream-prefix", "ecs"), "/web ecs/app/t1"},
	} {
		d := types.ContainerDefinition{Name: aws.String("app")}
		if x.driver != "" {
			d.LogConfiguration = &types.LogConfiguration{LogDriver: x.driver, Options: maps.Clone(x.options)}
		}
		o, _, err := Of(d)
		group, stream := o.Location(c)
		if err != nil || group+" "+stream != x.want {
			t.Errorf("%s %v: %s %s, %v; want %s", x.driver, x.options, group, stream, err, x.want)
		}
	}
}

func FuzzDatetimeFormat(f *testing.F) {
	f.Add("%Y-%m-%d", "2026-01-02")
	f.Add("[%b%%]", "")
	f.Fuzz(func(t *testing.T, format, line string) {
		var o Options
		if err := datetimeFormat(&o, "awslogs-datetime-format", format); err == nil {
			o.Start.MatchString(line)
		} else if !strings.HasPrefix(err.Error(), "Log driver awslogs option") {
			t.Error(err)
		}
	})
}
