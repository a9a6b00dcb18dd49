package io.github.lamb4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.DType;
import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.core.Tiling;
import io.github.lamb4j.cuda.emulator.EmulatedDevice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The end of a tensor with more than 2^31 elements is treated as the same elements are in a small
 * one. The emulator keeps only what is touched of such a tensor, and only its last tiles are run.
 */
class LargeOffsetsTest {

  private static final int TAIL = 4097;

  @Test
  void shouldCountTilesBeyondInts() {
    assertEquals(1L << 20, Tiling.tiles(1L << 31));
    assertEquals((1L << 30) + 1, Tiling.tiles((1L << 41) + 1));
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 31, (1L << 32) + 2048, 3L << 31})
  void shouldTreatTheEndAsTheSameElementsInASmallTensor(long before) {
    assertArrayEquals(tailAfterAStep(0), tailAfterAStep(before));
  }

  /**
   * The last elements' weights and moments, after a step, of a tensor with so many elements before
   * them.
   */
  private static byte[] tailAfterAStep(long before) {
    try (TestDevice device = TestDevice.open(EmulatedDevice.SMALL.withTotalMemory(1L << 40), 1)) {
      CudaDriver driver = device.driver();
      List<Long> allocations = new ArrayList<>();
      long[] tensors = new long[4];
      Random random = new Random(1);
      for (int i = 0; i < tensors.length; i++) {
        tensors[i] = driver.allocate((before + TAIL) * Float.BYTES, "tensor " + i);
        allocations.add(tensors[i]);
        ByteBuffer tail = CudaLayout.buffer((long) TAIL * Float.BYTES);
        while (tail.hasRemaining()) {
          tail.putFloat(random.nextFloat());
        }
        driver.copyToDevice(tensors[i] + before * Float.BYTES, tail.flip(), device.stream());
      }
      DeviceArrays arrays = new DeviceArrays(driver, device.stream());
      long module = driver.loadModule(Kernels.ptx());
      ByteBuffer group = group(arrays, tensors, before);
      Launcher launcher = new Launcher(driver, device.stream(), module, 2, Window.of(driver));
      launcher
          .prepare(
              LaunchPolicy.BEGIN_STEP,
              1,
              group,
              CudaLayout.buffer(Double.BYTES).putDouble(0, 0.1),
              CudaLayout.buffer(Long.BYTES))
          .enqueue(device.stream());
      launcher.prepare(LaunchPolicy.MOMENTS, 3, group).enqueue(device.stream());
      launcher.prepare(LaunchPolicy.APPLY, 3, group).enqueue(device.stream());
      ByteBuffer result = ByteBuffer.allocate(3 * TAIL * Float.BYTES);
      for (int tensor : new int[] {0, 2, 3}) {
        result.put(device.download(tensors[tensor] + before * Float.BYTES, TAIL * Float.BYTES));
      }
      driver.unloadModule(module);
      arrays.close();
      allocations.forEach(driver::free);
      return result.array();
    }
  }

  /**
   * A group of the last three tiles alone: its first tile stands in the table where an earlier one
   * would.
   */
  private static ByteBuffer group(DeviceArrays arrays, long[] tensors, long before) {
    int firstTile = (int) -(before / Tiling.TILE_ELEMENTS);
    ByteBuffer segment = CudaLayout.buffer(CudaLayout.SEGMENT);
    CudaLayout.putSegment(
        segment,
        tensors[0],
        tensors[1],
        tensors[2],
        tensors[3],
        before + TAIL,
        firstTile,
        3,
        DType.F32);
    ByteBuffer tileSegments = CudaLayout.buffer(3 * Integer.BYTES).putInt(0).putInt(0).putInt(0);
    ByteBuffer norms = CudaLayout.buffer(CudaLayout.SEGMENT_NORMS);
    norms.putDouble(1).putDouble(1).putDouble(1).putFloat(0.1f).putInt(0);
    ByteBuffer hyperparameters = CudaLayout.buffer(CudaLayout.HYPERPARAMETERS);
    CudaLayout.putHyperparameters(hyperparameters, Hyperparameters.lamb(0.1));
    ByteBuffer state = CudaLayout.buffer(CudaLayout.STEP_STATE);
    CudaLayout.putStepState(state, 0, 1, 1);
    ByteBuffer group = CudaLayout.buffer(CudaLayout.GROUP);
    group.putLong(arrays.upload(segment, "segment table"));
    group.putLong(arrays.upload(tileSegments, "tile table"));
    group.putLong(arrays.allocate(3L * CudaLayout.PARTIAL, "partial sums"));
    group.putLong(arrays.upload(norms, "norms"));
    group.putLong(0);
    group.putLong(arrays.upload(hyperparameters, "hyperparameters"));
    group.putLong(arrays.upload(state, "step state"));
    return group.putInt(3).putInt(1);
  }
}
