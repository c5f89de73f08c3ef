package receipt

import (
	"strconv"
	"strings"
)

// Printable is a text as a terminal may be given it: what would be no character in its place is escaped.
func Printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
