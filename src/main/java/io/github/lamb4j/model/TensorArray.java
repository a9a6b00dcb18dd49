package io.github.lamb4j.model;

/** An array of a program's own, in host or in device memory. */
public sealed interface TensorArray permits HostArray, DeviceArray {

  /** How each element is stored. */
  DType type();
}
