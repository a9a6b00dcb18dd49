package io.github.lamb4j;

import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;

/** Device parameters at addresses that are plain numbers. */
public final class DeviceParameters {

  private DeviceParameters() {}

  /** One with binary32 weights. */
  public static DeviceParameter of(
      String name, long weights, long gradients, long count, DType gradientType) {
    return Parameter.onDevice(
        name, new DeviceArray(weights, DType.F32), new DeviceArray(gradients, gradientType), count);
  }
}
