// A client that asks the name server itself, by Go's own resolver, and is linked statically.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
)

func main() {
	stream, err := net.Dial("tcp", net.JoinHostPort(os.Args[1], "80"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintf(stream, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", os.Args[1])
	line, err := bufio.NewReader(stream).ReadString('\n')
	if err != nil || !strings.Contains(line, "200") {
		os.Exit(2)
	}
}
