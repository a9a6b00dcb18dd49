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

// Learning rates that the device keeps for each group: as many skipped steps, or graph replays, as the host can run ahead.
constexpr uint64_t kRates = 4096;

enum DType : uint32_t { kF32 = 0, kF16 = 1, kBF16 = 2 };
enum BiasCorrection : uint32_t { kNoCorrection = 0, kOfMoments = 1, kOfLearningRate = 2 };
enum NonFinite : uint32_t { kPropagate = 0, kSkip = 1, kFail = 2 };

// One parameter. The addresses are in global memory: the moments are ours, the rest is the caller's own, but for the
// master of a parameter that has half weights alone.
struct Segment {
  uint64_t weights;    // binary32
  uint64_t model;      // the model's half weights, rounded from `weights` at each step; 0 if it has none
  uint64_t gradients;
  uint64_t exp_avg;
  uint64_t exp_avg_sq;
  uint64_t count;
  uint32_t first_tile;
  uint32_t tile_count;
  uint32_t gradient_type;
  uint32_t model_type;
  uint32_t aligned;  // 1: every address allows loads of four elements at once
  uint32_t padding;
};

// The last step's norms of one segment, and what `apply` needs of them.
struct SegmentNorms {
  double weight_norm;
  double update_norm;
  double trust_ratio;
  double gradient_update_norm;  // LANS: the same of its second term, that of the gradient alone
  double gradient_trust_ratio;
  double gradient_scale;        // LANS: 1 / ||g||, 0 for a zero gradient
  float step_size;              // learning rate * trust ratio
  float gradient_step_size;
};

// The caller's hyperparameters, as given.
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

// What one step's element arithmetic needs, derived by `begin_step`.
struct Coefficients {
  double learning_rate;  // with its bias correction, if that is where it belongs
  double gradient_scale;
  float beta1_hi, beta1_lo, one_minus_beta1;
  float beta2_hi, beta2_lo, one_minus_beta2;
  float m_correction;       // 1 / (1 - beta1^t)
  float sqrt_v_correction;  // 1 / sqrt(1 - beta2^t)
  float epsilon;
  float weight_decay;       // in the update; 0 if decoupled
  float decoupled_decay;    // learning rate * weight decay; 0 if in the update
  uint32_t skip;            // 1: this step changes nothing
};

// What `gradient_scale` reads. A null pointer stands for what the caller has not given.
struct GradientInputs {
  const double* sums;       // over the segments of all groups, in the order in which the groups were added
  const float* norm;        // of the gradients as they lie
  const float* loss_scale;
  const float* divisor;
  double constant;          // the product of loss scale and divisor as far as they are constants
  double max_norm;          // infinite if nothing clips
  uint32_t count;           // of sums; 0 if nobody asks for the norm or the caller gives it
  uint32_t non_finite;
};

// What holds for a step of all groups.
struct StepControl {
  double norm;       // of all true gradients; 0 if nobody asks
  double scale;      // what each gradient is multiplied by
  uint64_t skipped;  // steps, since the optimizer began
  uint32_t skip;     // 1: this step changes nothing
  uint32_t halted;   // 1: nor does any other, until the steps are set
};

// A group's step counter and the powers that go with it; kept on the device, where they are needed.
struct StepState {
  uint64_t step;
  uint64_t known_rates;              // the last step whose learning rate is in the table
  double beta1_power, beta2_power;  // products of `step` factors, one by one
  Coefficients coefficients;
};

// Tables of one parameter group; passed to every kernel by value.
struct Group {
  const Segment* segments;
  const uint32_t* tile_segments;  // tile -> its segment
  double2* partials;              // tile -> sums of w^2 and r^2 (or of g^2 in .x)
  double* gradient_partials;      // LANS: tile -> sum of the second term's squares
  SegmentNorms* norms;
  double* gradient_sums;          // segment -> sum of g^2, a slice of the array over all groups
  const Hyperparameters* hyperparameters;
  StepState* state;
  double* rates;                  // step modulo kRates -> its learning rate
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
static_assert(sizeof(Segment) == 72 && offsetof(Segment, aligned) == 64, "CudaLayout.java");
static_assert(sizeof(SegmentNorms) == 56 && offsetof(SegmentNorms, step_size) == 48, "CudaLayout.java");
static_assert(sizeof(Hyperparameters) == 88 && offsetof(Hyperparameters, bias_correction) == 64, "CudaLayout.java");
static_assert(sizeof(GradientInputs) == 56 && offsetof(GradientInputs, count) == 48, "CudaLayout.java");
static_assert(sizeof(StepControl) == 32 && offsetof(StepControl, skip) == 24, "CudaLayout.java");
static_assert(sizeof(Coefficients) == 64, "CudaLayout.java");
static_assert(sizeof(StepState) == 96 && offsetof(StepState, coefficients) == 32, "CudaLayout.java");
static_assert(sizeof(Group) == 80 && offsetof(Group, tile_count) == 72, "CudaLayout.java");
