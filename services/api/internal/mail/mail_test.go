package mail_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/services/api/internal/mail"
)

func now() time.Time { return time.Unix(1_700_000_000, 0).UTC() }

var hello = mail.Message{To: "ann@example.com", Subject: "Your code", Text: "It is\nABCD-EFGH"}

func TestFolder(t *testing.T) {
	folder := mail.Folder{Dir: filepath.Join(t.TempDir(), "mail"), From: "craps@example.com", Now: now}
	if err := folder.Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(folder.Dir, "*.eml"))
	if len(files) != 1 {
		t.Fatalf("files %v", files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(text), "To: ann@example.com\r\n") || !strings.Contains(string(text), "\r\n\r\nIt is\r\nABCD-EFGH\r\n") {
		t.Errorf("%q, %v", text, err)
	}
	if err := folder.Send(t.Context(), mail.Message{To: "ann@example.com\r\nBcc: all@example.com"}); err == nil {
		t.Error("an address adds a header")
	}
}

// TestSMTP has a server of a few lines take a mail.
func TestSMTP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		said, data := "", false
		fmt.Fprintf(conn, "220 test\r\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			line := lines.Text()
			said += line + "\n"
			switch {
			case data && line != ".":
			case line == "DATA":
				data = true
				fmt.Fprintf(conn, "354 go on\r\n")
			case line == "QUIT":
				fmt.Fprintf(conn, "221 bye\r\n")
			default:
				data = false
				fmt.Fprintf(conn, "250 ok\r\n")
			}
		}
		got <- said
	}()
	server := mail.SMTP{Address: listener.Addr().String(), From: "craps@example.com", Now: now}
	if err := server.Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	if said := <-got; !strings.Contains(said, "RCPT TO:<ann@example.com>") || !strings.Contains(said, "ABCD-EFGH") {
		t.Errorf("the server was told %q", said)
	}
	_ = listener.Close()
	if err := server.Send(t.Context(), hello); err == nil {
		t.Error("a server that is away took a mail")
	}
}
