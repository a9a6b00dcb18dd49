package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.HostArray;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Copies host arrays to and from the device through two pinned buffers: while the device copies
 * from or to one of them, the host fills or empties the other. Small arrays share a buffer.
 */
final class Staging {

  /** Long enough that the cost of a copy does not depend on its latency. */
  static final int BUFFER_BYTES = 4 << 20;

  /** The alignment of each array in a buffer. A multiple of all element sizes. */
  private static final int ALIGNMENT = 64;

  /** Bytes that a copy to the host brings, and the elements of the target that they are for. */
  private record Arrival(ByteBuffer bytes, HostArray target, int first) {}

  /** One of the two buffers. Its position is the start of the free part. */
  private static final class Half {
    final ByteBuffer bytes;
    final CudaDriver.OrderingEvent copied;
    final List<Arrival> arrivals = new ArrayList<>();

    /** Whether copies may be running whose end the event marks. */
    boolean inFlight;

    Half(ByteBuffer bytes, CudaDriver.OrderingEvent copied) {
      this.bytes = bytes;
      this.copied = copied;
    }
  }

  private final CudaDriver driver;
  private final CudaStream stream;
  private Half current;
  private Half other;

  /**
   * Allocates the buffers.
   *
   * @param owner frees them, when all copies are complete
   * @param most the number of bytes that copies need at once; larger arrays are copied in pieces
   */
  Staging(CudaDriver driver, CudaStream stream, DeviceArrays owner, long most) {
    this.driver = driver;
    this.stream = stream;
    int bytes = (int) aligned(Math.max(1, Math.min(most, BUFFER_BYTES)));
    current = half(owner, bytes);
    other = half(owner, bytes);
  }

  private Half half(DeviceArrays owner, int bytes) {
    CudaDriver.PinnedMemory memory = driver.allocatePinned(bytes);
    owner.add(memory::free);
    CudaDriver.OrderingEvent event = driver.createOrderingEvent();
    owner.add(event::destroy);
    return new Half(memory.bytes(), event);
  }

  /** The bytes that an array takes in a buffer. */
  static long bytes(HostArray array) {
    return aligned((long) array.count() * array.type().bytes());
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /**
   * Enqueues copying a whole array to the device. The array may be changed as soon as this method
   * returns.
   */
  void toDevice(HostArray source, long to) {
    int size = source.type().bytes();
    for (int first = 0; first < source.count(); ) {
      ByteBuffer piece = take((long) (source.count() - first) * size);
      int count = piece.remaining() / size;
      if (source.type() == DType.F32) {
        piece.asFloatBuffer().put(source.floats().slice(first, count));
      } else {
        piece.asShortBuffer().put(source.halves().slice(first, count));
      }
      driver.enqueueToDevice(to + (long) first * size, piece, stream);
      first += count;
    }
  }

  /**
   * Enqueues copying to a whole array on the host. The array is complete after {@link #finish}; if
   * that or an earlier call fails, some of its elements may have changed.
   */
  void toHost(long from, HostArray target) {
    int size = target.type().bytes();
    for (int first = 0; first < target.count(); ) {
      ByteBuffer piece = take((long) (target.count() - first) * size);
      driver.enqueueToHost(piece, from + (long) first * size, stream);
      current.arrivals.add(new Arrival(piece, target, first));
      first += piece.remaining() / size;
    }
  }

  /** Waits for all copies, and completes their targets. */
  void finish() {
    turn();
    turn();
  }

  /** Forgets the copies to the host that are not finished, after a failure. */
  void forget() {
    current.arrivals.clear();
    other.arrivals.clear();
  }

  /** Takes free bytes from the current buffer, at most the given number. */
  private ByteBuffer take(long most) {
    if (!current.bytes.hasRemaining()) {
      turn();
    }
    ByteBuffer free = current.bytes;
    int count = (int) Math.min(most, free.remaining());
    ByteBuffer piece = free.slice(free.position(), count).order(free.order());
    free.position(free.position() + (int) aligned(count));
    return piece;
  }

  /** Lets the device go on with the current buffer, and waits until it has left the other one. */
  private void turn() {
    if (current.bytes.position() > 0) {
      current.copied.record(stream);
      current.inFlight = true;
    }
    Half ended = current;
    current = other;
    other = ended;
    if (current.inFlight) {
      current.copied.await();
      current.inFlight = false;
    }
    current.arrivals.forEach(Staging::deliver);
    current.arrivals.clear();
    current.bytes.clear();
  }

  private static void deliver(Arrival arrival) {
    HostArray target = arrival.target;
    if (target.type() == DType.F32) {
      target.floats().position(arrival.first).put(arrival.bytes.asFloatBuffer());
    } else {
      target.halves().position(arrival.first).put(arrival.bytes.asShortBuffer());
    }
  }
}
