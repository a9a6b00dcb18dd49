package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Rates;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The last elements of an array with more than 2^31 elements get the same results as in a small
 * array. The emulator stores only the pages touched, and only the last tiles are run.
 */
@Tag("slow")
@Tag("kernels")
class LargeOffsetsTest {

  private static final int TAIL = 4097;
  private static final int TILES = 3;
  private static final float STEP_SIZE = 0.1f;
  private static final double GRADIENT_SCALE = 0.3;

  /**
   * Paths of the step. In a single pass, the other tiles of the segment never arrive, so its step
   * size is ready from the start. The tile count decides whether the window holds these tiles.
   */
  enum Way {
    TWO_PASSES(TILES),
    LANS(TILES),
    UNADAPTED(TILES),
    RETIRED(1000),
    DEFERRED(-1);

    private final int tileCount;

    Way(int tileCount) {
      this.tileCount = tileCount;
    }

    /** The kernels launched. */
    Set<String> kernels() {
      return switch (this) {
        case TWO_PASSES -> Set.of("begin_step", "gradient_norm_tiles", "moments", "apply");
        case LANS -> Set.of("begin_step", "gradient_norm_tiles", "lans_moments", "lans_apply");
        case UNADAPTED -> Set.of("begin_step", "gradient_norm_tiles", "unadapted");
        default -> Set.of("begin_step", "gradient_norm_tiles", "single_pass");
      };
    }
  }

  @Test
  void shouldCountTilesBeyondInts() {
    assertEquals(1L << 20, Tiling.tiles(1L << 31));
    assertEquals((1L << 30) + 1, Tiling.tiles((1L << 41) + 1));
  }

  static Stream<Arguments> offsets() {
    List<Arguments> all = new ArrayList<>();
    for (long before : new long[] {1L << 31, (1L << 32) + 2048, 3L << 31}) {
      for (Way way : Way.values()) {
        all.add(Arguments.of(before, way, DType.F32));
        all.add(Arguments.of(before, way, DType.BF16));
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("offsets")
  void shouldStepTheEndLikeASmallArray(long before, Way way, DType type) {
    Way plain = way == Way.LANS ? Way.LANS : Way.TWO_PASSES;
    assertArrayEquals(tailAfterAStep(0, plain, type), tailAfterAStep(before, way, type));
  }

  /**
   * Weights and moments of the last elements and their partial sums after a step, for an array with
   * {@code before} elements before them.
   */
  private static byte[] tailAfterAStep(long before, Way way, DType type) {
    try (TestDevice device = TestDevice.open(EmulatedDevice.SMALL.withTotalMemory(1L << 40), 1)) {
      CudaDriver driver = device.driver();
      long[] tensors = new long[5]; // weights, gradients, m, v, model copy
      Random random = new Random(1);
      for (int i = 0; i < tensors.length; i++) {
        int bytes = i == 1 ? type.bytes() : i == 4 ? Short.BYTES : Float.BYTES;
        tensors[i] = driver.allocate((before + TAIL) * bytes, Purpose.OTHER, "tensor " + i);
        uploadTail(device, tensors[i] + before * bytes, bytes, random);
      }
      DeviceArrays arrays = new DeviceArrays(driver, device.stream());
      long module = driver.loadModule(Kernels.ptx());
      long sums =
          arrays.allocateZeros((long) TILES * CudaLayout.PARTIAL, Purpose.PARTIAL_SUMS, "g");
      long gradientSums =
          arrays.allocateZeros((long) TILES * Double.BYTES, Purpose.PARTIAL_SUMS, "g");
      ByteBuffer group = group(arrays, tensors, before, way, type, sums, gradientSums);
      Launcher launcher = new Launcher(driver, device.stream(), module, 2, Window.of(driver));
      launcher.prepare(LaunchPolicy.GRADIENT_NORM_TILES, TILES, group).enqueue(device.stream());
      ByteBuffer result =
          ByteBuffer.allocate(
              TILES * (CudaLayout.PARTIAL + Double.BYTES) + TAIL * (3 * Float.BYTES + Short.BYTES));
      result.put(device.download(sums, TILES * CudaLayout.PARTIAL));
      step(launcher, arrays, group, way);
      for (int tensor : new int[] {0, 2, 3}) {
        result.put(device.download(tensors[tensor] + before * Float.BYTES, TAIL * Float.BYTES));
      }
      result.put(device.download(tensors[4] + before * Short.BYTES, TAIL * Short.BYTES));
      result.put(device.download(gradientSums, TILES * Double.BYTES));
      driver.unloadModule(module);
      arrays.close();
      for (long tensor : tensors) {
        driver.free(tensor);
      }
      return result.array();
    }
  }

  private static ByteBuffer control() {
    ByteBuffer control = CudaLayout.buffer(CudaLayout.StepControl.SIZE);
    StructWriter.putStepControl(control, 0, 0);
    return control;
  }

  private static void step(Launcher launcher, DeviceArrays arrays, ByteBuffer group, Way way) {
    ByteBuffer next =
        CudaLayout.buffer(CudaLayout.NextRates.SIZE)
            .putLong(CudaLayout.NextRates.COUNT, 1)
            .putDouble(CudaLayout.NextRates.LEARNING_RATE, STEP_SIZE)
            .putLong(CudaLayout.NextRates.STEP, 1);
    launcher
        .prepare(
            LaunchPolicy.BEGIN_STEP,
            1,
            next,
            CudaLayout.argument(group.getLong(CudaLayout.Group.STATE)),
            CudaLayout.argument(group.getLong(CudaLayout.Group.HYPERPARAMETERS)),
            CudaLayout.argument(
                arrays.allocate(
                    (long) Rates.KEPT * Double.BYTES, Purpose.LEARNING_RATES, "all groups")),
            CudaLayout.argument(arrays.upload(control(), Purpose.REPORT, "g")))
        .enqueue(launcher.stream());
    List<LaunchPolicy> passes =
        switch (way) {
          case TWO_PASSES -> List.of(LaunchPolicy.MOMENTS, LaunchPolicy.APPLY);
          case LANS -> List.of(LaunchPolicy.LANS_MOMENTS, LaunchPolicy.LANS_APPLY);
          case UNADAPTED -> List.of(LaunchPolicy.UNADAPTED);
          case RETIRED, DEFERRED -> List.of();
        };
    for (LaunchPolicy pass : passes) {
      launcher.prepare(pass, TILES, group).enqueue(launcher.stream());
    }
    if (!passes.isEmpty()) {
      return;
    }
    ByteBuffer ready = CudaLayout.buffer(Long.BYTES);
    ready.putLong(1L << 32 | Float.floatToRawIntBits(STEP_SIZE));
    ByteBuffer window =
        CudaLayout.buffer(CudaLayout.Window.SIZE)
            .putLong(
                CudaLayout.Window.TICKET, arrays.allocateZeros(Integer.BYTES, Purpose.TICKET, "g"))
            .putLong(
                CudaLayout.Window.ARRIVALS,
                arrays.allocateZeros(Integer.BYTES, Purpose.ARRIVALS, "g"))
            .putLong(CudaLayout.Window.READY, arrays.upload(ready, Purpose.TAGGED_WORDS, "g"))
            .putLong(
                CudaLayout.Window.SUMS,
                arrays.allocateZeros(
                    (long) TILES * CudaLayout.WORDS_PER_TILE * Long.BYTES,
                    Purpose.TAGGED_WORDS,
                    "g"))
            .putLong(
                CudaLayout.Window.DEFERRED,
                arrays.allocate((long) TILES * Integer.BYTES, Purpose.DEFERRED_TILES, "g"))
            .putInt(CudaLayout.Window.SLOTS, launcher.window().slots());
    launcher.prepareSinglePass(TILES, group, window).enqueue(launcher.stream());
  }

  /**
   * A group of only the last three tiles. Its first tile has a negative index, as if earlier tiles
   * preceded the table.
   */
  private static ByteBuffer group(
      DeviceArrays arrays,
      long[] tensors,
      long before,
      Way way,
      DType type,
      long sums,
      long gradientSums) {
    int firstTile = (int) -(before / Tiling.TILE_ELEMENTS);
    ByteBuffer segment = CudaLayout.buffer(CudaLayout.Segment.SIZE);
    StructWriter.putSegment(
        segment,
        0,
        new StructWriter.SegmentArrays(
            tensors[0],
            new DeviceArray(tensors[4], DType.F16),
            new DeviceArray(tensors[1], type),
            tensors[2],
            tensors[3]),
        before + TAIL,
        firstTile,
        way.tileCount);
    ByteBuffer tileSegments = CudaLayout.buffer((long) TILES * Integer.BYTES);
    ByteBuffer norms = CudaLayout.buffer(CudaLayout.SegmentNorms.SIZE);
    StructWriter.putNoNorms(norms, 0);
    norms.putDouble(CudaLayout.SegmentNorms.GRADIENT_SCALE, GRADIENT_SCALE);
    norms.putFloat(CudaLayout.SegmentNorms.STEP_SIZE, STEP_SIZE);
    norms.putFloat(CudaLayout.SegmentNorms.GRADIENT_STEP_SIZE, STEP_SIZE / 3);
    ByteBuffer hyperparameters = CudaLayout.buffer(CudaLayout.Hyperparameters.SIZE);
    StructWriter.putHyperparameters(hyperparameters, 0, Hyperparameters.lamb(0.1));
    ByteBuffer state = CudaLayout.buffer(CudaLayout.StepState.SIZE);
    StructWriter.putStepState(state, 0, 0, 1, 1);
    return CudaLayout.buffer(CudaLayout.Group.SIZE)
        .putLong(CudaLayout.Group.SEGMENTS, arrays.upload(segment, Purpose.SEGMENT_TABLE, "g"))
        .putLong(
            CudaLayout.Group.TILE_SEGMENTS, arrays.upload(tileSegments, Purpose.TILE_TABLE, "g"))
        .putLong(CudaLayout.Group.PARTIALS, sums)
        .putLong(CudaLayout.Group.GRADIENT_PARTIALS, gradientSums)
        .putLong(CudaLayout.Group.NORMS, arrays.upload(norms, Purpose.REPORT, "g"))
        .putLong(
            CudaLayout.Group.GRADIENT_SUMS,
            arrays.allocate(Double.BYTES, Purpose.GRADIENT_SUMS, "g"))
        .putLong(
            CudaLayout.Group.HYPERPARAMETERS,
            arrays.upload(hyperparameters, Purpose.HYPERPARAMETERS, "g"))
        .putLong(CudaLayout.Group.STATE, arrays.upload(state, Purpose.REPORT, "g"))
        .putInt(CudaLayout.Group.TILE_COUNT, TILES)
        .putInt(CudaLayout.Group.SEGMENT_COUNT, 1);
  }

  static Stream<Arguments> additions() {
    return Stream.of(DType.values())
        .flatMap(type -> Stream.of(Arguments.of(type, false), Arguments.of(type, true)));
  }

  /** Runs only the block of a large grid that adds the last tiles. */
  @ParameterizedTest
  @MethodSource("additions")
  void shouldAddTheEndLikeASmallArray(DType type, boolean replacing) {
    assertArrayEquals(
        tailAfterAdding(0, type, replacing), tailAfterAdding(1L << 32, type, replacing));
  }

  private static byte[] tailAfterAdding(long before, DType type, boolean replacing) {
    try (TestDevice device = TestDevice.open(EmulatedDevice.SMALL.withTotalMemory(1L << 40), 1)) {
      CudaDriver driver = device.driver();
      long block = before / Tiling.TILE_ELEMENTS;
      device.emulator().rewrite(ptx -> ptx.replace("%ctaid.x", "" + block));
      long to = driver.allocate((before + TAIL) * Float.BYTES, Purpose.OTHER, "target");
      long from = driver.allocate((before + TAIL) * type.bytes(), Purpose.OTHER, "source");
      Random random = new Random(1);
      uploadTail(device, to + before * Float.BYTES, Float.BYTES, random);
      uploadTail(device, from + before * type.bytes(), type.bytes(), random);
      long module = driver.loadModule(Kernels.ptx());
      new Launcher(driver, device.stream(), module, 2, Window.of(driver))
          .prepare(
              LaunchPolicy.ACCUMULATE,
              1,
              CudaLayout.argument(to),
              CudaLayout.argument(from),
              CudaLayout.argument(before + TAIL),
              CudaLayout.buffer(Integer.BYTES).putInt(0, CudaLayout.dtype(type)),
              CudaLayout.buffer(Integer.BYTES).putInt(0, replacing ? 1 : 0))
          .enqueue(device.stream());
      byte[] result = device.download(to + before * Float.BYTES, TAIL * Float.BYTES);
      driver.unloadModule(module);
      driver.free(to);
      driver.free(from);
      return result;
    }
  }

  /** Fills the last elements with small floats, or with their upper halves. */
  private static void uploadTail(TestDevice device, long address, int bytesEach, Random random) {
    ByteBuffer tail = CudaLayout.buffer((long) TAIL * bytesEach);
    while (tail.hasRemaining()) {
      int bits = Float.floatToRawIntBits(random.nextFloat());
      if (bytesEach == Float.BYTES) {
        tail.putInt(bits);
      } else {
        tail.putShort((short) (bits >> 16));
      }
    }
    device.driver().copyToDevice(address, tail.flip(), device.stream());
  }
}
