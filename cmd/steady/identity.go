package main

import (
	"path/filepath"

	"steady/awsapi"
	"steady/iam"
	"steady/seal"
	"steady/secretsmanager"
	"steady/ssm"
	"steady/sts"
)

// identity is who may do what, and what is kept from everybody else.
type identity struct {
	box    *seal.Box
	access *iam.Access
	issuer *sts.Issuer
}

// openIdentity reads the key that secrets are encrypted with, or makes it.
func (s *server) openIdentity() error {
	box, err := seal.Open(filepath.Join(s.options.DataDir, "key"))
	if err != nil {
		return err
	}
	access := &iam.Access{Store: s.store, Realm: s.realm, Enforce: s.options.IAM == "enforce"}
	s.identity = identity{box: box, access: access, issuer: &sts.Issuer{Box: box, Access: access, Realm: s.realm}}
	return nil
}

// services are the APIs around identities and secrets.
func (s *server) identityServices() []awsapi.Service {
	return []awsapi.Service{
		iam.New(s.store, s.realm).Service(),
		s.identity.issuer.Service(),
		secretsmanager.New(s.store, s.identity.box, s.realm).Service(),
		ssm.New(s.store, s.identity.box, s.realm).Service(),
	}
}
