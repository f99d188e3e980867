package logs

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"steady/archive"
)

// groupARN names a log group. The form with ":*" behind it is the one in policies.
func (a *API) groupARN(name string) string {
	return "arn:aws:logs:" + a.realm.Region + ":" + a.realm.Account + ":log-group:" + name
}

// resource reads an ARN of CloudWatch Logs: "log-group" and the name.
func resource(arn string) (kind, name string, ok bool) {
	part := strings.SplitN(arn, ":", 7)
	if len(part) != 7 || part[0] != "arn" || part[2] != "logs" {
		return "", "", false
	}
	return part[5], part[6], true
}

// groupName reads a group's name or its ARN, with or without ":*" behind it.
func groupName(identifier string) string {
	if kind, name, ok := resource(identifier); ok && kind == "log-group" {
		return strings.TrimSuffix(name, ":*")
	}
	return identifier
}

// group finds the log group that a request names, by its name or by its identifier.
func (a *API) group(name, identifier *string) (archive.Group, error) {
	if name != nil && identifier != nil {
		return archive.Group{}, invalid("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	}
	var c check
	if identifier != nil {
		c.text("logGroupIdentifier", identifier, identifierRule)
		name = aws.String(groupName(*identifier))
	} else {
		c.required("logGroupName", name, groupNameRule)
	}
	if err := c.err(); err != nil {
		return archive.Group{}, err
	}
	g, ok := a.archive.Group(*name)
	if !ok {
		return archive.Group{}, groupNotFound()
	}
	return g, nil
}

// stream finds a log stream of a group.
func (a *API) stream(group, name string) (archive.Stream, error) {
	streams, err := a.archive.Streams(group)
	if err != nil {
		return archive.Stream{}, told(err, groupNotFound(), nil)
	}
	for _, s := range streams {
		if s.Name == name {
			return s, nil
		}
	}
	return archive.Stream{}, streamNotFound()
}
