package codec

import (
	"bytes"
	"strconv"
)

// maxDepth is the maximum nesting depth of JSON. No request has more than three levels.
const maxDepth = 16

// scan refuses what protojson would accept: numbers that are not plain integers, which it would convert, NUL characters, and deep
// nesting. It leaves checking JSON syntax to protojson. quoted reports whether some string may hold a number that is not a plain
// integer, which can be decided only with the message's fields.
func scan(body []byte) (quoted bool, err error) {
	depth := 0
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return false, malformed("nested deeper than %d levels", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		case c == '"':
			text := body[i+1 : i+1+stringLength(body[i+1:])]
			if hasNUL(text) {
				return false, malformed("a string contains a NUL character")
			}
			quoted = quoted || mayBeNumber(text)
			i += len(text) + 1
		case c == '-' || '0' <= c && c <= '9':
			number := body[i : i+numberLength(body[i:])]
			if _, err := strconv.ParseInt(string(number), 10, 64); err != nil {
				return false, malformed("%s is not a 64-bit integer", number)
			}
			i += len(number) - 1
		}
	}
	return quoted, nil
}

// stringLength returns the number of bytes before the quote that ends a string, or of all bytes if there is none.
func stringLength(rest []byte) int {
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			return i
		case '\\':
			i++ // The next byte is escaped.
		}
	}
	return len(rest)
}

func numberLength(rest []byte) int {
	if end := bytes.IndexAny(rest, ",]} \t\r\n"); end >= 0 {
		return end
	}
	return len(rest)
}

// hasNUL reports whether a string contains an escaped NUL. An unescaped NUL is not valid JSON.
func hasNUL(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' {
			if bytes.HasPrefix(text[i:], []byte(`\u0000`)) {
				return true
			}
			i++
		}
	}
	return false
}

// mayBeNumber reports whether a string could be parsed as a number with a fraction or an exponent.
func mayBeNumber(text []byte) bool {
	if len(text) == 0 || bytes.IndexByte(text, '\\') >= 0 {
		return len(text) > 0
	}
	return (text[0] == '-' || '0' <= text[0] && text[0] <= '9') && bytes.ContainsAny(text, ".eE")
}
