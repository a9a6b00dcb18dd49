package io.github.lamb4j.model;

import io.github.lamb4j.LambBuilder;
import java.nio.FloatBuffer;
import java.util.Optional;
import jcuda.driver.CUdeviceptr;

/**
 * One named tensor that is trained: its weights and its gradients, both the caller's own and used
 * where they lie. A parameter is a layer in LAMB's sense: it has one trust ratio. It may be empty.
 *
 * <p>The optimizer reads gradients and never writes to them. The update is computed in binary32, of
 * binary32 weights. For a model in half precision these are either
 *
 * <ul>
 *   <li>the caller's own, and each step writes a half-precision copy of them too ({@code
 *       withModelCopy}); or
 *   <li>a master that the optimizer keeps for itself, when the weights given are {@link DType#F16}
 *       or {@link DType#BF16}. It begins as the weights at {@link LambBuilder#build()}, exactly;
 *       from then on each step rounds it to nearest even into the weights, which nobody else should
 *       change.
 * </ul>
 */
public sealed interface Parameter permits HostParameter, DeviceParameter {

  /** The name, unique within an optimizer. */
  String name();

  /** The number of elements. */
  long count();

  /** The weights. */
  TensorArray weights();

  /** The gradients. */
  TensorArray gradients();

  /** The half-precision copy of the weights that each step writes, if there is one. */
  Optional<? extends TensorArray> modelCopy();

  /** Whether the optimizer keeps binary32 weights for this parameter, which has half ones. */
  boolean hasMaster();

  /**
   * A parameter in the Java heap.
   *
   * @throws IllegalArgumentException if anything is null or the lengths differ
   */
  static HostParameter onHost(String name, float[] weights, float[] gradients) {
    HostParameter.requireNonNull(name, weights, gradients);
    return onHost(name, FloatBuffer.wrap(weights), FloatBuffer.wrap(gradients));
  }

  /**
   * A parameter in host memory: the elements between each buffer's position and limit as they are
   * now; see {@link #onHost(String, HostArray, HostArray)}.
   */
  static HostParameter onHost(String name, FloatBuffer weights, FloatBuffer gradients) {
    HostParameter.requireNonNull(name, weights, gradients);
    return onHost(name, HostArray.f32(weights), HostArray.f32(gradients));
  }

  /**
   * A parameter in host memory. Direct buffers in native byte order are fastest. {@link
   * LambBuilder#build()} refuses tensors that overlap, as far as Java tells where they lie: of
   * buffers that give access to their array, but not of direct or read-only ones or of views of
   * bytes, where the caller must see to it.
   *
   * @throws IllegalArgumentException if anything is null, the lengths differ or the weights are
   *     read-only
   */
  static HostParameter onHost(String name, HostArray weights, HostArray gradients) {
    return new HostParameter(name, weights, gradients, Optional.empty());
  }

  /**
   * A parameter in device memory with binary32 weights and gradients; see {@link #onDevice(String,
   * DeviceArray, DeviceArray, long)}.
   */
  static DeviceParameter onDevice(
      String name, CUdeviceptr weights, CUdeviceptr gradients, long count) {
    return onDevice(name, weights, gradients, count, DType.F32);
  }

  /**
   * A parameter in device memory with binary32 weights; see {@link #onDevice(String, DeviceArray,
   * DeviceArray, long)}.
   *
   * @param gradientType how the gradients are stored
   */
  static DeviceParameter onDevice(
      String name, CUdeviceptr weights, CUdeviceptr gradients, long count, DType gradientType) {
    HostParameter.requireNonNull(name, weights, gradients);
    return onDevice(
        name,
        DeviceArray.of(name, weights, DType.F32),
        DeviceArray.of(name, gradients, gradientType),
        count);
  }

  /**
   * A parameter in device memory. The addresses are taken now, once; the memory must stay allocated
   * as long as the optimizer is in use. Alignment to the element's size is enough; to four elements
   * is faster and gives the same result.
   *
   * @param count the number of elements
   * @throws IllegalArgumentException if anything is null, a pointer is null or misaligned or the
   *     count is negative
   */
  static DeviceParameter onDevice(
      String name, DeviceArray weights, DeviceArray gradients, long count) {
    return new DeviceParameter(name, weights, gradients, Optional.empty(), count);
  }
}
