package io.github.lamb4j.tools.bench;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.report.LayerStats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares an optimizer's first steps on the device with the same steps on the CPU, bit by bit: all
 * weights and moments, and the norms and trust ratios of all tensors.
 */
final class BitCheck implements AutoCloseable {

  /** The second step begins with moments that are not zero. */
  static final int STEPS = 2;

  /** Elements compared at a time. */
  private static final int PIECE = 1 << 20;

  /** Weights, gradients and moments. */
  private static final int ARRAYS = 4;

  private static final long OTHER_BYTES = 64L << 20;

  private final CudaDriver driver;
  private final CudaStream stream;
  private final CudaStep device;
  private final Lamb reference;
  private final Map<String, float[]> weights = new HashMap<>();
  private final ByteBuffer actual = buffer();
  private final ByteBuffer expected = buffer();

  /** The Java heap that the CPU's steps need, and that is available. */
  static MemoryNeed need(ModelShapes model) {
    long bytes = model.parameters() * ARRAYS * Float.BYTES + OTHER_BYTES;
    return new MemoryNeed(bytes, CpuRig.availableHeap(), "Java heap");
  }

  /**
   * Copies the weights and gradients of an optimizer on the device that has not stepped yet.
   *
   * @param device the optimizer; its moments must be zero
   */
  BitCheck(CudaDriver driver, CudaStream stream, CudaStep device, BenchSettings settings) {
    this.driver = driver;
    this.stream = stream;
    this.device = device;
    List<ParameterGroup> groups = new ArrayList<>();
    for (ParameterGroup group : device.lamb().groups()) {
      List<Parameter> parameters = new ArrayList<>();
      for (Parameter parameter : group.parameters()) {
        DeviceParameter p = (DeviceParameter) parameter;
        float[] own = download(p.weights().address(), (int) p.count());
        float[] gradients = download(p.gradients().address(), (int) p.count());
        weights.put(p.name(), own);
        parameters.add(Parameter.onHost(p.name(), own, gradients));
      }
      groups.add(new ParameterGroup(group.name(), group.hyperparameters(), parameters));
    }
    reference = CpuRig.builder(settings, groups).build();
  }

  private static ByteBuffer buffer() {
    return ByteBuffer.allocateDirect(PIECE * Float.BYTES).order(ByteOrder.nativeOrder());
  }

  private float[] download(long address, int count) {
    float[] values = new float[count];
    for (int first = 0; first < count; first += PIECE) {
      int length = Math.min(PIECE, count - first);
      fetch(address, first, length);
      actual.asFloatBuffer().get(values, first, length);
    }
    return values;
  }

  private void fetch(long address, long first, int length) {
    actual.clear().limit(length * Float.BYTES);
    driver.copyToHost(actual.duplicate(), address + first * Float.BYTES, stream);
  }

  /**
   * Steps on both sides and compares.
   *
   * @throws WrongBits at the first difference
   */
  void run() {
    for (int step = 1; step <= STEPS; step++) {
      reference.step();
      device.step();
      for (ParameterGroup group : device.lamb().groups()) {
        for (Parameter parameter : group.parameters()) {
          compare((DeviceParameter) parameter, step);
        }
      }
      compareNorms(step);
    }
  }

  private void compare(DeviceParameter parameter, int step) {
    String name = parameter.name();
    float[] own = weights.get(name);
    for (int first = 0; first < own.length; first += PIECE) {
      int length = Math.min(PIECE, own.length - first);
      fetch(parameter.weights().address(), first, length);
      expected.clear().limit(length * Float.BYTES);
      expected.asFloatBuffer().put(own, first, length);
      expectEqual(name, "weights", first, step);
      for (StateArray array : List.of(StateArray.FIRST_MOMENT, StateArray.SECOND_MOMENT)) {
        device.lamb().readState(name, array, first, actual.asFloatBuffer());
        reference.readState(name, array, first, expected.asFloatBuffer());
        String moments = array == StateArray.FIRST_MOMENT ? "first moments" : "second moments";
        expectEqual(name, moments, first, step);
      }
    }
  }

  private void expectEqual(String tensor, String array, int first, int step) {
    int at = actual.asIntBuffer().mismatch(expected.asIntBuffer());
    if (at >= 0) {
      int element = first + at;
      throw new WrongBits(
          "%s, step %d, tensor %s: element %d (tile %d) of the %s is %s on the device and %s on the CPU"
              .formatted(
                  device.name(),
                  step,
                  tensor,
                  element,
                  element / Tiling.TILE_ELEMENTS,
                  array,
                  bits(actual.getFloat(at * Float.BYTES)),
                  bits(expected.getFloat(at * Float.BYTES))));
    }
  }

  private static String bits(float value) {
    return "%s (0x%08x)".formatted(value, Float.floatToRawIntBits(value));
  }

  private void compareNorms(int step) {
    List<LayerStats> onDevice = device.lamb().layerStats();
    List<LayerStats> onCpu = reference.layerStats();
    for (int i = 0; i < onCpu.size(); i++) {
      if (!onCpu.get(i).equals(onDevice.get(i))) {
        throw new WrongBits(
            "%s, step %d: norms are %s on the device and %s on the CPU"
                .formatted(device.name(), step, onDevice.get(i), onCpu.get(i)));
      }
    }
    if (device.clips()
        && Double.compare(device.lamb().gradientNorm(), reference.gradientNorm()) != 0) {
      throw new WrongBits(
          "%s, step %d: the gradient norm is %s on the device and %s on the CPU"
              .formatted(
                  device.name(), step, device.lamb().gradientNorm(), reference.gradientNorm()));
    }
  }

  @Override
  public void close() {
    reference.close();
  }
}
