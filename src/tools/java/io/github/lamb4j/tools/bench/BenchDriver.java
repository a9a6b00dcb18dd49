package io.github.lamb4j.tools.bench;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The driver that benchmarked optimizers use. It counts their launches, remembers the tables of
 * deferred tiles, and gives all optimizers the same moments: with moments of their own, the largest
 * models would not fit on any device. Sharing does not change the cost of a step.
 */
final class BenchDriver extends ForwardingDriver implements AutoCloseable {

  /** A range of device memory. */
  record Block(long address, long bytes) {}

  /** The key of the shared moments. */
  private record Moments(Purpose purpose, String group) {}

  private final Map<Moments, Block> moments = new LinkedHashMap<>();
  private Map<String, Block> deferredTiles = new LinkedHashMap<>();
  private long launches;

  BenchDriver(CudaDriver driver) {
    super(driver);
  }

  /** The number of kernels launched so far. */
  long launches() {
    return launches;
  }

  /** The address of a group's first moments, which all optimizers share. */
  long firstMoments(String group) {
    return moments.get(new Moments(Purpose.FIRST_MOMENTS, group)).address;
  }

  /** The address of a group's second moments. */
  long secondMoments(String group) {
    return moments.get(new Moments(Purpose.SECOND_MOMENTS, group)).address;
  }

  /** Clears the shared moments. */
  void clearMoments(CudaStream stream) {
    moments.values().forEach(block -> clear(block.address, block.bytes, stream));
  }

  /** The deferred-tile tables of the single-pass groups built since the last call, by group. */
  Map<String, Block> takeDeferredTiles() {
    Map<String, Block> taken = deferredTiles;
    deferredTiles = new LinkedHashMap<>();
    return taken;
  }

  @Override
  public long allocate(long bytes, Purpose purpose, String owner) {
    return switch (purpose) {
      case FIRST_MOMENTS, SECOND_MOMENTS ->
          moments.computeIfAbsent(
                  new Moments(purpose, owner),
                  key -> new Block(super.allocate(bytes, purpose, owner), bytes))
              .address;
      case DEFERRED_TILES -> {
        long address = super.allocate(bytes, purpose, owner);
        deferredTiles.put(owner, new Block(address, bytes));
        yield address;
      }
      default -> super.allocate(bytes, purpose, owner);
    };
  }

  @Override
  public void free(long address) {
    if (moments.values().stream().noneMatch(block -> block.address == address)) {
      super.free(address);
    }
  }

  /** Counts the shared moments as free, since an optimizer need not allocate them. */
  @Override
  public DeviceMemory memory() {
    DeviceMemory memory = super.memory();
    long pooled = moments.values().stream().mapToLong(Block::bytes).sum();
    return new DeviceMemory(memory.free() + pooled, memory.total());
  }

  @Override
  public Launch prepare(
      long function, String name, int grid, int threads, int sharedBytes, ByteBuffer... arguments) {
    Launch launch = super.prepare(function, name, grid, threads, sharedBytes, arguments);
    return stream -> {
      launches++;
      launch.enqueue(stream);
    };
  }

  /** Frees the shared moments. The optimizers must be closed. */
  @Override
  public void close() {
    moments.values().forEach(block -> super.free(block.address));
    moments.clear();
  }
}
