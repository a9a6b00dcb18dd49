package io.github.lamb4j.model;

import java.util.Optional;
import jcuda.driver.CUdeviceptr;

/**
 * A parameter in device memory; made by {@link Parameter#onDevice}.
 *
 * @param name the name
 * @param weights binary32; or half precision, and then the optimizer keeps a binary32 master
 * @param gradients of any type
 * @param modelCopy where each step puts the weights in half precision
 * @param count the number of elements
 */
public record DeviceParameter(
    String name,
    DeviceArray weights,
    DeviceArray gradients,
    Optional<DeviceArray> modelCopy,
    long count)
    implements Parameter {

  /** Checks what can be checked of one parameter alone. */
  public DeviceParameter {
    HostParameter.requireNonNull(name, weights, gradients);
    if (count < 0 || count > Long.MAX_VALUE / 8) {
      throw new IllegalArgumentException(
          "parameter " + name + ": count " + count + " is not a number of elements");
    }
    HostParameter.requireHalfCopy(name, weights.type(), modelCopy.map(DeviceArray::type));
    requireAddress(name, "weights", weights, count);
    requireAddress(name, "gradients", gradients, count);
    if (modelCopy.isPresent()) {
      requireAddress(name, "model copy", modelCopy.get(), count);
    }
  }

  /**
   * The same parameter with a half-precision copy of its weights, for the model to compute with.
   * Each step rounds the new weights to nearest even into it: 2 bytes more per element, and no
   * kernel of its own.
   *
   * @param type {@link DType#F16} or {@link DType#BF16}
   * @throws IllegalArgumentException if the weights are not binary32, or the pointer is null or
   *     misaligned
   */
  public DeviceParameter withModelCopy(CUdeviceptr copy, DType type) {
    if (copy == null) {
      throw new IllegalArgumentException("parameter " + name + ": the model copy is null");
    }
    return new DeviceParameter(
        name, weights, gradients, Optional.of(DeviceArray.of(name, copy, type)), count);
  }

  @Override
  public boolean hasMaster() {
    return weights.type() != DType.F32;
  }

  private static void requireAddress(String name, String what, DeviceArray array, long count) {
    if (array.address() == 0 && count > 0) {
      throw new IllegalArgumentException(
          "parameter " + name + ": " + what + " at a null device pointer");
    }
    if (array.address() % array.type().bytes() != 0) {
      throw new IllegalArgumentException(
          "parameter %s: %s at 0x%x, not aligned to %d bytes, the size of one %s element"
              .formatted(name, what, array.address(), array.type().bytes(), array.type()));
    }
  }
}
