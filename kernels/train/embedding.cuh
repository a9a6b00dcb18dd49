// The mean of the embeddings of an example's tokens, and its gradient.
#pragma once
#include <cstdint>

__device__ __forceinline__ int element_index() { return blockIdx.x * blockDim.x + threadIdx.x; }

// The weight of one token in the mean; 0 for an example without tokens.
__device__ __forceinline__ float token_share(const int* starts, int example) {
  int tokens = starts[example + 1] - starts[example];
  return tokens == 0 ? 0.0f : __fdiv_rn(1.0f, (float)tokens);
}

// x[n][j] = sum over the tokens t of example n of embedding[t][j] / tokens, in the order of the text.
extern "C" __global__ void mean_embedding(float* x, const float* embedding, const int* tokens, const int* starts,
                                          const int* order, int first, int count, int width) {
  int i = element_index();
  if (i >= count * width) return;
  int example = order[first + i / width];
  int column = i % width;
  float share = token_share(starts, example);
  float sum = 0.0f;
  for (int t = starts[example]; t < starts[example + 1]; t++) {
    sum = __fadd_rn(sum, __fmul_rn(share, embedding[(int64_t)tokens[t] * width + column]));
  }
  x[i] = sum;
}

// dx[n][j] = dx[n][j] / tokens: from the gradient of the mean to that of one token.
extern "C" __global__ void mean_gradient(
    float* dx, const int* starts, const int* order, int first, int count, int width) {
  int i = element_index();
  if (i < count * width) dx[i] = __fmul_rn(dx[i], token_share(starts, order[first + i / width]));
}

// gradient[buckets[r]][j] = sum over the occurrences of the bucket in the batch, from starts[r] to starts[r + 1], of
// dx[positions[...]][j], in the order of the batch. Other rows keep their values: clear the gradient first.
extern "C" __global__ void embedding_gradient(float* gradient, const float* dx, const int* buckets, const int* starts,
                                              const int* positions, int first, int rows, int width) {
  int i = element_index();
  if (i >= rows * width) return;
  int row = first + i / width;
  int column = i % width;
  float sum = 0.0f;
  for (int k = starts[row]; k < starts[row + 1]; k++) {
    sum = __fadd_rn(sum, dx[(int64_t)positions[k] * width + column]);
  }
  gradient[(int64_t)buckets[row] * width + column] = sum;
}
