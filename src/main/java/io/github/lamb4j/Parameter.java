package io.github.lamb4j;

import java.nio.FloatBuffer;
import jcuda.driver.CUdeviceptr;

/**
 * One named tensor that is trained: its weights and its gradients, both the caller's own and used
 * where they lie.
 *
 * <p>Weights are binary32. The optimizer reads gradients and never writes to them. A parameter is a
 * layer in LAMB's sense: it has one trust ratio. It may be empty.
 */
public sealed interface Parameter permits HostParameter, DeviceParameter {

  /** The name, unique within an optimizer. */
  String name();

  /** The number of elements. */
  long count();

  /**
   * A parameter in the Java heap.
   *
   * @throws IllegalArgumentException if anything is null or the lengths differ
   */
  static Parameter onHost(String name, float[] weights, float[] gradients) {
    HostParameter.requireNonNull(name, weights, gradients);
    return onHost(name, FloatBuffer.wrap(weights), FloatBuffer.wrap(gradients));
  }

  /**
   * A parameter in host memory: the elements between each buffer's position and limit as they are
   * now. Direct buffers in native byte order are fastest. {@link LambBuilder#build()} refuses
   * tensors that overlap, as far as Java tells where they lie: of buffers that give access to their
   * array, but not of direct or read-only ones or of views of bytes, where the caller must see to
   * it.
   *
   * @throws IllegalArgumentException if anything is null, the lengths differ or the weights are
   *     read-only
   */
  static Parameter onHost(String name, FloatBuffer weights, FloatBuffer gradients) {
    return new HostParameter(name, weights, gradients);
  }

  /**
   * A parameter in device memory with binary32 gradients; see {@link #onDevice(String, CUdeviceptr,
   * CUdeviceptr, long, DType)}.
   */
  static Parameter onDevice(String name, CUdeviceptr weights, CUdeviceptr gradients, long count) {
    return onDevice(name, weights, gradients, count, DType.F32);
  }

  /**
   * A parameter in device memory. The addresses, byte offsets included, are taken now, once. Both
   * must stay allocated as long as the optimizer is in use. Alignment to the element's size is
   * enough; 16 bytes (8 for half gradients) is faster and gives the same result.
   *
   * @param count the number of elements
   * @param gradientType how the gradients are stored; the weights are {@link DType#F32}
   * @throws IllegalArgumentException if anything is null, a pointer is null or misaligned or the
   *     count is negative
   */
  static Parameter onDevice(
      String name, CUdeviceptr weights, CUdeviceptr gradients, long count, DType gradientType) {
    HostParameter.requireNonNull(name, weights, gradients);
    return new DeviceParameter(
        name, DeviceAddress.of(weights), DeviceAddress.of(gradients), count, gradientType);
  }
}
