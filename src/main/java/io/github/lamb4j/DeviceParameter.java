package io.github.lamb4j;

/**
 * A parameter in device memory; made by {@link Parameter#onDevice}.
 *
 * @param name the name
 * @param weights device address of the binary32 weights
 * @param gradients device address of the gradients
 * @param count the number of elements
 * @param gradientType how the gradients are stored
 */
public record DeviceParameter(
    String name, long weights, long gradients, long count, DType gradientType)
    implements Parameter {

  /** Checks what can be checked of one parameter alone. */
  public DeviceParameter {
    HostParameter.requireNonNull(name, weights, gradients);
    if (gradientType == null) {
      throw new IllegalArgumentException("parameter " + name + ": the gradients' dtype is null");
    }
    if (count < 0 || count > Long.MAX_VALUE / 8) {
      throw new IllegalArgumentException(
          "parameter " + name + ": count " + count + " is not a number of elements");
    }
    requireAddress(name, "weights", weights, count, DType.F32);
    requireAddress(name, "gradients", gradients, count, gradientType);
  }

  private static void requireAddress(
      String name, String what, long address, long count, DType type) {
    if (address == 0 && count > 0) {
      throw new IllegalArgumentException(
          "parameter " + name + ": the " + what + " are a null device pointer");
    }
    if (address % type.bytes() != 0) {
      throw new IllegalArgumentException(
          "parameter %s: the %s at 0x%x are not aligned to %d bytes, the size of one %s element"
              .formatted(name, what, address, type.bytes(), type));
    }
  }
}
