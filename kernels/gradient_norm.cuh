// The norm of all gradients, the factor that removes the loss scale and clips, and the decision to skip the step.
// Reads 4 bytes per float32 element and writes 8 per tile. The first two kernels run only if a step needs the norm.
//
//   per tile     sum of g^2                                    (gradient_norm_tiles)
//   per segment  fixed-order sum of its tiles' sums            (gradient_norm_segments)
//   over all     fixed-order sum of the segments' sums         (gradient_scale)
//                norm = sqrt(sum) / s, with s = loss scale * divisor: the norm of the true gradients, g / s
//                scale = norm > max_norm ? max_norm / sqrt(sum) : 1 / s
//
// The gradients themselves are not changed. CPU twin: GradientNorm.java.
#pragma once
#include "numerics.cuh"
#include "tile.cuh"

extern "C" __global__ void __launch_bounds__(kThreads) gradient_norm_tiles(const Group group) {
  __shared__ double shared[kLanes];
  for (uint32_t index = blockIdx.x; index < group.tile_count; index += gridDim.x) {
    Tile tile = tile_at(group, index);
    double sum = 0;
#pragma unroll
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
    if (threadIdx.x == 0) {
      group.gradient_sums[index] = sum;
      group.norms[index].gradient_scale = sum == 0 ? 0.0 : 1.0 / sqrt(sum);
    }
    __syncthreads();
  }
}

__device__ __forceinline__ bool is_finite(double x) {
  return fabs(x) <= DBL_MAX;
}

// Runs in thread 0. `raw` is the norm of the gradients in memory.
__device__ __forceinline__ void decide(const GradientInputs& in, double raw, StepControl& control) {
  double s = in.constant;
  if (in.loss_scale != nullptr) s *= (double)*in.loss_scale;
  if (in.divisor != nullptr) s *= (double)*in.divisor;
  bool positive = is_finite(s) && s > 0;
  double norm = positive && raw >= 0 ? raw / s : __longlong_as_double(0x7ff8000000000000);
  if (control.halted == 0) {  // keep what halted the run, for the report
    control.norm = norm;
    if (!positive && control.divisor == 1) control.divisor = s;
  }
  control.scale = norm > in.max_norm ? in.max_norm / raw : 1.0 / s;
  // The norm after clipping bounds every gradient. A gradient that is scaled up must not become infinite.
  bool fits = control.scale <= 1 || fmin(norm, in.max_norm) <= FLT_MAX;
  bool sound = is_finite(norm) && positive && fits;
  bool bad = in.non_finite != kPropagate && !sound;
  if (bad && in.non_finite == kFail) control.halted = 1;
  bool skip = bad || control.halted != 0;
  control.skip = skip ? 1 : 0;
  if (skip) control.skipped += 1;
}

// One block.
extern "C" __global__ void __launch_bounds__(kLanes) gradient_scale(const GradientInputs in, StepControl* control) {
  __shared__ double shared[kLanes];
  double sum = 0;
  for (uint32_t s = threadIdx.x; s < in.count; s += kLanes) sum += in.sums[s];
  sum = sum_of_lanes(sum, shared);
  if (threadIdx.x == 0) decide(in, in.norm != nullptr ? (double)*in.norm : sqrt(sum), *control);
}
