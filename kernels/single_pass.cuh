// A whole step in one pass: 32 bytes per fp32 parameter where two passes move 40, and the same bits.
//
// The second pass exists only because r is gone by the time ||r|| is known. Here each block keeps the r of its last
// `slots` tiles in shared memory, until their segment's ratio is there:
//
//   take     tiles in order, by an atomic ticket
//   stage 1  m, v, r of the tile; m and v go to memory, r into the ring of slots; the tile's sums are published
//   arrive   the last tile of a segment to arrive sums the segment and publishes its step size
//   retire   the oldest tile in the ring: w -= step_size r, with w read again
//
// A block never waits for one that may not have started: if the oldest tile's segment is not ready after a bounded
// number of looks, the tile is dropped from the ring and remembered, and applied at the end as the second pass would
// (8 bytes more per element). Unbounded waits come only after every ticket is taken, by blocks that run. So this is an
// ordinary launch, right for any number of resident blocks. Tiles that a segment has beyond what all rings hold are
// dropped at once. The CPU twins are Moments.java, TrustRatios.java and Apply.java: there are no other bits to give.
#pragma once
#include "apply.cuh"
#include "moments.cuh"
#include "trust_ratio.cuh"

constexpr int kWindowBlocks = 2;   // resident per multiprocessor, as LaunchPolicy.java has it: bounds the registers
constexpr int kMaxSlots = 32;
constexpr int kLooks = 64;         // at a segment that is not ready, before its tile is dropped
constexpr uint32_t kNoTile = 0xffffffffu;
constexpr int kTicketsAhead = 2;

// What thread 0 found out for the block. Two of them take turns, so that one is read while the next is written.
struct Turn {
  uint32_t ticket;   // two ahead
  uint32_t arrived;  // 1: this tile was the last of its segment
  uint32_t ready;    // 1: the oldest tile in the ring can be retired
  float step_size;   // of the oldest tile's segment
};

// A ready word carries all that its readers need, and a ticket is only a number: neither orders other memory. Relaxed
// accesses say so, and spare the fences that a stronger order costs.
__device__ __forceinline__ uint64_t load_relaxed(const uint64_t* address) {
  uint64_t value;
  asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];" : "=l"(value) : "l"(address) : "memory");
  return value;
}

__device__ __forceinline__ void store_relaxed(uint64_t* address, uint64_t value) {
  asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(address), "l"(value) : "memory");
}

// Every block takes a ticket for each of its tiles and kTicketsAhead that are none: then the counter is at 0 again.
__device__ __forceinline__ uint32_t take_ticket(const Group& group, const Window& window) {
  uint32_t last = group.tile_count + kTicketsAhead * gridDim.x - 1, ticket;
  asm volatile("atom.relaxed.gpu.global.inc.u32 %0, [%1], %2;"
               : "=r"(ticket) : "l"(window.ticket), "r"(last) : "memory");
  return ticket;
}

// Counts a tile in; true for the last of its segment. The order makes every tile's sums visible to the block of the last.
__device__ __forceinline__ bool arrive(const Window& window, const Tile& tile) {
  uint32_t last = tile.tile_count - 1, before;
  asm volatile("atom.acq_rel.gpu.global.inc.u32 %0, [%1], %2;"
               : "=r"(before) : "l"(window.arrivals + tile.segment), "r"(last) : "memory");
  return before == last;
}

// Looks for a tile's step size; `looks` < 0 looks until it is there.
__device__ __forceinline__ bool look(
    const Group& group, const Window& window, uint32_t index, int looks, float& found) {
  const uint64_t* ready = window.ready + group.tile_segments[index];
  uint32_t step = (uint32_t)group.state->step;
  do {
    uint64_t word = load_relaxed(ready);
    if ((uint32_t)(word >> 32) == step) {
      found = __uint_as_float((uint32_t)word);
      return true;
    }
  } while (looks < 0 || --looks > 0);
  return false;
}

// Sums a segment by the whole block and publishes its step size.
__device__ __forceinline__ void publish(const Group& group, const Window& window, uint32_t segment,
                                        double (&shared_w)[kLanes], double (&shared_r)[kLanes]) {
  float published = segment_step_size(group, segment, shared_w, shared_r);
  if (threadIdx.x == 0) {
    uint64_t word = group.state->step << 32 | __float_as_uint(published);
    store_relaxed(window.ready + segment, word);
  }
}

__device__ __forceinline__ void keep(float4* slot, const Quads& x) {
#pragma unroll
  for (int k = 0; k < kQuadsPerThread; k++)
    slot[threadIdx.x + k * kThreads] = make_float4(x.g[k][0], x.g[k][1], x.g[k][2], x.g[k][3]);
}

// A thread retires the quads that it kept itself: no barrier is needed for the ring.
__device__ __forceinline__ void retire(
    const float4* slot, const Tile& tile, const Coefficients& c, float step_size) {
#pragma unroll
  for (int k = 0; k < kQuadsPerThread; k++) {
    int quad = threadIdx.x + k * kThreads;
    float w[4];
    load_quad(w, tile.weights, tile, quad);
    decay(w, c);
    float4 r = slot[quad];
    w[0] = next_weight(w[0], r.x, step_size), w[1] = next_weight(w[1], r.y, step_size);
    w[2] = next_weight(w[2], r.z, step_size), w[3] = next_weight(w[3], r.w, step_size);
    store_weights(tile, quad, w);
  }
}

// Without layer adaptation no ratio need be known: this is AdamW, at its 28 bytes.
__device__ __forceinline__ void apply_now(const Quads& x, const Tile& tile, float step_size) {
#pragma unroll
  for (int k = 0; k < kQuadsPerThread; k++) {
    float w[4];
    for (int i = 0; i < 4; i++) w[i] = next_weight(x.w[k][i], x.g[k][i], step_size);
    store_weights(tile, threadIdx.x + k * kThreads, w);
  }
}

// Whether a tile is among the last of its segment that all rings together can hold.
__device__ __forceinline__ bool fits(const Window& window, const Tile& tile) {
  return tile.rank + (uint64_t)gridDim.x * window.slots >= tile.tile_count;
}

extern "C" __global__ void __launch_bounds__(kThreads, kWindowBlocks) single_pass(const Group group, const Window window) {
  extern __shared__ float4 ring[];
  __shared__ double shared_w[kLanes], shared_r[kLanes];
  __shared__ uint32_t held_tiles[kMaxSlots];
  __shared__ Turn turns[2];
  __shared__ uint32_t first_tickets[kTicketsAhead];
  const Coefficients c = group.state->coefficients;
  if (c.skip != 0) return;
  const bool adapted = group.hyperparameters->layer_adaptation != 0;
  // The same in every thread: the ring's oldest slot, how many are held, and the tile deferred last.
  uint32_t oldest = 0, held = 0, deferred = kNoTile;

  if (threadIdx.x == 0)
    for (int i = 0; i < kTicketsAhead; i++) first_tickets[i] = take_ticket(group, window);
  __syncthreads();
  uint32_t index = first_tickets[0], next = first_tickets[1];
  int t = 0;
  Tile tile, next_tile;
  Quads x;
  if (index < group.tile_count) {
    tile = tile_at(group, index);
    load_tile(x, tile);
  }

  for (; index < group.tile_count; t ^= 1) {
    Turn& turn = turns[t];
    uint32_t after = threadIdx.x == 0 ? take_ticket(group, window) : 0;
    if (next < group.tile_count) next_tile = tile_at(group, next);
    TileSums sums = update_moments<false>(x, tile, c, c.gradient_scale);
    if (!adapted) {
      apply_now(x, tile, step_size(c.learning_rate, 1.0));
    } else if (fits(window, tile)) {
      uint32_t slot = (oldest + held) % window.slots;
      keep(ring + slot * kQuadsPerTile, x);
      if (threadIdx.x == 0) held_tiles[slot] = index;
      held++;
    } else {
      if (threadIdx.x == 0) window.deferred[index] = deferred;
      deferred = index;
    }
    // The next tile's loads are under way while this one's sums are added and its segment is looked after.
    if (next < group.tile_count) load_tile(x, next_tile);
    sums.w = sum_of_lanes(sums.w, shared_w);
    sums.r = sum_of_lanes(sums.r, shared_r);
    if (threadIdx.x == 0) {
      group.partials[index] = make_double2(sums.w, sums.r);
      turn.ticket = after;
      turn.arrived = arrive(window, tile);
    }
    __syncthreads();
    if (turn.arrived) publish(group, window, tile.segment, shared_w, shared_r);
    if (held > 0) {
      uint32_t tile_held = held_tiles[oldest];
      if (threadIdx.x == 0)
        turn.ready = look(group, window, tile_held, held < window.slots ? 1 : kLooks, turn.step_size);
      __syncthreads();
      if (turn.ready) {
        retire(ring + oldest * kQuadsPerTile, tile_at(group, tile_held), c, turn.step_size);
      } else if (held == window.slots) {
        if (threadIdx.x == 0) window.deferred[tile_held] = deferred;
        deferred = tile_held;
      }
      if (turn.ready || held == window.slots) {
        oldest = (oldest + 1) % window.slots;
        held--;
      }
    }
    index = next;
    tile = next_tile;
    next = turn.ticket;
  }

  // Every ticket is taken, by blocks that run: each segment will be ready.
  for (; held > 0 || deferred != kNoTile; t ^= 1) {
    Turn& turn = turns[t];
    uint32_t last = held > 0 ? held_tiles[oldest] : deferred;
    if (threadIdx.x == 0) {
      look(group, window, last, -1, turn.step_size);
      turn.ticket = held > 0 ? deferred : window.deferred[last];
    }
    __syncthreads();
    if (held > 0) {
      retire(ring + oldest * kQuadsPerTile, tile_at(group, last), c, turn.step_size);
      oldest = (oldest + 1) % window.slots;
      held--;
    } else {
      apply_tile(tile_at(group, last), c, turn.step_size);
      deferred = turn.ticket;
    }
  }
}
