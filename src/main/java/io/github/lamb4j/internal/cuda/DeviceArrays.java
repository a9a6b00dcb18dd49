package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/** Device memory and other resources with one lifetime: allocated one by one, freed together. */
final class DeviceArrays implements AutoCloseable {

  private final CudaDriver driver;
  private final CudaStream stream;
  private final Deque<Runnable> frees = new ArrayDeque<>();

  DeviceArrays(CudaDriver driver, CudaStream stream) {
    this.driver = driver;
    this.stream = stream;
  }

  /** Allocates uninitialized memory: at least one byte, since drivers refuse an empty request. */
  long allocate(long bytes, Purpose purpose, String owner) {
    long address = driver.allocate(Math.max(1, bytes), purpose, owner);
    add(() -> driver.free(address));
    return address;
  }

  /** Adds another resource. The last one added is freed first. */
  void add(Runnable free) {
    frees.push(free);
  }

  /** Allocates memory and clears it, in stream order. */
  long allocateZeros(long bytes, Purpose purpose, String owner) {
    long address = allocate(bytes, purpose, owner);
    if (bytes > 0) {
      driver.clear(address, bytes, stream);
    }
    return address;
  }

  /** Allocates memory for the whole buffer, from index 0 to its capacity, and copies it there. */
  long upload(ByteBuffer table, Purpose purpose, String owner) {
    ByteBuffer whole = table.duplicate().clear();
    long address = allocate(whole.remaining(), purpose, owner);
    if (whole.hasRemaining()) {
      driver.copyToDevice(address, whole, stream);
    }
    return address;
  }

  /**
   * Frees everything. Whatever cannot be freed is kept for another call.
   *
   * @throws CudaException the first failure; in a broken context every call fails the same way
   */
  @Override
  public void close() {
    CudaException first = null;
    for (int left = frees.size(); left > 0; left--) {
      Runnable free = frees.pop();
      try {
        free.run();
      } catch (CudaException e) {
        frees.addLast(free);
        first = first == null ? e : first;
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
