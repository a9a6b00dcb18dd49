package io.github.lamb4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.DType;
import io.github.lamb4j.DeviceArray;
import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.LayerAdaptation;
import io.github.lamb4j.core.Rates;
import io.github.lamb4j.core.Tiling;
import io.github.lamb4j.cuda.emulator.EmulatedDevice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The end of a tensor with more than 2^31 elements is treated as the same elements are in a small
 * one. The emulator keeps only what is touched of such a tensor, and only its last tiles are run.
 */
class LargeOffsetsTest {

  private static final int TAIL = 4097;
  private static final int TILES = 3;
  private static final float STEP_SIZE = 0.1f;

  /**
   * Ways of taking the step. In a single pass the tensor's other tiles never arrive, so that its
   * step size is there from the start; how many tiles it is said to have decides whether the window
   * takes these ones.
   */
  enum Way {
    TWO_PASSES(TILES, true),
    AT_ONCE(1000, false),
    RETIRED(1000, true),
    DEFERRED(-1, true);

    private final int tileCount;
    private final boolean adapted;

    Way(int tileCount, boolean adapted) {
      this.tileCount = tileCount;
      this.adapted = adapted;
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
  void shouldTreatTheEndAsTheSameElementsInASmallTensor(long before, Way way, DType type) {
    assertArrayEquals(tailAfterAStep(0, Way.TWO_PASSES, type), tailAfterAStep(before, way, type));
  }

  /**
   * The last elements' weights and moments and the sums of their gradients' squares, after a step,
   * of a tensor with so many elements before them.
   */
  private static byte[] tailAfterAStep(long before, Way way, DType type) {
    try (TestDevice device = TestDevice.open(EmulatedDevice.SMALL.withTotalMemory(1L << 40), 1)) {
      CudaDriver driver = device.driver();
      long[] tensors = new long[5]; // weights, gradients, m, v, the model's half weights
      Random random = new Random(1);
      for (int i = 0; i < tensors.length; i++) {
        int bytes = i == 1 ? type.bytes() : i == 4 ? Short.BYTES : Float.BYTES;
        tensors[i] = driver.allocate((before + TAIL) * bytes, "tensor " + i);
        ByteBuffer tail = CudaLayout.buffer((long) TAIL * bytes);
        while (tail.hasRemaining()) {
          // The upper half of a small float is one too, in half the bytes.
          int bits = Float.floatToRawIntBits(random.nextFloat());
          if (bytes == Float.BYTES) {
            tail.putInt(bits);
          } else {
            tail.putShort((short) (bits >> 16));
          }
        }
        driver.copyToDevice(tensors[i] + before * bytes, tail.flip(), device.stream());
      }
      DeviceArrays arrays = new DeviceArrays(driver, device.stream());
      long module = driver.loadModule(Kernels.ptx());
      long sums = arrays.allocateZeros((long) TILES * CudaLayout.PARTIAL, "partial sums");
      ByteBuffer group = group(arrays, tensors, before, way, type, sums);
      Launcher launcher = new Launcher(driver, device.stream(), module, 2, Window.of(driver));
      launcher.prepare(LaunchPolicy.GRADIENT_NORM_TILES, TILES, group).enqueue(device.stream());
      ByteBuffer result =
          ByteBuffer.allocate(TILES * CudaLayout.PARTIAL + TAIL * (3 * Float.BYTES + Short.BYTES));
      result.put(device.download(sums, TILES * CudaLayout.PARTIAL));
      step(launcher, arrays, group, way);
      for (int tensor : new int[] {0, 2, 3}) {
        result.put(device.download(tensors[tensor] + before * Float.BYTES, TAIL * Float.BYTES));
      }
      result.put(device.download(tensors[4] + before * Short.BYTES, TAIL * Short.BYTES));
      driver.unloadModule(module);
      arrays.close();
      for (long tensor : tensors) {
        driver.free(tensor);
      }
      return result.array();
    }
  }

  private static ByteBuffer control() {
    ByteBuffer control = CudaLayout.buffer(CudaLayout.STEP_CONTROL);
    CudaLayout.putStepControl(control, 0);
    return control;
  }

  private static void step(Launcher launcher, DeviceArrays arrays, ByteBuffer group, Way way) {
    launcher
        .prepare(
            LaunchPolicy.BEGIN_STEP,
            1,
            group,
            CudaLayout.buffer(Double.BYTES).putDouble(0, STEP_SIZE),
            CudaLayout.buffer(Long.BYTES).putLong(0, 1),
            CudaLayout.buffer(Long.BYTES).putLong(0, arrays.upload(control(), "control")))
        .enqueue(launcher.stream());
    if (way == Way.TWO_PASSES) {
      launcher.prepare(LaunchPolicy.MOMENTS, TILES, group).enqueue(launcher.stream());
      launcher.prepare(LaunchPolicy.APPLY, TILES, group).enqueue(launcher.stream());
      return;
    }
    ByteBuffer ready = CudaLayout.buffer(Long.BYTES);
    ready.putLong(1L << 32 | Float.floatToRawIntBits(STEP_SIZE));
    ByteBuffer window = CudaLayout.buffer(CudaLayout.WINDOW);
    window.putLong(arrays.allocateZeros(Integer.BYTES, "ticket"));
    window.putLong(arrays.allocateZeros(Integer.BYTES, "arrivals"));
    window.putLong(arrays.upload(ready, "ready words"));
    window.putLong(arrays.allocate((long) TILES * Integer.BYTES, "deferred tiles"));
    window.putInt(launcher.window().slots()).putInt(0);
    launcher.prepareSinglePass(TILES, group, window).enqueue(launcher.stream());
  }

  /**
   * A group of the last three tiles alone: its first tile stands in the table where an earlier one
   * would.
   */
  private static ByteBuffer group(
      DeviceArrays arrays, long[] tensors, long before, Way way, DType type, long sums) {
    int firstTile = (int) -(before / Tiling.TILE_ELEMENTS);
    ByteBuffer segment = CudaLayout.buffer(CudaLayout.SEGMENT);
    CudaLayout.putSegment(
        segment,
        new CudaLayout.Segment(
            tensors[0],
            new DeviceArray(tensors[4], DType.F16),
            new DeviceArray(tensors[1], type),
            tensors[2],
            tensors[3]),
        before + TAIL,
        firstTile,
        way.tileCount);
    ByteBuffer tileSegments = CudaLayout.buffer((long) TILES * Integer.BYTES);
    tileSegments.putInt(0).putInt(0).putInt(0);
    ByteBuffer norms = CudaLayout.buffer(CudaLayout.SEGMENT_NORMS);
    CudaLayout.putNoNorms(norms);
    norms.putFloat(CudaLayout.SEGMENT_NORMS - 2 * Float.BYTES, STEP_SIZE);
    ByteBuffer hyperparameters = CudaLayout.buffer(CudaLayout.HYPERPARAMETERS);
    CudaLayout.putHyperparameters(
        hyperparameters,
        Hyperparameters.lamb(0.1)
            .withLayerAdaptation(way.adapted ? LayerAdaptation.ALWAYS : LayerAdaptation.NEVER));
    ByteBuffer state = CudaLayout.buffer(CudaLayout.STEP_STATE);
    CudaLayout.putStepState(state, 0, 1, 1);
    ByteBuffer group = CudaLayout.buffer(CudaLayout.GROUP);
    group.putLong(arrays.upload(segment, "segment table"));
    group.putLong(arrays.upload(tileSegments, "tile table"));
    group.putLong(sums).putLong(0);
    group.putLong(arrays.upload(norms, "norms"));
    group.putLong(arrays.allocate(Double.BYTES, "gradient sums"));
    group.putLong(arrays.upload(hyperparameters, "hyperparameters"));
    group.putLong(arrays.upload(state, "step state"));
    group.putLong(arrays.allocate((long) Rates.KEPT * Double.BYTES, "learning rates"));
    return group.putInt(TILES).putInt(1);
  }
}
