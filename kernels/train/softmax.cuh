// The output layer: bias, softmax and cross-entropy, its gradient, and the prediction. One thread per example.
#pragma once
#include "embedding.cuh"

// The natural logarithm of s in [1, number of classes]. One step of Halley's method from the logarithm in binary32 triples
// its 23 correct bits. CUDA's log(double) contains an approximate instruction, whose bits are not specified.
__device__ __forceinline__ double log_of_sum(double s) {
  double y = logf((float)s);
  double e = exp(y);
  return y + 2.0 * (s - e) / (s + e);
}

__device__ __forceinline__ void add_bias(float* row, const float* bias, int classes) {
  for (int c = 0; c < classes; c++) row[c] = __fadd_rn(row[c], bias[c]);
}

// The lowest index of the largest value.
__device__ __forceinline__ int largest(const float* row, int classes) {
  int result = 0;
  for (int c = 1; c < classes; c++) {
    if (row[c] > row[result]) result = c;
  }
  return result;
}

// With p = softmax(logits + bias): losses[first + n] = -log p[label], and logits = (p - one-hot(label)) / count, the
// gradient of the batch's mean loss.
extern "C" __global__ void softmax_loss(float* logits, const float* bias, const int* labels, const int* order, int first,
                                        int count, int classes, double* losses) {
  int n = element_index();
  if (n >= count) return;
  float* row = logits + (int64_t)n * classes;
  add_bias(row, bias, classes);
  float max = row[largest(row, classes)];
  int label = labels[order[first + n]];
  double label_logit = (double)row[label] - max;
  double sum = 0.0;
  for (int c = 0; c < classes; c++) {
    double e = exp((double)row[c] - max);
    row[c] = (float)e;
    sum += e;
  }
  double scale = 1.0 / (sum * count);
  for (int c = 0; c < classes; c++) row[c] = (float)(row[c] * scale);
  row[label] = __fsub_rn(row[label], (float)(1.0 / count));
  losses[first + n] = log_of_sum(sum) - label_logit;
}

// predicted[first + n] = the most likely class.
extern "C" __global__ void predict(
    int* predicted, float* logits, const float* bias, int first, int count, int classes) {
  int n = element_index();
  if (n >= count) return;
  float* row = logits + (int64_t)n * classes;
  add_bias(row, bias, classes);
  predicted[first + n] = largest(row, classes);
}
