package main

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/aws/smithy-go"
)

func TestAnErrorIsToldInOneLineWithItsRemedy(t *testing.T) {
	call := func(err error) error {
		return fmt.Errorf("describe service web: %w", &smithy.OperationError{ServiceID: "ECS", OperationName: "DescribeServices",
			Err: fmt.Errorf("https response error StatusCode: 400, RequestID: 1-2, %w", err)})
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("plain"), "plain"},
		{call(&smithy.GenericAPIError{Code: "ClusterNotFoundException", Message: "Cluster not found."}),
			"describe service web: ClusterNotFoundException: Cluster not found; give --cluster the name of one that is there: aws ecs list-clusters"},
		{call(&smithy.GenericAPIError{Code: "ServerException"}), "describe service web: ServerException"},
		{call(&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}),
			"describe service web: connection refused; is the server running, and is this its address? (--endpoint URL)"},
	} {
		if got := told(c.err); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
