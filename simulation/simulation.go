// Package simulation plays random lives of whole clusters in virtual time, and checks
// at every change that what Steady did and said was right: the tests of this package.
// It holds no code that Steady runs.
//
// A seed is one life: one to six container instances on runtime/sim, the real state,
// fleet, agents, control loops and ECS API; random services whose containers run,
// crash, hang or fail their checks; random calls; instances that are lost and come
// back; and servers that are stopped, or killed at any write to disk or call of the
// runtime, and started again on what they left. At the end the disturbances cease, and
// every service must converge or say why it does not.
//
//	go test ./simulation                                  a few hundred seeds
//	go test ./simulation -run TestSimulation -seed=N      one seed, with its trace
//	make soak DURATION=1h                                 as many as there is time for
//
// A seed decides what happens and when, not in which order goroutines run that are
// ready at the same instant, and not the random ids: a failure that does not show
// again at once does with -count=20.
package simulation
