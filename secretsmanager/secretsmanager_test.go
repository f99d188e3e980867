package secretsmanager

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"steady/awsapi"
	"steady/model"
	"steady/seal"
	"steady/state"
	"steady/state/bolt"
)

func world(t *testing.T, b state.Backend) *API {
	t.Helper()
	store, err := state.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return New(store, seal.New(make([]byte, 32)), model.Realm{Region: "us-east-1", Account: "000000000000"})
}

func (a *API) mustCreate(t *testing.T, name, value string) (arn, version string) {
	t.Helper()
	out, err := a.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value})
	if err != nil {
		t.Fatal(err)
	}
	return *out.ARN, *out.VersionId
}

func (a *API) mustPut(t *testing.T, name, value string, stages ...string) string {
	t.Helper()
	out, err := a.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: &value, VersionStages: stages})
	if err != nil {
		t.Fatal(err)
	}
	return *out.VersionId
}

// value is what a secret holds, or the error.
func (a *API) read(id, version, stage string) string {
	in := &secretsmanager.GetSecretValueInput{SecretId: &id}
	if version != "" {
		in.VersionId = &version
	}
	if stage != "" {
		in.VersionStage = &stage
	}
	out, err := a.GetSecretValue(context.Background(), in)
	if err != nil {
		return err.Error()
	}
	return aws.ToString(out.SecretString)
}

func code(err error) string {
	if e, ok := errors.AsType[*awsapi.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestStagingLabelsMove(t *testing.T) {
	a := world(t, state.NewMemory())
	_, first := a.mustCreate(t, "db", "one")
	second := a.mustPut(t, "db", "two")
	third := a.mustPut(t, "db", "three", "NEXT")
	for stage, want := range map[string]string{"": "two", "AWSPREVIOUS": "one", "NEXT": "three"} {
		if got := a.read("db", "", stage); got != want {
			t.Errorf("%s is %q, want %q", stage, got, want)
		}
	}
	_, err := a.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{SecretId: aws.String("db"), VersionStage: aws.String("AWSCURRENT"), MoveToVersionId: &third})
	if code(err) != "InvalidParameterException" {
		t.Errorf("moved without saying from where: %v", err)
	}
	_, err = a.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{SecretId: aws.String("db"), VersionStage: aws.String("AWSCURRENT"), MoveToVersionId: &third, RemoveFromVersionId: &second})
	if err != nil {
		t.Fatal(err)
	}
	if got := a.read("db", "", "") + a.read("db", "", "AWSPREVIOUS"); got != "threetwo" {
		t.Errorf("after the move: %s", got)
	}
	list, err := a.ListSecretVersionIds(t.Context(), &secretsmanager.ListSecretVersionIdsInput{SecretId: aws.String("db")})
	if err != nil || len(list.Versions) != 2 || a.read("db", first, "") != "one" {
		t.Errorf("versions with labels: %v, %v", list, err)
	}
	if got := a.read("db", third, "AWSPREVIOUS"); !strings.Contains(got, "You provided a VersionStage that is not associated to the provided VersionId.") {
		t.Error(got)
	}
}

func TestARNsFindASecret(t *testing.T) {
	a := world(t, state.NewMemory())
	arn, _ := a.mustCreate(t, "prod/db", "x")
	a.mustCreate(t, "prod/db-UvWxYz", "y") // its name looks like an ARN's end
	partial := arn[:len(arn)-7]
	for id, want := range map[string]string{
		"prod/db": "x", arn: "x", partial: "x", "prod/db-UvWxYz": "y", partial + "-UvWxYz": "y",
		strings.Replace(arn, "us-east-1", "eu-west-1", 1): "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
		partial + "-AAAAAA": "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
		"arn:aws:secretsmanager:us-east-1:000000000000:secret":      "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
		strings.Replace(partial, "000000000000", "111111111111", 1): "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
	} {
		if got := a.read(id, "", ""); got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
}

func TestRequestsCanBeRepeated(t *testing.T) {
	a := world(t, state.NewMemory())
	token := strings.Repeat("t", 32)
	in := &secretsmanager.CreateSecretInput{Name: aws.String("db"), SecretString: aws.String("x"), ClientRequestToken: &token}
	first, err := a.CreateSecret(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.CreateSecret(t.Context(), in)
	if err != nil || *again.ARN != *first.ARN || *again.VersionId != token {
		t.Errorf("%v, %v", again, err)
	}
	in.SecretString = aws.String("y")
	if _, err := a.CreateSecret(t.Context(), in); code(err) != "ResourceExistsException" {
		t.Errorf("another value under the same token: %v", err)
	}
	if got := a.read("db", "", ""); got != "x" {
		t.Errorf("the value has become %s", got)
	}
}

func TestDeletionCanBeTakenBackUntilItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := world(t, state.NewMemory())
		a.mustCreate(t, "db", "x")
		del := func(days int64) error {
			_, err := a.DeleteSecret(context.Background(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("db"), RecoveryWindowInDays: &days})
			return err
		}
		if err := del(6); code(err) != "InvalidParameterException" {
			t.Errorf("six days: %v", err)
		}
		if err := del(7); err != nil {
			t.Fatal(err)
		}
		if got := a.read("db", "", ""); !strings.HasPrefix(got, "InvalidRequestException") {
			t.Error(got)
		}
		name, value := "db", "y"
		create := func() error {
			_, err := a.CreateSecret(context.Background(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value})
			return err
		}
		if err := create(); code(err) != "InvalidRequestException" {
			t.Errorf("made again: %v", err)
		}
		time.Sleep(7*24*time.Hour - time.Second)
		if _, err := a.RestoreSecret(context.Background(), &secretsmanager.RestoreSecretInput{SecretId: &name}); err != nil || a.read("db", "", "") != "x" {
			t.Errorf("restored: %v", err)
		}
		if err := del(7); err != nil {
			t.Fatal(err)
		}
		time.Sleep(7 * 24 * time.Hour)
		if got := a.read("db", "", ""); !strings.HasPrefix(got, "ResourceNotFoundException") {
			t.Error(got)
		}
		if err := a.Purge(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, ok := a.store.Snapshot().Secret("db"); ok {
			t.Error("it is still kept")
		}
		if err := create(); err != nil {
			t.Error(err)
		}
	})
}

func TestBadRequestsChangeNothing(t *testing.T) {
	a := world(t, state.NewMemory())
	long := strings.Repeat("x", maxValue+1)
	for name, in := range map[string]*secretsmanager.CreateSecretInput{
		"no name":       {SecretString: aws.String("x")},
		"a blank":       {Name: aws.String("a b"), SecretString: aws.String("x")},
		"two values":    {Name: aws.String("a"), SecretString: aws.String("x"), SecretBinary: []byte("x")},
		"too long":      {Name: aws.String("a"), SecretString: &long},
		"a short token": {Name: aws.String("a"), ClientRequestToken: aws.String("t")},
		"a key":         {Name: aws.String("a"), KmsKeyId: aws.String("alias/mine")},
	} {
		if _, err := a.CreateSecret(t.Context(), in); code(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(slices.Collect(a.store.Snapshot().Secrets())); n != 0 {
		t.Errorf("%d secrets were made", n)
	}
}

// Nothing on disk shows a value.
func TestValuesAreNotReadableOnDisk(t *testing.T) {
	dir := t.TempDir()
	backend, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	a := world(t, backend)
	a.mustCreate(t, "db", "correct-horse-battery")
	a.mustPut(t, "db", "correct-horse-staple")
	files, err := os.ReadDir(dir)
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(dir + "/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, plain := range []string{"correct-horse", "Y29ycmVjdC1ob3JzZ", "NvcnJlY3QtaG9yc2", "jb3JyZWN0LWhvcnNl"} {
			if bytes.Contains(b, []byte(plain)) {
				t.Errorf("%s holds %s", f.Name(), plain)
			}
		}
	}
}

func TestSecretsPastTheirTimeAreRemovedUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := world(t, state.NewMemory())
		held := func() (names []string) {
			for s := range a.store.Snapshot().Secrets() {
				names = append(names, s.Name)
			}
			return names
		}
		remove := func(name string, days int64) {
			if _, err := a.DeleteSecret(context.Background(), &secretsmanager.DeleteSecretInput{SecretId: &name, RecoveryWindowInDays: &days}); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"kept", "later", "soon"} {
			a.mustCreate(t, name, "x")
		}
		remove("soon", 7)
		time.Sleep(7 * 24 * time.Hour) // nobody looks
		remove("later", 8)
		a.mustCreate(t, "other", "x") // removes "soon"
		a.mustCreate(t, "soon", "x")
		remove("soon", 7)
		time.Sleep(7 * 24 * time.Hour)

		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { a.KeepPurged(ctx, slog.New(slog.DiscardHandler)); close(done) }()
		synctest.Wait()
		if got := held(); !slices.Equal(got, []string{"kept", "later", "other"}) {
			t.Errorf("at the start: %v", got)
		}
		time.Sleep(23 * time.Hour)
		synctest.Wait()
		if got := held(); !slices.Contains(got, "later") {
			t.Errorf("before the time: %v", got)
		}
		time.Sleep(time.Hour + time.Minute)
		synctest.Wait()
		if got := held(); !slices.Equal(got, []string{"kept", "other"}) {
			t.Errorf("after a while: %v", got)
		}
		stop()
		<-done
	})
}
