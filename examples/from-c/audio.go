// SPDX-License-Identifier: BSD-3-Clause

package fromc

/*
#cgo CFLAGS: -I${SRCDIR}/../../go/include
#cgo LDFLAGS: -lportaudio -lpthread
#include "rcgo_ring.h"

#include <portaudio.h>
#include <stdlib.h>
#include <time.h>

struct audio {
	PaStream *stream;
	rcgo_lane *lane; // NULL: Go is called
	uint64_t blocks, count;
	uint64_t *took; // nanoseconds of each callback
};

struct sound { uint64_t number, at; float peak; };

extern void fromc_sound(uintptr_t number, uint64_t at, float peak);

static uint64_t audio_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// PortAudio calls this on its own thread for each block. It may not wait: a block that comes too late is
// heard. The null device does not wait for its samples to be played, so this sleeps after each.
static int on_block(const void *in, void *out, unsigned long frames, const PaStreamCallbackTimeInfo *info,
	PaStreamCallbackFlags flags, void *arg)
{
	struct audio *a = arg;
	struct timespec pause = {0, 500000};
	float *samples = out, peak = 0;

	(void)in, (void)info, (void)flags;
	for (unsigned long i = 0; i < frames; i++) {
		samples[i] = (float)((a->count * frames + i) % 100) / 100;
		peak = samples[i] > peak ? samples[i] : peak;
	}
	uint64_t start = audio_now();
	if (a->lane != NULL) {
		struct sound s = { a->count, start, peak };
		rcgo_lane_trypush(a->lane, &s, sizeof s);
	} else {
		fromc_sound(a->count, start, peak);
	}
	a->took[a->count++] = audio_now() - start;
	nanosleep(&pause, NULL);
	return a->count < a->blocks ? paContinue : paComplete;
}

static void on_end(void *arg)
{
	struct audio *a = arg;

	if (a->lane != NULL) {
		rcgo_lane_release(a->lane);
	}
}

// Plays blocks on the default device. config is the path of a configuration of ALSA. A ring's lane is
// acquired here, before Go drains the ring.
static const char *audio_start(struct audio *a, const char *config, rcgo_ring *ring, uint64_t blocks)
{
	PaStreamParameters to = {0, 1, paFloat32, 0.01, NULL};
	PaError error;

	setenv("ALSA_CONFIG_PATH", config, 1);
	setenv("JACK_NO_START_SERVER", "1", 1);
	if ((error = Pa_Initialize()) != paNoError) {
		return Pa_GetErrorText(error);
	}
	a->blocks = blocks;
	a->took = calloc(blocks, sizeof *a->took);
	a->lane = ring != NULL ? rcgo_lane_acquire(ring) : NULL;
	to.device = Pa_GetDefaultOutputDevice();
	error = Pa_OpenStream(&a->stream, NULL, &to, 48000, 64, paNoFlag, on_block, a);
	if (error == paNoError) {
		Pa_SetStreamFinishedCallback(a->stream, on_end);
		error = Pa_StartStream(a->stream);
	}
	return error == paNoError ? NULL : Pa_GetErrorText(error);
}

// Waits for the end.
static void audio_stop(struct audio *a)
{
	while (Pa_IsStreamActive(a->stream) == 1) {
		Pa_Sleep(1);
	}
	Pa_CloseStream(a->stream);
	Pa_Terminate();
}
*/
import "C"

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"time"
	"unsafe"

	"rcgo.example/ring"
)

// Played is what became of the blocks of a stream.
type Played struct {
	Blocks        int
	InOrder       bool
	Median, Worst time.Duration // how long the sound library's thread was held up by a block
	MedianToGo    time.Duration // from the callback until Go has the block, for a ring
	PeaksAreRight bool
	durationsToGo []time.Duration
	next          uint64
}

func (p *Played) block(number, at uint64, peak float32) {
	p.InOrder = p.InOrder && number == p.next
	p.PeaksAreRight = p.PeaksAreRight && peak > 0.5 && peak < 1
	p.next++
	p.Blocks++
	p.durationsToGo = append(p.durationsToGo, time.Duration(uint64(C.audio_now())-at))
}

// playing is what fromc_sound adds to. Only the sound library's thread uses it, until the stream has ended.
var playing *Played

//export fromc_sound
func fromc_sound(number C.uintptr_t, at C.uint64_t, peak C.float) {
	playing.block(uint64(number), uint64(at), float32(peak))
}

// Play has PortAudio play blocks of sound, and tells Go of each: by an exported Go function (stock), or through a ring.
// dir is for a file that configures a device which plays into the void.
func Play(dir string, blocks int, stock bool) (*Played, error) {
	config := filepath.Join(dir, "asound.conf")
	if err := os.WriteFile(config, []byte("pcm.default { type null }\n"), 0o600); err != nil {
		return nil, err
	}
	path := C.CString(config)
	defer C.free(unsafe.Pointer(path))
	a := (*C.struct_audio)(C.calloc(1, C.sizeof_struct_audio))
	defer C.free(unsafe.Pointer(a))
	p := &Played{InOrder: true, PeaksAreRight: true}
	playing = p
	var r *ring.Ring[C.struct_sound]
	var queue *C.rcgo_ring
	if !stock {
		var err error
		if r, err = ring.New[C.struct_sound](ring.Options{Lanes: 1, Records: 512, Full: ring.Fail, Wake: ring.Futex}); err != nil {
			return nil, err
		}
		defer r.Close()
		queue = (*C.rcgo_ring)(r.C())
	}
	if text := C.audio_start(a, path, queue, C.uint64_t(blocks)); text != nil {
		return nil, errors.New(C.GoString(text))
	}
	if !stock {
		r.Drain()
		r.Batches(context.Background())(func(batch []C.struct_sound) bool {
			for i := range batch {
				p.block(uint64(batch[i].number), uint64(batch[i].at), float32(batch[i].peak))
			}
			return true
		})
	}
	C.audio_stop(a)
	defer C.free(unsafe.Pointer(a.took))
	p.Median, p.Worst = middleAndWorst(unsafe.Slice((*time.Duration)(unsafe.Pointer(a.took)), blocks))
	p.MedianToGo, _ = middleAndWorst(p.durationsToGo)
	return p, nil
}

func middleAndWorst(d []time.Duration) (middle, worst time.Duration) {
	sorted := append([]time.Duration{}, d...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i] < sorted[j] })
	return sorted[len(sorted)/2], sorted[len(sorted)-1]
}
