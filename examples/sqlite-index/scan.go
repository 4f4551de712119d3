// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// fileFacts is what the index stores about a file.
type fileFacts struct {
	size, lines int64
	sha256      string // in hexadecimal
	words       []byte // each distinct word once, separated by spaces; none for binary files
}

type panicError struct{ value interface{} }

func (e panicError) Error() string { return fmt.Sprint("panic: ", e.value) }

// scan reads a file of the tree and returns its facts.
func (ix *index) scan(path string) (fileFacts, error) {
	data, err := os.ReadFile(filepath.Join(ix.root, filepath.FromSlash(path)))
	if err != nil {
		return fileFacts{}, err
	}
	sum := sha256.Sum256(data)
	facts := fileFacts{
		size:   int64(len(data)),
		lines:  int64(bytes.Count(data, []byte{'\n'})),
		sha256: hex.EncodeToString(sum[:]),
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		facts.lines++
	}
	if bytes.IndexByte(data, 0) < 0 {
		facts.words = distinctWords(data)
	}
	return facts, nil
}

// Longer runs of letters are data and not words.
const wordMin, wordMax = 2, 32

// distinctWords returns the words of a text, each once, in the order of their first use.
func distinctWords(text []byte) []byte {
	seen := make(map[string]struct{})
	var words []byte
	start := -1
	for i := 0; i <= len(text); i++ {
		if i < len(text) && isWordByte(text[i]) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start < 0 {
			continue
		}
		word := text[start:i]
		start = -1
		if len(word) < wordMin || len(word) > wordMax || isDigit(word[0]) {
			continue
		}
		if _, ok := seen[string(word)]; !ok {
			seen[string(word)] = struct{}{}
			words = append(append(words, word...), ' ')
		}
	}
	return words
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || c == '_'
}
