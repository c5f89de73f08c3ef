package codec

import (
	"bytes"
	"strconv"
)

// maxDepth is how deep JSON may nest. No request has more than three levels.
const maxDepth = 16

// scan refuses what protojson would let pass: numbers that are not plain integers, which it would convert, NUL characters,
// and deep nesting. Whether the body is JSON at all is for protojson to say. quoted reports whether a string may be a number
// that is not a plain integer either, which only the message's fields tell.
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
				return false, malformed("a string holds a NUL character")
			}
			quoted = quoted || mayBeNumber(text)
			i += len(text) + 1
		case c == '-' || '0' <= c && c <= '9':
			number := body[i : i+numberLength(body[i:])]
			if _, err := strconv.ParseInt(string(number), 10, 64); err != nil {
				return false, malformed("%s is not a whole number of 64 bits", number)
			}
			i += len(number) - 1
		}
	}
	return quoted, nil
}

// stringLength is how many bytes stand before the quote that ends a string, or all.
func stringLength(rest []byte) int {
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			return i
		case '\\':
			i++ // The next one is escaped.
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

// hasNUL reports whether a string has an escaped NUL. One that stands as it is, is not JSON.
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

// mayBeNumber reports whether a string could be read as a number with a fraction or an exponent.
func mayBeNumber(text []byte) bool {
	if len(text) == 0 || bytes.IndexByte(text, '\\') >= 0 {
		return len(text) > 0
	}
	return (text[0] == '-' || '0' <= text[0] && text[0] <= '9') && bytes.ContainsAny(text, ".eE")
}
