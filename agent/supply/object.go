package supply

import (
	"context"
	"fmt"

	"steady/model"
)

// Object gets an object of S3 for a task, under its execution role.
func (s *Sources) Object(ctx context.Context, t *model.Task, d *model.TaskDefinition, arn string) ([]byte, error) {
	bucket, key, err := ParseObject(arn)
	if err != nil {
		return nil, err
	}
	g, err := s.getter(ctx, t, d)
	if err != nil {
		return nil, err
	}
	content, err := g.object(ctx, arn, bucket, key)
	if err == nil && len(content) > maxEnvFile {
		err = fmt.Errorf("it is longer than %d bytes", maxEnvFile)
	}
	if err != nil {
		return nil, fmt.Errorf("unable to download s3 config %s from bucket %s: %w", key, bucket, err)
	}
	return content, nil
}
