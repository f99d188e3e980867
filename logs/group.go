package logs

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/archive"
	"steady/awsapi"
)

// CreateLogGroup makes an empty log group, whose events never expire.
func (a *API) CreateLogGroup(ctx context.Context, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	var c check
	c.required("logGroupName", in.LogGroupName, groupNameRule)
	oneOf(&c, "logGroupClass", in.LogGroupClass, types.LogGroupClass("").Values())
	c.tags(in.Tags, 0)
	if err := c.err(); err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(strings.ToLower(*in.LogGroupName), "aws/"):
		return nil, invalid("Log groups starting with AWS/ are reserved for AWS.")
	case in.KmsKeyId != nil:
		return nil, unsupported("kmsKeyId")
	case in.LogGroupClass != "" && in.LogGroupClass != types.LogGroupClassStandard:
		return nil, unsupported("logGroupClass " + string(in.LogGroupClass))
	case aws.ToBool(in.DeletionProtectionEnabled):
		return nil, unsupported("deletionProtectionEnabled")
	}
	err := a.archive.CreateGroup(ctx, archive.Group{Name: *in.LogGroupName, Tags: in.Tags, Class: archive.Logs})
	if err != nil {
		return nil, told(err, nil, awsapi.Errorf("ResourceAlreadyExistsException", "The specified log group already exists"))
	}
	return &cloudwatchlogs.CreateLogGroupOutput{}, nil
}

// DeleteLogGroup removes a log group with all its streams and events.
func (a *API) DeleteLogGroup(ctx context.Context, in *cloudwatchlogs.DeleteLogGroupInput) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
	g, err := a.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	if err := a.archive.DeleteGroup(ctx, g.Name); err != nil {
		return nil, told(err, groupNotFound(), nil)
	}
	return &cloudwatchlogs.DeleteLogGroupOutput{}, nil
}

// The most that one page of groups or streams has.
const maxDescribed = 50

// DescribeLogGroups shows log groups, "ASCII-sorted by log group name".
func (a *API) DescribeLogGroups(ctx context.Context, in *cloudwatchlogs.DescribeLogGroupsInput) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	var c check
	c.text("logGroupNamePrefix", in.LogGroupNamePrefix, groupNameRule)
	c.text("logGroupNamePattern", in.LogGroupNamePattern, pattern(`[\.\-_/#A-Za-z0-9]*`, 0, 512))
	c.text("nextToken", in.NextToken, tokenRule)
	number(&c, "limit", in.Limit, 1, maxDescribed)
	oneOf(&c, "logGroupClass", in.LogGroupClass, types.LogGroupClass("").Values())
	c.length("accountIdentifiers", len(in.AccountIdentifiers), 0, 20)
	if in.LogGroupIdentifiers != nil {
		c.length("logGroupIdentifiers", len(in.LogGroupIdentifiers), 1, 50)
		c.each("logGroupIdentifiers", in.LogGroupIdentifiers, identifierRule)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	switch {
	case in.LogGroupNamePrefix != nil && in.LogGroupNamePattern != nil:
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	case in.LogGroupIdentifiers != nil && (in.LogGroupNamePrefix != nil || in.LogGroupNamePattern != nil):
		return nil, invalid("LogGroup identifiers and LogGroup name prefix or pattern are mutually exclusive parameters.")
	}
	groups := slices.DeleteFunc(a.archive.Groups(), func(g archive.Group) bool { return !a.described(g, in) })
	shown, next, err := page(awsapi.Paging{Operation: "DescribeLogGroups", Token: in.NextToken, Size: limit(in.Limit, maxDescribed)},
		groups, func(g archive.Group) string { return g.Name })
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{}, NextToken: next}
	for _, g := range shown {
		out.LogGroups = append(out.LogGroups, a.showGroup(g))
	}
	return out, nil
}

func (a *API) described(g archive.Group, in *cloudwatchlogs.DescribeLogGroupsInput) bool {
	named := in.LogGroupIdentifiers == nil || slices.ContainsFunc(in.LogGroupIdentifiers, func(id string) bool { return groupName(id) == g.Name })
	// The pattern is a "case-sensitive substring search".
	return named && strings.HasPrefix(g.Name, aws.ToString(in.LogGroupNamePrefix)) &&
		strings.Contains(g.Name, aws.ToString(in.LogGroupNamePattern)) && a.ours(in.LogGroupClass, in.AccountIdentifiers)
}

// ours tells whether a request for a class of groups and for accounts means ours.
func (a *API) ours(class types.LogGroupClass, accounts []string) bool {
	return (class == "" || class == types.LogGroupClassStandard) &&
		(len(accounts) == 0 || slices.Contains(accounts, a.realm.Account))
}

func (a *API) showGroup(g archive.Group) types.LogGroup {
	arn := a.groupARN(g.Name)
	shown := types.LogGroup{
		LogGroupName: &g.Name, Arn: aws.String(arn + ":*"), LogGroupArn: &arn, CreationTime: &g.CreatedAt,
		StoredBytes: &g.StoredBytes, MetricFilterCount: aws.Int32(0), LogGroupClass: types.LogGroupClassStandard,
		DeletionProtectionEnabled: aws.Bool(false),
	}
	if g.RetentionDays > 0 {
		shown.RetentionInDays = aws.Int32(int32(g.RetentionDays))
	}
	return shown
}

// maxListed is the most that one page of ListLogGroups has; without a limit it has
// maxDescribed.
const maxListed = 1000

// ListLogGroups names log groups. Its pattern is a regular expression of up to five
// alternatives.
func (a *API) ListLogGroups(ctx context.Context, in *cloudwatchlogs.ListLogGroupsInput) (*cloudwatchlogs.ListLogGroupsOutput, error) {
	var c check
	c.text("logGroupNamePattern", in.LogGroupNamePattern, pattern(`(\^?[\.\-_\/#A-Za-z0-9]{3,24})(\|\^?[\.\-_\/#A-Za-z0-9]{3,24}){0,4}`, 3, 129))
	c.text("nextToken", in.NextToken, tokenRule)
	number(&c, "limit", in.Limit, 1, maxListed)
	oneOf(&c, "logGroupClass", in.LogGroupClass, types.LogGroupClass("").Values())
	if err := c.err(); err != nil {
		return nil, err
	}
	for member, given := range map[string]bool{
		"dataSources": in.DataSources != nil, "fieldIndexNames": in.FieldIndexNames != nil, "logGroupTags": in.LogGroupTags != nil,
	} {
		if given {
			return nil, unsupported(member)
		}
	}
	named, err := regexp.Compile(strings.ReplaceAll(aws.ToString(in.LogGroupNamePattern), ".", `\.`))
	if err != nil {
		return nil, err
	}
	groups := slices.DeleteFunc(a.archive.Groups(), func(g archive.Group) bool {
		return !named.MatchString(g.Name) || !a.ours(in.LogGroupClass, in.AccountIdentifiers)
	})
	size := maxDescribed
	if in.Limit != nil {
		size = int(*in.Limit)
	}
	shown, next, err := page(awsapi.Paging{Operation: "ListLogGroups", Token: in.NextToken, Size: size}, groups, func(g archive.Group) string { return g.Name })
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.ListLogGroupsOutput{LogGroups: []types.LogGroupSummary{}, NextToken: next}
	for _, g := range shown {
		out.LogGroups = append(out.LogGroups, types.LogGroupSummary{
			LogGroupName: &g.Name, LogGroupArn: aws.String(a.groupARN(g.Name)), LogGroupClass: types.LogGroupClassStandard,
		})
	}
	return out, nil
}

// retentions are the days that a retention policy may have.
var retentions = []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// PutRetentionPolicy says after how many days a group's events expire.
func (a *API) PutRetentionPolicy(ctx context.Context, in *cloudwatchlogs.PutRetentionPolicyInput) (*cloudwatchlogs.PutRetentionPolicyOutput, error) {
	var c check
	c.required("logGroupName", in.LogGroupName, groupNameRule)
	if in.RetentionInDays == nil {
		c.fail("retentionInDays", nil, "not be null")
	} else if !slices.Contains(retentions, *in.RetentionInDays) {
		c.fail("retentionInDays", *in.RetentionInDays, "satisfy enum value set: "+strings.ReplaceAll(fmt.Sprint(retentions), " ", ", "))
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	if err := a.archive.SetRetention(ctx, *in.LogGroupName, int(*in.RetentionInDays)); err != nil {
		return nil, told(err, groupNotFound(), nil)
	}
	return &cloudwatchlogs.PutRetentionPolicyOutput{}, nil
}

// DeleteRetentionPolicy makes a group's events never expire.
func (a *API) DeleteRetentionPolicy(ctx context.Context, in *cloudwatchlogs.DeleteRetentionPolicyInput) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error) {
	g, err := a.group(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	if err := a.archive.SetRetention(ctx, g.Name, 0); err != nil {
		return nil, told(err, groupNotFound(), nil)
	}
	return &cloudwatchlogs.DeleteRetentionPolicyOutput{}, nil
}
