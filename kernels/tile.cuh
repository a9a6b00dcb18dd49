// Where a tile's elements lie, and how a thread reads and writes its quads of them.
// Quad q of a tile is elements 4q .. 4q + 3, whatever the pointers' alignment; what lies past the end reads as zero.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "layout.cuh"

// A pointer read from a table is a generic one to the compiler, and its loads are slower; an address so cast is global.
template <typename T>
__device__ __forceinline__ T* global(uint64_t address) {
  return static_cast<T*>(__cvta_global_to_generic(address));
}

struct Tile {
  const Segment* segment;
  uint64_t start;    // of the tile, in elements of its segment
  uint32_t count;    // elements in this tile, at most kTileElements
  bool vectorized;   // four elements at once: a full tile with aligned pointers
};

__device__ __forceinline__ Tile tile_at(const Group& group, uint32_t index) {
  const Segment* segment = group.segments + group.tile_segments[index];
  uint64_t start = (uint64_t)(index - segment->first_tile) * kTileElements;
  uint64_t left = segment->count - start;
  uint32_t count = left < kTileElements ? (uint32_t)left : kTileElements;
  return {segment, start, count, count == kTileElements && segment->aligned != 0};
}

__device__ __forceinline__ void load_quad(float (&x)[4], uint64_t base, const Tile& tile, int quad) {
  const float* at = global<const float>(base) + tile.start + 4 * quad;
  if (tile.vectorized) {
    float4 four = *reinterpret_cast<const float4*>(at);
    x[0] = four.x, x[1] = four.y, x[2] = four.z, x[3] = four.w;
  } else {
    for (int i = 0; i < 4; i++) x[i] = 4 * quad + i < tile.count ? at[i] : 0.0f;
  }
}

__device__ __forceinline__ void store_quad(uint64_t base, const Tile& tile, int quad, const float (&x)[4]) {
  float* at = global<float>(base) + tile.start + 4 * quad;
  if (tile.vectorized) {
    *reinterpret_cast<float4*>(at) = make_float4(x[0], x[1], x[2], x[3]);
  } else {
    for (int i = 0; i < 4; i++)
      if (4 * quad + i < tile.count) at[i] = x[i];
  }
}

__device__ __forceinline__ float half_to_float(uint32_t bits, uint32_t type) {
  return type == kF16 ? __half2float(__ushort_as_half((unsigned short)bits)) : __uint_as_float(bits << 16);
}

__device__ __forceinline__ void load_gradients(float (&x)[4], const Tile& tile, int quad) {
  uint32_t type = tile.segment->gradient_type;
  if (type == kF32) {
    load_quad(x, tile.segment->gradients, tile, quad);
    return;
  }
  const uint16_t* at = global<const uint16_t>(tile.segment->gradients) + tile.start + 4 * quad;
  if (tile.vectorized) {
    uint2 four = *reinterpret_cast<const uint2*>(at);
    x[0] = half_to_float(four.x & 0xffff, type), x[1] = half_to_float(four.x >> 16, type);
    x[2] = half_to_float(four.y & 0xffff, type), x[3] = half_to_float(four.y >> 16, type);
  } else {
    for (int i = 0; i < 4; i++) x[i] = 4 * quad + i < tile.count ? half_to_float(at[i], type) : 0.0f;
  }
}
