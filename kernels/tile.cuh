// The location of a tile's elements, and how a thread loads and stores its quads.
// Quad q holds elements 4q .. 4q + 3 of the tile for any pointer alignment. Elements past the end load as zero.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "layout.cuh"

// A copy of the table entries, so that loads of elements do not wait for loads from the tables.
struct Tile {
  uint64_t weights, model, gradients, exp_avg, exp_avg_sq;  // of the tile's first element; model may be 0
  uint32_t count;       // elements in this tile, at most kTileElements
  uint32_t gradient_type, model_type;
  uint32_t index;       // index of the tile within the group
  uint32_t segment;     // index of the segment
  uint32_t rank;        // index of the tile within its segment
  uint32_t tile_count;  // number of tiles of the segment
  bool vectorized;      // loads of four elements: a full tile at aligned addresses
};

__device__ __forceinline__ Tile tile_at(const Group& group, uint32_t index) {
  Tile tile;
  tile.index = index;
  tile.segment = group.tile_segments[index];
  const Segment segment = group.segments[tile.segment];
  tile.rank = index - segment.first_tile;
  tile.tile_count = segment.tile_count;
  tile.gradient_type = segment.gradient_type;
  tile.model_type = segment.model_type;
  uint64_t start = (uint64_t)tile.rank * kTileElements;
  uint64_t left = segment.count - start;
  tile.count = left < kTileElements ? (uint32_t)left : kTileElements;
  tile.vectorized = tile.count == kTileElements && segment.aligned != 0;
  tile.weights = segment.weights + start * sizeof(float);
  tile.model = segment.model == 0 ? 0 : segment.model + start * sizeof(uint16_t);
  tile.gradients = segment.gradients + start * (segment.gradient_type == kF32 ? sizeof(float) : sizeof(uint16_t));
  tile.exp_avg = segment.exp_avg + start * sizeof(float);
  tile.exp_avg_sq = segment.exp_avg_sq + start * sizeof(float);
  return tile;
}

// The compiler treats a pointer read from a table as generic, and generic loads are slower. This makes it global.
template <typename T>
__device__ __forceinline__ T* global(uint64_t address) {
  return static_cast<T*>(__cvta_global_to_generic(address));
}

// The hint for the caches. A streamed line is the first to be evicted, so that lines which are read again stay. Only
// accesses of four elements are streamed: four single accesses share a line, which must survive the first of them.
enum Caching { kKeep, kStream };

template <Caching kCaching>
__device__ __forceinline__ void load_four(float (&x)[4], uint64_t base, int quad) {
  if (kCaching == kStream) {
    // Like __ldcs, which would first convert the address to a generic one.
    asm volatile("ld.global.cs.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(x[0]), "=f"(x[1]), "=f"(x[2]), "=f"(x[3]) : "l"(base + quad * sizeof(float4)));
  } else {
    float4 four = global<const float4>(base)[quad];
    x[0] = four.x, x[1] = four.y, x[2] = four.z, x[3] = four.w;
  }
}

template <Caching kCaching>
__device__ __forceinline__ void store_four(const float (&x)[4], uint64_t base, int quad) {
  if (kCaching == kStream) {
    asm volatile("st.global.cs.v4.f32 [%0], {%1, %2, %3, %4};"
                 ::"l"(base + quad * sizeof(float4)), "f"(x[0]), "f"(x[1]), "f"(x[2]), "f"(x[3]) : "memory");
  } else {
    global<float4>(base)[quad] = make_float4(x[0], x[1], x[2], x[3]);
  }
}

// Four binary16 or bfloat16 numbers in two words.
template <Caching kCaching>
__device__ __forceinline__ uint2 load_halves(uint64_t base, int quad) {
  uint2 four;
  if (kCaching == kStream) {
    asm volatile("ld.global.cs.v2.u32 {%0, %1}, [%2];" : "=r"(four.x), "=r"(four.y) : "l"(base + quad * sizeof(uint2)));
  } else {
    four = global<const uint2>(base)[quad];
  }
  return four;
}

template <Caching kCaching>
__device__ __forceinline__ void store_halves(uint2 four, uint64_t base, int quad) {
  if (kCaching == kStream) {
    asm volatile("st.global.cs.v2.u32 [%0], {%1, %2};"
                 ::"l"(base + quad * sizeof(uint2)), "r"(four.x), "r"(four.y) : "memory");
  } else {
    global<uint2>(base)[quad] = four;
  }
}

template <Caching kCaching = kKeep>
__device__ __forceinline__ void load_quad(float (&x)[4], uint64_t base, const Tile& tile, int quad) {
  if (tile.vectorized) {
    load_four<kCaching>(x, base, quad);
  } else {
    const float* at = global<const float>(base) + 4 * quad;
    for (int i = 0; i < 4; i++) x[i] = 4 * quad + i < tile.count ? at[i] : 0.0f;
  }
}

template <Caching kCaching = kKeep>
__device__ __forceinline__ void store_quad(uint64_t base, const Tile& tile, int quad, const float (&x)[4]) {
  if (tile.vectorized) {
    store_four<kCaching>(x, base, quad);
  } else {
    float* at = global<float>(base) + 4 * quad;
    for (int i = 0; i < 4; i++)
      if (4 * quad + i < tile.count) at[i] = x[i];
  }
}

__device__ __forceinline__ float half_to_float(uint32_t bits, uint32_t type) {
  return type == kF16 ? __half2float(__ushort_as_half((unsigned short)bits)) : __uint_as_float(bits << 16);
}

template <Caching kCaching = kKeep>
__device__ __forceinline__ void load_gradients(float (&x)[4], const Tile& tile, int quad) {
  uint32_t type = tile.gradient_type;
  if (type == kF32) {
    load_quad<kCaching>(x, tile.gradients, tile, quad);
  } else if (tile.vectorized) {
    uint2 four = load_halves<kCaching>(tile.gradients, quad);
    x[0] = half_to_float(four.x & 0xffff, type), x[1] = half_to_float(four.x >> 16, type);
    x[2] = half_to_float(four.y & 0xffff, type), x[3] = half_to_float(four.y >> 16, type);
  } else {
    const uint16_t* at = global<const uint16_t>(tile.gradients) + 4 * quad;
    for (int i = 0; i < 4; i++) x[i] = 4 * quad + i < tile.count ? half_to_float(at[i], type) : 0.0f;
  }
}

// Rounds to nearest even.
__device__ __forceinline__ uint32_t float_to_half(float x, uint32_t type) {
  if (type == kF16) return __half_as_ushort(__float2half_rn(x));
  uint32_t bits = __float_as_uint(x);
  if (x != x) return bits >> 16 | 0x40;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

// Stores updated weights, and their rounded copy in the model if there is one.
template <Caching kCaching = kKeep>
__device__ __forceinline__ void store_weights(const Tile& tile, int quad, const float (&w)[4]) {
  store_quad<kCaching>(tile.weights, tile, quad, w);
  if (tile.model == 0) return;
  uint32_t type = tile.model_type, half[4];
  for (int i = 0; i < 4; i++) half[i] = float_to_half(w[i], type);
  if (tile.vectorized) {
    store_halves<kCaching>(make_uint2(half[0] | half[1] << 16, half[2] | half[3] << 16), tile.model, quad);
  } else {
    uint16_t* at = global<uint16_t>(tile.model) + 4 * quad;
    for (int i = 0; i < 4; i++)
      if (4 * quad + i < tile.count) at[i] = (uint16_t)half[i];
  }
}
