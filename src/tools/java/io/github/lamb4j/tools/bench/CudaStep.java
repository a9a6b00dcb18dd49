package io.github.lamb4j.tools.bench;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.CudaBackend;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * An optimizer of ours on CUDA: what {@code Lamb.step()} enqueues, with the driver and thereby the
 * memory of our choice, which the public API does not give.
 */
final class CudaStep implements Contender, AutoCloseable {

  /** What no tile's predecessor in a table of deferred tiles can be: no such tile, and not none. */
  private static final int UNTOUCHED = 0xfffffffe;

  private final String name;
  private final BenchDriver driver;
  private final CudaStream stream;
  private final List<ParameterGroup> groups;
  private final CudaBackend backend;
  private final Map<String, BenchDriver.Block> deferredTiles;
  private final double[] rates;
  private final long[] rateSteps;
  private long steps;
  private final boolean clip;

  CudaStep(
      String name,
      BenchDriver driver,
      CudaStream stream,
      List<ParameterGroup> groups,
      StepPath path,
      BenchSettings settings) {
    this.name = name;
    this.driver = driver;
    this.stream = stream;
    this.groups = groups;
    clip = settings.clip();
    OptionalDouble maxNorm =
        clip ? OptionalDouble.of(BenchSettings.MAX_GRAD_NORM) : OptionalDouble.empty();
    backend = new CudaBackend(driver, stream, groups, GradientOptions.clipping(maxNorm), path);
    deferredTiles = driver.takeDeferredTiles();
    rates = new double[groups.size()];
    rateSteps = new long[groups.size()];
    Arrays.fill(rates, settings.rate());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void step() {
    Arrays.fill(rateSteps, ++steps);
    backend.step(rates, rateSteps);
  }

  boolean takesSinglePass() {
    return !deferredTiles.isEmpty();
  }

  /** The kernel itself notes every tile that it defers: the notes are laid out and read back. */
  @Override
  public Cost countedStep() {
    for (BenchDriver.Block table : deferredTiles.values()) {
      ByteBuffer untouched = buffer(table);
      while (untouched.hasRemaining()) {
        untouched.putInt(UNTOUCHED);
      }
      driver.copyToDevice(table.address(), untouched.flip(), stream);
    }
    long launches = driver.launches();
    step();
    long elements = 0;
    long bytes = 0;
    for (ParameterGroup group : groups) {
      elements += elements(group);
      bytes += bytes(group);
    }
    return new Cost(elements, bytes, driver.launches() - launches);
  }

  private long bytes(ParameterGroup group) {
    long elements = elements(group);
    long clipping = clip ? Traffic.clip(elements) : 0;
    BenchDriver.Block table = deferredTiles.get(group.name());
    if (table == null) {
      return clipping + Traffic.twoPasses(elements);
    }
    Hyperparameters hyperparameters = group.hyperparameters();
    return clipping
        + (hyperparameters.isAdapted()
            ? Traffic.singlePass(elements, deferredElements(group, table))
            : Traffic.singlePassUnadapted(elements));
  }

  private long deferredElements(ParameterGroup group, BenchDriver.Block table) {
    ByteBuffer notes = buffer(table);
    driver.copyToHost(notes, table.address(), stream);
    Tiling tiling = Tiling.of(group.counts());
    long deferred = 0;
    for (int tile = 0; tile < tiling.tileCount(); tile++) {
      if (notes.getInt(tile * Integer.BYTES) != UNTOUCHED) {
        int segment = tiling.segmentOf(tile);
        long start = (long) (tile - tiling.firstTile(segment)) * Tiling.TILE_ELEMENTS;
        long left = group.parameters().get(segment).count() - start;
        deferred += Math.min(left, Tiling.TILE_ELEMENTS);
      }
    }
    return deferred;
  }

  private static long elements(ParameterGroup group) {
    return group.parameters().stream().mapToLong(p -> p.count()).sum();
  }

  private static ByteBuffer buffer(BenchDriver.Block table) {
    return ByteBuffer.allocateDirect(Math.toIntExact(table.bytes())).order(ByteOrder.nativeOrder());
  }

  @Override
  public void close() {
    backend.close();
  }
}
