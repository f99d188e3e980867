package catalogue

// general are tried last: what failed is clear, and why is not.
var general = []Signature{pullFailed, initFailed, startFailed, balancer, unplaced, notLaunched}
