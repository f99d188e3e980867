// Package supply gets what the containers of a task are given that is not in its
// definition: secrets, parameters, environment files and the credentials of registries,
// under the task's execution role and through the public APIs. It keeps and logs none of
// their values.
package supply

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
)

// Sources is where things are got from.
type Sources struct {
	// Endpoint is the URL of Secrets Manager and SSM, for requests of this region.
	Endpoint string
	Realm    model.Realm
	// Credentials gives credentials of a role for a task. Its error is told as the
	// reason why the task did not start.
	Credentials func(ctx context.Context, role, task string) (aws.Credentials, error)
	// Allowed tells whether a role may do something that is not asked of Steady's own
	// APIs; its error is that of AWS.
	Allowed func(ctx context.Context, role, task, action, resource string) error
	// LogGroup tells whether a log group exists; nil: it is taken to.
	LogGroup func(name string) bool
	// Files are the files of this machine that may be read.
	Files Files
	// S3 is the URL of an endpoint for the files of S3, empty where there is none.
	S3 string
	// S3Credentials sign requests to it.
	S3Credentials aws.CredentialsProvider
	HTTP          *http.Client // nil: http.DefaultClient
}

// Container is what one container is given.
type Container struct {
	// Files are the variables of its environment files, and Secrets those of its
	// secrets, as NAME=value. What the definition itself sets comes between the two.
	Files   []string
	Secrets []string
	// LogOptions are options of its log driver.
	LogOptions map[string]string
	// Registry is what its image is pulled with; nil where nothing is said.
	Registry *runtime.Credentials
}

// Needed tells whether a task needs anything of this package.
func Needed(t *model.Task, d *model.TaskDefinition) bool {
	for _, c := range containers(t, d) {
		l := c.LogConfiguration
		if len(c.Secrets) > 0 || len(c.EnvironmentFiles) > 0 || c.RepositoryCredentials != nil ||
			l != nil && (len(l.SecretOptions) > 0 || l.LogDriver == types.LogDriverAwslogs && t.OnFargate()) {
			return true
		}
	}
	return false
}

// containers are those of a task, with the environment files that its overrides name in
// place of the definition's.
func containers(t *model.Task, d *model.TaskDefinition) []types.ContainerDefinition {
	all := slices.Clone(d.Containers())
	for i := range all {
		for _, o := range t.Overrides.ContainerOverrides {
			if aws.ToString(o.Name) == aws.ToString(all[i].Name) && len(o.EnvironmentFiles) > 0 {
				all[i].EnvironmentFiles = o.EnvironmentFiles
			}
		}
	}
	return all
}

// NeedsRegistry tells whether a container's image is pulled with credentials.
func NeedsRegistry(c types.ContainerDefinition) bool { return c.RepositoryCredentials != nil }

// Get gets all that the containers of a task need, each thing once, by the name of the
// container. Its error is a Reason in the ECS agent's words, or what follows
// "ResourceInitializationError: " in those of Fargate.
func (s *Sources) Get(ctx context.Context, t *model.Task, d *model.TaskDefinition) (map[string]Container, error) {
	all, err := s.get(ctx, t, d)
	return all, told(err, t, s.Realm.Region)
}

func (s *Sources) get(ctx context.Context, t *model.Task, d *model.TaskDefinition) (map[string]Container, error) {
	g, err := s.getter(ctx, t, d)
	if err != nil {
		return nil, err
	}
	if err := g.collect(); err != nil {
		return nil, err
	}
	if err := g.fetch(ctx); err != nil {
		return nil, err
	}
	all := map[string]Container{}
	for _, c := range containers(t, d) {
		given, err := g.container(c)
		if err != nil {
			return nil, err
		}
		all[aws.ToString(c.Name)] = given
	}
	return all, nil
}

// role is the execution role: that of the definition, unless the task says otherwise.
func role(t *model.Task, d *model.TaskDefinition) string {
	if r := aws.ToString(t.Overrides.ExecutionRoleArn); r != "" {
		return r
	}
	return aws.ToString(d.Spec.ExecutionRoleArn)
}

// getter gets the things of one task.
type getter struct {
	*Sources
	task       *model.Task
	definition *model.TaskDefinition
	role       string
	apis       apis

	secrets    map[secretKey]*secret
	parameters map[string]*parameter
	files      map[string]*file
}

func (s *Sources) getter(ctx context.Context, t *model.Task, d *model.TaskDefinition) (*getter, error) {
	g := &getter{
		Sources: s, task: t, definition: d, role: role(t, d),
		secrets: map[secretKey]*secret{}, parameters: map[string]*parameter{}, files: map[string]*file{},
	}
	if g.role == "" {
		return g, nil
	}
	c, err := s.Credentials(ctx, g.role, t.ID)
	if err != nil {
		return nil, err
	}
	g.apis = s.connect(c)
	return g, nil
}

// collect notes each thing that is needed once.
func (g *getter) collect() error {
	for _, c := range containers(g.task, g.definition) {
		for _, from := range references(c) {
			r, err := ParseReference(from)
			if err != nil {
				return &badReference{from, err}
			}
			if r.Secret != "" {
				k := keyOf(r)
				g.secrets[k] = &secret{key: k}
			} else {
				g.parameters[r.Parameter] = &parameter{}
			}
		}
		if c.RepositoryCredentials != nil {
			k := loginKey(c)
			g.secrets[k] = &secret{key: k}
		}
		for _, f := range c.EnvironmentFiles {
			g.files[aws.ToString(f.Value)] = &file{}
		}
	}
	return nil
}

// references are all the valueFroms of a container.
func references(c types.ContainerDefinition) []string {
	var all []string
	for _, s := range c.Secrets {
		all = append(all, aws.ToString(s.ValueFrom))
	}
	if c.LogConfiguration != nil {
		for _, s := range c.LogConfiguration.SecretOptions {
			all = append(all, aws.ToString(s.ValueFrom))
		}
	}
	return all
}

// loginKey names the secret with which a container's image is pulled: by its ARN or,
// "if the secret exists in the same Region", by its name.
func loginKey(c types.ContainerDefinition) secretKey {
	return secretKey{arn: aws.ToString(c.RepositoryCredentials.CredentialsParameter)}
}

// fetch gets everything at once. The first error in the order of the definition is told.
func (g *getter) fetch(ctx context.Context) error {
	var all sync.WaitGroup
	for _, x := range g.secrets {
		all.Go(func() { g.apis.fetch(ctx, x) })
	}
	all.Go(func() { g.apis.allParameters(ctx, g.parameters) })
	for from, x := range g.files {
		all.Go(func() { x.variables, x.err = g.readFile(ctx, from) })
	}
	all.Wait()
	for _, c := range containers(g.task, g.definition) {
		for _, f := range c.EnvironmentFiles {
			if err := g.files[aws.ToString(f.Value)].err; err != nil {
				return &noFile{err}
			}
		}
	}
	return g.logs(ctx)
}

// container puts together what a container is given.
func (g *getter) container(c types.ContainerDefinition) (given Container, err error) {
	var files [][]variable
	for _, f := range c.EnvironmentFiles {
		files = append(files, g.files[aws.ToString(f.Value)].variables)
	}
	given.Files = merge(files)
	for _, s := range c.Secrets {
		value, err := g.value(aws.ToString(s.ValueFrom))
		if err != nil {
			return given, err
		}
		given.Secrets = append(given.Secrets, aws.ToString(s.Name)+"="+value)
	}
	if l := c.LogConfiguration; l != nil && len(l.SecretOptions) > 0 {
		given.LogOptions = map[string]string{}
		for _, s := range l.SecretOptions {
			if given.LogOptions[aws.ToString(s.Name)], err = g.value(aws.ToString(s.ValueFrom)); err != nil {
				return given, err
			}
		}
	}
	if c.RepositoryCredentials != nil {
		given.Registry, err = g.login(loginKey(c))
	}
	return given, err
}

// login is what an image is pulled with.
func (g *getter) login(k secretKey) (*runtime.Credentials, error) {
	s := g.secrets[k]
	if s.err != nil {
		return nil, &noLogin{k.arn, s.err, s.refused}
	}
	with, err := registry(s.value)
	if err != nil {
		return nil, &noLogin{k.arn, err, false}
	}
	return with, nil
}
