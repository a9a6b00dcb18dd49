// A whole step in one pass: 32 bytes per float32 element instead of 40 in two passes, with the same bits.
//
// Two passes are needed only because r is lost by the time ||r|| is known. Here each block keeps the r of its last
// `slots` tiles in a ring in shared memory until the trust ratio of their segment is known:
//
//   take     tiles in order, by an atomic ticket
//   compute  m, v and r; m and v go to memory, r into the ring; publish the tile's sums
//   arrive   the block of a segment's last tile adds the segment's sums and publishes the step size
//   retire   the oldest tile in the ring: w -= step_size r, with a second read of w
//
// A block never waits for a block that may not have started. If the ring is full and the segment of the oldest tile is
// not ready, the tile is deferred: it leaves the ring, and the block applies it at the end like the second pass (8 bytes
// more per element). Waiting helps only if other blocks have taken all tiles of the segment, and then the block first
// polls a bounded number of times. A block waits without bound only after all tickets are taken, and then only for
// running blocks. So an ordinary launch is correct with any number of resident blocks. If a segment has more tiles than
// all rings hold, the excess tiles are deferred at once. CPU twins: Moments.java, TrustRatios.java and Apply.java.
//
// The second read of w should hit the L2 cache. So all other accesses are streamed: nothing else is read twice.
#pragma once
#include "apply.cuh"
#include "moments.cuh"
#include "trust_ratio.cuh"

constexpr int kWindowBlocks = 2;   // resident per multiprocessor, as in LaunchPolicy.java; limits registers per thread
constexpr int kMaxSlots = 32;
constexpr int kPolls = 64;         // of a segment whose tiles are all taken, before its tile is deferred
constexpr uint32_t kNoTile = 0xffffffffu;
constexpr int kTicketsAhead = 2;
constexpr uint32_t kDrains = 2;    // tiles retired per turn at most; a turn adds one, so a full ring empties again

// Results of thread 0 for the whole block. Two instances alternate: one is read while the next is written.
struct Turn {
  uint32_t ticket;   // taken kTicketsAhead turns early
  uint32_t arrived;  // 1: this tile was the last of its segment to arrive
  uint32_t ready;    // number of tiles to retire
  uint32_t oldest[kDrains];   // the ring's oldest tiles, at least `ready` of them
  float step_sizes[kDrains];  // of the tiles to retire
};

// Relaxed accesses suffice for ready words and tickets, and avoid fences: a ready word contains everything that its
// readers need, and no other memory depends on a ticket.
__device__ __forceinline__ uint64_t load_relaxed(const uint64_t* address) {
  uint64_t value;
  asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];" : "=l"(value) : "l"(address) : "memory");
  return value;
}

__device__ __forceinline__ void store_relaxed(uint64_t* address, uint64_t value) {
  asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(address), "l"(value) : "memory");
}

// Each block takes one ticket per tile and kTicketsAhead beyond the last tile. After all blocks the counter wraps to 0.
__device__ __forceinline__ uint32_t take_ticket(const Group& group, const Window& window) {
  uint32_t last = group.tile_count + kTicketsAhead * gridDim.x - 1, ticket;
  asm volatile("atom.relaxed.gpu.global.inc.u32 %0, [%1], %2;"
               : "=r"(ticket) : "l"(window.ticket), "r"(last) : "memory");
  return ticket;
}

// Counts a tile; returns true for the segment's last one. Acquire-release makes all sums visible to the last block.
__device__ __forceinline__ bool arrive(const Window& window, const Tile& tile) {
  uint32_t last = tile.tile_count - 1, before;
  asm volatile("atom.acq_rel.gpu.global.inc.u32 %0, [%1], %2;"
               : "=r"(before) : "l"(window.arrivals + tile.segment), "r"(last) : "memory");
  return before == last;
}

// Polls for the step size of a tile's segment, without bound if `polls` < 0.
__device__ __forceinline__ bool poll(
    const Group& group, const Window& window, uint32_t index, int polls, float& found) {
  const uint64_t* ready = window.ready + group.tile_segments[index];
  uint32_t step = (uint32_t)group.state->step;
  do {
    uint64_t word = load_relaxed(ready);
    if ((uint32_t)(word >> 32) == step) {
      found = __uint_as_float((uint32_t)word);
      return true;
    }
  } while (polls < 0 || --polls > 0);
  return false;
}

// Whether all tiles of a tile's segment are taken. Tickets are taken in order, so any later ticket proves it.
__device__ __forceinline__ bool all_taken(const Group& group, uint32_t index, uint32_t ticket) {
  const Segment& segment = group.segments[group.tile_segments[index]];
  return ticket >= segment.first_tile + segment.tile_count;
}

// Finds the tiles at the ring's old end that can be retired. A full ring waits for its oldest tile, if that helps.
__device__ __forceinline__ void poll_oldest(const Group& group, const Window& window, const uint32_t* held_tiles,
                                            uint32_t oldest, uint32_t held, Turn& turn) {
  bool waits = held == window.slots && all_taken(group, held_tiles[oldest], turn.ticket);
  uint32_t ready = 0;
  bool found = true;
  while (found && ready < kDrains && ready < held) {
    turn.oldest[ready] = held_tiles[(oldest + ready) % window.slots];
    found = poll(group, window, turn.oldest[ready], waits && ready == 0 ? kPolls : 1, turn.step_sizes[ready]);
    if (found) ready++;
  }
  turn.ready = ready;
}

// The whole block adds the sums of a segment's tiles and publishes the step size.
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

// A thread retires only quads that it stored itself, so the ring needs no barrier. All loads of w come before the first
// store: the compiler must assume that a store changes what a later load returns, and would wait for memory twice.
__device__ __forceinline__ void retire(
    const float4* slot, const Tile& tile, const Coefficients& c, float step_size) {
  float w[kQuadsPerThread][4];
#pragma unroll
  for (int k = 0; k < kQuadsPerThread; k++) load_quad<kStream>(w[k], tile.weights, tile, threadIdx.x + k * kThreads);
#pragma unroll
  for (int k = 0; k < kQuadsPerThread; k++) {
    int quad = threadIdx.x + k * kThreads;
    decay(w[k], c);
    float4 r = slot[quad];
    w[k][0] = next_weight(w[k][0], r.x, step_size), w[k][1] = next_weight(w[k][1], r.y, step_size);
    w[k][2] = next_weight(w[k][2], r.z, step_size), w[k][3] = next_weight(w[k][3], r.w, step_size);
    store_weights<kStream>(tile, quad, w[k]);
  }
}

// Without layer adaptation the step size is known at once: this is AdamW, with 28 bytes per element.
__device__ __forceinline__ void apply_now(const Quads& x, const Tile& tile, float step_size) {
#pragma unroll
  for (int k = 0; k < kQuadsPerThread; k++) {
    float w[4];
    for (int i = 0; i < 4; i++) w[i] = next_weight(x.w[k][i], x.g[k][i], step_size);
    store_weights<kStream>(tile, threadIdx.x + k * kThreads, w);
  }
}

// Whether all rings together can hold this tile and the segment's tiles after it.
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
  // Equal in all threads: the oldest slot, the number of held tiles, and the last deferred tile.
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
    load_tile<kStream>(x, tile);
  }

  for (; index < group.tile_count; t ^= 1) {
    Turn& turn = turns[t];
    uint32_t after = threadIdx.x == 0 ? take_ticket(group, window) : 0;
    if (next < group.tile_count) next_tile = tile_at(group, next);
    TileSums sums = update_moments<false, kStream>(x, tile, c, c.gradient_scale);
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
    // The next tile's loads are in flight during the sums, the arrival and the retirement.
    if (next < group.tile_count) load_tile<kStream>(x, next_tile);
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
      if (threadIdx.x == 0) poll_oldest(group, window, held_tiles, oldest, held, turn);
      __syncthreads();
      if (turn.ready == 0 && held == window.slots) {
        if (threadIdx.x == 0) window.deferred[turn.oldest[0]] = deferred;
        deferred = turn.oldest[0];
        oldest = (oldest + 1) % window.slots;
        held--;
      }
      for (uint32_t i = 0; i < turn.ready; i++) {
        retire(ring + oldest * kQuadsPerTile, tile_at(group, turn.oldest[i]), c, turn.step_sizes[i]);
        oldest = (oldest + 1) % window.slots;
        held--;
      }
    }
    index = next;
    tile = next_tile;
    next = turn.ticket;
  }

  // All tickets are taken by running blocks, so every segment becomes ready.
  for (; held > 0 || deferred != kNoTile; t ^= 1) {
    Turn& turn = turns[t];
    uint32_t last = held > 0 ? held_tiles[oldest] : deferred;
    if (threadIdx.x == 0) {
      poll(group, window, last, -1, turn.step_sizes[0]);
      turn.ticket = held > 0 ? deferred : window.deferred[last];
    }
    __syncthreads();
    if (held > 0) {
      retire(ring + oldest * kQuadsPerTile, tile_at(group, last), c, turn.step_sizes[0]);
      oldest = (oldest + 1) % window.slots;
      held--;
    } else {
      apply_tile<kStream>(tile_at(group, last), c, turn.step_sizes[0]);
      deferred = turn.ticket;
    }
  }
}
