//go:build !race

package simulation

// fewSeeds is how many seeds a plain run plays.
const fewSeeds = 300
