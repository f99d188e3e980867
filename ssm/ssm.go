// Package ssm is the API of the Parameter Store of AWS Systems Manager. Values are in
// the state encrypted only, whatever their type, and nowhere else.
package ssm

import (
	"context"
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"steady/awsapi"
	"steady/model"
	"steady/seal"
	"steady/state"
)

// API has a method for each operation that Steady carries out.
type API struct {
	store *state.Store
	box   *seal.Box
	realm model.Realm
}

// New makes the API.
func New(store *state.Store, box *seal.Box, realm model.Realm) *API { return &API{store, box, realm} }

// Service lists the operations for the server.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{
		Name:        "ssm",
		Target:      "AmazonSSM",
		Known:       awsapi.OperationNames((*ssm.Client)(nil)),
		Permissions: a.permissions,
		Operations: map[string]awsapi.Operation{
			"PutParameter":            awsapi.Op(a.PutParameter),
			"GetParameter":            awsapi.Op(a.GetParameter),
			"GetParameters":           awsapi.Op(a.GetParameters),
			"GetParametersByPath":     awsapi.Op(a.GetParametersByPath),
			"GetParameterHistory":     awsapi.Op(a.GetParameterHistory),
			"DescribeParameters":      awsapi.Op(a.DescribeParameters),
			"DeleteParameter":         awsapi.Op(a.DeleteParameter),
			"DeleteParameters":        awsapi.Op(a.DeleteParameters),
			"LabelParameterVersion":   awsapi.Op(a.LabelParameterVersion),
			"UnlabelParameterVersion": awsapi.Op(a.UnlabelParameterVersion),
			"AddTagsToResource":       awsapi.Op(a.AddTagsToResource),
			"RemoveTagsFromResource":  awsapi.Op(a.RemoveTagsFromResource),
			"ListTagsForResource":     awsapi.Op(a.ListTagsForResource),
		},
	}
}

// permissions: what is done to parameters is asked for on their ARNs.
func (a *API) permissions(_ string, in any) []awsapi.Permission {
	var names []string
	switch in := in.(type) {
	case *ssm.PutParameterInput:
		names = []string{aws.ToString(in.Name)}
	case *ssm.GetParameterInput:
		names = []string{aws.ToString(in.Name)}
	case *ssm.GetParameterHistoryInput:
		names = []string{aws.ToString(in.Name)}
	case *ssm.DeleteParameterInput:
		names = []string{aws.ToString(in.Name)}
	case *ssm.LabelParameterVersionInput:
		names = []string{aws.ToString(in.Name)}
	case *ssm.UnlabelParameterVersionInput:
		names = []string{aws.ToString(in.Name)}
	case *ssm.GetParametersByPathInput:
		names = []string{aws.ToString(in.Path)}
	case *ssm.GetParametersInput:
		names = in.Names
	case *ssm.DeleteParametersInput:
		names = in.Names
	case *ssm.AddTagsToResourceInput:
		names = []string{aws.ToString(in.ResourceId)}
	case *ssm.RemoveTagsFromResourceInput:
		names = []string{aws.ToString(in.ResourceId)}
	case *ssm.ListTagsForResourceInput:
		names = []string{aws.ToString(in.ResourceId)}
	}
	var list []awsapi.Permission
	for _, n := range names {
		name, _ := a.selector(n)
		list = append(list, awsapi.Permission{Resource: a.realm.ParameterARN(name)})
	}
	return list
}

// selector splits name:3, name:label, and the same of an ARN.
func (a *API) selector(s string) (name, selector string) {
	prefix := strings.TrimSuffix(a.realm.ParameterARN("/"), "/")
	if strings.HasPrefix(s, prefix+"/") {
		s = s[len(prefix):]
		name, selector, _ = strings.Cut(s, ":")
		// An ARN does not tell whether the name of a parameter begins with a slash.
		if _, ok := a.store.Snapshot().Parameter(name); !ok && strings.Count(name, "/") == 1 {
			name = name[1:]
		}
		return name, selector
	}
	name, selector, _ = strings.Cut(s, ":")
	return name, selector
}

// find finds a version of a parameter: the newest unless a number or a label says which.
func (a *API) find(s string) (*model.Parameter, model.ParameterVersion, string, error) {
	name, selector := a.selector(s)
	p, ok := a.store.Snapshot().Parameter(name)
	if !ok {
		return nil, model.ParameterVersion{}, "", notFound()
	}
	if selector == "" {
		return p, p.Newest(), "", nil
	}
	number, err := strconv.ParseInt(selector, 10, 64)
	for _, v := range p.Versions {
		if err == nil && v.Number == number || err != nil && slices.Contains(v.Labels, selector) {
			return p, v, ":" + selector, nil
		}
	}
	if err != nil {
		return nil, model.ParameterVersion{}, "", awsapi.Errorf("ParameterVersionNotFound", "Systems Manager could not find version label %s of %s. Verify the label and try again.", selector, name)
	}
	return nil, model.ParameterVersion{}, "", awsapi.Errorf("ParameterVersionNotFound", "Systems Manager could not find version %s of %s. Verify the version and try again.", selector, name)
}

func about(name string, number int64) []string {
	return []string{"parameter", name, strconv.FormatInt(number, 10)}
}

// show is a parameter with its value; that of a SecureString is decrypted on demand only.
func (a *API) show(p *model.Parameter, v model.ParameterVersion, selector string, decrypt *bool) (types.Parameter, error) {
	value, err := a.value(p, v, decrypt)
	if err != nil {
		return types.Parameter{}, err
	}
	out := types.Parameter{
		Name: &p.Name, ARN: aws.String(a.realm.ParameterARN(p.Name)), Type: v.Type, Value: &value,
		Version: v.Number, DataType: &v.DataType, LastModifiedDate: &v.PutAt,
	}
	if selector != "" {
		out.Selector = &selector
	}
	return out, nil
}

func (a *API) value(p *model.Parameter, v model.ParameterVersion, decrypt *bool) (string, error) {
	if v.Type == types.ParameterTypeSecureString && !aws.ToBool(decrypt) {
		return base64.StdEncoding.EncodeToString(v.Sealed), nil
	}
	plain, err := a.box.Open(v.Sealed, about(p.Name, v.Number)...)
	return string(plain), err
}

// GetParameter shows a parameter.
func (a *API) GetParameter(_ context.Context, in *ssm.GetParameterInput) (*ssm.GetParameterOutput, error) {
	p, v, selector, err := a.find(aws.ToString(in.Name))
	if err != nil {
		return nil, err
	}
	shown, err := a.show(p, v, selector, in.WithDecryption)
	if err != nil {
		return nil, err
	}
	return &ssm.GetParameterOutput{Parameter: &shown}, nil
}

// maxNames is how many parameters can be asked for at once.
const maxNames = 10

func checkNames(names []string) error {
	if len(names) == 0 || len(names) > maxNames {
		return invalid("1 validation error detected: Value '[%s]' at 'names' failed to satisfy constraint: Member must have length less than or equal to %d and greater than or equal to 1", strings.Join(names, ", "), maxNames)
	}
	return nil
}

// GetParameters shows parameters, and which of the names have none.
func (a *API) GetParameters(_ context.Context, in *ssm.GetParametersInput) (*ssm.GetParametersOutput, error) {
	if err := checkNames(in.Names); err != nil {
		return nil, err
	}
	out := &ssm.GetParametersOutput{Parameters: []types.Parameter{}, InvalidParameters: []string{}}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(in.Names))) {
		p, v, selector, err := a.find(name)
		if err != nil {
			out.InvalidParameters = append(out.InvalidParameters, name)
			continue
		}
		shown, err := a.show(p, v, selector, in.WithDecryption)
		if err != nil {
			return nil, err
		}
		out.Parameters = append(out.Parameters, shown)
	}
	return out, nil
}

// change runs fn with a copy of a parameter, and writes it.
func (a *API) change(ctx context.Context, name string, fn func(p *model.Parameter) error) error {
	name, _ = a.selector(name)
	return a.store.Update(ctx, func(tx *state.Tx) error {
		old, ok := tx.Parameter(name)
		if !ok {
			return notFound()
		}
		p := *old
		if err := fn(&p); err != nil {
			return err
		}
		tx.PutParameter(&p)
		return nil
	})
}

// DeleteParameter removes a parameter with all its versions.
func (a *API) DeleteParameter(ctx context.Context, in *ssm.DeleteParameterInput) (*ssm.DeleteParameterOutput, error) {
	name, _ := a.selector(aws.ToString(in.Name))
	return &ssm.DeleteParameterOutput{}, a.store.Update(ctx, func(tx *state.Tx) error {
		if _, ok := tx.Parameter(name); !ok {
			return notFound()
		}
		tx.DeleteParameter(name)
		return nil
	})
}

// DeleteParameters removes parameters, and says which of the names have none.
func (a *API) DeleteParameters(ctx context.Context, in *ssm.DeleteParametersInput) (*ssm.DeleteParametersOutput, error) {
	if err := checkNames(in.Names); err != nil {
		return nil, err
	}
	out := &ssm.DeleteParametersOutput{DeletedParameters: []string{}, InvalidParameters: []string{}}
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		for _, given := range in.Names {
			name, _ := a.selector(given)
			if _, ok := tx.Parameter(name); !ok {
				out.InvalidParameters = append(out.InvalidParameters, given)
				continue
			}
			tx.DeleteParameter(name)
			out.DeletedParameters = append(out.DeletedParameters, given)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// notFound has no message, as on AWS.
func notFound() error { return awsapi.Errorf("ParameterNotFound", "") }

func invalid(format string, args ...any) error {
	return awsapi.Errorf("ValidationException", format, args...)
}

func unsupported(member, instead string) error {
	return awsapi.Errorf("UnsupportedFeatureException", "The member %s is not implemented by Steady yet; %s.", member, instead)
}

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

// checkName checks the name of a new parameter.
func checkName(name string) error {
	first := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case name == "" || len(name) > 1011:
		return invalid("Parameter name must have 1 to 1011 characters.")
	case !nameForm.MatchString(name):
		return invalid("Parameter name: only a mix of letters, numbers and the following 4 symbols .-_/ are allowed.")
	case strings.Contains(name, "/") && name[0] != '/':
		return invalid("Parameter name must be a fully qualified name.")
	case strings.HasSuffix(name, "/") || strings.Contains(name, "//"):
		return invalid("Parameter name must not end with a slash or have an empty part.")
	case strings.HasPrefix(first, "aws") || strings.HasPrefix(first, "ssm"):
		return invalid(`Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive).`)
	case strings.Count(name, "/") > 15:
		return awsapi.Errorf("HierarchyLevelLimitExceededException", "A parameter name can have at most 15 levels.")
	}
	return nil
}
