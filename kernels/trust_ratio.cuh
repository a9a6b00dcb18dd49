// Norms and trust ratio of each segment, from the sums of its tiles. One block per segment. CPU twin: TrustRatios.java.
//
//   ratio = phi(||w||) / ||r||, clamped; 1 if either norm is zero or the group is not adapted (You et al. 2019, alg. 2)
//   LANS: one ratio for each of the two terms, weighted by beta1 and 1 - beta1       (Zheng et al. 2020, algorithm 2)
#pragma once
#include "numerics.cuh"

// Returns NaN for NaN.
__device__ __forceinline__ double clamp(double x, double min, double max) {
  return x < min ? min : x > max ? max : x;
}

__device__ __forceinline__ double ratio_of(const Hyperparameters& h, double weight_norm, double update_norm) {
  if (h.layer_adaptation == 0 || weight_norm == 0 || update_norm == 0) return 1.0;
  double phi = clamp(weight_norm, h.weight_norm_min, h.weight_norm_max);
  return clamp(phi / update_norm, h.trust_ratio_min, h.trust_ratio_max);
}

// Stores a segment's norms and returns its step size, from the sums of w^2 and r^2.
__device__ __forceinline__ float segment_step_size(const Group& group, uint32_t index, double2 sums) {
  const Hyperparameters& h = *group.hyperparameters;
  SegmentNorms& norms = group.norms[index];
  norms.weight_norm = sqrt(sums.x);
  norms.update_norm = sqrt(sums.y);
  norms.trust_ratio = ratio_of(h, norms.weight_norm, norms.update_norm);
  double learning_rate = group.state->coefficients.learning_rate;
  norms.step_size = step_size(h.lans != 0 ? learning_rate * h.beta1 : learning_rate, norms.trust_ratio);
  return norms.step_size;
}

extern "C" __global__ void __launch_bounds__(kLanes) trust_ratio(const Group group) {
  __shared__ double shared_w[kLanes], shared_r[kLanes];
  if (group.state->coefficients.skip != 0) return;
  for (uint32_t index = blockIdx.x; index < group.segment_count; index += gridDim.x) {
    const Segment& segment = group.segments[index];
    double sum_w = 0, sum_r = 0;
#pragma unroll 4
    for (uint32_t t = threadIdx.x; t < segment.tile_count; t += kLanes) {
      double2 partial = group.partials[segment.first_tile + t];
      sum_w += partial.x;
      sum_r += partial.y;
    }
    sum_w = sum_of_lanes(sum_w, shared_w);
    sum_r = sum_of_lanes(sum_r, shared_r);
    if (threadIdx.x == 0) segment_step_size(group, index, make_double2(sum_w, sum_r));
  }
}

// Runs after `trust_ratio`: norm, ratio and step size of the second term of LANS.
extern "C" __global__ void __launch_bounds__(kLanes) lans_trust_ratio(const Group group) {
  __shared__ double shared[kLanes];
  const Hyperparameters& h = *group.hyperparameters;
  const Coefficients& c = group.state->coefficients;
  if (c.skip != 0) return;
  for (uint32_t index = blockIdx.x; index < group.segment_count; index += gridDim.x) {
    const Segment& segment = group.segments[index];
    double sum = 0;
    for (uint32_t t = threadIdx.x; t < segment.tile_count; t += kLanes)
      sum += group.gradient_partials[segment.first_tile + t];
    sum = sum_of_lanes(sum, shared);
    if (threadIdx.x == 0) {
      SegmentNorms& norms = group.norms[index];
      norms.gradient_update_norm = sqrt(sum);
      norms.gradient_trust_ratio = ratio_of(h, norms.weight_norm, norms.gradient_update_norm);
      norms.gradient_step_size = step_size(c.learning_rate * (1.0 - h.beta1), norms.gradient_trust_ratio);
    }
    __syncthreads();
  }
}
