package state

import (
	"iter"

	"steady/model"
)

// Secrets, parameters, roles and policies: what tasks are given, and what they may do.

// Secret returns the secret of that name.
func (t tables) Secret(name string) (*model.Secret, bool) { return t.secrets.get(name) }

// Secrets yields all secrets by name.
func (t tables) Secrets() iter.Seq[*model.Secret] { return t.secrets.all() }

// Parameter returns the parameter of that name.
func (t tables) Parameter(name string) (*model.Parameter, bool) { return t.parameters.get(name) }

// Parameters yields all parameters by name.
func (t tables) Parameters() iter.Seq[*model.Parameter] { return t.parameters.all() }

// Role returns the role of that name.
func (t tables) Role(name string) (*model.Role, bool) { return t.roles.get(name) }

// Roles yields all roles by name.
func (t tables) Roles() iter.Seq[*model.Role] { return t.roles.all() }

// Policy returns the policy of that ARN.
func (t tables) Policy(arn string) (*model.Policy, bool) { return t.policies.get(arn) }

// Policies yields all policies by ARN.
func (t tables) Policies() iter.Seq[*model.Policy] { return t.policies.all() }

func (tx *Tx) PutSecret(s *model.Secret)       { write(tx, tx.secrets, tx.secrets.key(s), s) }
func (tx *Tx) PutParameter(p *model.Parameter) { write(tx, tx.parameters, tx.parameters.key(p), p) }
func (tx *Tx) PutRole(r *model.Role)           { write(tx, tx.roles, tx.roles.key(r), r) }
func (tx *Tx) PutPolicy(p *model.Policy)       { write(tx, tx.policies, tx.policies.key(p), p) }
func (tx *Tx) DeleteSecret(name string)        { write(tx, tx.secrets, name, nil) }
func (tx *Tx) DeleteParameter(name string)     { write(tx, tx.parameters, name, nil) }
func (tx *Tx) DeleteRole(name string)          { write(tx, tx.roles, name, nil) }
func (tx *Tx) DeletePolicy(arn string)         { write(tx, tx.policies, arn, nil) }
