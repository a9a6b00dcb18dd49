// The norm of all gradients, for clipping. Reads 4 bytes per fp32 parameter and writes 16 per tile.
//
//   per tile     sum of g^2                                     (gradient_norm_tiles)
//   per segment  fixed-order sum of its tiles' sums             (gradient_norm_segments)
//   over all     fixed-order sum of the segments' sums -> scale (gradient_scale)
//
// The gradients are as the caller left them; nothing is written to them. CPU twin: GradientNorm.java.
#pragma once
#include "numerics.cuh"
#include "tile.cuh"

extern "C" __global__ void __launch_bounds__(kThreads) gradient_norm_tiles(const Group group) {
  __shared__ double shared[kLanes];
  for (uint32_t index = blockIdx.x; index < group.tile_count; index += gridDim.x) {
    Tile tile = tile_at(group, index);
    double sum = 0;
    for (int k = 0; k < kQuadsPerThread; k++) {
      float g[4];
      load_gradients(g, tile, threadIdx.x + k * kThreads);
      sum = k == 0 ? sum_of_squares(g) : sum + sum_of_squares(g);
    }
    sum = sum_of_lanes(sum, shared);
    if (threadIdx.x == 0) group.partials[index].x = sum;
    __syncthreads();
  }
}

extern "C" __global__ void __launch_bounds__(kLanes) gradient_norm_segments(const Group group) {
  __shared__ double shared[kLanes];
  for (uint32_t index = blockIdx.x; index < group.segment_count; index += gridDim.x) {
    const Segment& segment = group.segments[index];
    double sum = 0;
    for (uint32_t t = threadIdx.x; t < segment.tile_count; t += kLanes) sum += group.partials[segment.first_tile + t].x;
    sum = sum_of_lanes(sum, shared);
    if (threadIdx.x == 0) group.gradient_sums[index] = sum;
    __syncthreads();
  }
}

// One block. `sums` runs over the segments of all groups, in the order in which the groups were added.
extern "C" __global__ void __launch_bounds__(kLanes)
    gradient_scale(const double* sums, uint32_t count, double max_norm, GradientScale* result) {
  __shared__ double shared[kLanes];
  double sum = 0;
  for (uint32_t s = threadIdx.x; s < count; s += kLanes) sum += sums[s];
  sum = sum_of_lanes(sum, shared);
  if (threadIdx.x == 0) {
    double norm = sqrt(sum);
    result->norm = norm;
    result->scale = norm > max_norm ? max_norm / norm : 1.0;
  }
}
