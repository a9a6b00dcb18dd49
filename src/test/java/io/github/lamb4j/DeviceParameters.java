package io.github.lamb4j;

import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;

/** Creates device parameters from numeric addresses. */
public final class DeviceParameters {

  private DeviceParameters() {}

  /** Creates a parameter with float32 weights. */
  public static DeviceParameter of(
      String name, long weights, long gradients, long count, DType gradientType) {
    return Parameter.onDevice(
        name, new DeviceArray(weights, DType.F32), new DeviceArray(gradients, gradientType), count);
  }
}
