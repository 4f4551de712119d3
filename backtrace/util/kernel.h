// SPDX-License-Identifier: BSD-3-Clause
// What operating systems spell differently: calls of the kernel that libc does not offer, or does
// not offer in the form that code needs which runs in signal handlers. Each system has one file,
// which supplies all of the following.
//
//   struct rcgo_kernel_mask            a signal mask in the kernel's size; low has the signals up
//                                      to 64, signal n as bit n-1
//   rcgo__kernel_sigmask(how, set, old)      0 or -errno; set and old may be NULL
//   rcgo__kernel_action(sig, act, old)    0 or -errno; the kernel's own structures
//   rcgo__kernel_fstat(fd, st)         fstat; 0 or -errno
//   rcgo__kernel_mask_probe(word)      false, with errno EFAULT, if memory at word is unreadable
//   rcgo__kernel_copy(to, from, count) copies memory of this process without faulting; returns the
//                                      number of bytes, -1 if it cannot
//   rcgo__kernel_thread_id()           the number of the calling thread, as tools show it
//   rcgo__kernel_thread_send(id, sig)  sends a signal to one thread of this process
//   rcgo__kernel_timer_delete(timer)   deletes a timer of this process
//   rcgo__kernel_thread_name(name)     the name of the calling thread; "" if unknown
//   rcgo__kernel_auxv(type)            a value of the auxiliary vector; 0 if there is none
//   rcgo__kernel_is_secure()           whether the program runs with more rights than its user
//   RCGO_THREAD_IS_ON_STACK            1 if pthread_self is in the thread's own stack
//   RCGO_PROBE_SIZE                    what rcgo__kernel_mask_probe reads, a power of 2
//   RCGO_MAP_LAZY                      flag of mmap: reserve no swap space
//   RCGO_MAP_STACK                     flag of mmap: memory for a stack
//   RCGO_SI_THREAD                     si_code of a signal that was sent to one thread
//   RCGO_AUXV_VDSO                     type of the address of the vDSO's ELF header; 0: none
//   RCGO_AUXV_MINSIGSTKSZ              type of the size of a signal frame; 0: none
//
// All are MT-Safe and AS-Safe, and keep errno unless they say otherwise.
#ifndef RCGO_KERNEL_H
#define RCGO_KERNEL_H

#if defined(__linux__)
#	include "kernel_linux.h"
#elif defined(__FreeBSD__)
#	include "kernel_freebsd.h"
#else
#	error "runtime_cgo: no kernel_<os>.h for this system: see doc/porting.md"
#endif

#endif // RCGO_KERNEL_H
