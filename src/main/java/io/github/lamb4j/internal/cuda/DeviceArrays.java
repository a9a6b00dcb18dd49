package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/** Device memory that lives as long as its owner: allocated one by one, freed together. */
final class DeviceArrays implements AutoCloseable {

  private final CudaDriver driver;
  private final CudaStream stream;
  private final Deque<Long> addresses = new ArrayDeque<>();

  DeviceArrays(CudaDriver driver, CudaStream stream) {
    this.driver = driver;
    this.stream = stream;
  }

  /** Uninitialised memory; one byte at the least, since a driver refuses none. */
  long allocate(long bytes, String purpose) {
    long address = driver.allocate(Math.max(1, bytes), purpose);
    addresses.push(address);
    return address;
  }

  /** Memory of zeros, in the stream's order. */
  long allocateZeros(long bytes, String purpose) {
    long address = allocate(bytes, purpose);
    if (bytes > 0) {
      driver.clear(address, bytes, stream);
    }
    return address;
  }

  /** Memory with what has been put into the buffer. */
  long upload(ByteBuffer written, String purpose) {
    written.flip();
    long address = allocate(written.remaining(), purpose);
    if (written.hasRemaining()) {
      driver.copyToDevice(address, written, stream);
    }
    return address;
  }

  /**
   * Frees all that can be freed; what cannot is kept for another call.
   *
   * @throws CudaException the first failure: where a context is broken, each call fails alike
   */
  @Override
  public void close() {
    CudaException first = null;
    for (int left = addresses.size(); left > 0; left--) {
      long address = addresses.pop();
      try {
        driver.free(address);
      } catch (CudaException e) {
        addresses.addLast(address);
        first = first == null ? e : first;
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
