// Advances the step count of each group and derives the coefficients of its step from the caller's doubles.
// One launch for all groups (up to kGroups), one thread per group. CPU twin: BeginStep.java.
//
//   beta^t         product of t factors, multiplied one by one: a loop and a resumed state give the same bits
//   beta           stored as hi + lo: 0.999f is off by 1.3e-8, and v would drift by 1e-5 in a thousand steps
//   learning rate  looked up by the device's own step count: the host does not wait and cannot know which steps were
//                  skipped, and the arguments of a replayed graph never change
#pragma once
#include "numerics.cuh"

// The rate of a step, or of the nearest step whose rate is known.
__device__ __forceinline__ double rate_of(const double* rates, uint64_t step, uint64_t known) {
  if (step > known) step = known;
  if (step + kRates <= known) step = known - kRates + 1;
  return rates[step % kRates];
}

// The arrays begin at the first of these groups. `kept_rates` holds kRates rates per group: step modulo kRates -> rate.
extern "C" __global__ void __launch_bounds__(kGroups) begin_step(
    const NextRates next, StepState* states, const Hyperparameters* hyperparameters, double* kept_rates,
    const StepControl* control) {
  uint32_t group = threadIdx.x;
  if (group >= next.count) return;
  const Hyperparameters& h = hyperparameters[group];
  StepState& state = states[group];
  Coefficients& c = state.coefficients;
  double* rates = kept_rates + group * kRates;
  const double learning_rate = next.learning_rate[group];
  const uint64_t rate_step = next.step[group];
  if (rate_step != 0 && rate_step != kNextStep) {
    rates[rate_step % kRates] = learning_rate;
    // A step more than kRates behind means that the host has just learned of that many skipped steps: trust it.
    if (rate_step > state.known_rates || rate_step + kRates <= state.known_rates) state.known_rates = rate_step;
  }
  c.skip = control->skip;
  if (control->skip != 0) return;

  state.step += 1;
  state.beta1_power *= h.beta1;
  state.beta2_power *= h.beta2;
  double rate = rate_step == kNextStep ? learning_rate : rate_of(rates, state.step, state.known_rates);
  state.rate = rate;
  bool of_moments = h.bias_correction == kOfMoments;
  double m_divisor = 1.0 - state.beta1_power, sqrt_v_divisor = sqrt(1.0 - state.beta2_power);
  c.learning_rate = h.bias_correction == kOfLearningRate ? rate * (sqrt_v_divisor / m_divisor) : rate;
  c.gradient_scale = control->scale;
  c.beta1_hi = (float)h.beta1;
  c.beta1_lo = (float)(h.beta1 - (double)c.beta1_hi);
  c.one_minus_beta1 = h.gradient_averaging != 0 ? (float)(1.0 - h.beta1) : 1.0f;
  c.beta2_hi = (float)h.beta2;
  c.beta2_lo = (float)(h.beta2 - (double)c.beta2_hi);
  c.one_minus_beta2 = (float)(1.0 - h.beta2);
  c.m_correction = of_moments ? (float)(1.0 / m_divisor) : 1.0f;
  c.sqrt_v_correction = of_moments ? (float)(1.0 / sqrt_v_divisor) : 1.0f;
  c.epsilon = (float)h.epsilon;
  bool decoupled = h.decoupled_decay != 0;
  c.weight_decay = decoupled ? 0.0f : (float)h.weight_decay;
  c.decoupled_decay = decoupled ? step_size(rate, h.weight_decay) : 0.0f;
}
