// Widens a buffer of any type and adds it to one of binary32, or replaces it. CPU twin: Accumulate.java.
//
//   target = target + source    gradients of several micro-batches           (kReplace = 0)
//   target = source             a master's beginning, from half weights      (kReplace = 1)
#pragma once
#include "tile.cuh"

extern "C" __global__ void __launch_bounds__(kThreads)
    accumulate(float* target, uint64_t source, uint64_t count, uint32_t type, uint32_t replace) {
  uint64_t stride = (uint64_t)gridDim.x * kThreads;
  for (uint64_t i = (uint64_t)blockIdx.x * kThreads + threadIdx.x; i < count; i += stride) {
    float x = type == kF32 ? global<const float>(source)[i] : half_to_float(global<const uint16_t>(source)[i], type);
    target[i] = replace != 0 ? x : __fadd_rn(target[i], x);
  }
}
