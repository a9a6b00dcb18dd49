/**
 * The CPU backend. It is also the readable specification of the CUDA kernels: each file in {@code
 * kernels/} has a class here, except that {@code numerics.cuh} has its twins in the package {@code
 * numerics}. The element loops are behind {@link io.github.lamb4j.internal.cpu.TileKernels}.
 * Internal: the API is {@link io.github.lamb4j}.
 */
package io.github.lamb4j.internal.cpu;
