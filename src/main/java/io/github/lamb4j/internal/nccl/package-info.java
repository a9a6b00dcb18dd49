/** NCCL, and the CUDA events that observe it, through JNA. */
package io.github.lamb4j.internal.nccl;
