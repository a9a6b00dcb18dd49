// First pass of a step: the moments, and each tile's sums of w^2 and r^2. CPU twin: Moments.java.
//
//   m, v  are updated from the gradient          reads g, w, m, v; writes m, v
//   r     is formed, squared, summed, forgotten  24 bytes per fp32 parameter and 16 per tile
//
// One block walks tiles blockIdx.x, blockIdx.x + gridDim.x, ...; a thread has quads t and t + 256 of a tile.
#pragma once
#include "numerics.cuh"
#include "tile.cuh"

extern "C" __global__ void __launch_bounds__(kThreads, kBlocks) moments(const Group group) {
  __shared__ double shared_w[kLanes], shared_r[kLanes];
  const Coefficients c = group.state->coefficients;
  for (uint32_t index = blockIdx.x; index < group.tile_count; index += gridDim.x) {
    Tile tile = tile_at(group, index);
    float g[kQuadsPerThread][4], w[kQuadsPerThread][4], m[kQuadsPerThread][4], v[kQuadsPerThread][4];
    for (int k = 0; k < kQuadsPerThread; k++) {
      int quad = threadIdx.x + k * kThreads;
      load_gradients(g[k], tile, quad);
      load_quad(w[k], tile.segment->weights, tile, quad);
      load_quad(m[k], tile.segment->exp_avg, tile, quad);
      load_quad(v[k], tile.segment->exp_avg_sq, tile, quad);
    }
    double sum_w = 0, sum_r = 0;
    for (int k = 0; k < kQuadsPerThread; k++) {
      int quad = threadIdx.x + k * kThreads;
      float r[4];
      for (int i = 0; i < 4; i++) {
        float gradient = scaled_gradient(g[k][i], c.gradient_scale);
        m[k][i] = next_m(m[k][i], gradient, c);
        v[k][i] = next_v(v[k][i], gradient, c);
        r[i] = update(w[k][i], m[k][i], v[k][i], c);
      }
      store_quad(tile.segment->exp_avg, tile, quad, m[k]);
      store_quad(tile.segment->exp_avg_sq, tile, quad, v[k]);
      sum_w = k == 0 ? sum_of_squares(w[k]) : sum_w + sum_of_squares(w[k]);
      sum_r = k == 0 ? sum_of_squares(r) : sum_r + sum_of_squares(r);
    }
    sum_w = sum_of_lanes(sum_w, shared_w);
    sum_r = sum_of_lanes(sum_r, shared_r);
    if (threadIdx.x == 0) group.partials[index] = make_double2(sum_w, sum_r);
    __syncthreads();
  }
}
