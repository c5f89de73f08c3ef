package main_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/libs/receipt"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

const (
	root = "../../.." // Of the repository.
	// maxSize is how large the verifier may be as a phone loads it, in bytes.
	maxSize = 5_000_000
)

// build makes the package as `make verifier` does, in a folder of the test.
func build(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "clients/verifier/*.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the package has no files: %v", err)
	}
	tests, _ := filepath.Glob(filepath.Join(root, "clients/verifier/test/*.mjs")) // It fails only for a malformed pattern.
	for _, file := range append(append(files, tests...), "main.go") {
		if _, err := os.ReadFile(file); err != nil { // Go caches a test by what it reads, and Make reads these.
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	run(t, exec.CommandContext(t.Context(), "make", "-C", root, "verifier", "VERIFIER="+dir))
	return dir
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

func TestThePackage(t *testing.T) {
	node, dir := testserver.Node(t), build(t)
	t.Run("is small", func(t *testing.T) { isSmall(t, filepath.Join(dir, "verifier.wasm")) })
	t.Run("verifies and refuses", func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), node, "--test", "clients/verifier/test/golden.test.mjs", "clients/verifier/test/same.test.mjs",
			"clients/verifier/test/ended.test.mjs")
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "VERIFIER="+dir, "ANSWERS="+answers(t), "ROUNDS="+rounds(t))
		run(t, cmd)
	})
	t.Run("has a page", func(t *testing.T) { testPage(t, dir) })
}

func isSmall(t *testing.T, path string) {
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var compressed bytes.Buffer
	w, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d by gzip", len(content), compressed.Len())
	if compressed.Len() > maxSize {
		t.Errorf("%d bytes by gzip; at most %d are wanted", compressed.Len(), maxSize)
	}
}

// answered is a receipt, what is trusted, and what the Go implementation says to them, in the form of index.d.ts.
type answered struct {
	Receipt string  `json:"receipt"`
	Trust   *string `json:"trust"`
	Answer  struct {
		OK    bool    `json:"ok"`
		Steps []step  `json:"steps"`
		Error *string `json:"error"`
	} `json:"answer"`
}

type step struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// answers writes what this process says to the golden receipts and to some changed ones, and returns the file's path.
func answers(t *testing.T) string {
	var all []answered
	for receipts, trust := range map[string]string{"receipt.json": "fairness.json", "lineage.json": "genesis.json"} {
		text, trusted := read(t, receipts), string(read(t, trust))
		all = append(all, answer(t, text, &trusted), answer(t, text, nil))
		for at := 0; at < len(text); at += 101 {
			changed := bytes.Clone(text)
			changed[at] ^= 1 << (at % 7)
			all = append(all, answer(t, changed, &trusted))
		}
	}
	return written(t, all)
}

// rounds writes what this process says about some receipts of one game, and returns the file's path.
func rounds(t *testing.T) string {
	trusted := string(read(t, "game/fairness.json"))
	first, second, third := read(t, "game/1.json"), read(t, "game/2.json"), read(t, "game/3.json")
	type answered struct {
		Receipts []string `json:"receipts"`
		Trust    string   `json:"trust"`
		Sequence step     `json:"sequence"`
	}
	var all []answered
	for _, receipts := range [][][]byte{{third, first, second}, {first, third}, {second}, {first, first}, {first, read(t, "lineage.json")}, {}} {
		trust, err := receipt.ParseTrust([]byte(trusted))
		if err != nil {
			t.Fatal(err)
		}
		var sequence receipt.Sequence
		answer := answered{Receipts: []string{}, Trust: trusted}
		for _, text := range receipts {
			_ = sequence.Add(text, trust) // answers compares this.
			answer.Receipts = append(answer.Receipts, string(text))
		}
		answer.Sequence = stepOf(sequence.Check())
		all = append(all, answer)
	}
	return written(t, all)
}

func written(t *testing.T, answers any) string {
	t.Helper()
	text, err := json.Marshal(answers)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "answers.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func stepOf(s receipt.Step) step {
	if s.Err != nil {
		return step{s.Name, false, s.Err.Error()}
	}
	return step{s.Name, true, s.Found}
}

func answer(t *testing.T, text []byte, trusted *string) answered {
	t.Helper()
	var trust *receipt.Trust
	if trusted != nil {
		var err error
		if trust, err = receipt.ParseTrust([]byte(*trusted)); err != nil {
			t.Fatal(err)
		}
	}
	out := answered{Receipt: string(text), Trust: trusted}
	report := receipt.Verify(text, trust)
	for _, s := range report {
		out.Answer.Steps = append(out.Answer.Steps, stepOf(s))
	}
	if err := report.Err(); err != nil {
		message := err.Error()
		out.Answer.Error = &message
	}
	out.Answer.OK = report.Err() == nil
	return out
}
