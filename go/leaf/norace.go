// SPDX-License-Identifier: BSD-3-Clause

//go:build !race && !goexperiment.runtimesecret

package leaf

func unsupported() string { return "" }
