//go:build race

package simulation

// fewSeeds is how many seeds a plain run plays; under the race detector each takes
// several times as long.
const fewSeeds = 50
