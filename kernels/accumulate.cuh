// Widens an array of any type and adds it to a float32 array, or replaces its contents. CPU twin: Accumulate.java.
//
//   target = target + source    gradients of several micro-batches
//   target = source             initial master weights, from half weights
//
// A block processes tiles blockIdx.x, blockIdx.x + gridDim.x, ...; thread t processes quads t and t + 256 of each tile.
#pragma once
#include "tile.cuh"

extern "C" __global__ void __launch_bounds__(kThreads)
    accumulate(uint64_t target, uint64_t source, uint64_t count, uint32_t type, uint32_t replace) {
  uint32_t size = type == kF32 ? sizeof(float) : sizeof(uint16_t);
  bool aligned = target % (4 * sizeof(float)) == 0 && source % (4 * size) == 0;
  Tile tile;
  tile.gradient_type = type;
  uint64_t stride = (uint64_t)gridDim.x * kTileElements;
  for (uint64_t start = (uint64_t)blockIdx.x * kTileElements; start < count; start += stride) {
    uint64_t left = count - start;
    tile.count = left < kTileElements ? (uint32_t)left : kTileElements;
    tile.vectorized = aligned && tile.count == kTileElements;
    tile.gradients = source + start * size;
#pragma unroll
    for (int k = 0; k < kQuadsPerThread; k++) {
      int quad = threadIdx.x + k * kThreads;
      float x[4], sum[4] = {0, 0, 0, 0};
      load_gradients(x, tile, quad);
      if (replace == 0) {
        load_quad(sum, target + start * sizeof(float), tile, quad);
        for (int i = 0; i < 4; i++) x[i] = __fadd_rn(sum[i], x[i]);
      }
      store_quad(target + start * sizeof(float), tile, quad, x);
    }
  }
}
