package io.github.lamb4j.internal.nccl;

/** A function of NCCL or CUDA returned an error. */
public final class NcclException extends RuntimeException {

  NcclException(String function, int code, String text) {
    super("%s returned error %d (%s)".formatted(function, code, text));
  }
}
