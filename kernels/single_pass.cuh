// A whole step of a group with layer adaptation in one pass: 32 bytes per float32 element instead of 40 in two passes, with the same bits.
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
// not ready, the tile is deferred: it leaves the ring, and the block applies it at the end like the second pass (8 more
// bytes per element). Waiting helps only if other blocks have taken all tiles of the segment, and then the block first
// polls a bounded number of times. A block waits without bound only after all tickets are taken, and then only for
// running blocks. So an ordinary launch is correct with any number of resident blocks. If a segment has more tiles than
// all rings hold, the excess tiles are deferred at once. CPU twins: Moments.java, TrustRatios.java and Apply.java.
//
// The second read of w should hit the L2 cache. So all other accesses are streamed: nothing else is read twice.
//
// A turn has two barriers. Requests with a long latency are made early and their answers used late: the ticket and the
// ready words before the arithmetic, the loads of the next tile before the sums, the arrival before the retirement. The
// addresses of held tiles are in shared memory.
//
// Blocks exchange sums and step sizes without fences, as tagged words (layout.cuh). The argument, in terms of the PTX
// memory consistency model:
//
//   - Every access to a tagged word is a relaxed 64-bit access at gpu scope, or an element of a vector of two, which the
//     model treats as two such accesses in any order. Such accesses are morally strong, so there is no data race, and
//     single-copy atomic: a load returns tag and data of one store. Nothing else is assumed, in particular no order
//     between two words or between a word and an arrival.
//   - In one step a word is stored once. So a load that returns the tag of this step returns this step's data, provided
//     that no earlier store left the same tag. Steps that are not skipped have consecutive counts, and each of them
//     stores every word, so an earlier tag is that of the preceding step. It differs from this step's tag, also where
//     the 32 bits wrap around. If the host sets the step count, it stores that count in all tags.
//   - The block of a segment's last arrival may not see all words yet, and loads them until their tags are right. It
//     waits only for stores that precede an observed arrival in program order; a store becomes visible in finite time.
//   - Launches of a stream are ordered, so no word is stored while an earlier step still reads it.
#pragma once
#include "apply.cuh"
#include "moments.cuh"
#include "trust_ratio.cuh"

constexpr int kWindowBlocks = 2;   // resident per multiprocessor, as in LaunchPolicy.java; limits registers per thread
constexpr int kMaxSlots = 32;
constexpr int kPolls = 64;         // of a segment whose tiles are all taken, before its tile is deferred
constexpr uint32_t kNoTile = 0xffffffffu;
constexpr int kTicketsAhead = 2;
constexpr int kTilesAtOnce = 4;    // whose sums a thread loads together
constexpr uint32_t kDrains = 8;    // tiles retired per turn at most; a ready tile left behind would occupy a slot

// Results of single threads for the whole block.
struct Turn {
  uint64_t ready[kDrains];  // ready words of the oldest held tiles
  uint64_t polled;          // ready word of the tile that the block waited for
  uint32_t ticket;          // taken kTicketsAhead turns early
  uint32_t arrived;         // 1: this tile was the last of its segment to arrive
};

__device__ __forceinline__ uint64_t load_relaxed(const uint64_t* address) {
  uint64_t value;
  asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];" : "=l"(value) : "l"(address) : "memory");
  return value;
}

__device__ __forceinline__ void store_relaxed(uint64_t* address, uint64_t value) {
  asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(address), "l"(value) : "memory");
}

__device__ __forceinline__ bool has_tag(uint64_t word, uint32_t step) {
  return (uint32_t)(word >> 32) == step;
}

__device__ __forceinline__ uint64_t tagged(uint32_t step, uint32_t data) {
  return (uint64_t)step << 32 | data;
}

// The two tagged words of a sum.
struct TaggedSum {
  uint64_t high, low;

  __device__ __forceinline__ bool has_tag(uint32_t step) const {
    return ::has_tag(high, step) && ::has_tag(low, step);
  }

  __device__ __forceinline__ double value() const {
    return __hiloint2double((int)high, (int)low);
  }
};

__device__ __forceinline__ TaggedSum load_sum(const uint64_t* words) {
  TaggedSum sum;
  asm volatile("ld.relaxed.gpu.global.v2.u64 {%0, %1}, [%2];" : "=l"(sum.high), "=l"(sum.low) : "l"(words) : "memory");
  return sum;
}

__device__ __forceinline__ void store_sum(uint64_t* words, uint32_t step, double sum) {
  uint64_t high = tagged(step, __double2hiint(sum)), low = tagged(step, __double2loint(sum));
  asm volatile("st.relaxed.gpu.global.v2.u64 [%0], {%1, %2};" ::"l"(words), "l"(high), "l"(low) : "memory");
}

// Each block takes one ticket per tile and kTicketsAhead beyond the last tile. After all blocks the counter wraps to 0.
__device__ __forceinline__ uint32_t take_ticket(const Group& group, const Window& window) {
  uint32_t last = group.tile_count + kTicketsAhead * gridDim.x - 1, ticket;
  asm volatile("atom.relaxed.gpu.global.inc.u32 %0, [%1], %2;"
               : "=r"(ticket) : "l"(window.ticket), "r"(last) : "memory");
  return ticket;
}

// Counts a tile; returns the number of earlier ones.
__device__ __forceinline__ uint32_t arrive(const Window& window, const Tile& tile) {
  uint32_t last = tile.tile_count - 1, before;
  asm volatile("atom.relaxed.gpu.global.inc.u32 %0, [%1], %2;"
               : "=r"(before) : "l"(window.arrivals + tile.segment), "r"(last) : "memory");
  return before;
}

__device__ __forceinline__ float step_size_of(uint64_t word) {
  return __uint_as_float((uint32_t)word);
}

// Polls until a segment is ready, without bound if `polls` < 0. Returns the last ready word.
__device__ __forceinline__ uint64_t poll(const Window& window, uint32_t segment, uint32_t step, int polls) {
  uint64_t word;
#pragma unroll 1
  do word = load_relaxed(window.ready + segment);
  while (!has_tag(word, step) && (polls < 0 || --polls > 0));
  return word;
}

// Whether all tiles of a tile's segment are taken. Tickets are taken in order, so any later ticket proves it.
__device__ __forceinline__ bool all_taken(const Tile& tile, uint32_t ticket) {
  return ticket >= tile.index - tile.rank + tile.tile_count;
}

// Adds the sums of every kLanes-th tile, in order, after waiting for each of them.
__device__ __forceinline__ double sum_of_tiles(const uint64_t* words, uint32_t count, uint32_t step) {
  double sum = 0;
  for (uint32_t first = threadIdx.x; first < count; first += kTilesAtOnce * kLanes) {
    TaggedSum tiles[kTilesAtOnce];
    // The last tile stands in for those past the end.
#pragma unroll
    for (int i = 0; i < kTilesAtOnce; i++)
      tiles[i] = load_sum(words + (uint64_t)min(first + i * kLanes, count - 1) * kWordsPerTile);
#pragma unroll
    for (int i = 0; i < kTilesAtOnce; i++) {
      uint32_t t = first + i * kLanes;
      if (t >= count) break;
      while (!tiles[i].has_tag(step)) tiles[i] = load_sum(words + (uint64_t)t * kWordsPerTile);
      sum += tiles[i].value();
    }
  }
  return sum;
}

// The whole block adds the sums of a segment's tiles, in the order of NUMERICS.md, and publishes the step size.
__device__ __forceinline__ void publish(
    const Group& group, const Window& window, uint32_t index, uint32_t step,
    double (&shared_w)[kLanes], double (&shared_r)[kLanes]) {
  const Segment& segment = group.segments[index];
  const uint64_t* words = window.sums + (uint64_t)segment.first_tile * kWordsPerTile;
  double sum_w = sum_of_tiles(words, segment.tile_count, step);
  double sum_r = sum_of_tiles(words + 2, segment.tile_count, step);
  double2 sums = sums_of_lanes(sum_w, sum_r, shared_w, shared_r);
  if (threadIdx.x == 0) {
    float step_size = segment_step_size(group, index, sums);
    store_relaxed(window.ready + index, tagged(step, __float_as_uint(step_size)));
  }
  __syncthreads();  // before the next turn writes the shared arrays
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

// Whether all rings together can hold this tile and the segment's tiles after it.
__device__ __forceinline__ bool fits(const Window& window, const Tile& tile) {
  return tile.rank + (uint64_t)gridDim.x * window.slots >= tile.tile_count;
}

// The held tiles of a block. The counters are equal in all threads.
struct Ring {
  float4* r;        // slot -> the tile's r
  Tile* tiles;      // slot -> the tile
  uint32_t slots;
  uint32_t oldest;  // slot of the oldest tile
  uint32_t held;    // number of tiles

  // The slot of the tile that is `age` places younger than the oldest one.
  __device__ __forceinline__ uint32_t slot(uint32_t age) const {
    uint32_t slot = oldest + age;
    return slot < slots ? slot : slot - slots;
  }

  __device__ __forceinline__ void remove_oldest() {
    oldest = slot(1);
    held--;
  }

  __device__ __forceinline__ void retire_oldest(const Coefficients& c, float step_size) {
    const Tile tile = tiles[oldest];
    retire(r + oldest * kQuadsPerTile, tile, c, step_size);
    remove_oldest();
  }
};

// In thread 0: links the block's deferred tiles; `last` is the head of the list.
__device__ __forceinline__ void defer(const Window& window, uint32_t index, uint32_t& last) {
  window.deferred[index] = last;
  last = index;
}

// After the last ticket. All tickets are taken by running blocks, so every segment becomes ready.
__device__ __forceinline__ void finish(const Group& group, const Window& window, const Coefficients& c, uint32_t step,
                                       Ring& ring, uint32_t deferred, float* step_sizes, Turn (&turns)[2]) {
  for (uint32_t i = threadIdx.x; i < ring.held; i += kThreads)
    step_sizes[ring.slot(i)] = step_size_of(poll(window, ring.tiles[ring.slot(i)].segment, step, -1));
  __syncthreads();
  while (ring.held > 0) ring.retire_oldest(c, step_sizes[ring.oldest]);

  for (int t = 0;; t ^= 1) {
    Turn& turn = turns[t];
    if (threadIdx.x == 0) {
      turn.ticket = deferred;
      if (deferred != kNoTile) {
        turn.polled = poll(window, group.tile_segments[deferred], step, -1);
        deferred = window.deferred[deferred];
      }
    }
    __syncthreads();
    if (turn.ticket == kNoTile) return;
    apply_tile<kStream>(tile_at(group, turn.ticket), c, step_size_of(turn.polled));
  }
}

extern "C" __global__ void __launch_bounds__(kThreads, kWindowBlocks)
    single_pass(const Group group, const Window window) {
  extern __shared__ float4 ring_of_r[];
  __shared__ Tile ring_of_tiles[kMaxSlots];
  __shared__ float step_sizes[kMaxSlots];
  __shared__ double shared_w[kLanes], shared_r[kLanes];
  __shared__ Turn turns[2];
  __shared__ uint32_t first_tickets[kTicketsAhead];
  const Coefficients c = group.state->coefficients;
  if (c.skip != 0) return;
  const uint32_t step = (uint32_t)group.state->step;
  Ring ring = {ring_of_r, ring_of_tiles, window.slots, 0, 0};
  uint32_t deferred = kNoTile;  // the tile deferred last; only in thread 0

  if (threadIdx.x == 0)
    for (int i = 0; i < kTicketsAhead; i++) first_tickets[i] = take_ticket(group, window);
  __syncthreads();
  uint32_t index = first_tickets[0], next = first_tickets[1];
  Tile tile, next_tile;
  Quads x;
  if (index < group.tile_count) {
    tile = tile_at(group, index);
    load_tile<kStream>(x, tile);
  }

  while (index < group.tile_count) {
    Turn& turn = turns[0];
    // A ticket in thread 0, ready words in the threads after it; needed only after the arithmetic.
    uint64_t answer = tagged(~step, 0);
    if (threadIdx.x == 0) {
      answer = take_ticket(group, window);
    } else if (threadIdx.x <= kDrains && threadIdx.x <= ring.held) {
      answer = load_relaxed(window.ready + ring.tiles[ring.slot(threadIdx.x - 1)].segment);
    }
    if (next < group.tile_count) next_tile = tile_at(group, next);
    TileSums sums = update_moments<false, kStream>(x, tile, c, c.gradient_scale);
    if (fits(window, tile)) {
      uint32_t slot = ring.slot(ring.held++);
      keep(ring.r + slot * kQuadsPerTile, x);
      if (threadIdx.x == 0) ring.tiles[slot] = tile;
    } else {
      if (threadIdx.x == 0) defer(window, index, deferred);
    }
    // The next tile's loads are in flight during the sums, the arrival and the retirement.
    if (next < group.tile_count) load_tile<kStream>(x, next_tile);
    if (threadIdx.x == 0) turn.ticket = (uint32_t)answer;
    else if (threadIdx.x <= kDrains) turn.ready[threadIdx.x - 1] = answer;
    double2 tile_sums = sums_of_lanes(sums.w, sums.r, shared_w, shared_r);

    uint32_t arrived_before = 0;
    if (threadIdx.x == 0) {
      uint64_t* words = window.sums + (uint64_t)index * kWordsPerTile;
      store_sum(words, step, tile_sums.x);
      store_sum(words + 2, step, tile_sums.y);
      arrived_before = arrive(window, tile);
    }
    for (uint32_t i = 0; i < kDrains && has_tag(turn.ready[i], step); i++)
      ring.retire_oldest(c, step_size_of(turn.ready[i]));
    uint32_t after_next = turn.ticket;
    bool waits = ring.held == ring.slots && all_taken(ring.tiles[ring.oldest], after_next);
    if (threadIdx.x == 0) turn.arrived = arrived_before == tile.tile_count - 1 ? 1 : 0;
    __syncthreads();
    if (turn.arrived != 0) publish(group, window, tile.segment, step, shared_w, shared_r);

    // A full ring must lose its oldest tile before the next turn.
    if (waits) {
      Tile waiting = ring.tiles[ring.oldest];
      if (threadIdx.x == 0) turn.polled = poll(window, waiting.segment, step, kPolls);
      __syncthreads();
      if (has_tag(turn.polled, step))
        retire(ring.r + ring.oldest * kQuadsPerTile, waiting, c, step_size_of(turn.polled));
      else if (threadIdx.x == 0) defer(window, waiting.index, deferred);
      ring.remove_oldest();
    } else if (ring.held == ring.slots) {
      if (threadIdx.x == 0) defer(window, ring.tiles[ring.oldest].index, deferred);
      ring.remove_oldest();
    }
    index = next;
    tile = next_tile;
    next = after_next;
  }
  finish(group, window, c, step, ring, deferred, step_sizes, turns);
}
