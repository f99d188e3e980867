package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

// ECS is what protection needs of the API.
type ECS interface {
	GetTaskProtection(context.Context, *ecs.GetTaskProtectionInput, ...func(*ecs.Options)) (*ecs.GetTaskProtectionOutput, error)
	UpdateTaskProtection(context.Context, *ecs.UpdateTaskProtectionInput, ...func(*ecs.Options)) (*ecs.UpdateTaskProtectionOutput, error)
}

// protectionLimit is how long the API may take to answer.
const protectionLimit = 4 * time.Second

type protectionBody struct {
	RequestID  string               `json:"requestID,omitempty"`
	Protection *protectedBody       `json:"protection,omitempty"`
	Failure    *failureBody         `json:"failure,omitempty"`
	Error      *protectionErrorBody `json:"error,omitempty"`
}

type protectedBody struct {
	ExpirationDate    *time.Time `json:"ExpirationDate"`
	ProtectionEnabled bool       `json:"ProtectionEnabled"`
	TaskARN           *string    `json:"TaskArn"`
}

type failureBody struct {
	ARN    *string `json:"Arn"`
	Detail *string `json:"Detail"`
	Reason *string `json:"Reason"`
}

type protectionErrorBody struct {
	ARN     string `json:"Arn,omitempty"`
	Code    string `json:"Code"`
	Message string `json:"Message"`
}

func protectionError(w http.ResponseWriter, status int, requestID, arn, code, message string) {
	answer(w, status, protectionBody{RequestID: requestID, Error: &protectionErrorBody{arn, code, message}})
}

func (s *Server) getProtection(w http.ResponseWriter, r *http.Request) {
	s.protection(w, r, func(t Task) bool { return true }, func(ctx context.Context, api ECS, cluster, task string) ([]types.ProtectedTask, []types.Failure, error) {
		out, err := api.GetTaskProtection(ctx, &ecs.GetTaskProtectionInput{Cluster: &cluster, Tasks: []string{task}})
		if err != nil {
			return nil, nil, err
		}
		return out.ProtectedTasks, out.Failures, nil
	})
}

func (s *Server) putProtection(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		ProtectionEnabled *bool
		ExpiresInMinutes  *int32
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&wanted); err != nil {
		protectionError(w, http.StatusBadRequest, "", "", "InvalidParameterException", "UpdateTaskProtection: failed to decode request")
		return
	}
	valid := func(t Task) bool {
		if wanted.ProtectionEnabled == nil {
			protectionError(w, http.StatusBadRequest, "", s.Realm.TaskARN(t.Cluster, t.ID), "InvalidParameterException", "Invalid request: does not contain 'ProtectionEnabled' field")
		}
		return wanted.ProtectionEnabled != nil
	}
	s.protection(w, r, valid, func(ctx context.Context, api ECS, cluster, task string) ([]types.ProtectedTask, []types.Failure, error) {
		out, err := api.UpdateTaskProtection(ctx, &ecs.UpdateTaskProtectionInput{
			Cluster: &cluster, Tasks: []string{task}, ProtectionEnabled: *wanted.ProtectionEnabled, ExpiresInMinutes: wanted.ExpiresInMinutes,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.ProtectedTasks, out.Failures, nil
	})
}

// protection asks the API with the credentials of the task's own role, as ECS does: the
// role has to allow it.
func (s *Server) protection(w http.ResponseWriter, r *http.Request, valid func(Task) bool,
	call func(ctx context.Context, api ECS, cluster, task string) ([]types.ProtectedTask, []types.Failure, error)) {
	t, _, ok := s.lookup(parseID(r.PathValue("id")))
	if !ok {
		protectionError(w, http.StatusNotFound, "", "", "ResourceNotFoundException", "Failed to find a task for the request")
		return
	}
	if !valid(t) {
		return
	}
	arn := s.Realm.TaskARN(t.Cluster, t.ID)
	if Role(t.Task, t.Definition) == "" {
		protectionError(w, http.StatusForbidden, "", arn, "AccessDeniedException", "Invalid Request: no task IAM role credentials available for task")
		return
	}
	c, err := s.credentialsOf(t, time.Now())
	if err != nil {
		protectionError(w, http.StatusForbidden, "", arn, "AccessDeniedException", err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), protectionLimit)
	defer cancel()
	tasks, failures, err := call(ctx, s.ECS(c), t.Cluster, arn)
	switch {
	case err != nil:
		status, id, code, message := explain(err)
		protectionError(w, status, id, arn, code, message)
	case len(failures) > 0:
		f := failures[0]
		answer(w, http.StatusOK, protectionBody{Failure: &failureBody{f.Arn, f.Detail, f.Reason}})
	case len(tasks) != 1:
		protectionError(w, http.StatusInternalServerError, "", arn, "ServerException", "Unexpected error occurred")
	default:
		p := tasks[0]
		answer(w, http.StatusOK, protectionBody{Protection: &protectedBody{p.ExpirationDate, p.ProtectionEnabled, p.TaskArn}})
	}
}

// explain takes the API's error apart.
func explain(err error) (status int, requestID, code, message string) {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return http.StatusGatewayTimeout, "", "RequestCanceled", "Timed out calling ECS Task Protection API"
	}
	status, code, message = http.StatusInternalServerError, "ServerException", err.Error()
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		status, requestID = response.HTTPStatusCode(), response.RequestID
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		code, message = api.ErrorCode(), api.ErrorMessage()
	}
	return status, requestID, code, message
}
