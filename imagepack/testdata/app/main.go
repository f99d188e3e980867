// Command app is the program that the tests pack.
package main

import "fmt"

func main() { fmt.Println("packed") }
