package logs

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/awsapi"
)

func TestCreateLogGroup(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	create := func(name string, change ...func(*cloudwatchlogs.CreateLogGroupInput)) (any, error) {
		in := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}
		for _, c := range change {
			c(in)
		}
		return w.CreateLogGroup(ctx, in)
	}
	ok(t)(create("/my/group", func(in *cloudwatchlogs.CreateLogGroupInput) { in.Tags = map[string]string{"team": "a"} }))
	refused(t, "ResourceAlreadyExistsException: The specified log group already exists")(create("/my/group"))
	refused(t, groupPattern)(create("a b"))
	refused(t, `InvalidParameterException: 2 validation errors detected: Value '' at 'logGroupName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`)(create(""))
	refused(t, "InvalidParameterException: Log groups starting with AWS/ are reserved for AWS.")(create("AWS/x"))
	refused(t, "InvalidParameterException: 1 validation error detected: Value 'aws:x' at 'tags' failed to satisfy constraint: Member must not begin with aws:")(
		create("x", func(in *cloudwatchlogs.CreateLogGroupInput) { in.Tags = map[string]string{"aws:x": ""} }))
	refused(t, "UnsupportedFeatureException: The member kmsKeyId is not implemented by Steady yet; leave it out.")(
		create("x", func(in *cloudwatchlogs.CreateLogGroupInput) { in.KmsKeyId = aws.String("k") }))
	refused(t, "UnsupportedFeatureException: The member logGroupClass DELIVERY is not implemented by Steady yet; leave it out.")(
		create("x", func(in *cloudwatchlogs.CreateLogGroupInput) { in.LogGroupClass = types.LogGroupClassDelivery }))
	refused(t, "UnsupportedFeatureException: The member deletionProtectionEnabled is not implemented by Steady yet; leave it out.")(
		create("x", func(in *cloudwatchlogs.CreateLogGroupInput) { in.DeletionProtectionEnabled = aws.Bool(true) }))
	refused(t, "InvalidParameterException: 1 validation error detected: Value 'BIG' at 'logGroupClass' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, INFREQUENT_ACCESS, DELIVERY]")(
		create("x", func(in *cloudwatchlogs.CreateLogGroupInput) { in.LogGroupClass = "BIG" }))
	refused(t, nameMissing)(w.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{}))

	out := must(w.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{}))(t)
	if len(out.LogGroups) != 1 {
		t.Fatalf("%d groups: what was refused has made one", len(out.LogGroups))
	}
	g := out.LogGroups[0]
	if *g.Arn != "arn:aws:logs:us-east-1:000000000000:log-group:/my/group:*" || *g.LogGroupArn != strings.TrimSuffix(*g.Arn, ":*") ||
		*g.StoredBytes != 0 || g.RetentionInDays != nil || *g.CreationTime == 0 {
		t.Errorf("%+v", g)
	}
	ok(t)(w.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/my/group")}))
	refused(t, noGroup)(w.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/my/group")}))
}

func TestDescribeLogGroups(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"b", "a/2", "a/1", "aDataLogs", "c"} {
		w.group(name)
	}
	type input = cloudwatchlogs.DescribeLogGroupsInput
	for want, in := range map[string]*input{
		"a/1 a/2 aDataLogs b c": {},
		"a/1 a/2":               {LogGroupNamePrefix: aws.String("a/")},
		"aDataLogs":             {LogGroupNamePattern: aws.String("DataL")},
		"":                      {LogGroupNamePattern: aws.String("datal")},
		"a/1 b":                 {LogGroupIdentifiers: []string{"b", "arn:aws:logs:us-east-1:000000000000:log-group:a/1:*", "gone"}},
		"a/1 a/2 aDataLogs":     {Limit: aws.Int32(3)},
	} {
		out := must(w.DescribeLogGroups(t.Context(), in))(t)
		if got := joined(out.LogGroups, func(g types.LogGroup) string { return *g.LogGroupName }); got != want || (out.NextToken != nil) != (in.Limit != nil) {
			t.Errorf("got %q, want %q; token %v", got, want, out.NextToken)
		}
	}
	if out := must(w.DescribeLogGroups(t.Context(), &input{LogGroupClass: types.LogGroupClassDelivery}))(t); len(out.LogGroups) != 0 {
		t.Error("there are groups of another class")
	}
	for want, in := range map[string]*input{
		"InvalidParameterException: LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.":                                                 {LogGroupNamePrefix: aws.String("a"), LogGroupNamePattern: aws.String("b")},
		"InvalidParameterException: LogGroup identifiers and LogGroup name prefix or pattern are mutually exclusive parameters.":                                       {LogGroupIdentifiers: []string{"a"}, LogGroupNamePattern: aws.String("b")},
		"InvalidParameterException: 1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50":  {Limit: aws.Int32(51)},
		"InvalidParameterException: 1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1": {Limit: aws.Int32(0)},
		badToken: {NextToken: aws.String("x")},
	} {
		refused(t, want)(w.DescribeLogGroups(t.Context(), in))
	}
}

// Pages meet, also when groups come and go between them.
func TestPagesOfLogGroups(t *testing.T) {
	w := newWorld(t)
	for _, name := range strings.Fields("a b c d e f g") {
		w.group(name)
	}
	in := &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(2)}
	var got []string
	for {
		out := must(w.DescribeLogGroups(t.Context(), in))(t)
		for _, g := range out.LogGroups {
			got = append(got, *g.LogGroupName)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
		if len(got) == 2 { // b is behind us; what follows it is not lost with it
			ok(t)(w.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("b")}))
		}
	}
	if s := strings.Join(got, " "); s != "a b c d e f g" {
		t.Errorf("got %s", s)
	}
	refused(t, badToken)(w.ListLogGroups(t.Context(), &cloudwatchlogs.ListLogGroupsInput{NextToken: must(w.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(1)}))(t).NextToken}))
}

func TestListLogGroups(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"app/web", "app/db", "web.x", "webyx"} {
		w.group(name)
	}
	for pattern, want := range map[string]string{"web": "app/web web.x webyx", "^web": "web.x webyx", "web.x": "web.x", "/db|^web": "app/db web.x webyx"} {
		out := must(w.ListLogGroups(t.Context(), &cloudwatchlogs.ListLogGroupsInput{LogGroupNamePattern: &pattern}))(t)
		if got := joined(out.LogGroups, func(g types.LogGroupSummary) string { return *g.LogGroupName }); got != want {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
	refused(t, "UnsupportedFeatureException: The member dataSources is not implemented by Steady yet; leave it out.")(
		w.ListLogGroups(t.Context(), &cloudwatchlogs.ListLogGroupsInput{DataSources: []types.DataSourceFilter{}}))
}

func TestRetention(t *testing.T) {
	w := newWorld(t)
	w.group("g")
	retention := func() *int32 {
		return must(w.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{}))(t).LogGroups[0].RetentionInDays
	}
	put := func(group string, days *int32) (any, error) {
		return w.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: days})
	}
	ok(t)(put("g", aws.Int32(7)))
	refused(t, "InvalidParameterException: 1 validation error detected: Value '8' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: "+
		"[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]")(put("g", aws.Int32(8)))
	refused(t, "InvalidParameterException: 1 validation error detected: Value null at 'retentionInDays' failed to satisfy constraint: Member must not be null")(put("g", nil))
	refused(t, noGroup)(put("gone", aws.Int32(7)))
	if d := retention(); d == nil || *d != 7 {
		t.Errorf("the retention is %v", d)
	}
	ok(t)(w.DeleteRetentionPolicy(t.Context(), &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: aws.String("g")}))
	if d := retention(); d != nil {
		t.Errorf("the retention is %d", *d)
	}
	refused(t, noGroup)(w.DeleteRetentionPolicy(t.Context(), &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: aws.String("gone")}))
}

func TestTags(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.group("g")
	const arn = "arn:aws:logs:us-east-1:000000000000:log-group:g"
	show := func() string {
		tags := must(w.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String(arn)}))(t).Tags
		older := must(w.ListTagsLogGroup(ctx, &cloudwatchlogs.ListTagsLogGroupInput{LogGroupName: aws.String("g")}))(t).Tags
		b := must(awsapi.Encode(&cloudwatchlogs.ListTagsForResourceOutput{Tags: tags}))(t)
		if o := must(awsapi.Encode(&cloudwatchlogs.ListTagsLogGroupOutput{Tags: older}))(t); string(o) != string(b) {
			t.Errorf("%s and %s", b, o)
		}
		return string(b)
	}
	ok(t)(w.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: aws.String(arn + ":*"), Tags: map[string]string{"a": "1", "b": "2"}}))
	ok(t)(w.TagLogGroup(ctx, &cloudwatchlogs.TagLogGroupInput{LogGroupName: aws.String("g"), Tags: map[string]string{"b": "3", "c": ""}}))
	if got := show(); got != `{"tags":{"a":"1","b":"3","c":""}}` {
		t.Error(got)
	}
	ok(t)(w.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: aws.String(arn), TagKeys: []string{"a", "gone"}}))
	ok(t)(w.UntagLogGroup(ctx, &cloudwatchlogs.UntagLogGroupInput{LogGroupName: aws.String("g"), Tags: []string{"b"}}))
	if got := show(); got != `{"tags":{"c":""}}` {
		t.Error(got)
	}
	many := map[string]string{}
	for i := range maxTags {
		many[strings.Repeat("x", i+1)] = ""
	}
	refused(t, "TooManyTagsException: The resource would have 51 tags; it can have at most 50.")(
		w.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: aws.String(arn), Tags: many}))
	refused(t, noGroup)(w.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: aws.String(arn + "one"), Tags: map[string]string{"a": ""}}))
	refused(t, noGroup)(w.UntagLogGroup(ctx, &cloudwatchlogs.UntagLogGroupInput{LogGroupName: aws.String("gone"), Tags: []string{"a"}}))
	refused(t, `InvalidParameterException: Invalid ARN: "g" is not an ARN of CloudWatch Logs.`)(
		w.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String("g")}))
	refused(t, "InvalidParameterException: 1 validation error detected: Value '[]' at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1")(
		w.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: aws.String(arn)}))
	if got := show(); got != `{"tags":{"c":""}}` {
		t.Errorf("what was refused has left %s", got)
	}
}

func TestLogStreams(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.group("g", "b/2", "b/1", "a")
	w.put("g", "b/1", ago(10e9), "x")
	w.put("g", "a", ago(20e9), "x")
	type input = cloudwatchlogs.DescribeLogStreamsInput
	group := aws.String("g")
	for _, tt := range []struct {
		in   *input
		want string
	}{
		{&input{LogGroupName: group}, "a b/1 b/2"},
		{&input{LogGroupIdentifier: aws.String("arn:aws:logs:us-east-1:000000000000:log-group:g:*")}, "a b/1 b/2"},
		{&input{LogGroupName: group, Descending: aws.Bool(true)}, "b/2 b/1 a"},
		{&input{LogGroupName: group, LogStreamNamePrefix: aws.String("b/")}, "b/1 b/2"},
		{&input{LogGroupName: group, OrderBy: types.OrderByLastEventTime}, "b/2 a b/1"},
		{&input{LogGroupName: group, OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true)}, "b/1 a b/2"},
	} {
		name := func(s types.LogStream) string { return *s.LogStreamName }
		if got := joined(must(w.DescribeLogStreams(ctx, tt.in))(t).LogStreams, name); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
		tt.in.Limit = aws.Int32(1)
		var pages []string
		for {
			out := must(w.DescribeLogStreams(ctx, tt.in))(t)
			pages = append(pages, joined(out.LogStreams, name))
			if tt.in.NextToken = out.NextToken; out.NextToken == nil {
				break
			}
		}
		if got := strings.Join(pages, " "); got != tt.want {
			t.Errorf("in pages got %q, want %q", got, tt.want)
		}
	}
	s := must(w.DescribeLogStreams(ctx, &input{LogGroupName: group}))(t).LogStreams
	if *s[0].Arn != "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:a" || *s[0].FirstEventTimestamp != *s[0].LastEventTimestamp || s[2].LastEventTimestamp != nil {
		t.Errorf("%+v", s)
	}
	refused(t, "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.")(
		w.DescribeLogStreams(ctx, &input{LogGroupName: group, OrderBy: types.OrderByLastEventTime, LogStreamNamePrefix: aws.String("b")}))
	refused(t, noGroup)(w.DescribeLogStreams(ctx, &input{LogGroupName: aws.String("gone")}))
	refused(t, nameMissing)(w.DescribeLogStreams(ctx, &input{}))
	refused(t, "InvalidParameterException: LogGroup name and LogGroup ARN are mutually exclusive parameters.")(
		w.DescribeLogStreams(ctx, &input{LogGroupName: group, LogGroupIdentifier: group}))

	create := func(group, stream string) (any, error) {
		return w.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream})
	}
	remove := func(group, stream string) (any, error) {
		return w.DeleteLogStream(ctx, &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: &group, LogStreamName: &stream})
	}
	refused(t, "ResourceAlreadyExistsException: The specified log stream already exists")(create("g", "a"))
	refused(t, noGroup)(create("gone", "a"))
	refused(t, "InvalidParameterException: 1 validation error detected: Value 'a:b' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*")(create("g", "a:b"))
	refused(t, noStream)(remove("g", "gone"))
	refused(t, noGroup)(remove("gone", "a"))
	ok(t)(remove("g", "a"))
	ok(t)(create("g", "a"))
	if out := must(w.GetLogEvents(ctx, read("g", "a")))(t); len(out.Events) != 0 {
		t.Error("a stream that was deleted and made anew has events")
	}
}
