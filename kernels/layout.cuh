// What the host writes and every kernel reads. The twin of this file is CudaLayout.java: same names, same order.
#pragma once
#include <cstddef>
#include <cstdint>

// The format of every sum (see NUMERICS.md). Changing one of these changes the bits of every result.
constexpr int kTileElements = 2048;
constexpr int kQuadsPerTile = kTileElements / 4;
constexpr int kLanes = 256;

// Tuning: changes no bit. Each of the 256 threads of a block takes two of a tile's 512 quads.
constexpr int kThreads = 256;
constexpr int kQuadsPerThread = kQuadsPerTile / kThreads;
constexpr int kBlocks = 3;  // resident per multiprocessor, as LaunchPolicy.java has it: bounds the registers

enum GradientType : uint32_t { kF32 = 0, kF16 = 1, kBF16 = 2 };

// One parameter. The addresses (in global memory) are the caller's own for weights and gradients, ours for the moments.
struct Segment {
  uint64_t weights;
  uint64_t gradients;
  uint64_t exp_avg;
  uint64_t exp_avg_sq;
  uint64_t count;
  uint32_t first_tile;
  uint32_t tile_count;
  uint32_t gradient_type;
  uint32_t aligned;  // 1: every address allows loads of four elements at once
};

// The last step's norms of one segment, and what `apply` needs of them.
struct SegmentNorms {
  double weight_norm;
  double update_norm;
  double trust_ratio;
  float step_size;  // learning rate * trust ratio
  uint32_t padding;
};

// The caller's hyperparameters, as given.
struct Hyperparameters {
  double beta1, beta2, epsilon, weight_decay;
  double weight_norm_min, weight_norm_max;
  double trust_ratio_min, trust_ratio_max;
  uint32_t bias_correction;
  uint32_t layer_adaptation;
};

// What one step's element arithmetic needs, derived by `begin_step`.
struct Coefficients {
  double learning_rate;
  double gradient_scale;
  float beta1_hi, beta1_lo, one_minus_beta1;
  float beta2_hi, beta2_lo, one_minus_beta2;
  float m_correction;       // 1 / (1 - beta1^t)
  float sqrt_v_correction;  // 1 / sqrt(1 - beta2^t)
  float epsilon, weight_decay;
};

// The norm of all gradients and the factor that clipping makes of it.
struct GradientScale {
  double norm;
  double scale;
};

// A group's step counter and the powers that go with it; kept on the device, where they are needed.
struct StepState {
  uint64_t step;
  double beta1_power, beta2_power;  // products of `step` factors, one by one
  Coefficients coefficients;
};

// Tables of one parameter group; passed to every kernel by value.
struct Group {
  const Segment* segments;
  const uint32_t* tile_segments;  // tile -> its segment
  double2* partials;              // tile -> sums of w^2 and r^2 (or of g^2 in .x)
  SegmentNorms* norms;
  double* gradient_sums;          // segment -> sum of g^2, a slice of the array over all groups
  const Hyperparameters* hyperparameters;
  StepState* state;
  uint32_t tile_count;
  uint32_t segment_count;
};

// What the single pass needs besides; all of it is zero before the first launch, and resets itself.
struct Window {
  uint32_t* ticket;     // the next tile to be taken
  uint32_t* arrivals;   // segment -> tiles whose sums are there
  uint64_t* ready;      // segment -> step << 32 | bits of its step size
  uint32_t* deferred;   // tile -> the tile that its block deferred before it
  uint32_t slots;       // tiles that a block can hold
  uint32_t padding;
};

static_assert(sizeof(Window) == 40 && offsetof(Window, slots) == 32, "CudaLayout.java");
static_assert(sizeof(Segment) == 56 && offsetof(Segment, aligned) == 52, "CudaLayout.java");
static_assert(sizeof(SegmentNorms) == 32 && offsetof(SegmentNorms, step_size) == 24, "CudaLayout.java");
static_assert(sizeof(Hyperparameters) == 72 && offsetof(Hyperparameters, bias_correction) == 64, "CudaLayout.java");
static_assert(sizeof(GradientScale) == 16, "CudaLayout.java");
static_assert(sizeof(Coefficients) == 56, "CudaLayout.java");
static_assert(sizeof(StepState) == 80 && offsetof(StepState, coefficients) == 24, "CudaLayout.java");
static_assert(sizeof(Group) == 64 && offsetof(Group, tile_count) == 56, "CudaLayout.java");
