package io.github.lamb4j.model;

/** A typed array in host or device memory that the program owns. */
public sealed interface TensorArray permits HostArray, DeviceArray {

  /** {@return the storage type of the elements} */
  DType type();
}
