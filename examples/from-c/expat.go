// SPDX-License-Identifier: BSD-3-Clause

package fromc

/*
#cgo LDFLAGS: -lexpat
#include <expat.h>
#include <stdlib.h>

extern void fromc_start(void *, char *, char **);
extern void fromc_end(void *, char *);

static void set(XML_Parser p, void *start, void *end)
{
	XML_SetElementHandler(p, (XML_StartElementHandler)start, (XML_EndElementHandler)end);
}
static void *start_export(void) { return fromc_start; }
static void *end_export(void) { return fromc_end; }
static void *parse_fn(void) { return XML_Parse; }
*/
import "C"

import (
	"fmt"
	"unsafe"

	"rcgo.example/leaf"
)

var (
	parse    = leaf.WithCallbacks[func(p unsafe.Pointer, text string, isFinal int32) int32]("XML_Parse", C.parse_fn())
	starts   = leaf.CallbackOf("start", func(_ unsafe.Pointer, name *byte, _ unsafe.Pointer) { elements.starts++ })
	ends     = leaf.CallbackOf("end", func(_ unsafe.Pointer, name *byte) { elements.ends++ })
	elements struct{ starts, ends int } // of the document that is parsed: one at a time here
)

//export fromc_start
func fromc_start(unsafe.Pointer, *C.char, **C.char) { elements.starts++ }

//export fromc_end
func fromc_end(unsafe.Pointer, *C.char) { elements.ends++ }

// Elements counts the start and end tags of a document, by handlers in Go.
func Elements(document string, stock bool) (int, int, error) {
	p := C.XML_ParserCreate(nil)
	defer C.XML_ParserFree(p)
	elements.starts, elements.ends = 0, 0
	rc := int32(0)
	if stock {
		C.set(p, C.start_export(), C.end_export())
		text := C.CString(document)
		defer C.free(unsafe.Pointer(text))
		rc = int32(C.XML_Parse(p, text, C.int(len(document)), 1))
	} else {
		C.set(p, starts.Pointer(), ends.Pointer())
		rc = parse(unsafe.Pointer(p), document, 1)
	}
	if rc != C.XML_STATUS_OK {
		return 0, 0, fmt.Errorf("expat: error %d", C.XML_GetErrorCode(p))
	}
	return elements.starts, elements.ends, nil
}
