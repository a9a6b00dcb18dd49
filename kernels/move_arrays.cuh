// Stores new addresses into the segment tables, between two steps: 8 bytes for each word that changes.
// No CPU twin: `CpuBackend.move` replaces the arrays themselves.
//
// The words travel as the kernel's argument, which the driver copies when the kernel is enqueued: the host neither waits
// nor keeps a staging buffer, and steps enqueued before still use the old addresses.
#pragma once
#include "layout.cuh"

extern "C" __global__ void __launch_bounds__(kThreads) move_arrays(const Moves moves) {
  uint32_t i = threadIdx.x;
  if (i < moves.count) *moves.address[i] = moves.value[i];
}
