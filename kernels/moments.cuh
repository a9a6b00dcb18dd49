// First pass of a step: updates the moments and sums w^2 and r^2 (for LANS also c^2) by tile. CPU twin: Moments.java.
//
//   m, v  updated from the gradient
//   r     computed, squared, summed, not stored
//
// Reads g, w, m, v; writes m, v: 24 bytes per float32 element. Writes sums: 16 bytes per tile (LANS: 24).
//
// A block processes tiles blockIdx.x, blockIdx.x + gridDim.x, ...; thread t processes quads t and t + 256 of each tile.
#pragma once
#include "numerics.cuh"
#include "tile.cuh"

// One thread's part of a tile. `r` replaces the gradients in `g`.
struct Quads {
  float g[kQuadsPerThread][4], w[kQuadsPerThread][4], m[kQuadsPerThread][4], v[kQuadsPerThread][4];
};

struct TileSums {
  double w, r, c;
};

// `kCaching` holds for the gradients and the moments, `kWeights` for the weights, which most callers read again soon.
template <Caching kCaching, Caching kWeights = kKeep>
__device__ __forceinline__ void load_tile(Quads& x, const Tile& tile) {
  // Usual case: without branches between them, all eight loads are in flight at once.
  if (tile.vectorized && tile.gradient_type == kF32) {
#pragma unroll
    for (int k = 0; k < kQuadsPerThread; k++) {
      int quad = threadIdx.x + k * kThreads;
      load_four<kCaching>(x.g[k], tile.gradients, quad);
      load_four<kWeights>(x.w[k], tile.weights, quad);
      load_four<kCaching>(x.m[k], tile.exp_avg, quad);
      load_four<kCaching>(x.v[k], tile.exp_avg_sq, quad);
    }
    return;
  }
#pragma unroll
  for (int k = 0; k < kQuadsPerThread; k++) {
    int quad = threadIdx.x + k * kThreads;
    load_gradients<kCaching>(x.g[k], tile, quad);
    load_quad<kWeights>(x.w[k], tile.weights, tile, quad);
    load_quad<kCaching>(x.m[k], tile.exp_avg, tile, quad);
    load_quad<kCaching>(x.v[k], tile.exp_avg_sq, tile, quad);
  }
}

// Replaces x.g by r and x.w by the decayed weights, stores m and v, and returns the thread's sums.
template <bool kLans, Caching kCaching>
__device__ __forceinline__ TileSums update_moments(
    Quads& x, const Tile& tile, const Coefficients& c, double gradient_scale) {
  TileSums sums = {0, 0, 0};
#pragma unroll
  for (int k = 0; k < kQuadsPerThread; k++) {
    int quad = threadIdx.x + k * kThreads;
    float second[4];
    decay(x.w[k], c);
    for (int i = 0; i < 4; i++) {
      float g = scaled_gradient(x.g[k][i], gradient_scale);
      x.m[k][i] = next_m(x.m[k][i], g, c);
      x.v[k][i] = next_v(x.v[k][i], g, c);
      x.g[k][i] = update(x.w[k][i], x.m[k][i], x.v[k][i], c);
      if (kLans) second[i] = gradient_update(x.w[k][i], g, x.v[k][i], c);
    }
    store_quad<kCaching>(tile.exp_avg, tile, quad, x.m[k]);
    store_quad<kCaching>(tile.exp_avg_sq, tile, quad, x.v[k]);
    sums.w = k == 0 ? sum_of_squares(x.w[k]) : sums.w + sum_of_squares(x.w[k]);
    sums.r = k == 0 ? sum_of_squares(x.g[k]) : sums.r + sum_of_squares(x.g[k]);
    if (kLans) sums.c = k == 0 ? sum_of_squares(second) : sums.c + sum_of_squares(second);
  }
  return sums;
}

template <bool kLans>
__device__ __forceinline__ void moments_of_group(const Group& group) {
  __shared__ double shared_w[kLanes], shared_r[kLanes], shared_c[kLans ? kLanes : 1];
  const Coefficients c = group.state->coefficients;
  if (c.skip != 0) return;
  for (uint32_t index = blockIdx.x; index < group.tile_count; index += gridDim.x) {
    Tile tile = tile_at(group, index);
    Quads x;
    load_tile<kKeep>(x, tile);
    double scale = kLans ? group.norms[tile.segment].gradient_scale : c.gradient_scale;
    TileSums sums = update_moments<kLans, kKeep>(x, tile, c, scale);
    sums.w = sum_of_lanes(sums.w, shared_w);
    sums.r = sum_of_lanes(sums.r, shared_r);
    if constexpr (kLans) sums.c = sum_of_lanes(sums.c, shared_c);
    if (threadIdx.x == 0) {
      group.partials[index] = make_double2(sums.w, sums.r);
      if (kLans) group.gradient_partials[index] = sums.c;
    }
  }
}

extern "C" __global__ void __launch_bounds__(kThreads, kBlocks) moments(const Group group) {
  moments_of_group<false>(group);
}

// LANS normalizes the gradient of each segment and has a second term c = g / (sqrt(vhat) + epsilon) + weight_decay w.
extern "C" __global__ void __launch_bounds__(kThreads, kBlocks) lans_moments(const Group group) {
  moments_of_group<true>(group);
}
