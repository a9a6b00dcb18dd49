package io.github.lamb4j.tools.bench;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.CudaBackends;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/** {@link Lamb#step()} on CUDA. */
final class CudaStep implements Contender, AutoCloseable {

  /** Neither a tile nor "none", so a tile that still has this mark was not deferred. */
  private static final int NOT_DEFERRED = 0xfffffffe;

  private final String name;
  private final BenchDriver driver;
  private final CudaStream stream;
  private final boolean clip;
  private final Lamb lamb;
  private final Map<String, BenchDriver.Block> deferredTiles;

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
    clip = settings.clip();
    LambBuilder builder =
        LambBuilder.over(CudaBackends.onStream(driver, stream))
            .path(path)
            .reportedNorms(ReportedNorms.ADAPTED);
    groups.forEach(builder::group);
    if (clip) {
      builder.maxGradNorm(BenchSettings.MAX_GRAD_NORM);
    }
    lamb = builder.build();
    deferredTiles = driver.takeDeferredTiles();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void step() {
    lamb.step();
  }

  Lamb lamb() {
    return lamb;
  }

  boolean clips() {
    return clip;
  }

  boolean takesSinglePass() {
    return !deferredTiles.isEmpty();
  }

  /** The kernel links the tiles that it defers: every tile is marked before and read after. */
  @Override
  public Cost countedStep() {
    for (BenchDriver.Block table : deferredTiles.values()) {
      ByteBuffer marks = buffer(table);
      while (marks.hasRemaining()) {
        marks.putInt(NOT_DEFERRED);
      }
      driver.copyToDevice(table.address(), marks.flip(), stream);
    }
    long launches = driver.launches();
    step();
    long elements = 0;
    long bytes = 0;
    for (ParameterGroup group : lamb.groups()) {
      elements += elements(group);
      bytes += bytes(group);
    }
    return new Cost(elements, bytes, driver.launches() - launches);
  }

  private long bytes(ParameterGroup group) {
    long elements = elements(group);
    long clipping = clip ? Traffic.clip(elements) : 0;
    if (!group.hyperparameters().isAdapted()) {
      return clipping + Traffic.singlePassUnadapted(elements);
    }
    BenchDriver.Block table = deferredTiles.get(group.name());
    return clipping
        + (table == null
            ? Traffic.twoPasses(elements)
            : Traffic.singlePass(elements, deferredElements(group, table)));
  }

  private long deferredElements(ParameterGroup group, BenchDriver.Block table) {
    ByteBuffer marks = buffer(table);
    driver.copyToHost(marks, table.address(), stream);
    Tiling tiling = Tiling.of(group.counts());
    long deferred = 0;
    for (int tile = 0; tile < tiling.tileCount(); tile++) {
      if (marks.getInt(tile * Integer.BYTES) != NOT_DEFERRED) {
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
    lamb.close();
  }
}
