package io.github.lamb4j.internal.nccl;

/** Functions of libcuda, bound by JNA. Handles and addresses are longs. */
final class CudaFunctions {

  private CudaFunctions() {}

  static native int cuEventCreate(long event, int flags);

  static native int cuEventRecord(long event, long stream);

  static native int cuEventQuery(long event);

  static native int cuEventDestroy_v2(long event);
}
