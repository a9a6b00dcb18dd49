/** The exception for failed CUDA driver calls. */
package io.github.lamb4j.error;
