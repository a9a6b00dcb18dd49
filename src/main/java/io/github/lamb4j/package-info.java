/**
 * The LAMB optimizer for programs that train on NVIDIA GPUs through JCuda, or on the CPU with the
 * same bits. Start with {@link io.github.lamb4j.Lamb}.
 */
package io.github.lamb4j;
