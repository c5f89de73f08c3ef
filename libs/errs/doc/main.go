// Command doc prints the page of all error reasons from their contract.
//
//	go run ./libs/errs/doc proto/bitcraps/errors/v1/reason.proto > docs/errors.md
package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const head = `# Errors

This page is generated from [reason.proto](../proto/bitcraps/errors/v1/reason.proto).

An error is a ` + "`google.rpc.Status`" + `, the same over gRPC and REST. Its details hold an ` + "`ErrorInfo`" + ` with the domain ` + "`bitcraps`" + ` and one of
these reasons; a ` + "`BadRequest`" + ` that names the invalid fields, if there are any; a ` + "`RetryInfo`" + ` if a retry makes sense, which
REST also sends as the ` + "`Retry-After`" + ` header; and over REST a ` + "`RequestInfo`" + ` with the request's id. Programs read the reason; the
message is for people and may change.

| reason | gRPC | HTTP | what it means and what to do |
|---|---|---|---|
`

// value matches the line of a reason in the enum.
var value = regexp.MustCompile(`^  (REASON_[A-Z_]+) = [0-9]+`)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: doc reason.proto > errors.md")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "doc:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	fmt.Print(head)
	var comment []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := lines.Text()
		if text, ok := strings.CutPrefix(line, "  // "); ok {
			comment = append(comment, text)
			continue
		}
		if match := value.FindStringSubmatch(line); match != nil && match[1] != "REASON_UNSPECIFIED" {
			reason := errorsv1.Reason(errorsv1.Reason_value[match[1]])
			fmt.Printf("| `%s` | %s | %d | %s |\n", errs.Name(reason), errs.Code(reason), errs.HTTPStatus(errs.New(reason, "")), strings.Join(comment, " "))
		}
		comment = nil
	}
	return lines.Err()
}
