package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

// Situation is a service at one moment, and what is around it.
type Situation struct {
	Service types.Service
	// TaskDefinition of the PRIMARY deployment; empty: its tasks' needs are not
	// judged.
	TaskDefinition types.TaskDefinition
	// Findings of the PRIMARY deployment, as Explain gives them.
	Findings []Finding
	// Looked tells that Tasks and Instances are known. Without it the judgement
	// rests on the service alone.
	Looked bool
	// Tasks of the service whose desired status is RUNNING, of all deployments.
	Tasks []types.Task
	// Instances of the cluster, of every status. They are not asked for where the
	// service runs on capacity that AWS provides.
	Instances []types.ContainerInstance
	// Protected says which tasks are protected from scale-in, as far as known.
	Protected []types.ProtectedTask
	// SecurityGroups are those of the service's tasks, as far as known.
	SecurityGroups []SecurityGroup
	At             time.Time // when this was seen
}

// Outlook says why a service does not get on. The zero value says that it may.
type Outlook struct {
	// Hopeless is why it can never arrive, unless somebody changes something; nil
	// where it can.
	Hopeless *Hopeless
	// Waiting is what it waits for, where that may come by itself: the words
	// behind "waiting for". Empty where nothing holds it up.
	Waiting string
}

// Hopeless is why a service cannot converge.
type Hopeless struct {
	ID     string   // of the entry in the catalogue
	Reason string   // the words behind "cannot converge, because"
	Remedy []string // sentences
}

// String is "cannot converge, because …", "waiting for …", or empty.
func (o Outlook) String() string {
	switch {
	case o.Hopeless != nil:
		return "cannot converge, because " + o.Hopeless.Reason
	case o.Waiting != "":
		return "waiting for " + o.Waiting
	}
	return ""
}

// Foresee tells whether a service can become what it is meant to be. ECS tries
// again for ever and does not say that it is in vain; this does. In doubt it says
// nothing.
func Foresee(s Situation) Outlook {
	p, ok := newProspect(s)
	if !ok {
		return Outlook{}
	}
	for _, obstacle := range []struct {
		id    string
		stops func() *Hopeless
	}{{"E19", p.percentages}, {"E20", p.protection}, {"E38", p.noPlace}, {"E38", p.heldByOld}, {"D25", p.stuck}, {"F04", p.crashLoop}} {
		if h := obstacle.stops(); h != nil {
			h.ID = obstacle.id
			return Outlook{Hopeless: h}
		}
	}
	return Outlook{Waiting: p.waiting()}
}

// prospect is a situation with the numbers that all rules need.
type prospect struct {
	Situation
	primary types.Deployment
	desired int
	missing int // tasks that the PRIMARY deployment lacks
	running int // RUNNING tasks of all deployments
	pending int
	rolling bool // by the percentages, not by another strategy
}

// newProspect is false for a service of which there is nothing to foresee: it has
// arrived, failed or been deleted, or its deployments are not ECS's own.
func newProspect(s Situation) (*prospect, bool) {
	if st := aws.ToString(s.Service.Status); st != "" && st != "ACTIVE" {
		return nil, false
	}
	if c := s.Service.DeploymentController; c != nil && c.Type != types.DeploymentControllerTypeEcs {
		return nil, false
	}
	p := &prospect{Situation: s, desired: int(s.Service.DesiredCount), rolling: true}
	found := false
	for _, d := range s.Service.Deployments {
		p.running += int(d.RunningCount)
		p.pending += int(d.PendingCount)
		if aws.ToString(d.Status) == "PRIMARY" {
			p.primary, found = d, true
		}
	}
	p.missing = p.desired - int(p.primary.RunningCount+p.primary.PendingCount)
	if c := s.Service.DeploymentConfiguration; c != nil && c.Strategy != "" && c.Strategy != types.DeploymentStrategyRolling {
		p.rolling = false
	}
	arrived := p.missing == 0 && p.running == p.desired && p.primary.RolloutState == types.DeploymentRolloutStateCompleted
	return p, found && !arrived && p.primary.RolloutState != types.DeploymentRolloutStateFailed
}

// mine tells whether a task is one of the PRIMARY deployment: "a service task's
// startedBy is its deployment".
func (p *prospect) mine(t types.Task) bool {
	return aws.ToString(t.StartedBy) == aws.ToString(p.primary.Id)
}

// failuresAlike is how many tasks have to fail in the same way before that counts
// as a loop: few where the cause does not heal, more where it depends on the
// program.
func failuresAlike(f Finding) int {
	if f.Deterministic {
		return 3
	}
	return 5
}

// crashLoop: without the circuit breaker ECS starts tasks again and again, however
// often they fail. With it too, where every task becomes healthy once before it
// crashes: "resetOnHealthyTask defaults to true".
func (p *prospect) crashLoop() *Hopeless {
	if p.primary.RolloutState != types.DeploymentRolloutStateInProgress || len(p.Findings) == 0 {
		return nil
	}
	f := p.Findings[0]
	if f.Confidence == Symptom || f.Heals || f.Tasks < failuresAlike(f) || p.survivors(f) >= p.enough(f) {
		return nil
	}
	remedy := slices.Clone(f.Remedy)
	switch breaker := p.breaker(); {
	case breaker == nil:
		return &Hopeless{
			Reason: fmt.Sprintf("%d tasks of this deployment failed in the same way, and no circuit breaker ends it: ECS starts tasks again and again, and the service will not become steady by itself", f.Tasks),
			Remedy: append(remedy, "Deploy the revision that worked before; with deploymentCircuitBreaker (enable and rollback) ECS does that by itself."),
		}
	case f.Tasks > p.threshold(breaker) && int(p.primary.FailedTasks) < p.threshold(breaker):
		return &Hopeless{
			Reason: fmt.Sprintf("%d tasks of this deployment failed in the same way, more than the %d at which the circuit breaker trips, but it counts %d: each task that becomes healthy before it crashes sets its count back",
				f.Tasks, p.threshold(breaker), p.primary.FailedTasks),
			Remedy: append(remedy, catalogue.Get("F04").Remedy...),
		}
	}
	return nil
}

// enough is how many survivors there must be for a loop to be none. What does not heal
// has to spare all; of what depends on the program, one that lives shows that it can.
func (p *prospect) enough(f Finding) int {
	if f.Kind == catalogue.Deterministic {
		return p.desired
	}
	return min(1, p.desired)
}

// breaker is the service's circuit breaker, nil where it is off.
func (p *prospect) breaker() *types.DeploymentCircuitBreaker {
	c := p.Service.DeploymentConfiguration
	if c == nil || c.DeploymentCircuitBreaker == nil || !c.DeploymentCircuitBreaker.Enable {
		return nil
	}
	return c.DeploymentCircuitBreaker
}

// threshold is the number of failed tasks at which a breaker trips: half of the
// desired ones unless set, "at least 3 and at most 200" unless UNBOUNDED.
func (p *prospect) threshold(b *types.DeploymentCircuitBreaker) int {
	value, kind := 50, types.ThresholdTypeBoundedPercent
	if t := b.ThresholdConfiguration; t != nil && t.Value > 0 {
		kind, value = t.Type, int(t.Value)
	}
	switch kind {
	case types.ThresholdTypeCount:
		return value
	case types.ThresholdTypeUnboundedPercent:
		return max(1, (p.desired*value+99)/100)
	}
	return min(200, max(3, (p.desired*value+99)/100))
}

// survivors counts the running tasks of the deployment that have lived clearly
// longer than those that failed. Where nobody has looked, all that run count.
func (p *prospect) survivors(f Finding) int {
	if !p.Looked {
		return int(p.primary.RunningCount)
	}
	n := 0
	for _, t := range p.Tasks {
		if p.mine(t) && t.StartedAt != nil && t.HealthStatus != types.HealthStatusUnhealthy &&
			p.At.Sub(*t.StartedAt) > 2*f.longest+10*time.Second {
			n++
		}
	}
	return n
}

// protection: "task scale-in protection blocks scale-in and rolling stops".
func (p *prospect) protection() *Hopeless {
	old, primary, until := p.protected()
	const remedy = "Take the protection away (aws ecs update-task-protection --no-protection-enabled), or stop the tasks yourself (aws ecs stop-task)."
	switch replaced := p.running - int(p.primary.RunningCount); {
	case replaced > 0 && old == replaced && (p.missing <= 0 || p.rolling && p.running+p.pending >= p.upper()):
		return &Hopeless{
			Reason: fmt.Sprintf("%s of older deployments must go and %s until %s; ECS stops none before",
				tasksOf(old), areProtected(old), until.UTC().Format("2006-01-02 15:04 UTC")),
			Remedy: []string{remedy},
		}
	case p.missing < 0 && (primary > p.desired || primary == 0 && p.said(protectedSaid)):
		return &Hopeless{
			Reason: fmt.Sprintf("more tasks are protected from scale-in than the %d desired, and ECS stops none of them while that lasts", p.desired),
			Remedy: []string{remedy, "Or raise desiredCount to the number of tasks that must stay."},
		}
	}
	return nil
}

// protected counts the protected tasks of older deployments and of the PRIMARY
// one, and tells when the first protection of an old one ends.
func (p *prospect) protected() (old, primary int, until time.Time) {
	holds := map[string]time.Time{}
	for _, x := range p.Protected {
		if x.ProtectionEnabled && (x.ExpirationDate == nil || x.ExpirationDate.After(p.At)) {
			holds[aws.ToString(x.TaskArn)] = aws.ToTime(x.ExpirationDate)
		}
	}
	for _, t := range p.Tasks {
		end, is := holds[aws.ToString(t.TaskArn)]
		switch {
		case !is:
		case p.mine(t):
			primary++
		default:
			if old++; until.IsZero() || end.Before(until) {
				until = end
			}
		}
	}
	return old, primary, until
}

// protectedSaid is ECS's event about tasks that it may not stop.
var protectedSaid = catalogue.Get("E20").Match

func tasksOf(n int) string {
	if n == 1 {
		return "1 task"
	}
	return itoa(n) + " tasks"
}

func areProtected(n int) string {
	if n == 1 {
		return "is protected from scale-in"
	}
	return "are protected from scale-in, the first"
}
