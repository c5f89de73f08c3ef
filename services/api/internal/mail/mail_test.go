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
		t.Error("an address can add a header")
	}
}

// startServer runs a minimal SMTP server for one mail that answers RCPT with recipient. It returns its address and what it received.
func startServer(t *testing.T, recipient string) (address string, received <-chan string) {
	t.Helper()
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
		_ = listener.Close()
		defer func() { _ = conn.Close() }()
		transcript, data := "", false
		fmt.Fprintf(conn, "220 test\r\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			line := lines.Text()
			transcript += line + "\n"
			switch {
			case data && line != ".":
			case line == "DATA":
				data = true
				fmt.Fprintf(conn, "354 go on\r\n")
			case line == "QUIT":
				fmt.Fprintf(conn, "221 bye\r\n")
			case strings.HasPrefix(line, "RCPT"):
				fmt.Fprintf(conn, "%s\r\n", recipient)
			default:
				data = false
				fmt.Fprintf(conn, "250 ok\r\n")
			}
		}
		got <- transcript
	}()
	return listener.Addr().String(), got
}

func TestSMTP(t *testing.T) {
	address, received := startServer(t, "250 ok")
	sender := mail.SMTP{Address: address, From: "craps@example.com", Now: now}
	if err := sender.Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	if transcript := <-received; !strings.Contains(transcript, "RCPT TO:<ann@example.com>") || !strings.Contains(transcript, "ABCD-EFGH") {
		t.Errorf("the server received %q", transcript)
	}
	if err := sender.Send(t.Context(), hello); err == nil {
		t.Error("a mail was sent without a server")
	}
}

// TestRefusalOmitsRecipient has a server refuse a recipient with the usual text, since the error is logged.
func TestRefusalOmitsRecipient(t *testing.T) {
	address, _ := startServer(t, "550 5.1.1 <ann@example.com>: user unknown")
	err := mail.SMTP{Address: address, From: "craps@example.com", Now: now}.Send(t.Context(), hello)
	if err == nil || strings.Contains(err.Error(), "ann") || !strings.Contains(err.Error(), "550") {
		t.Errorf("err = %v", err)
	}
}
