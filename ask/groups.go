package ask

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"steady/awslogs"
)

// groupsOf names the log groups of a cluster by what is in them.
func groupsOf(cluster string) map[string]string {
	return map[string]string{
		"events":    awslogs.EventsGroup(cluster),
		"logs":      awslogs.DefaultGroup + cluster,
		"telemetry": awslogs.TelemetryGroup(cluster),
	}
}

// Groups are those of a cluster's log groups that are there, of the ones that are
// asked for: events, logs and telemetry. cluster is a name or an ARN. It fails when
// there are none.
func Groups(ctx context.Context, logs Logs, cluster string, on ...string) ([]string, error) {
	cluster = cluster[strings.LastIndex(cluster, "/")+1:]
	var there, asked []string
	for _, o := range on {
		name := groupsOf(cluster)[o]
		asked = append(asked, name)
		out, err := logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name, Limit: aws.Int32(1)})
		if err != nil {
			return nil, fmt.Errorf("look for the log group %s: %w", name, plain(err))
		}
		// The shortest name comes first: the group itself, if it is there.
		if len(out.LogGroups) > 0 && aws.ToString(out.LogGroups[0].LogGroupName) == name {
			there = append(there, name)
		}
	}
	if len(there) == 0 {
		return nil, fmt.Errorf("cluster %s has no log group %s yet: check --cluster, or give --group", cluster, strings.Join(asked, " or "))
	}
	return there, nil
}

// HasSource tells whether a query names its log groups itself.
func HasSource(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		end := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsLetter(r) })
		return end > 0 && strings.EqualFold(line[:end], "SOURCE")
	}
	return false
}
