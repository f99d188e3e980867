package logs

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/state"
)

func TestQueryDefinitions(t *testing.T) {
	w := newWorld(t)
	type input = cloudwatchlogs.PutQueryDefinitionInput
	put := func(in input) (*cloudwatchlogs.PutQueryDefinitionOutput, error) {
		if in.QueryString == nil {
			in.QueryString = aws.String("fields @message")
		}
		return w.PutQueryDefinition(t.Context(), &in)
	}
	names := func(prefix *string) string {
		out := must(w.DescribeQueryDefinitions(t.Context(), &cloudwatchlogs.DescribeQueryDefinitionsInput{QueryDefinitionNamePrefix: prefix}))(t)
		return joined(out.QueryDefinitions, func(d types.QueryDefinition) string { return *d.Name + ":" + *d.QueryString })
	}
	token := strings.Repeat("t", 36)
	first := must(put(input{Name: aws.String("web/slow"), LogGroupNames: []string{"g"}, ClientToken: &token,
		Parameters: []types.QueryParameter{{Name: aws.String("service"), DefaultValue: aws.String("web")}}}))(t)
	if again := must(put(input{Name: aws.String("web/slow"), ClientToken: &token}))(t); *again.QueryDefinitionId != *first.QueryDefinitionId {
		t.Error("a repeated request has made another definition")
	}
	must(put(input{Name: aws.String("db")}))(t)
	if got := names(nil); got != "db:fields @message web/slow:fields @message" {
		t.Error(got)
	}
	refused(t, "InvalidParameterException: A query definition of the name web/slow exists already; give its id, "+*first.QueryDefinitionId+", to replace it.")(
		put(input{Name: aws.String("web/slow")}))
	refused(t, "ResourceNotFoundException: The specified query definition does not exist.")(put(input{Name: aws.String("x"), QueryDefinitionId: aws.String("gone")}))
	must(put(input{Name: aws.String("web/fast"), QueryDefinitionId: first.QueryDefinitionId, QueryString: aws.String("limit 1")}))(t)
	if got := names(aws.String("web/")); got != "web/fast:limit 1" {
		t.Error(got)
	}
	remove := &cloudwatchlogs.DeleteQueryDefinitionInput{QueryDefinitionId: first.QueryDefinitionId}
	if out := must(w.DeleteQueryDefinition(t.Context(), remove))(t); !out.Success || names(nil) != "db:fields @message" {
		t.Error(names(nil))
	}
	refused(t, "ResourceNotFoundException: The specified query definition does not exist.")(w.DeleteQueryDefinition(t.Context(), remove))
	refused(t, "InvalidParameterException: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null")(put(input{}))
}

func TestLookupTables(t *testing.T) {
	w := requests(t)
	ctx := t.Context()
	create := func(name, body string) (*cloudwatchlogs.CreateLookupTableOutput, error) {
		return w.CreateLookupTable(ctx, &cloudwatchlogs.CreateLookupTableInput{LookupTableName: &name, TableBody: &body})
	}
	made := must(create("codes", "code,meaning\n200,fine\n404,\"not, found\"\n"))(t)
	if *made.LookupTableArn != "arn:aws:logs:us-east-1:000000000000:lookup-table:codes" {
		t.Error(*made.LookupTableArn)
	}
	rows, out := w.results(about("filter status = 404 | lookup codes code as status OUTPUT meaning | fields meaning"))
	if got := strings.Join(rows, "; "); !strings.Contains(got, "meaning=not, found") {
		t.Errorf("%s: %s", out.Status, got)
	}
	refused(t, "ResourceAlreadyExistsException: The specified lookup table already exists")(create("codes", "a\n"))
	refused(t, "ValidationException: The table body is no CSV with a header: record on line 2: wrong number of fields.")(create("x", "a,b\n1\n"))
	refused(t, "ValidationException: The table body is no CSV with a header: the names of the fields in its first line must not be empty, nor stand there twice.")(create("x", "a,a\n"))
	refused(t, `InvalidParameterException: 1 validation error detected: Value 'a-b' at 'lookupTableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_]+`)(create("a-b", "a\n"))
	must(w.UpdateLookupTable(ctx, &cloudwatchlogs.UpdateLookupTableInput{LookupTableArn: made.LookupTableArn, TableBody: aws.String("a,b\n")}))(t)
	shown := must(w.GetLookupTable(ctx, &cloudwatchlogs.GetLookupTableInput{LookupTableArn: made.LookupTableArn}))(t)
	all := must(w.DescribeLookupTables(ctx, &cloudwatchlogs.DescribeLookupTablesInput{LookupTableNamePrefix: aws.String("c")}))(t).LookupTables
	if *shown.TableBody != "a,b\n" || len(all) != 1 || strings.Join(all[0].TableFields, " ") != "a b" || *all[0].RecordsCount != 0 || *all[0].SizeBytes != 4 {
		t.Errorf("%+v %+v", shown, all)
	}
	remove := &cloudwatchlogs.DeleteLookupTableInput{LookupTableArn: made.LookupTableArn}
	must(w.DeleteLookupTable(ctx, remove))(t)
	refused(t, "ResourceNotFoundException: The specified lookup table does not exist.")(w.DeleteLookupTable(ctx, remove))
	refused(t, "ResourceNotFoundException: The specified lookup table does not exist.")(w.GetLookupTable(ctx, &cloudwatchlogs.GetLookupTableInput{LookupTableArn: made.LookupTableArn}))
	refused(t, `InvalidParameterException: Invalid ARN: "codes" is not the ARN of a lookup table.`)(w.DeleteLookupTable(ctx, &cloudwatchlogs.DeleteLookupTableInput{LookupTableArn: aws.String("codes")}))
	// A query that needs a table which is not there says so.
	rows, out = w.results(about("lookup codes code as status OUTPUT meaning"))
	if out.Status != types.QueryStatusFailed || !strings.Contains(strings.Join(rows, ""), "there is no lookup table codes") {
		t.Errorf("%s: %q", out.Status, rows)
	}
}

// Definitions and tables are there after a restart.
func TestDefinitionsAreDurable(t *testing.T) {
	disk := state.NewMemory()
	for i := range 2 {
		store := must(state.Open(disk))(t)
		a := &API{store: store, realm: realm}
		if i == 0 {
			must(a.PutQueryDefinition(t.Context(), &cloudwatchlogs.PutQueryDefinitionInput{Name: aws.String("x"), QueryString: aws.String("limit 1")}))(t)
			must(a.CreateLookupTable(t.Context(), &cloudwatchlogs.CreateLookupTableInput{LookupTableName: aws.String("y"), TableBody: aws.String("a\n")}))(t)
		}
		queries := must(a.DescribeQueryDefinitions(t.Context(), &cloudwatchlogs.DescribeQueryDefinitionsInput{}))(t).QueryDefinitions
		tables := must(a.DescribeLookupTables(t.Context(), &cloudwatchlogs.DescribeLookupTablesInput{}))(t).LookupTables
		if len(queries) != 1 || *queries[0].QueryString != "limit 1" || len(tables) != 1 || *tables[0].LookupTableName != "y" {
			t.Errorf("%+v %+v", queries, tables)
		}
		store.Close()
	}
}
