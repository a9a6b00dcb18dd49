package io.github.lamb4j.model;

import java.util.Optional;
import jcuda.Pointer;

/**
 * A parameter in device memory, created by {@link Parameter#onDevice}.
 *
 * @param name the parameter's name
 * @param weights the weights; if they are in half precision, the optimizer keeps a float32 master
 * @param gradients the gradients, of any type
 * @param modelCopy the half-precision copy of float32 weights that each step writes, if any
 * @param count the number of elements
 */
public record DeviceParameter(
    String name,
    DeviceArray weights,
    DeviceArray gradients,
    Optional<DeviceArray> modelCopy,
    long count)
    implements Parameter {

  /**
   * Validates the parameter.
   *
   * @param name the name
   * @param weights the weights
   * @param gradients the gradients
   * @param modelCopy the model copy, if any
   * @param count the number of elements
   * @throws IllegalArgumentException if an argument is null, a device address is null or not
   *     aligned to its element size, the count is negative, or the model copy does not fit the type
   *     of the weights
   */
  public DeviceParameter {
    HostParameter.requireNonNull(name, weights, gradients);
    if (count < 0 || count > Long.MAX_VALUE / 8) {
      throw new IllegalArgumentException(
          "parameter %s: count %d: must be from 0 to %d"
              .formatted(name, count, Long.MAX_VALUE / 8));
    }
    HostParameter.requireHalfCopy(name, weights.type(), modelCopy.map(DeviceArray::type));
    requireAddress(name, "weights", weights, count);
    requireAddress(name, "gradients", gradients, count);
    if (modelCopy.isPresent()) {
      requireAddress(name, "model copy", modelCopy.get(), count);
    }
  }

  /**
   * {@return this parameter with a half-precision copy of its weights, for the model's forward and
   * backward passes} Each step writes the new weights to the copy, rounded to nearest even. This
   * moves 2 more bytes per element and needs no additional kernel.
   *
   * @param copy the device memory of the copy, of the parameter's length
   * @param type {@link DType#F16} or {@link DType#BF16}
   * @throws IllegalArgumentException if the weights are not {@link DType#F32}, or the pointer is
   *     null, misaligned or refers to a Java array or buffer
   */
  public DeviceParameter withModelCopy(Pointer copy, DType type) {
    if (copy == null) {
      throw new IllegalArgumentException("parameter " + name + ": model copy is null");
    }
    return withModelCopy(DeviceArray.of("parameter " + name + ": model copy", copy, type));
  }

  /**
   * {@return this parameter with a half-precision copy of its weights} See {@link
   * #withModelCopy(Pointer, DType)}.
   *
   * @param copy an array of {@link DType#F16} or {@link DType#BF16}, of the parameter's length
   * @throws IllegalArgumentException if the weights are not {@link DType#F32}, or the copy is null,
   *     not in half precision or misaligned
   */
  public DeviceParameter withModelCopy(DeviceArray copy) {
    if (copy == null) {
      throw new IllegalArgumentException("parameter " + name + ": model copy is null");
    }
    return new DeviceParameter(name, weights, gradients, Optional.of(copy), count);
  }

  @Override
  public boolean hasMaster() {
    return weights.type() != DType.F32;
  }

  private static void requireAddress(String name, String what, DeviceArray array, long count) {
    if (array.address() == 0 && count > 0) {
      throw new IllegalArgumentException(
          "parameter " + name + ": " + what + " is a null device pointer");
    }
    if (array.address() % array.type().bytes() != 0) {
      throw new IllegalArgumentException(
          "parameter %s: %s at 0x%x must be aligned to %d bytes, the size of one %s element"
              .formatted(name, what, array.address(), array.type().bytes(), array.type()));
    }
  }
}
