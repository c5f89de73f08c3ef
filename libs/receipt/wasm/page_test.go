package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// hand is a module that tells the test what the page says, whenever that changes, and chooses files as a hand would.
const hand = `<script type="module">
const tell = () => fetch('said', { method: 'POST', body: document.getElementById('verdict').outerHTML + document.getElementById('steps').outerHTML });
new MutationObserver(tell).observe(document.body, { childList: true, subtree: true, characterData: true });
tell();
for (const [id, ...files] of %s) {
  const field = document.getElementById(id);
  if (field.type !== 'file') {
    field.value = files[0];
    field.dispatchEvent(new Event('change', { bubbles: true }));
    continue;
  }
  const chosen = new DataTransfer();
  for (const file of files) chosen.items.add(new File([await (await fetch('testdata/' + file)).blob()], file));
  field.files = chosen.files;
  field.dispatchEvent(new Event('change', { bubbles: true }));
}
</script></html>`

// testPage has a browser open the page and choose files, and waits for the verdict.
func testPage(t *testing.T, dir string) {
	html, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		chosen, want string
		checks       int
	}{
		"nothing":                {`[]`, "Nothing leaves this page.", 0},
		"a receipt and genesis":  {`[['trust', 'fairness.json'], ['receipt', 'receipt.json']]`, "The receipt holds. Compare the game in it with the one that you bet in.", 15},
		"a receipt alone":        {`[['receipt', 'receipt.json']]`, "Not proven: ", 15},
		"another chain's":        {`[['trust', 'genesis.json'], ['receipt', 'receipt.json']]`, "The receipt does not hold. trust: ", 2},
		"of the game":            {`[['trust', 'fairness.json'], ['receipt', 'receipt.json'], ['game', '01a22de1-9ca6-7824-a866-66f34510c586']]`, "The receipt holds.<", 15},
		"of another game":        {`[['trust', 'fairness.json'], ['receipt', 'receipt.json'], ['game', 'another']]`, "The receipt does not hold. game: game_id: ", 3},
		"another one afterwards": {`[['trust', 'fairness.json'], ['receipt', 'receipt.json'], ['receipt', 'fairness.json']]`, "The receipt does not hold. format: ", 1},
		"a game":                 {`[['trust', 'game/fairness.json'], ['receipt', 'game/1.json', 'game/2.json', 'game/3.json']]`, "The receipts hold: 3 rounds, up to round 3; each follows", 46},
		"a game alone":           {`[['receipt', 'game/1.json', 'game/2.json', 'game/3.json']]`, "Not proven: ", 46},
		"a game with a gap":      {`[['trust', 'game/fairness.json'], ['receipt', 'game/1.json', 'game/3.json']]`, "The receipts hold: 2 rounds, up to round 3; each follows from the one before and its dice; round 2 is not among them", 31},
		"a receipt twice":        {`[['trust', 'game/fairness.json'], ['receipt', 'game/1.json', 'game/1.json']]`, "The receipts do not follow from one another. round 1: there are two receipts", 31},
		"a game and more":        {`[['trust', 'game/fairness.json'], ['receipt', 'game/1.json', 'fairness.json']]`, "fairness.json does not hold. format: ", 17},
		"a byte order mark":      {`[['trust', 'fairness.json'], ['receipt', 'bom.json']]`, "The receipt does not hold. format: ", 1},
		"no UTF-8":               {`[['trust', 'fairness.json'], ['receipt', 'latin.json']]`, "Could not check: ", 0},
	} {
		t.Run(name, func(t *testing.T) {
			said := make(chan string, 100)
			files := http.NewServeMux()
			files.Handle("/", http.FileServer(http.Dir(dir)))
			files.Handle("/testdata/", http.StripPrefix("/testdata", http.FileServer(http.Dir("../testdata"))))
			files.HandleFunc("/testdata/bom.json", func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, "\xef\xbb\xbf%s", read(t, "receipt.json"))
			})
			files.HandleFunc("/testdata/latin.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, "\xe9%s", read(t, "receipt.json")) })
			files.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprint(w, strings.Replace(string(html), "</html>", fmt.Sprintf(hand, tc.chosen), 1))
			})
			files.HandleFunc("POST /said", func(_ http.ResponseWriter, r *http.Request) {
				text, _ := io.ReadAll(r.Body) // Half a text is not what is waited for.
				said <- string(text)
			})
			server := httptest.NewServer(files)
			t.Cleanup(server.Close)
			browse(t, server.URL+"/page")
			var last string
			deadline := time.After(time.Minute)
			for !strings.Contains(last, ">"+tc.want) || strings.Count(last, "<li>") != tc.checks {
				select {
				case last = <-said:
				case <-deadline:
					t.Fatalf("the page says %s\nwant %q, of %d checks", last, tc.want, tc.checks)
				}
			}
		})
	}
}

// browse has a browser open a page until the test ends.
func browse(t *testing.T, url string) {
	t.Helper()
	browser := exec.Command(testserver.Program(t, "chromium", "chromium"), "--headless", "--no-sandbox", "--disable-gpu",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", url)
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := browser.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		_ = browser.Wait() // It says by its code that it was interrupted.
	})
}
