/**
 * The CUDA backend: tables, launches and transfers. The kernels are in {@code kernels/}; {@link
 * io.github.lamb4j.internal.cuda.driver} is the only access to the driver.
 */
package io.github.lamb4j.internal.cuda;
