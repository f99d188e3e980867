package model

import "time"

// QueryDefinition is a saved query of CloudWatch Logs Insights.
type QueryDefinition struct {
	ID          string
	Name        string // unique; slashes make folders
	Query       string
	Groups      []string // log groups that it is about, may be none
	Parameters  []QueryParameter
	ClientToken string // of the request that made it
	ModifiedAt  time.Time
}

// QueryParameter stands in a saved query as {{Name}}.
type QueryParameter struct {
	Name        string
	Default     string
	Description string
}

// LookupTable is what the lookup command of a query looks things up in.
type LookupTable struct {
	Name        string
	Description string
	Body        string // CSV, with the names of the fields in the first line
	CreatedAt   time.Time
	ModifiedAt  time.Time
}
