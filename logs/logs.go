// Package logs is the CloudWatch Logs API over the archive: groups, streams, events,
// queries in the Logs Insights language, and live tails. It checks what is asked, and
// answers in AWS's words. It never keeps a log itself, and never interprets a query.
package logs

import (
	"log/slog"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"steady/archive"
	"steady/awsapi"
	"steady/model"
	"steady/state"
)

// Options is what an API works on.
type Options struct {
	Archive *archive.Archive
	Store   *state.Store // keeps query definitions and lookup tables
	Realm   model.Realm
	// Queries is the folder that keeps queries and their results. Empty: they are kept
	// until Close.
	Queries string
	Log     *slog.Logger // nil: slog.Default
}

// API answers from an archive.
type API struct {
	archive *archive.Archive
	store   *state.Store
	realm   model.Realm
	jobs    *jobs

	tagging sync.Mutex // tags are read and written in one go
}

// New makes the API. Close it when done.
func New(o Options) *API {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &API{archive: o.Archive, store: o.Store, realm: o.Realm, jobs: newJobs(o.Queries, o.Log)}
}

// Close stops the queries that run.
func (a *API) Close() { a.jobs.close() }

// maxBody of a request: a batch of log events is a mebibyte, counted without what JSON
// adds to it; a lookup table ten.
const maxBody = 16 << 20

// Service lists the operations for the server.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{
		Name:        "logs",
		Target:      "Logs_20140328",
		MaxBody:     maxBody,
		Permissions: a.permissions,
		Known:       awsapi.OperationNames((*cloudwatchlogs.Client)(nil)),
		Operations: map[string]awsapi.Operation{
			"CreateLogGroup":           awsapi.Op(a.CreateLogGroup),
			"DeleteLogGroup":           awsapi.Op(a.DeleteLogGroup),
			"DescribeLogGroups":        awsapi.Op(a.DescribeLogGroups),
			"ListLogGroups":            awsapi.Op(a.ListLogGroups),
			"PutRetentionPolicy":       awsapi.Op(a.PutRetentionPolicy),
			"DeleteRetentionPolicy":    awsapi.Op(a.DeleteRetentionPolicy),
			"CreateLogStream":          awsapi.Op(a.CreateLogStream),
			"DeleteLogStream":          awsapi.Op(a.DeleteLogStream),
			"DescribeLogStreams":       awsapi.Op(a.DescribeLogStreams),
			"PutLogEvents":             awsapi.Op(a.PutLogEvents),
			"GetLogEvents":             awsapi.Op(a.GetLogEvents),
			"FilterLogEvents":          awsapi.Op(a.FilterLogEvents),
			"StartLiveTail":            awsapi.StreamOp(a.StartLiveTail),
			"GetLogRecord":             awsapi.Op(a.GetLogRecord),
			"GetLogGroupFields":        awsapi.Op(a.GetLogGroupFields),
			"StartQuery":               awsapi.Op(a.StartQuery),
			"GetQueryResults":          awsapi.Op(a.GetQueryResults),
			"StopQuery":                awsapi.Op(a.StopQuery),
			"DescribeQueries":          awsapi.Op(a.DescribeQueries),
			"ListLogGroupsForQuery":    awsapi.Op(a.ListLogGroupsForQuery),
			"PutQueryDefinition":       awsapi.Op(a.PutQueryDefinition),
			"DescribeQueryDefinitions": awsapi.Op(a.DescribeQueryDefinitions),
			"DeleteQueryDefinition":    awsapi.Op(a.DeleteQueryDefinition),
			"CreateLookupTable":        awsapi.Op(a.CreateLookupTable),
			"UpdateLookupTable":        awsapi.Op(a.UpdateLookupTable),
			"GetLookupTable":           awsapi.Op(a.GetLookupTable),
			"DescribeLookupTables":     awsapi.Op(a.DescribeLookupTables),
			"DeleteLookupTable":        awsapi.Op(a.DeleteLookupTable),
			"TagResource":              awsapi.Op(a.TagResource),
			"UntagResource":            awsapi.Op(a.UntagResource),
			"ListTagsForResource":      awsapi.Op(a.ListTagsForResource),
			"TagLogGroup":              awsapi.Op(a.TagLogGroup),
			"UntagLogGroup":            awsapi.Op(a.UntagLogGroup),
			"ListTagsLogGroup":         awsapi.Op(a.ListTagsLogGroup),
		},
	}
}
