package io.github.lamb4j.tools.bench;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
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

  // The purposes for which CudaGroup allocates; a test holds them together.
  private static final String FIRST_MOMENTS = "first moments of group ";
  private static final String SECOND_MOMENTS = "second moments of group ";
  private static final String DEFERRED_TILES = "deferred tiles";

  /** A piece of device memory. */
  record Block(long address, long bytes) {}

  private final Map<String, Block> moments = new LinkedHashMap<>();
  private Map<String, Block> deferredTiles = new LinkedHashMap<>();
  private String group;
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
    return moments.get(FIRST_MOMENTS + group).address;
  }

  /** A group's second moments. */
  long secondMoments(String group) {
    return moments.get(SECOND_MOMENTS + group).address;
  }

  /** Where the groups built since the last call note deferred tiles, if they take a single pass. */
  Map<String, Block> takeDeferredTiles() {
    Map<String, Block> taken = deferredTiles;
    deferredTiles = new LinkedHashMap<>();
    return taken;
  }

  @Override
  public long allocate(long bytes, String purpose) {
    if (purpose.startsWith(FIRST_MOMENTS) || purpose.startsWith(SECOND_MOMENTS)) {
      group = purpose.substring(purpose.indexOf("group ") + "group ".length());
      return moments.computeIfAbsent(purpose, p -> new Block(super.allocate(bytes, p), bytes))
          .address;
    }
    long address = super.allocate(bytes, purpose);
    if (purpose.equals(DEFERRED_TILES)) {
      deferredTiles.put(group, new Block(address, bytes));
    }
    return address;
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
