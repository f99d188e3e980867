package events

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// DescribeEventBus shows the default event bus.
func (a *API) DescribeEventBus(_ context.Context, in *eventbridge.DescribeEventBusInput) (*eventbridge.DescribeEventBusOutput, error) {
	if err := a.onDefaultBus(in.Name); err != nil {
		return nil, err
	}
	return &eventbridge.DescribeEventBusOutput{Arn: aws.String(a.realm.EventBusARN(defaultBus)), Name: aws.String(defaultBus)}, nil
}

// ListEventBuses lists the default event bus.
func (a *API) ListEventBuses(_ context.Context, in *eventbridge.ListEventBusesInput) (*eventbridge.ListEventBusesOutput, error) {
	buses := []types.EventBus{}
	if strings.HasPrefix(defaultBus, aws.ToString(in.NamePrefix)) {
		buses = append(buses, types.EventBus{Arn: aws.String(a.realm.EventBusARN(defaultBus)), Name: aws.String(defaultBus)})
	}
	buses, next, err := page("ListEventBuses", buses, func(b types.EventBus) string { return *b.Name }, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	return &eventbridge.ListEventBusesOutput{EventBuses: buses, NextToken: next}, nil
}
