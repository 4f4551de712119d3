// SPDX-License-Identifier: BSD-3-Clause

//go:build asan

package leaf

// underASan says whether the tests are built with AddressSanitizer.
const underASan = true
