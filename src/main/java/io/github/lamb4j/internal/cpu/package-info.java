/**
 * The CPU backend, and the readable specification of the CUDA kernels: a class here for each file
 * in {@code kernels/}. Internal: the API is {@link io.github.lamb4j}.
 */
package io.github.lamb4j.internal.cpu;
