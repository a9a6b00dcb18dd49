// The structures that host and kernels share. Java twin: CudaLayout.java, with the same names in the same order.
#pragma once
#include <cstddef>
#include <cstdint>

// The order of every sum (NUMERICS.md). Changing any of these changes the bits of every result.
constexpr int kTileElements = 2048;
constexpr int kQuadsPerTile = kTileElements / 4;
constexpr int kLanes = 256;

// Tuning; results do not depend on it. Each of a block's 256 threads processes two of a tile's 512 quads.
constexpr int kThreads = 256;
constexpr int kQuadsPerThread = kQuadsPerTile / kThreads;
constexpr int kBlocks = 3;  // resident per multiprocessor, as in LaunchPolicy.java; limits registers per thread

// Learning rates kept on the device for each group: the number of skipped steps or graph replays by which the step
// counts of host and device may differ.
constexpr uint64_t kRates = 4096;

// In place of a rate's step: the rate is for the next step, whatever its number, and is not kept.
constexpr uint64_t kNextStep = 0xffffffffffffffff;

// Groups that one launch of `begin_step` advances, each in a thread of its own.
constexpr int kGroups = 128;

// A tagged word has the lower half of the step count in its upper half, and 32 bits of data in its lower half. A sum
// takes two words.
constexpr int kWordsPerTile = 4;

enum DType : uint32_t { kF32 = 0, kF16 = 1, kBF16 = 2 };
enum BiasCorrection : uint32_t { kNoCorrection = 0, kOfMoments = 1, kOfLearningRate = 2 };
enum NonFinite : uint32_t { kPropagate = 0, kSkip = 1, kFail = 2 };

// One parameter. All addresses are in global memory. The optimizer owns the moments, and the master weights of a
// parameter that has only half weights; the caller owns the other arrays.
struct Segment {
  uint64_t weights;    // binary32
  uint64_t model;      // half weights of the model, rounded from `weights` in each step; 0 if it has no half weights
  uint64_t gradients;
  uint64_t exp_avg;
  uint64_t exp_avg_sq;
  uint64_t count;
  uint32_t first_tile;
  uint32_t tile_count;
  uint32_t gradient_type;
  uint32_t model_type;
  uint32_t aligned;  // 1: every address is aligned for loads of four elements
  uint32_t padding;
};

// Norms of one segment in the last step, and the step sizes that `apply` derives from them.
struct SegmentNorms {
  double weight_norm;
  double update_norm;
  double trust_ratio;
  double gradient_update_norm;  // LANS: norm of the second term, which uses the gradient instead of m
  double gradient_trust_ratio;
  double gradient_scale;        // LANS: 1 / ||g||, 0 for a zero gradient
  float step_size;              // learning rate * trust ratio
  float gradient_step_size;
};

// The hyperparameters as the caller gave them.
struct Hyperparameters {
  double beta1, beta2, epsilon, weight_decay;
  double weight_norm_min, weight_norm_max;
  double trust_ratio_min, trust_ratio_max;
  uint32_t bias_correction;
  uint32_t layer_adaptation;
  uint32_t decoupled_decay;
  uint32_t gradient_averaging;
  uint32_t lans;
  uint32_t padding;
};

// The coefficients of one step's element arithmetic; `begin_step` derives them.
struct Coefficients {
  double learning_rate;  // includes the bias correction if that is folded into it
  double gradient_scale;
  float beta1_hi, beta1_lo, one_minus_beta1;
  float beta2_hi, beta2_lo, one_minus_beta2;
  float m_correction;       // 1 / (1 - beta1^t)
  float sqrt_v_correction;  // 1 / sqrt(1 - beta2^t)
  float epsilon;
  float weight_decay;       // as a term of the update; 0 if decoupled
  float decoupled_decay;    // learning rate * weight decay; 0 if part of the update
  uint32_t skip;            // 1: this step changes nothing
};

// Inputs of `gradient_scale`. A pointer is null if the caller did not supply the value.
struct GradientInputs {
  const double* sums;       // of g^2 by segment, over all groups in the order in which they were added
  const float* norm;        // of the unscaled gradients
  const float* loss_scale;
  const float* divisor;
  double constant;          // product of those of loss scale and divisor that are constants
  double max_norm;          // infinite without clipping
  uint32_t count;           // of sums; 0 if the norm is not needed or the caller supplies it
  uint32_t non_finite;
};

// The part of a step that all groups share.
struct StepControl {
  double norm;       // of the true gradients of all groups, if a step needs it
  double scale;      // factor for every gradient
  double divisor;    // first product of loss scale and divisor that was not finite and above 0; otherwise 1
  uint64_t skipped;  // number of skipped steps since the optimizer was built
  uint32_t skip;     // 1: this step changes nothing
  uint32_t halted;   // 1: no step changes anything until the host sets the step count
};

// A group's step count and what depends on it. It lives on the device, since only the device knows which steps were
// skipped.
struct StepState {
  uint64_t step;
  uint64_t known_rates;              // last step whose learning rate is in the table
  double rate;                       // of the last step, without bias correction
  double beta1_power, beta2_power;  // products of `step` factors, multiplied one by one
  Coefficients coefficients;
};

// The tables of one parameter group; every kernel takes this structure by value.
struct Group {
  const Segment* segments;
  const uint32_t* tile_segments;  // tile -> its segment
  double2* partials;              // tile -> sums of w^2 and r^2 (or of g^2 in .x)
  double* gradient_partials;      // LANS: tile -> sum of squares of the second term
  SegmentNorms* norms;
  double* gradient_sums;          // segment -> sum of g^2; a slice of the array for all groups
  const Hyperparameters* hyperparameters;
  StepState* state;
  uint32_t tile_count;
  uint32_t segment_count;
};

// Additional tables of the single pass. They are zero before the first launch, and each launch leaves them ready for
// the next. When the host sets the step count, it writes that count into all tags.
struct Window {
  uint32_t* ticket;     // next tile to take
  uint32_t* arrivals;   // segment -> number of tiles whose sums are published
  uint64_t* ready;      // segment -> tagged word with its step size
  uint64_t* sums;       // tile -> tagged words with its sums of w^2 and r^2, kWordsPerTile of them
  uint32_t* deferred;   // tile -> the tile that its block deferred before it: a linked list per block
  uint32_t slots;       // tiles that a block can hold
  uint32_t padding;
};

// What the host knows of the next step of up to kGroups groups.
struct NextRates {
  uint64_t count;                 // of groups
  double learning_rate[kGroups];
  uint64_t step[kGroups];         // to which the rate belongs; 0 in a graph, where the rate is not used
};

// New values of words in segment tables. An argument of at most 4096 bytes, the limit of a launch.
constexpr int kMoves = 255;
struct Moves {
  uint64_t count;
  uint64_t* address[kMoves];
  uint64_t value[kMoves];
};

static_assert(sizeof(NextRates) == 2056 && offsetof(NextRates, step) == 1032, "CudaLayout.java");
static_assert(sizeof(Moves) == 4088 && offsetof(Moves, value) == 2048, "CudaLayout.java");
static_assert(sizeof(Window) == 48 && offsetof(Window, slots) == 40, "CudaLayout.java");
static_assert(sizeof(Segment) == 72 && offsetof(Segment, aligned) == 64, "CudaLayout.java");
static_assert(sizeof(SegmentNorms) == 56 && offsetof(SegmentNorms, step_size) == 48, "CudaLayout.java");
static_assert(sizeof(Hyperparameters) == 88 && offsetof(Hyperparameters, bias_correction) == 64, "CudaLayout.java");
static_assert(sizeof(GradientInputs) == 56 && offsetof(GradientInputs, count) == 48, "CudaLayout.java");
static_assert(sizeof(StepControl) == 40 && offsetof(StepControl, skip) == 32, "CudaLayout.java");
static_assert(sizeof(Coefficients) == 64, "CudaLayout.java");
static_assert(sizeof(StepState) == 104 && offsetof(StepState, coefficients) == 40, "CudaLayout.java");
static_assert(sizeof(Group) == 72 && offsetof(Group, tile_count) == 64, "CudaLayout.java");
