package ecs

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

const maxReservedPorts = 100 // of a container instance

// readResources reads what a container instance has: CPU and MEMORY, and the ports that
// its agent keeps for itself.
func readResources(i *model.Instance, resources []types.Resource) (err error) {
	seen := map[string]bool{}
	for _, x := range resources {
		name := aws.ToString(x.Name)
		if seen[name] {
			return invalid("Resource %s is given twice.", name)
		}
		seen[name] = true
		switch name {
		case "CPU":
			i.CPU, err = readAmount(x)
		case "MEMORY":
			i.Memory, err = readAmount(x)
		case "PORTS":
			i.ReservedPorts, err = readPorts(x)
		case "PORTS_UDP":
			i.ReservedUDPPorts, err = readPorts(x)
		default:
			err = invalid("Resource name %q should be one of [CPU,MEMORY,PORTS,PORTS_UDP]", name)
		}
		if err != nil {
			return err
		}
	}
	if !seen["CPU"] || !seen["MEMORY"] {
		return invalid("totalResources should have CPU and MEMORY.")
	}
	if n := len(i.ReservedPorts) + len(i.ReservedUDPPorts); n > maxReservedPorts {
		return invalid("%d ports are reserved; a container instance can have at most %d.", n, maxReservedPorts)
	}
	return nil
}

func readAmount(x types.Resource) (int, error) {
	if kind := aws.ToString(x.Type); kind != "INTEGER" {
		return 0, invalid("The type of resource %s is %q; it should be INTEGER.", *x.Name, kind)
	}
	if x.IntegerValue < 1 {
		return 0, invalid("The integerValue of resource %s is %d; it should be at least 1.", *x.Name, x.IntegerValue)
	}
	return int(x.IntegerValue), nil
}

func readPorts(x types.Resource) ([]int, error) {
	if kind := aws.ToString(x.Type); kind != "STRINGSET" {
		return nil, invalid("The type of resource %s is %q; it should be STRINGSET.", *x.Name, kind)
	}
	var ports []int
	for _, text := range x.StringSetValue {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || port == 0 {
			return nil, invalid("Resource %s has %q, which is no port: use 1 to 65535.", *x.Name, text)
		}
		ports = append(ports, int(port))
	}
	return ports, nil
}
