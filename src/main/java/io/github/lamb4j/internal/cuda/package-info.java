/**
 * The CUDA backend, and all that touches a CUDA driver. Internal: the API is {@link
 * io.github.lamb4j}.
 */
package io.github.lamb4j.internal.cuda;
