// The element formulas and the order of every sum (NUMERICS.md). CPU twins: Elements.java and Sums.java.
// All operations round to nearest. The build forbids contraction, so an fma occurs only where it is written.
#pragma once
#include <cfloat>

#include "layout.cuh"

// --- Elements ---------------------------------------------------------------------------------------------

// g = gradient * scale, rounded once from binary64.
__device__ __forceinline__ float scaled_gradient(float gradient, double scale) {
  return scale == 1.0 ? gradient : (float)((double)gradient * scale);
}

// m = beta1 m + (1 - beta1) g, with beta1 as the sum of two floats.
__device__ __forceinline__ float next_m(float m, float g, const Coefficients& c) {
  return __fmaf_rn(c.beta1_hi, m, __fmaf_rn(c.beta1_lo, m, __fmul_rn(c.one_minus_beta1, g)));
}

// v = beta2 v + ((1 - beta2) g) g: in this order no product overflows before v itself does.
__device__ __forceinline__ float next_v(float v, float g, const Coefficients& c) {
  return __fmaf_rn(c.beta2_hi, v, __fmaf_rn(c.beta2_lo, v, __fmul_rn(__fmul_rn(c.one_minus_beta2, g), g)));
}

// Decoupled weight decay: w - learning_rate weight_decay w, before any other use of w in the step.
__device__ __forceinline__ void decay(float (&w)[4], const Coefficients& c) {
  if (c.decoupled_decay == 0.0f) return;
#pragma unroll
  for (int i = 0; i < 4; i++) w[i] = __fmaf_rn(-c.decoupled_decay, w[i], w[i]);
}

// r = numerator / (sqrt(vhat) + epsilon) + weight_decay w.
__device__ __forceinline__ float update_term(float numerator, float w, float v, const Coefficients& c) {
  float denominator = __fmaf_rn(__fsqrt_rn(v), c.sqrt_v_correction, c.epsilon);
  return __fmaf_rn(c.weight_decay, w, __fdiv_rn(numerator, denominator));
}

// Update of LAMB and first term of LANS: the numerator is mhat.
__device__ __forceinline__ float update(float w, float m, float v, const Coefficients& c) {
  return update_term(__fmul_rn(m, c.m_correction), w, v, c);
}

// Second term of LANS: the numerator is g.
__device__ __forceinline__ float gradient_update(float w, float g, float v, const Coefficients& c) {
  return update_term(g, w, v, c);
}

// learning_rate * ratio, rounded once; limited to FLT_MAX, because an infinite step size times a zero update is NaN.
__device__ __forceinline__ float step_size(double learning_rate, double ratio) {
  double size = learning_rate * ratio;
  return (float)(size > (double)FLT_MAX ? (double)FLT_MAX : size);
}

// w = w - step r.
__device__ __forceinline__ float next_weight(float w, float r, float step) {
  return __fmaf_rn(-step, r, w);
}

// --- Sums -------------------------------------------------------------------------------------------------

// The square of a binary32 is exact in binary64, so fma gives the same bits as a multiplication and an addition.
__device__ __forceinline__ double sum_of_squares(const float (&x)[4]) {
  double a = x[0], b = x[1], c = x[2], d = x[3];
  return fma(d, d, fma(c, c, fma(b, b, a * a)));
}

// Adds one value per thread of a block of 256 by halving strides 128, 64, ... 1. Only thread 0 returns the sum.
// Warp 0 does strides 128, 64 and 32 from shared memory, which takes a single barrier. It may still be reading `shared`
// when the other warps continue: the next sum must use another array, and its barrier makes the first one free again.
__device__ __forceinline__ double sum_of_stored_lanes(const double (&shared)[kLanes]) {
  int lane = threadIdx.x;
  if (lane >= 32) return 0;
  double sum = ((shared[lane] + shared[lane + 128]) + (shared[lane + 64] + shared[lane + 192])) +
               ((shared[lane + 32] + shared[lane + 160]) + (shared[lane + 96] + shared[lane + 224]));
  for (int stride = 16; stride > 0; stride /= 2) sum += __shfl_down_sync(0xffffffffu, sum, stride);
  return sum;
}

__device__ __forceinline__ double sum_of_lanes(double value, double (&shared)[kLanes]) {
  shared[threadIdx.x] = value;
  __syncthreads();
  return sum_of_stored_lanes(shared);
}

// Two sums with a single barrier.
__device__ __forceinline__ double2 sums_of_lanes(
    double a, double b, double (&shared_a)[kLanes], double (&shared_b)[kLanes]) {
  shared_a[threadIdx.x] = a;
  shared_b[threadIdx.x] = b;
  __syncthreads();
  return make_double2(sum_of_stored_lanes(shared_a), sum_of_stored_lanes(shared_b));
}
