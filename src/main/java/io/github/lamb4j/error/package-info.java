/** The exceptions for failed CUDA driver calls and failed collective operations. */
package io.github.lamb4j.error;
