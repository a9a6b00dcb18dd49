// Gradients that are sums, of micro-batches and of ranks, and weights on their way between ranks.
// CPU twins: MicroBatches.java, GradientExchange.java, WeightGather.java.
//
//   micro_batch     adds the caller's gradients to the kept sums of some levels  4 bytes read and 4 written per float32
//                                                                                element, and 4 read per level
//   sum_ranks       adds the gradients of all ranks in the order of NUMERICS.md
//   pack_weights    copies the weights that this rank has updated, to be sent
//   unpack_weights  stores the weights that other ranks have updated
//
// Gradients and weights travel in slots, one for each tile of the whole model, in the order of tiles. A slot is full:
// what exceeds the tile is zero. The `Group` has the caller's arrays of whole parameters; `weights` is 0 for a
// parameter whose weights are halves, and `tile_count` is 0 for a frozen one.
#pragma once
#include "tile.cuh"

constexpr uint32_t kSlotBytes = 4 * kTileElements;

// Level l of the kept sums is at kept + l * stride, a slot per tile. `levels` is a mask of those to add, lowest first.
extern "C" __global__ void __launch_bounds__(kThreads)
    micro_batch(const Group group, uint64_t kept, uint64_t stride, uint32_t levels, uint32_t target) {
  for (uint32_t index = blockIdx.x; index < group.tile_count; index += gridDim.x) {
    Tile tile = tile_at(group, index);
    if (tile.tile_count == 0) continue;
    uint64_t slot = kept + (uint64_t)index * kSlotBytes;
#pragma unroll
    for (int k = 0; k < kQuadsPerThread; k++) {
      int quad = threadIdx.x + k * kThreads;
      float x[4], sum[4];
      load_gradients(x, tile, quad);
      for (uint32_t level = 0; levels >> level != 0; level++) {
        if ((levels >> level & 1) == 0) continue;
        load_four<kKeep>(sum, slot + level * stride, quad);
        for (int i = 0; i < 4; i++) x[i] = __fadd_rn(sum[i], x[i]);
      }
      store_four<kKeep>(x, slot + target * stride, quad);
    }
  }
}

// Block r of `received`, at a distance of `stride` bytes, has rank r's gradients. The sum replaces block 0.
extern "C" __global__ void __launch_bounds__(kThreads)
    sum_ranks(uint64_t received, uint64_t stride, uint32_t ranks, uint32_t tiles) {
  for (uint32_t index = blockIdx.x; index < tiles; index += gridDim.x) {
    uint64_t slot = received + (uint64_t)index * kSlotBytes;
#pragma unroll
    for (int k = 0; k < kQuadsPerThread; k++) {
      int quad = threadIdx.x + k * kThreads;
      float x[4], next[4];
      for (uint32_t left = ranks; left > 1; left = (left + 1) / 2) {
        for (uint32_t i = 0; i < left / 2; i++) {
          load_four<kKeep>(x, slot + 2 * i * stride, quad);
          load_four<kKeep>(next, slot + (2 * i + 1) * stride, quad);
          for (int j = 0; j < 4; j++) x[j] = __fadd_rn(x[j], next[j]);
          store_four<kKeep>(x, slot + i * stride, quad);
        }
        if (left % 2 != 0) {
          load_four<kKeep>(x, slot + (left - 1) * stride, quad);
          store_four<kKeep>(x, slot + left / 2 * stride, quad);
        }
      }
    }
  }
}

__device__ __forceinline__ bool has_floats(const Group& group, const Tile& tile) {
  return group.segments[tile.segment].weights != 0;
}

// Tiles first .. end - 1; tile i goes to slots + i * slot_bytes. A slot of halves may have half the size.
extern "C" __global__ void __launch_bounds__(kThreads)
    pack_weights(const Group group, uint32_t first, uint32_t end, uint64_t slots, uint32_t slot_bytes) {
  for (uint32_t index = first + blockIdx.x; index < end; index += gridDim.x) {
    Tile tile = tile_at(group, index);
    if (tile.tile_count == 0) continue;
    uint64_t slot = slots + (uint64_t)index * slot_bytes;
    for (int quad = threadIdx.x; quad < kQuadsPerTile; quad += kThreads) {
      if (has_floats(group, tile)) {
        float w[4];
        load_quad(w, tile.weights, tile, quad);
        store_four<kKeep>(w, slot, quad);
      } else {
        const uint16_t* at = global<const uint16_t>(tile.model) + 4 * quad;
        for (int i = 0; i < 4; i++) global<uint16_t>(slot)[4 * quad + i] = 4 * quad + i < tile.count ? at[i] : 0;
      }
    }
  }
}

// All tiles but own_first .. own_end - 1.
extern "C" __global__ void __launch_bounds__(kThreads)
    unpack_weights(const Group group, uint32_t own_first, uint32_t own_end, uint64_t slots, uint32_t slot_bytes) {
  for (uint32_t index = blockIdx.x; index < group.tile_count; index += gridDim.x) {
    if (index >= own_first && index < own_end) continue;
    Tile tile = tile_at(group, index);
    if (tile.tile_count == 0) continue;
    uint64_t slot = slots + (uint64_t)index * slot_bytes;
    for (int quad = threadIdx.x; quad < kQuadsPerTile; quad += kThreads) {
      if (has_floats(group, tile)) {
        float w[4];
        load_four<kKeep>(w, slot, quad);
        store_weights(tile, quad, w);
      } else {
        uint16_t* at = global<uint16_t>(tile.model) + 4 * quad;
        for (int i = 0; i < 4; i++)
          if (4 * quad + i < tile.count) at[i] = global<const uint16_t>(slot)[4 * quad + i];
      }
    }
  }
}
