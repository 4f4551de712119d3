// SPDX-License-Identifier: BSD-3-Clause

// Zstd-profile compresses with zstd, in C, under Go's CPU profiler, and writes the profile to a file.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/DataDog/zstd"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: zstd-profile DURATION FILE")
		os.Exit(1)
	}
	limit, err := time.ParseDuration(os.Args[1])
	check(err)
	text := prose(4 << 20)
	profile, err := os.Create(os.Args[2])
	check(err)
	check(pprof.StartCPUProfile(profile))
	in, out := 0, 0
	for end := time.Now().Add(limit); time.Now().Before(end); {
		out += press(text)
		in += len(text)
	}
	pprof.StopCPUProfile()
	check(profile.Close())
	fmt.Printf("%d MB to %.1f %%\n", in>>20, 100*float64(out)/float64(in))
}

// press compresses text in small pieces, as for a log, and as a whole, as for an archive.
func press(text []byte) int {
	fast, err := zstd.CompressLevel(nil, text, 3)
	check(err)
	small, err := zstd.CompressLevel(nil, text[:len(text)/16], 15)
	check(err)
	return len(fast) + len(small)
}

// prose returns text that is about as regular as natural language.
func prose(size int) []byte {
	random := rand.New(rand.NewSource(1))
	words := make([]string, 5000)
	for i := range words {
		letters := make([]byte, 2+random.Intn(9))
		for k := range letters {
			letters[k] = 'a' + byte(random.Intn(26))
		}
		words[i] = string(letters)
	}
	often := rand.NewZipf(random, 1.2, 4, uint64(len(words)-1))
	var text strings.Builder
	for text.Len() < size {
		text.WriteString(words[often.Uint64()])
		text.WriteByte(' ')
	}
	return []byte(text.String())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "zstd-profile:", err)
		os.Exit(1)
	}
}
