package io.github.lamb4j.internal.mpi;

/** Functions of libmpi, bound by JNA. Handles and addresses are longs. */
final class MpiFunctions {

  private MpiFunctions() {}

  static native int MPI_Get_library_version(byte[] version, int[] length);

  static native int MPI_Initialized(int[] flag);

  static native int MPI_Finalized(int[] flag);

  static native int MPI_Init_thread(long argc, long argv, int required, int[] provided);

  static native int MPI_Finalize();

  static native int MPI_Abort(long comm, int code);

  static native int MPI_Comm_dup(long comm, long[] duplicate);

  static native int MPI_Comm_set_errhandler(long comm, long handler);

  static native int MPI_Comm_rank(long comm, int[] rank);

  static native int MPI_Comm_size(long comm, int[] size);

  static native int MPI_Error_string(int code, byte[] text, int[] length);

  static native int MPI_Isend(
      long address, int count, long type, int to, int tag, long comm, long request);

  static native int MPI_Irecv(
      long address, int count, long type, int from, int tag, long comm, long request);

  static native int MPI_Test(long request, long flag, long status);

  static native int MPI_Iallgather(
      long send,
      int sendCount,
      long sendType,
      long receive,
      int receiveCount,
      long receiveType,
      long comm,
      long request);

  static native int MPI_Ialltoall(
      long send,
      int sendCount,
      long sendType,
      long receive,
      int receiveCount,
      long receiveType,
      long comm,
      long request);

  static native int MPI_Ibcast(
      long address, int count, long type, int root, long comm, long request);
}
