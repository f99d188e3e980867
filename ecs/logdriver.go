package ecs

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awslogs"
)

// logDriverNone is a driver of ECS that the API's enumeration does not have.
const logDriverNone types.LogDriver = "none"

// A log driver is one of the engine's, with the options that it takes beside those that
// every one takes, and those without which it does not start.
type logDriver struct{ options, required []string }

var (
	everyDriver = strings.Fields("mode max-buffer-size labels labels-regex env env-regex tag " +
		"cache-disabled cache-max-size cache-max-file cache-compress")
	logDrivers = map[types.LogDriver]logDriver{
		types.LogDriverJsonFile: {options: strings.Fields("max-size max-file compress")},
		types.LogDriverSyslog: {options: strings.Fields("syslog-address syslog-facility syslog-tls-ca-cert syslog-tls-cert syslog-tls-key " +
			"syslog-tls-skip-verify syslog-format")},
		types.LogDriverJournald: {},
		types.LogDriverFluentd: {options: strings.Fields("fluentd-address fluentd-async fluentd-async-connect fluentd-async-reconnect-interval " +
			"fluentd-buffer-limit fluentd-retry-wait fluentd-max-retries fluentd-request-ack fluentd-sub-second-precision")},
		types.LogDriverGelf: {
			options:  strings.Fields("gelf-address gelf-compression-type gelf-compression-level gelf-tcp-max-reconnect gelf-tcp-reconnect-delay"),
			required: []string{"gelf-address"},
		},
		types.LogDriverSplunk: {
			options: strings.Fields("splunk-token splunk-url splunk-source splunk-sourcetype splunk-index splunk-capath splunk-caname " +
				"splunk-insecureskipverify splunk-format splunk-verify-connection splunk-gzip splunk-gzip-level splunk-index-acknowledgment"),
			required: []string{"splunk-token", "splunk-url"},
		},
		logDriverNone: {},
	}
)

// checkLogConfiguration: the options are checked as they will be read.
func checkLogConfiguration(c *types.ContainerDefinition) error {
	l := c.LogConfiguration
	if l == nil {
		return nil
	}
	switch l.LogDriver {
	case types.LogDriverAwslogs:
		if _, _, err := awslogs.Of(*c); err != nil {
			return refused("%v", err)
		}
		return nil
	case types.LogDriverAwsfirelens: // its options are those of the log router's output
		return nil
	}
	driver, known := logDrivers[l.LogDriver]
	if !known {
		return setting(c.Name, "The log driver '%s' is not one of [%s].", l.LogDriver, strings.Join(driverNames(), ","))
	}
	return checkDriverOptions(l, driver)
}

// checkDriverOptions finds fault in ECS's words. An option may be given as a secret.
func checkDriverOptions(l *types.LogConfiguration, d logDriver) error {
	unknown := func(name string) bool {
		return l.LogDriver == logDriverNone || !slices.Contains(everyDriver, name) && !slices.Contains(d.options, name)
	}
	given := slices.Collect(maps.Keys(l.Options))
	for _, s := range l.SecretOptions {
		given = append(given, aws.ToString(s.Name))
	}
	slices.Sort(given)
	var disallowed, missing []string
	for _, name := range given {
		if unknown(name) {
			disallowed = append(disallowed, name)
		}
	}
	for _, name := range d.required {
		if !slices.Contains(given, name) {
			missing = append(missing, name)
		}
	}
	switch {
	case len(disallowed) > 0:
		return refused("Log driver %s disallows options: %s", l.LogDriver, strings.Join(disallowed, ", "))
	case len(missing) > 0:
		return refused("Log driver %s requires options: %s", l.LogDriver, strings.Join(missing, ", "))
	case l.Options["max-buffer-size"] != "" && l.Options["mode"] == "blocking":
		return refused("Log driver %s option 'max-buffer-size' is only supported with 'mode' 'non-blocking'", l.LogDriver)
	}
	return nil
}

func driverNames() []string {
	names := []string{string(types.LogDriverAwslogs), string(types.LogDriverAwsfirelens)}
	for d := range logDrivers {
		names = append(names, string(d))
	}
	slices.Sort(names)
	return names
}
