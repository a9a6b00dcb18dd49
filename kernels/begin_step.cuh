// Advances a group's step counter and derives the step's coefficients from the caller's doubles.
// One thread. CPU twin: BeginStep.java.
//
//   beta^t  is a product of t factors, one by one, so that a loop, a counter and a resumed state agree to the bit
//   beta    is carried as hi + lo: 0.999f alone is off by 1.3e-8, and v drifts by 1e-5 in a thousand steps
#pragma once
#include "layout.cuh"

// `gradient_scale` is null when nothing clips.
extern "C" __global__ void __launch_bounds__(1)
    begin_step(const Group group, double learning_rate, const GradientScale* gradient_scale) {
  const Hyperparameters& h = *group.hyperparameters;
  StepState& state = *group.state;
  state.step += 1;
  state.beta1_power *= h.beta1;
  state.beta2_power *= h.beta2;

  Coefficients& c = state.coefficients;
  c.learning_rate = learning_rate;
  c.gradient_scale = gradient_scale == nullptr ? 1.0 : gradient_scale->scale;
  c.beta1_hi = (float)h.beta1;
  c.beta1_lo = (float)(h.beta1 - (double)c.beta1_hi);
  c.one_minus_beta1 = (float)(1.0 - h.beta1);
  c.beta2_hi = (float)h.beta2;
  c.beta2_lo = (float)(h.beta2 - (double)c.beta2_hi);
  c.one_minus_beta2 = (float)(1.0 - h.beta2);
  bool correct = h.bias_correction != 0;
  c.m_correction = correct ? (float)(1.0 / (1.0 - state.beta1_power)) : 1.0f;
  c.sqrt_v_correction = correct ? (float)(1.0 / sqrt(1.0 - state.beta2_power)) : 1.0f;
  c.epsilon = (float)h.epsilon;
  c.weight_decay = (float)h.weight_decay;
}
