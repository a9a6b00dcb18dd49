package io.github.lamb4j.tools.bench;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What optimizers under a benchmark see as the driver. It counts their launches, remembers where a
 * single pass notes the tiles that it deferred, and gives all optimizers the same memory for their
 * moments: each one's own would let the largest models fit no device, and a step costs the same
 * whoever took the one before.
 */
final class BenchDriver extends ForwardingDriver implements AutoCloseable {

  /** A piece of device memory. */
  record Block(long address, long bytes) {}

  /** Which moments of which group. */
  private record Moments(Purpose purpose, String group) {}

  private final Map<Moments, Block> moments = new LinkedHashMap<>();
  private Map<String, Block> deferredTiles = new LinkedHashMap<>();
  private long launches;

  BenchDriver(CudaDriver driver) {
    super(driver);
  }

  /** Kernels launched so far. */
  long launches() {
    return launches;
  }

  /** A group's first moments, which are every optimizer's. */
  long firstMoments(String group) {
    return moments.get(new Moments(Purpose.FIRST_MOMENTS, group)).address;
  }

  /** A group's second moments. */
  long secondMoments(String group) {
    return moments.get(new Moments(Purpose.SECOND_MOMENTS, group)).address;
  }

  /** Where the groups built since the last call note deferred tiles, if they take a single pass. */
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

  /** Free memory as it is for an optimizer, whose moments are there already. */
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

  /** Frees the moments, after the optimizers are closed. */
  @Override
  public void close() {
    moments.values().forEach(block -> super.free(block.address));
    moments.clear();
  }
}
