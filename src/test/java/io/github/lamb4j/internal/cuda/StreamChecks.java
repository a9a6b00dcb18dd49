package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.tools.bench.ForwardingDriver;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A driver that checks that all work is in one order, whatever its streams, by events and the order
 * within each stream only. It keeps a vector clock for each stream.
 */
final class StreamChecks extends ForwardingDriver {

  private final Map<CudaStream, Integer> recycled = new HashMap<>();
  private final Map<String, Map<String, Integer>> clocks = new HashMap<>();
  private String last;

  /** One line for each piece of work that could overtake the one before. */
  final List<String> unordered = new ArrayList<>();

  /** The calls on events, in order: record and delay. */
  final List<String> eventCalls = new ArrayList<>();

  StreamChecks(CudaDriver driver) {
    super(driver);
  }

  /** Destroys a stream and creates one to which the driver gives the same handle. */
  void recycle(CudaStream stream) {
    recycled.merge(stream, 1, Integer::sum);
  }

  private String id(CudaStream stream) {
    return stream + " #" + recycled.getOrDefault(stream, 0);
  }

  private Map<String, Integer> clock(String id) {
    return clocks.computeIfAbsent(id, key -> new HashMap<>());
  }

  private void enqueued(String what, CudaStream stream) {
    String id = id(stream);
    if (last != null && clock(id).getOrDefault(last, 0) < clock(last).get(last)) {
      unordered.add("%s on %s may overtake work on %s".formatted(what, id, last));
    }
    clock(id).merge(id, 1, Integer::sum);
    last = id;
  }

  @Override
  public Launch prepare(
      long function, String name, int grid, int threads, int sharedBytes, ByteBuffer... arguments) {
    Launch launch = super.prepare(function, name, grid, threads, sharedBytes, arguments);
    return stream -> {
      enqueued(name, stream);
      launch.enqueue(stream);
    };
  }

  @Override
  public void copyToDevice(long target, ByteBuffer source, CudaStream stream) {
    enqueued("copy to the device", stream);
    super.copyToDevice(target, source, stream);
  }

  @Override
  public void copyToHost(ByteBuffer target, long source, CudaStream stream) {
    enqueued("copy to the host", stream);
    super.copyToHost(target, source, stream);
  }

  @Override
  public OrderingEvent createOrderingEvent() {
    OrderingEvent event = super.createOrderingEvent();
    Map<String, Integer> recorded = new HashMap<>();
    return new OrderingEvent() {
      @Override
      public void record(CudaStream stream) {
        eventCalls.add("record");
        event.record(stream);
        recorded.clear();
        recorded.putAll(clock(id(stream)));
      }

      @Override
      public void delay(CudaStream stream) {
        eventCalls.add("delay");
        event.delay(stream);
        recorded.forEach((other, count) -> clock(id(stream)).merge(other, count, Math::max));
      }

      @Override
      public void await() {
        event.await();
      }

      @Override
      public void destroy() {
        event.destroy();
      }
    };
  }
}
