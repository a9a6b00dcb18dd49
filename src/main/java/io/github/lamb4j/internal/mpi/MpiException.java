package io.github.lamb4j.internal.mpi;

/** A function of MPI returned an error. */
public final class MpiException extends RuntimeException {

  MpiException(String function, int code, String text) {
    super("%s returned error %d (%s)".formatted(function, code, text));
  }
}
