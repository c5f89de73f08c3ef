package receipt

import (
	"strconv"
	"strings"
)

// Printable makes a text safe to print to a terminal: it escapes everything that is not a printable character.
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
