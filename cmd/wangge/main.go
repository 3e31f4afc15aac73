// Command wangge serves a district's spatial layers as vector tiles and
// features and answers questions about them. This package parses the command
// line, wires stores to the service and runs it; it decides nothing about
// the district itself.
package main

func main() {}
