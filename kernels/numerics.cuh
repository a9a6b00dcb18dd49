// The element formulas and the one order of every sum (NUMERICS.md). CPU twins: Elements.java and Sums.java.
// Everything is rounded to nearest; an fma stands exactly where it is written (the build forbids contraction).
#pragma once
#include <cfloat>

#include "layout.cuh"

// --- Elements ---------------------------------------------------------------------------------------------

// g = gradient * scale, rounded once from binary64.
__device__ __forceinline__ float scaled_gradient(float gradient, double scale) {
  return scale == 1.0 ? gradient : (float)((double)gradient * scale);
}

// m = beta1 m + (1 - beta1) g, with beta1 carried as the sum of two floats.
__device__ __forceinline__ float next_m(float m, float g, const Coefficients& c) {
  return __fmaf_rn(c.beta1_hi, m, __fmaf_rn(c.beta1_lo, m, __fmul_rn(c.one_minus_beta1, g)));
}

// v = beta2 v + ((1 - beta2) g) g: in this order g^2 alone may overflow.
__device__ __forceinline__ float next_v(float v, float g, const Coefficients& c) {
  return __fmaf_rn(c.beta2_hi, v, __fmaf_rn(c.beta2_lo, v, __fmul_rn(__fmul_rn(c.one_minus_beta2, g), g)));
}

// Decoupled weight decay: w - learning_rate weight_decay w, before anything else of the step sees w.
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

// The numerator is mhat: LAMB's r, and the first term of LANS.
__device__ __forceinline__ float update(float w, float m, float v, const Coefficients& c) {
  return update_term(__fmul_rn(m, c.m_correction), w, v, c);
}

// The numerator is g: the second term of LANS.
__device__ __forceinline__ float gradient_update(float w, float g, float v, const Coefficients& c) {
  return update_term(g, w, v, c);
}

// learning_rate * ratio, rounded once; at most the largest float, since an infinite one would make NaN of a zero.
__device__ __forceinline__ float step_size(double learning_rate, double ratio) {
  double size = learning_rate * ratio;
  return (float)(size > (double)FLT_MAX ? (double)FLT_MAX : size);
}

// w = w - step r.
__device__ __forceinline__ float next_weight(float w, float r, float step) {
  return __fmaf_rn(-step, r, w);
}

// --- Sums -------------------------------------------------------------------------------------------------

// Squares of binary32 are exact in binary64, so an fma here rounds as the plain sum does.
__device__ __forceinline__ double sum_of_squares(const float (&x)[4]) {
  double a = x[0], b = x[1], c = x[2], d = x[3];
  return fma(d, d, fma(c, c, fma(b, b, a * a)));
}

// One value per thread of a block of 256, by halving strides 128, 64, ... 1; the result is thread 0's alone.
// Threads 0-31 do strides 128, 64 and 32 from shared memory, so that one barrier is enough. They still read `shared`
// when the others go on: a second sum takes another array, and after two sums in turn the first is free again.
__device__ __forceinline__ double sum_of_lanes(double value, double (&shared)[kLanes]) {
  int lane = threadIdx.x;
  shared[lane] = value;
  __syncthreads();
  if (lane >= 32) return 0;
  double sum = ((shared[lane] + shared[lane + 128]) + (shared[lane + 64] + shared[lane + 192])) +
               ((shared[lane + 32] + shared[lane + 160]) + (shared[lane + 96] + shared[lane + 224]));
  for (int stride = 16; stride > 0; stride /= 2) sum += __shfl_down_sync(0xffffffffu, sum, stride);
  return sum;
}
