// The bias and the activation of the hidden layer, max(0, .), and its gradient.
#pragma once
#include "embedding.cuh"

// h[n][j] = max(0, h[n][j] + bias[j]). NaN stays NaN, which fmaxf would turn into 0, hiding a run that has diverged.
extern "C" __global__ void bias_and_relu(float* h, const float* bias, int count, int hidden) {
  int i = element_index();
  if (i >= count * hidden) return;
  float sum = __fadd_rn(h[i], bias[i % hidden]);
  h[i] = sum <= 0.0f ? 0.0f : sum;
}

// dh[n][j] = dh[n][j] where h[n][j] > 0, otherwise 0.
extern "C" __global__ void relu_gradient(float* dh, const float* h, int count, int hidden) {
  int i = element_index();
  if (i < count * hidden && !(h[i] > 0.0f)) dh[i] = 0.0f;
}
