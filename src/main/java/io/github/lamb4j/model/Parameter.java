package io.github.lamb4j.model;

import java.nio.FloatBuffer;
import java.util.Optional;
import jcuda.Pointer;

/**
 * A named, trainable parameter: weights and gradients in memory that the program owns. The
 * optimizer uses both in place, reads gradients and never writes them, except in {@code
 * Lamb.accumulate}. A parameter is a layer in the sense of the LAMB paper: it has one trust ratio.
 * It may be empty.
 *
 * <p>The update is computed in float32, from float32 weights. A model that computes in half
 * precision has two options:
 *
 * <ul>
 *   <li>The program keeps float32 weights, and each step also writes a half-precision copy of them
 *       ({@code withModelCopy}).
 *   <li>The program keeps half-precision weights ({@link DType#F16} or {@link DType#BF16}), and the
 *       optimizer keeps a float32 master. The master is initialized from the weights, exactly, when
 *       the optimizer is built. Each step rounds it to nearest even into the weights, which must
 *       not be changed by anything else.
 * </ul>
 */
public sealed interface Parameter permits HostParameter, DeviceParameter {

  /** {@return the name, unique within an optimizer} */
  String name();

  /** {@return the number of elements} */
  long count();

  /** {@return the weights} */
  TensorArray weights();

  /** {@return the gradients} */
  TensorArray gradients();

  /** {@return the half-precision copy of the weights that each step writes, if any} */
  Optional<? extends TensorArray> modelCopy();

  /** {@return whether the weights are in half precision, so that the optimizer keeps a master} */
  boolean hasMaster();

  /**
   * {@return a parameter in Java arrays} See {@link #onHost(String, HostArray, HostArray)}.
   *
   * @param name the name, unique within an optimizer
   * @param weights the float32 weights
   * @param gradients the float32 gradients, of the same length
   * @throws IllegalArgumentException if an argument is null or the lengths differ
   */
  static HostParameter onHost(String name, float[] weights, float[] gradients) {
    HostParameter.requireNonNull(name, weights, gradients);
    return onHost(name, FloatBuffer.wrap(weights), FloatBuffer.wrap(gradients));
  }

  /**
   * {@return a parameter in host memory: the elements between each buffer's current position and
   * limit} See {@link #onHost(String, HostArray, HostArray)}.
   *
   * @param name the name, unique within an optimizer
   * @param weights the float32 weights, writable
   * @param gradients the float32 gradients, of the same length
   * @throws IllegalArgumentException if an argument is null, the lengths differ or the weights are
   *     read-only
   */
  static HostParameter onHost(String name, FloatBuffer weights, FloatBuffer gradients) {
    HostParameter.requireNonNull(name, weights, gradients);
    return onHost(name, HostArray.f32(weights), HostArray.f32(gradients));
  }

  /**
   * {@return a parameter in host memory} Arrays on the Java heap are fastest.
   *
   * <p>Arrays must not overlap. Building the optimizer rejects overlaps of buffers whose backing
   * array is accessible; for direct buffers, read-only buffers and views of byte buffers, which
   * Java gives no means to check, the program is responsible.
   *
   * @param name the name, unique within an optimizer
   * @param weights the weights, writable
   * @param gradients the gradients, of the same length and any type
   * @throws IllegalArgumentException if an argument is null, the lengths differ or the weights are
   *     read-only
   */
  static HostParameter onHost(String name, HostArray weights, HostArray gradients) {
    return new HostParameter(name, weights, gradients, Optional.empty());
  }

  /**
   * {@return a parameter in device memory with float32 weights and gradients} See {@link
   * #onDevice(String, DeviceArray, DeviceArray, long)}.
   *
   * @param name the name, unique within an optimizer
   * @param weights the address of the weights, in device memory
   * @param gradients the address of the gradients, in device memory
   * @param count the number of elements
   * @throws IllegalArgumentException if an argument is null, misaligned or refers to a Java array
   *     or buffer, or the count is negative
   */
  static DeviceParameter onDevice(String name, Pointer weights, Pointer gradients, long count) {
    return onDevice(name, weights, gradients, count, DType.F32);
  }

  /**
   * {@return a parameter in device memory with float32 weights} See {@link #onDevice(String,
   * DeviceArray, DeviceArray, long)}.
   *
   * @param name the name, unique within an optimizer
   * @param weights the address of the weights, in device memory
   * @param gradients the address of the gradients, in device memory
   * @param count the number of elements
   * @param gradientType the storage type of the gradients
   * @throws IllegalArgumentException if an argument is null, misaligned or refers to a Java array
   *     or buffer, or the count is negative
   */
  static DeviceParameter onDevice(
      String name, Pointer weights, Pointer gradients, long count, DType gradientType) {
    HostParameter.requireNonNull(name, weights, gradients);
    return onDevice(
        name,
        DeviceArray.of("parameter " + name + ": weights", weights, DType.F32),
        DeviceArray.of("parameter " + name + ": gradients", gradients, gradientType),
        count);
  }

  /**
   * {@return a parameter in device memory} Addresses are copied now; the memory must stay allocated
   * while the optimizer is in use; {@code Lamb.move} replaces addresses. They must be aligned to
   * the element size; alignment to four elements is faster and gives the same bits. Arrays must not
   * overlap.
   *
   * @param name the name, unique within an optimizer
   * @param weights the weights
   * @param gradients the gradients, of any type
   * @param count the number of elements of each array
   * @throws IllegalArgumentException if an argument is null, an address is null or misaligned, or
   *     the count is negative
   */
  static DeviceParameter onDevice(
      String name, DeviceArray weights, DeviceArray gradients, long count) {
    return new DeviceParameter(name, weights, gradients, Optional.empty(), count);
  }
}
