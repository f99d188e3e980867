package logs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/uuid"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

// "You can have up to 1000 saved queries in each Region in your account."
const (
	maxDefinitions = 1000
	maxParameters  = 20
)

var (
	queryRule          = rule{max: 10_000}
	definitionNameRule = rule{min: 1, max: 255}
	queryIDRule        = rule{min: 1, max: 256}
)

// PutQueryDefinition saves a query, or with the id of a saved one replaces that: "all
// parameters" are then what this request says. A query that is not well formed is
// saved as well, as AWS does: StartQuery says what is wrong with it.
func (a *API) PutQueryDefinition(ctx context.Context, in *cloudwatchlogs.PutQueryDefinitionInput) (*cloudwatchlogs.PutQueryDefinitionOutput, error) {
	if err := checkDefinition(in); err != nil {
		return nil, err
	}
	d := &model.QueryDefinition{
		ID: aws.ToString(in.QueryDefinitionId), Name: *in.Name, Query: *in.QueryString, Groups: in.LogGroupNames,
		ClientToken: aws.ToString(in.ClientToken), ModifiedAt: time.Now(),
	}
	for _, p := range in.Parameters {
		d.Parameters = append(d.Parameters, model.QueryParameter{
			Name: aws.ToString(p.Name), Default: aws.ToString(p.DefaultValue), Description: aws.ToString(p.Description),
		})
	}
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		if d.ID != "" {
			old, ok := tx.QueryDefinition(d.ID)
			if !ok {
				return notFound("The specified query definition does not exist.")
			}
			d.ClientToken = old.ClientToken
		} else if made := madeBy(tx, d.ClientToken); made != nil {
			d = made // "ensure idempotency": the request has been carried out
			return nil
		}
		if err := roomFor(tx, d); err != nil {
			return err
		}
		d.ID = cmp.Or(d.ID, uuid.NewString())
		tx.PutQueryDefinition(d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.PutQueryDefinitionOutput{QueryDefinitionId: &d.ID}, nil
}

func checkDefinition(in *cloudwatchlogs.PutQueryDefinitionInput) error {
	var c check
	c.required("name", in.Name, definitionNameRule)
	c.text("queryDefinitionId", in.QueryDefinitionId, queryIDRule)
	c.required("queryString", in.QueryString, rule{min: 1, max: 10_000})
	c.text("clientToken", in.ClientToken, pattern(`\S{36,128}`, 36, 128))
	c.each("logGroupNames", in.LogGroupNames, groupNameRule)
	c.length("parameters", len(in.Parameters), 0, maxParameters)
	for i, p := range in.Parameters {
		c.required(fmt.Sprintf("parameters.%d.member.name", i+1), p.Name, rule{min: 1})
	}
	oneOf(&c, "queryLanguage", in.QueryLanguage, types.QueryLanguage("").Values())
	if err := c.err(); err != nil {
		return err
	}
	return onlyCWLI(in.QueryLanguage)
}

// onlyCWLI refuses the languages that are not built.
func onlyCWLI(l types.QueryLanguage) error {
	if l != "" && l != types.QueryLanguageCwli {
		return unsupported("queryLanguage " + string(l))
	}
	return nil
}

func madeBy(tx *state.Tx, token string) *model.QueryDefinition {
	for d := range tx.QueryDefinitions() {
		if token != "" && d.ClientToken == token {
			return d
		}
	}
	return nil
}

// roomFor refuses a name that another definition has, and a definition too many.
func roomFor(tx *state.Tx, d *model.QueryDefinition) error {
	n := 0
	for o := range tx.QueryDefinitions() {
		n++
		if o.Name == d.Name && o.ID != d.ID {
			return invalid("A query definition of the name %s exists already; give its id, %s, to replace it.", d.Name, o.ID)
		}
	}
	if d.ID == "" && n >= maxDefinitions {
		return awsapi.Errorf("LimitExceededException", "There are %d query definitions already; delete one.", n)
	}
	return nil
}

// DescribeQueryDefinitions shows saved queries by name.
func (a *API) DescribeQueryDefinitions(ctx context.Context, in *cloudwatchlogs.DescribeQueryDefinitionsInput) (*cloudwatchlogs.DescribeQueryDefinitionsOutput, error) {
	var c check
	c.text("queryDefinitionNamePrefix", in.QueryDefinitionNamePrefix, definitionNameRule)
	c.text("nextToken", in.NextToken, tokenRule)
	number(&c, "maxResults", in.MaxResults, 1, maxDefinitions)
	oneOf(&c, "queryLanguage", in.QueryLanguage, types.QueryLanguage("").Values())
	if err := c.err(); err != nil {
		return nil, err
	}
	all := slices.Collect(a.store.Snapshot().QueryDefinitions())
	all = slices.DeleteFunc(all, func(d *model.QueryDefinition) bool {
		return !strings.HasPrefix(d.Name, aws.ToString(in.QueryDefinitionNamePrefix)) || onlyCWLI(in.QueryLanguage) != nil
	})
	shown, next, err := page(awsapi.Paging{Operation: "DescribeQueryDefinitions", Token: in.NextToken, Size: limit(in.MaxResults, maxDefinitions)},
		all, func(d *model.QueryDefinition) string { return d.Name })
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.DescribeQueryDefinitionsOutput{QueryDefinitions: []types.QueryDefinition{}, NextToken: next}
	for _, d := range shown {
		out.QueryDefinitions = append(out.QueryDefinitions, showDefinition(d))
	}
	return out, nil
}

func showDefinition(d *model.QueryDefinition) types.QueryDefinition {
	shown := types.QueryDefinition{
		QueryDefinitionId: &d.ID, Name: &d.Name, QueryString: &d.Query, QueryLanguage: types.QueryLanguageCwli,
		LastModified: aws.Int64(d.ModifiedAt.UnixMilli()), LogGroupNames: append([]string{}, d.Groups...),
	}
	for _, p := range d.Parameters {
		shown.Parameters = append(shown.Parameters, types.QueryParameter{Name: &p.Name, DefaultValue: &p.Default, Description: &p.Description})
	}
	return shown
}

// DeleteQueryDefinition removes a saved query.
func (a *API) DeleteQueryDefinition(ctx context.Context, in *cloudwatchlogs.DeleteQueryDefinitionInput) (*cloudwatchlogs.DeleteQueryDefinitionOutput, error) {
	var c check
	c.required("queryDefinitionId", in.QueryDefinitionId, queryIDRule)
	if err := c.err(); err != nil {
		return nil, err
	}
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		if _, ok := tx.QueryDefinition(*in.QueryDefinitionId); !ok {
			return notFound("The specified query definition does not exist.")
		}
		tx.DeleteQueryDefinition(*in.QueryDefinitionId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.DeleteQueryDefinitionOutput{Success: true}, nil
}
