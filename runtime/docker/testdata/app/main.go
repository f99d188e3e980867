// Command app is the sample application, for the image that the tests run.
package main

import (
	"context"
	"os"

	"steady/sample"
)

func main() { os.Exit(sample.Main(context.Background(), os.Args[1:], os.Stdout)) }
