/**
 * Communication between the processes that train one model together. The operations move bytes and
 * never add numbers, so results cannot depend on the number of processes, the network, or the
 * version of a communication library.
 *
 * <p>A group of {@code size} ranks, numbered from 0, makes the same calls in the same order. {@link
 * io.github.lamb4j.sharding.LocalCollective} connects threads of one JVM, {@link
 * io.github.lamb4j.sharding.MpiCollective} processes through Open MPI, and {@link
 * io.github.lamb4j.sharding.NcclCollective} GPUs through NCCL.
 */
package io.github.lamb4j.sharding;
