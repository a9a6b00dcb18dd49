// Second pass of a step: w -= learning_rate * ratio * r. CPU twin: Apply.java.
//
// It computes r again from w, m and v, with the same bits, instead of storing it in a buffer of the model's size.
// 16 bytes per float32 element: reads w, m, v; writes w.
#pragma once
#include "numerics.cuh"
#include "tile.cuh"

template <Caching kCaching>
__device__ __forceinline__ void apply_tile(const Tile& tile, const Coefficients& c, float step_size) {
  float w[kQuadsPerThread][4], m[kQuadsPerThread][4], v[kQuadsPerThread][4];
#pragma unroll
  for (int k = 0; k < kQuadsPerThread; k++) {
    int quad = threadIdx.x + k * kThreads;
    load_quad<kCaching>(w[k], tile.weights, tile, quad);
    load_quad<kCaching>(m[k], tile.exp_avg, tile, quad);
    load_quad<kCaching>(v[k], tile.exp_avg_sq, tile, quad);
  }
#pragma unroll
  for (int k = 0; k < kQuadsPerThread; k++) {
    decay(w[k], c);
    for (int i = 0; i < 4; i++) w[k][i] = next_weight(w[k][i], update(w[k][i], m[k][i], v[k][i], c), step_size);
    store_weights<kCaching>(tile, threadIdx.x + k * kThreads, w[k]);
  }
}

extern "C" __global__ void __launch_bounds__(kThreads, kBlocks) apply(const Group group) {
  const Coefficients c = group.state->coefficients;
  if (c.skip != 0) return;
  for (uint32_t index = blockIdx.x; index < group.tile_count; index += gridDim.x) {
    Tile tile = tile_at(group, index);
    apply_tile<kKeep>(tile, c, group.norms[tile.segment].step_size);
  }
}

// LANS subtracts its two terms in order. The second one needs the gradient again.
__device__ __forceinline__ void lans_apply_tile(const Tile& tile, const Coefficients& c, const SegmentNorms& norms) {
#pragma unroll
  for (int k = 0; k < kQuadsPerThread; k++) {
    int quad = threadIdx.x + k * kThreads;
    float g[4], w[4], m[4], v[4];
    load_gradients(g, tile, quad);
    load_quad(w, tile.weights, tile, quad);
    load_quad(m, tile.exp_avg, tile, quad);
    load_quad(v, tile.exp_avg_sq, tile, quad);
    decay(w, c);
    for (int i = 0; i < 4; i++) {
      float second = gradient_update(w[i], scaled_gradient(g[i], norms.gradient_scale), v[i], c);
      w[i] = next_weight(w[i], update(w[i], m[i], v[i], c), norms.step_size);
      w[i] = next_weight(w[i], second, norms.gradient_step_size);
    }
    store_weights(tile, quad, w);
  }
}

extern "C" __global__ void __launch_bounds__(kThreads, kBlocks) lans_apply(const Group group) {
  const Coefficients c = group.state->coefficients;
  if (c.skip != 0) return;
  for (uint32_t index = blockIdx.x; index < group.tile_count; index += gridDim.x) {
    Tile tile = tile_at(group, index);
    lans_apply_tile(tile, c, group.norms[tile.segment]);
  }
}
