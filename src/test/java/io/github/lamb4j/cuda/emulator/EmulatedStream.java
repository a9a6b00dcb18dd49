package io.github.lamb4j.cuda.emulator;

import jcuda.driver.CUstream;

/** A stream of an emulated device. JCuda would take it for the legacy stream. */
final class EmulatedStream extends CUstream {

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @Override
  public String toString() {
    return "emulated stream " + Integer.toHexString(hashCode());
  }
}
