package io.github.lamb4j.internal.nccl;

/** Functions of libnccl, bound by JNA. Handles and addresses are longs. */
final class NcclFunctions {

  private NcclFunctions() {}

  static native int ncclGetUniqueId(byte[] id);

  static native String ncclGetErrorString(int code);

  static native String ncclGetLastError(long comm);

  static native int ncclCommInitRankConfig(long comm, int size, UniqueId id, int rank, long config);

  static native int ncclCommGetAsyncError(long comm, long code);

  static native int ncclCommFinalize(long comm);

  static native int ncclCommDestroy(long comm);

  static native int ncclCommAbort(long comm);

  static native int ncclGroupStart();

  static native int ncclGroupEnd();

  static native int ncclSend(long address, long count, int type, int to, long comm, long stream);

  static native int ncclRecv(long address, long count, int type, int from, long comm, long stream);

  static native int ncclAllGather(
      long send, long receive, long count, int type, long comm, long stream);

  static native int ncclBroadcast(
      long send, long receive, long count, int type, int root, long comm, long stream);
}
