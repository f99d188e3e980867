package main

import (
	"errors"
	"net"
	"strings"

	"github.com/aws/smithy-go"

	"steady/terminal"
)

// told is an error in one line. Of what an API answered it has the answer, and what to
// do about it, without the SDK's words around it.
func told(err error) string {
	call, ok := errors.AsType[*smithy.OperationError](err)
	if !ok {
		return err.Error()
	}
	cause := innermost(call)
	if answer, is := errors.AsType[smithy.APIError](call); is {
		cause = answer.ErrorCode()
		if m := answer.ErrorMessage(); m != "" {
			cause += ": " + m
		}
	}
	line := strings.TrimSuffix(strings.Replace(err.Error(), call.Error(), cause, 1), ".")
	if remedy := remedyOf(call); remedy != "" {
		line += "; " + remedy
	}
	return terminal.Line(line)
}

func innermost(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}

// remedies by the code of an answer.
var remedies = map[string]string{
	"ClusterNotFoundException":            "give --cluster the name of one that is there: aws ecs list-clusters",
	"ServiceNotFoundException":            "check the name of the service and --cluster: aws ecs list-services",
	"ServiceNotActiveException":           "it was deleted: wait until its tasks have stopped, and create it again",
	"AccessDeniedException":               "allow this action to whose credentials these are",
	"ExpiredTokenException":               "get new credentials",
	"ExpiredToken":                        "get new credentials",
	"UnrecognizedClientException":         "check the credentials, and that they are for this endpoint",
	"InvalidClientTokenId":                "check the credentials, and that they are for this endpoint",
	"InvalidSignatureException":           "check the secret key, and this machine's clock",
	"SignatureDoesNotMatch":               "check the secret key, and this machine's clock",
	"MissingAuthenticationTokenException": "give credentials, as for the AWS CLI",
}

func remedyOf(call *smithy.OperationError) string {
	if answer, is := errors.AsType[smithy.APIError](call); is {
		return remedies[answer.ErrorCode()]
	}
	if _, is := errors.AsType[*net.OpError](call); is {
		return "is the server running, and is this its address? (--endpoint URL)"
	}
	return ""
}
