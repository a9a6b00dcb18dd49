// Kernels in the style of programs that use the emulator to test their own kernels. UserKernelsTest runs them.
// Compiled with nvcc 13.0, without comments and with empty lines removed, by:
//
//   for mode in "optimized -O3" "fast -use_fast_math" "debug -G"; do
//     set -- $mode
//     nvcc -ptx -arch=compute_80 $2 user.cu -o - | sed -e 's,//.*,,' -e '/^[[:space:]]*$/d' \
//       -e '/^\t*\.\(loc\|file\|b8\|b16\|b32\|b64\)[[:space:]]/d' >user-$1.ptx
//   done

#include <cuda_fp16.h>
#include <cuda_bf16.h>
#include <stdint.h>
extern "C" {

__constant__ float taps[4] = {0.25f, 0.5f, -1.0f, 2.0f};
__device__ int counter = 7;
__device__ float table[8];

__global__ void activations(int n, const float* x, float* y, int kind) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float v = x[i];
  switch (kind) {
    case 0: v = expf(v); break;
    case 1: v = tanhf(v); break;
    case 2: v = logf(fabsf(v) + 1e-3f); break;
    case 3: v = powf(fabsf(v), 1.7f); break;
    case 4: v = sqrtf(fabsf(v)); break;
    case 5: v = 1.0f / (1.0f + expf(-v)); break;
    case 6: v = __sinf(v); break;
    case 7: v = __cosf(v); break;
    case 8: v = rsqrtf(fabsf(v) + 1); break;
    case 9: v = fmaxf(v, 0.01f * v); break;
    case 10: v = __fdividef(v, 3.0f); break;
    case 11: v = __saturatef(v); break;
    case 12: v = fmodf(v, 0.7f); break;
    case 13: v = floorf(v) + ceilf(v) + roundf(v) + truncf(v) + rintf(v); break;
    case 14: v = copysignf(2.0f, v) + (signbit(v) ? 1 : 0); break;
  }
  y[i] = v;
}

__global__ void softmaxRows(const float* x, float* y, int cols) {
  extern __shared__ float buf[];
  const float* row = x + (size_t)blockIdx.x * cols;
  float m = -INFINITY;
  for (int c = threadIdx.x; c < cols; c += blockDim.x) m = fmaxf(m, row[c]);
  buf[threadIdx.x] = m;
  __syncthreads();
  for (int s = blockDim.x / 2; s > 0; s >>= 1) {
    if (threadIdx.x < s) buf[threadIdx.x] = fmaxf(buf[threadIdx.x], buf[threadIdx.x + s]);
    __syncthreads();
  }
  m = buf[0];
  __syncthreads();
  float sum = 0;
  for (int c = threadIdx.x; c < cols; c += blockDim.x) sum += expf(row[c] - m);
  buf[threadIdx.x] = sum;
  __syncthreads();
  for (int s = blockDim.x / 2; s > 0; s >>= 1) {
    if (threadIdx.x < s) buf[threadIdx.x] += buf[threadIdx.x + s];
    __syncthreads();
  }
  sum = buf[0];
  for (int c = threadIdx.x; c < cols; c += blockDim.x) y[(size_t)blockIdx.x * cols + c] = expf(row[c] - m) / sum;
}

__device__ float warpSum(float v) {
  for (int o = 16; o > 0; o >>= 1) v += __shfl_down_sync(0xffffffffu, v, o);
  return v;
}

__global__ void layerNorm(const float* x, const float* g, const float* b, float* y, int cols, float eps) {
  __shared__ float s1[32], s2[32];
  __shared__ float mean, rstd;
  const float* row = x + blockIdx.x * cols;
  float a = 0, q = 0;
  for (int c = threadIdx.x; c < cols; c += blockDim.x) { float v = row[c]; a += v; q += v * v; }
  a = warpSum(a); q = warpSum(q);
  int lane = threadIdx.x & 31, w = threadIdx.x >> 5;
  if (lane == 0) { s1[w] = a; s2[w] = q; }
  __syncthreads();
  if (w == 0) {
    int nw = (blockDim.x + 31) / 32;
    a = lane < nw ? s1[lane] : 0; q = lane < nw ? s2[lane] : 0;
    a = warpSum(a); q = warpSum(q);
    if (lane == 0) { mean = a / cols; rstd = rsqrtf(q / cols - mean * mean + eps); }
  }
  __syncthreads();
  for (int c = threadIdx.x; c < cols; c += blockDim.x)
    y[blockIdx.x * cols + c] = (row[c] - mean) * rstd * g[c] + b[c];
}

#define TILE 8

__global__ void matmulTiled(const float* A, const float* B, float* C, int M, int N, int K) {
  __shared__ float a[TILE][TILE], b[TILE][TILE + 1];
  int row = blockIdx.y * TILE + threadIdx.y, col = blockIdx.x * TILE + threadIdx.x;
  float acc = 0;
  for (int t = 0; t < (K + TILE - 1) / TILE; t++) {
    int ka = t * TILE + threadIdx.x, kb = t * TILE + threadIdx.y;
    a[threadIdx.y][threadIdx.x] = row < M && ka < K ? A[row * K + ka] : 0;
    b[threadIdx.y][threadIdx.x] = col < N && kb < K ? B[kb * N + col] : 0;
    __syncthreads();
#pragma unroll
    for (int k = 0; k < TILE; k++) acc += a[threadIdx.y][k] * b[k][threadIdx.x];
    __syncthreads();
  }
  if (row < M && col < N) C[row * N + col] = acc;
}

__global__ void conv2d(const float* in, const float* w, float* out, int C, int H, int W, int K) {
  int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y, o = blockIdx.z * blockDim.z + threadIdx.z;
  int OH = H - K + 1, OW = W - K + 1;
  if (x >= OW || y >= OH) return;
  float acc = 0;
  for (int c = 0; c < C; c++) for (int i = 0; i < K; i++) for (int j = 0; j < K; j++)
    acc += in[(c * H + y + i) * W + x + j] * w[((o * C + c) * K + i) * K + j];
  out[(o * OH + y) * OW + x] = acc;
}

__global__ void scatterAdd(float* table, const long long* ids, const float* grad, int dim) {
  long long id = ids[blockIdx.x];
  for (int d = threadIdx.x; d < dim; d += blockDim.x) atomicAdd(&table[id * dim + d], grad[(size_t)blockIdx.x * dim + d]);
}

__global__ void halves(const float* x, __half* h, __nv_bfloat16* b, float* back, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  h[i] = __float2half(x[i]);
  b[i] = __float2bfloat16(x[i]);
  back[i] = __half2float(h[i]) + __bfloat162float(b[i]);
}

__global__ void halfMath(const __half* a, const __half* b, __half* c, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) c[i] = __hfma(a[i], b[i], __hadd(a[i], b[i]));
}

__global__ void constants(float* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float stack[6];
  for (int k = 0; k < 6; k++) stack[k] = taps[(k + i) & 3] + k;
  y[i] = stack[(i * 5) % 6] + counter + table[i & 7];
}

__device__ __noinline__ float poly(float x, int n) {
  float r = 0;
  for (int i = 0; i < n; i++) r = r * x + i;
  return r;
}

struct Pair { float a; int b; double c; };

__device__ __noinline__ Pair make(float x, Pair p) { p.a += x; p.b = (int)x; p.c *= x; return p; }

__global__ void callsFunctions(const float* x, float* y, Pair p, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  Pair q = make(x[i], p);
  y[i] = poly(x[i], 3 + (i & 1)) + q.a + q.b + (float)q.c;
}

__global__ void anyNegative(const float* x, int n, int* flag) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n && x[i] < 0) *flag = 1;
}

}
