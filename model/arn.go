package model

import "strings"

// Realm is where resources seem to live: the region and account of their ARNs.
type Realm struct {
	Region  string
	Account string
}

func (r Realm) arn(resource string) string {
	return "arn:aws:ecs:" + r.Region + ":" + r.Account + ":" + resource
}

// The ARNs of ECS, in the long format (with the cluster's name).

func (r Realm) ClusterARN(name string) string { return r.arn("cluster/" + name) }

func (r Realm) ServiceARN(cluster, name string) string {
	return r.arn("service/" + cluster + "/" + name)
}

func (r Realm) TaskARN(cluster, id string) string { return r.arn("task/" + cluster + "/" + id) }

func (r Realm) InstanceARN(cluster, id string) string {
	return r.arn("container-instance/" + cluster + "/" + id)
}

func (r Realm) ContainerARN(cluster, task, id string) string {
	return r.arn("container/" + cluster + "/" + task + "/" + id)
}

func (r Realm) TaskDefinitionARN(ref TaskDefinitionRef) string {
	return r.arn("task-definition/" + ref.String())
}

func (r Realm) ServiceDeploymentARN(cluster, service, id string) string {
	return r.arn("service-deployment/" + cluster + "/" + service + "/" + id)
}

func (r Realm) ServiceRevisionARN(cluster, service, id string) string {
	return r.arn("service-revision/" + cluster + "/" + service + "/" + id)
}

func (r Realm) CapacityProviderARN(name string) string { return r.arn("capacity-provider/" + name) }

// ParseARN splits an ECS ARN into where the resource lives, its type and the path behind
// it: "service" and ["default", "web"]. It accepts any partition, region and account,
// and reports false for anything that is not an ECS ARN.
func ParseARN(s string) (in Realm, resource string, path []string, ok bool) {
	part := strings.SplitN(s, ":", 6)
	if len(part) != 6 || part[0] != "arn" || part[2] != "ecs" {
		return Realm{}, "", nil, false
	}
	resource, rest, found := strings.Cut(part[5], "/")
	if !found || resource == "" || rest == "" {
		return Realm{}, "", nil, false
	}
	return Realm{Region: part[3], Account: part[4]}, resource, strings.Split(rest, "/"), true
}
