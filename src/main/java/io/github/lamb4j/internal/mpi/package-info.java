/** MPI through JNA. */
package io.github.lamb4j.internal.mpi;
