package logs

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

// Limits of lookup tables. Each is at most 10 MiB, and all are in memory.
const (
	maxTables    = 50
	maxTableBody = 10 << 20
)

var descriptionRule = rule{max: 1024}

func (a *API) tableARN(name string) string {
	return "arn:aws:logs:" + a.realm.Region + ":" + a.realm.Account + ":lookup-table:" + name
}

// tableName reads the ARN of a lookup table.
func tableName(arn *string) (string, error) {
	var c check
	c.required("lookupTableArn", arn, rule{})
	if err := c.err(); err != nil {
		return "", err
	}
	kind, name, ok := resource(*arn)
	if !ok || kind != "lookup-table" {
		return "", invalid("Invalid ARN: %q is not the ARN of a lookup table.", *arn)
	}
	return name, nil
}

func tableNotFound() error { return notFound("The specified lookup table does not exist.") }

// CreateLookupTable keeps a CSV for the lookup command.
func (a *API) CreateLookupTable(ctx context.Context, in *cloudwatchlogs.CreateLookupTableInput) (*cloudwatchlogs.CreateLookupTableOutput, error) {
	var c check
	c.required("lookupTableName", in.LookupTableName, tableNameRule)
	if err := checkTable(&c, in.Description, in.TableBody, in.KmsKeyId); err != nil {
		return nil, err
	}
	if in.Tags != nil {
		return nil, unsupported("tags")
	}
	now := time.Now()
	t := &model.LookupTable{Name: *in.LookupTableName, Description: aws.ToString(in.Description), Body: *in.TableBody, CreatedAt: now, ModifiedAt: now}
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		if _, ok := tx.LookupTable(t.Name); ok {
			return awsapi.Errorf("ResourceAlreadyExistsException", "The specified lookup table already exists")
		}
		if n := len(slices.Collect(tx.LookupTables())); n >= maxTables {
			return awsapi.Errorf("LimitExceededException", "There are %d lookup tables already; delete one.", n)
		}
		tx.PutLookupTable(t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.CreateLookupTableOutput{LookupTableArn: aws.String(a.tableARN(t.Name)), CreatedAt: aws.Int64(now.UnixMilli())}, nil
}

// checkTable checks what creating and updating a table have in common.
func checkTable(c *check, description, body, key *string) error {
	c.text("description", description, descriptionRule)
	c.required("tableBody", body, rule{min: 1})
	if len(aws.ToString(body)) > maxTableBody {
		c.fail("tableBody", "…", "have length less than or equal to 10485760")
	}
	if err := c.err(); err != nil {
		return err
	}
	if key != nil {
		return unsupported("kmsKeyId")
	}
	if _, err := readCSV(*body); err != nil {
		return awsapi.Errorf("ValidationException", "The table body is no CSV with a header: %s.", err)
	}
	return nil
}

// readCSV gives the lines of a table's body; the first has the names of its fields.
func readCSV(body string) ([][]string, error) {
	lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, errors.New("it has no lines")
	}
	for i, name := range lines[0] {
		if name == "" || slices.Contains(lines[0][:i], name) {
			return nil, errors.New("the names of the fields in its first line must not be empty, nor stand there twice")
		}
	}
	return lines, nil
}

// UpdateLookupTable replaces the content of a table.
func (a *API) UpdateLookupTable(ctx context.Context, in *cloudwatchlogs.UpdateLookupTableInput) (*cloudwatchlogs.UpdateLookupTableOutput, error) {
	name, err := tableName(in.LookupTableArn)
	if err != nil {
		return nil, err
	}
	if err := checkTable(new(check), in.Description, in.TableBody, in.KmsKeyId); err != nil {
		return nil, err
	}
	now := time.Now()
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		old, ok := tx.LookupTable(name)
		if !ok {
			return tableNotFound()
		}
		t := *old
		t.Body, t.ModifiedAt = *in.TableBody, now
		if in.Description != nil {
			t.Description = *in.Description
		}
		tx.PutLookupTable(&t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.UpdateLookupTableOutput{LookupTableArn: aws.String(a.tableARN(name)), LastUpdatedTime: aws.Int64(now.UnixMilli())}, nil
}

// GetLookupTable shows a table with its content.
func (a *API) GetLookupTable(ctx context.Context, in *cloudwatchlogs.GetLookupTableInput) (*cloudwatchlogs.GetLookupTableOutput, error) {
	name, err := tableName(in.LookupTableArn)
	if err != nil {
		return nil, err
	}
	t, ok := a.store.Snapshot().LookupTable(name)
	if !ok {
		return nil, tableNotFound()
	}
	return &cloudwatchlogs.GetLookupTableOutput{
		LookupTableArn: aws.String(a.tableARN(name)), LookupTableName: &t.Name, Description: &t.Description, TableBody: &t.Body,
		SizeBytes: aws.Int64(int64(len(t.Body))), LastUpdatedTime: aws.Int64(t.ModifiedAt.UnixMilli()),
	}, nil
}

// DescribeLookupTables shows tables by name, without their content.
func (a *API) DescribeLookupTables(ctx context.Context, in *cloudwatchlogs.DescribeLookupTablesInput) (*cloudwatchlogs.DescribeLookupTablesOutput, error) {
	var c check
	c.text("lookupTableNamePrefix", in.LookupTableNamePrefix, tableNameRule)
	c.text("nextToken", in.NextToken, tokenRule)
	number(&c, "maxResults", &in.MaxResults, 0, 100)
	if err := c.err(); err != nil {
		return nil, err
	}
	all := slices.Collect(a.store.Snapshot().LookupTables())
	all = slices.DeleteFunc(all, func(t *model.LookupTable) bool {
		return !strings.HasPrefix(t.Name, aws.ToString(in.LookupTableNamePrefix))
	})
	shown, next, err := page(awsapi.Paging{Operation: "DescribeLookupTables", Token: in.NextToken, Size: cmp.Or(int(in.MaxResults), 100)}, all, func(t *model.LookupTable) string { return t.Name })
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.DescribeLookupTablesOutput{LookupTables: []types.LookupTable{}, NextToken: next}
	for _, t := range shown {
		lines, err := readCSV(t.Body)
		if err != nil {
			return nil, err
		}
		out.LookupTables = append(out.LookupTables, types.LookupTable{
			LookupTableArn: aws.String(a.tableARN(t.Name)), LookupTableName: &t.Name, Description: &t.Description, TableFields: lines[0],
			RecordsCount: aws.Int64(int64(len(lines) - 1)), SizeBytes: aws.Int64(int64(len(t.Body))), LastUpdatedTime: aws.Int64(t.ModifiedAt.UnixMilli()),
		})
	}
	return out, nil
}

// DeleteLookupTable removes a table.
func (a *API) DeleteLookupTable(ctx context.Context, in *cloudwatchlogs.DeleteLookupTableInput) (*cloudwatchlogs.DeleteLookupTableOutput, error) {
	name, err := tableName(in.LookupTableArn)
	if err != nil {
		return nil, err
	}
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		if _, ok := tx.LookupTable(name); !ok {
			return tableNotFound()
		}
		tx.DeleteLookupTable(name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.DeleteLookupTableOutput{}, nil
}
