// A whole step of a group without layer adaptation: the trust ratio is 1, so no tile waits for a norm. This is AdamW.
// CPU twin: Unadapted.java.
//
//   m, v  updated from the gradient   reads g, w, m, v; writes m, v, w: 28 bytes per float32 element
//   w     w -= learning_rate r
//
// `unadapted` sums nothing. `unadapted_norms` also sums w^2 and r^2 by tile (16 bytes each), for a report of the norms;
// `trust_ratio` runs after it.
#pragma once
#include "moments.cuh"

template <bool kNorms>
__device__ __forceinline__ void unadapted_step(const Group& group) {
  __shared__ double shared_w[kNorms ? kLanes : 1], shared_r[kNorms ? kLanes : 1];
  const Coefficients c = group.state->coefficients;
  if (c.skip != 0) return;
  const float size = step_size(c.learning_rate, 1.0);
  for (uint32_t index = blockIdx.x; index < group.tile_count; index += gridDim.x) {
    Tile tile = tile_at(group, index);
    Quads x;
    load_tile<kStream, kStream>(x, tile);
    TileSums sums = update_moments<false, kStream>(x, tile, c, c.gradient_scale);
#pragma unroll
    for (int k = 0; k < kQuadsPerThread; k++) {
      for (int i = 0; i < 4; i++) x.w[k][i] = next_weight(x.w[k][i], x.g[k][i], size);
      store_weights<kStream>(tile, threadIdx.x + k * kThreads, x.w[k]);
    }
    if constexpr (kNorms) {
      sums.w = sum_of_lanes(sums.w, shared_w);
      sums.r = sum_of_lanes(sums.r, shared_r);
      if (threadIdx.x == 0) group.partials[index] = make_double2(sums.w, sums.r);
    }
  }
}

extern "C" __global__ void __launch_bounds__(kThreads, kBlocks) unadapted(const Group group) {
  unadapted_step<false>(group);
}

extern "C" __global__ void __launch_bounds__(kThreads, kBlocks) unadapted_norms(const Group group) {
  unadapted_step<true>(group);
}
