package logs

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"steady/archive"
	"steady/awsapi"
)

// permissions says on what a caller under a role needs a request's action: on the log
// stream, or on each of the log groups, that it names. A group's ARN is followed by
// ":log-stream:", so that policies name it with ":*" at its end, as the API shows it;
// only those about tags name it without.
func (a *API) permissions(_ string, in any) []awsapi.Permission {
	groups := groupsOf(in)
	switch in := in.(type) {
	case *cloudwatchlogs.DescribeLogGroupsInput, *cloudwatchlogs.ListLogGroupsInput:
		groups = []string{""} // whatever groups there are
	case *cloudwatchlogs.DescribeQueriesInput, *cloudwatchlogs.PutQueryDefinitionInput:
		return nil // a query's groups are asked for when it starts
	case *cloudwatchlogs.GetLogRecordInput:
		if group, ok := archive.GroupOf(aws.ToString(in.LogRecordPointer)); ok {
			groups = []string{group}
		}
	}
	if arn := texts(in, "ResourceArn"); len(arn) == 1 {
		return []awsapi.Permission{{Resource: arn[0], Conditions: a.tagConditions(groupOfARN(arn[0]))}}
	}
	stream := ""
	if s := texts(in, "LogStreamName"); len(s) == 1 {
		stream = s[0]
	}
	var list []awsapi.Permission
	for _, identifier := range groups {
		name := groupName(identifier)
		list = append(list, awsapi.Permission{Resource: a.groupARN(name) + ":log-stream:" + stream, Conditions: a.tagConditions(name)})
	}
	return list
}

// groupsOf are the log groups that a request names, by name or ARN.
func groupsOf(in any) (identifiers []string) {
	for _, name := range []string{"LogGroupName", "LogGroupIdentifier", "LogGroupNames", "LogGroupIdentifiers"} {
		identifiers = append(identifiers, texts(in, name)...)
	}
	return identifiers
}

// texts are those that a member of a request holds, if it has that member.
func texts(in any, name string) []string {
	f := reflect.Indirect(reflect.ValueOf(in)).FieldByName(name)
	if !f.IsValid() {
		return nil
	}
	switch v := f.Interface().(type) {
	case *string:
		if v != nil {
			return []string{*v}
		}
	case []string:
		return v
	}
	return nil
}

func groupOfARN(arn string) string {
	if _, name, ok := resource(arn); ok {
		return name
	}
	return ""
}

// tagConditions are the tags of a log group, as policies compare them.
func (a *API) tagConditions(group string) map[string]string {
	g, ok := a.archive.Group(group)
	if !ok || len(g.Tags) == 0 {
		return nil
	}
	conditions := map[string]string{}
	for key, value := range g.Tags {
		conditions["aws:ResourceTag/"+key] = value
	}
	return conditions
}
