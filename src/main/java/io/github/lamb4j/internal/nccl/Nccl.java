package io.github.lamb4j.internal.nccl;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * One nonblocking communicator of NCCL. Calls return before NCCL has connected to other ranks;
 * {@link #isPending()} tells when it has. Nothing is allocated after {@link #connect}.
 */
public final class Nccl {

  /** The property that names another library file. */
  public static final String PROPERTY = "io.github.lamb4j.nccl";

  /** The property that names another file of the CUDA driver. */
  public static final String CUDA_PROPERTY = "io.github.lamb4j.cuda";

  private static final String FILE = "libnccl.so.2";
  private static final String CUDA_FILE = "libcuda.so.1";

  /** The first version with nonblocking communicators. */
  private static final int FIRST_VERSION = 21400;

  private static final int SUCCESS = 0;
  private static final int IN_PROGRESS = 7;
  private static final int BYTE = 0;

  /** ncclConfig_t as of version 2.14, which later versions accept. */
  private static final int CONFIG_BYTES = 24;

  private static final int CONFIG_MAGIC = 0xcafebeef;

  private static final int EVENT_DISABLE_TIMING = 2;
  private static final int CUDA_NOT_READY = 600;

  private final int version;

  /** The communicator, the event, and the result of a query. */
  private final Memory cells = new Memory(3L * Long.BYTES);

  private long comm;
  private long event;
  private boolean recorded;

  private Nccl(int version) {
    this.version = version;
    cells.clear(); // a failed call may leave its cell as it was
  }

  /**
   * Loads NCCL.
   *
   * @throws IllegalStateException if NCCL or the CUDA driver is missing or too old
   */
  public static Nccl load() {
    String file = System.getProperty(PROPERTY, FILE);
    NativeLibrary cuda =
        load(
            System.getProperty(CUDA_PROPERTY, CUDA_FILE),
            "install the NVIDIA driver, or name its library in -D" + CUDA_PROPERTY);
    NativeLibrary nccl =
        load(
            file, "install NCCL (NVIDIA's package libnccl2), or name its library in -D" + PROPERTY);
    int version = version(nccl, file);
    if (version < FIRST_VERSION) {
      throw new IllegalStateException(
          "%s: NCCL version code %d; needs 2.14 (%d) or later"
              .formatted(file, version, FIRST_VERSION));
    }
    Native.register(CudaFunctions.class, cuda);
    Native.register(NcclFunctions.class, nccl);
    return new Nccl(version);
  }

  private static NativeLibrary load(String file, String remedy) {
    try {
      return NativeLibrary.getInstance(file);
    } catch (UnsatisfiedLinkError e) {
      throw new IllegalStateException(
          "cannot load %s: %s: %s".formatted(file, remedy, e.getMessage()), e);
    }
  }

  /** Asks before the other functions are bound, which old versions lack. */
  private static int version(NativeLibrary library, String file) {
    int[] version = new int[1];
    try {
      library.getFunction("ncclGetVersion").invokeInt(new Object[] {version});
    } catch (UnsatisfiedLinkError e) {
      throw new IllegalStateException(file + ": not NCCL, ncclGetVersion is missing", e);
    }
    return version[0];
  }

  /** {@return the version, for example 22304 for 2.23.4} */
  public int version() {
    return version;
  }

  /** {@return a new identifier of a group} */
  public byte[] newId() {
    byte[] id = new byte[UniqueId.BYTES];
    require("ncclGetUniqueId", NcclFunctions.ncclGetUniqueId(id));
    return id;
  }

  /** Starts to connect to the other ranks, on the current device of this thread. */
  public void connect(byte[] id, int rank, int size) {
    UniqueId value = new UniqueId();
    System.arraycopy(id, 0, value.internal, 0, UniqueId.BYTES);
    try (Memory config = new Memory(CONFIG_BYTES)) {
      config.clear();
      config.setLong(0, CONFIG_BYTES);
      config.setInt(8, CONFIG_MAGIC);
      config.setInt(12, FIRST_VERSION);
      int code =
          NcclFunctions.ncclCommInitRankConfig(
              cell(0), size, value, rank, Pointer.nativeValue(config));
      comm = cells.getLong(0);
      require("ncclCommInitRankConfig", code);
    }
  }

  /** Creates the event that {@link #record} uses, in the current context of this thread. */
  public void createEvent() {
    requireCuda("cuEventCreate", CudaFunctions.cuEventCreate(cell(1), EVENT_DISABLE_TIMING));
    event = cells.getLong(Long.BYTES);
  }

  /**
   * {@return whether NCCL is still connecting or enqueuing}
   *
   * @throws NcclException if the communicator has an error, of an earlier operation as well
   */
  public boolean isPending() {
    require("ncclCommGetAsyncError", NcclFunctions.ncclCommGetAsyncError(comm, cell(2)));
    int state = cells.getInt(2L * Long.BYTES);
    require("the communicator", state);
    return state == IN_PROGRESS;
  }

  public void allGather(long send, long receive, long bytes, long stream) {
    require("ncclAllGather", NcclFunctions.ncclAllGather(send, receive, bytes, BYTE, comm, stream));
  }

  public void broadcast(long address, long bytes, int root, long stream) {
    require(
        "ncclBroadcast",
        NcclFunctions.ncclBroadcast(address, address, bytes, BYTE, root, comm, stream));
  }

  public void allToAll(long send, long receive, long bytes, int size, long stream) {
    require("ncclGroupStart", NcclFunctions.ncclGroupStart());
    int sent = SUCCESS;
    int received = SUCCESS;
    for (int peer = 0; peer < size && succeeded(sent) && succeeded(received); peer++) {
      long offset = peer * bytes;
      sent = NcclFunctions.ncclSend(send + offset, bytes, BYTE, peer, comm, stream);
      received = NcclFunctions.ncclRecv(receive + offset, bytes, BYTE, peer, comm, stream);
    }
    int ended = NcclFunctions.ncclGroupEnd();
    require("ncclSend", sent);
    require("ncclRecv", received);
    require("ncclGroupEnd", ended);
  }

  /** Marks the end of the stream's work, for {@link #isRecordedWorkComplete()}. */
  public void record(long stream) {
    requireCuda("cuEventRecord", CudaFunctions.cuEventRecord(event, stream));
    recorded = true;
  }

  /** {@return whether the device has passed the last mark} */
  public boolean isRecordedWorkComplete() {
    if (!recorded) {
      return true;
    }
    int code = CudaFunctions.cuEventQuery(event);
    if (code == CUDA_NOT_READY) {
      return false;
    }
    requireCuda("cuEventQuery", code);
    return true;
  }

  /** Starts to end the communicator; {@link #destroy} completes it. */
  public void terminate() {
    require("ncclCommFinalize", NcclFunctions.ncclCommFinalize(comm));
  }

  public void destroy() {
    destroyEvent();
    long ended = comm;
    comm = 0; // not to be aborted, even if this fails
    require("ncclCommDestroy", NcclFunctions.ncclCommDestroy(ended));
  }

  /** Ends the communicator without the other ranks, and its kernels on the device. */
  public void abort() {
    if (comm != 0) {
      NcclFunctions.ncclCommAbort(comm);
      comm = 0;
    }
    destroyEvent();
  }

  private void destroyEvent() {
    if (event != 0) {
      CudaFunctions.cuEventDestroy_v2(event);
      event = 0;
    }
  }

  private long cell(int index) {
    return Pointer.nativeValue(cells) + (long) index * Long.BYTES;
  }

  private static boolean succeeded(int code) {
    return code == SUCCESS || code == IN_PROGRESS;
  }

  private void require(String function, int code) {
    if (!succeeded(code)) {
      String text =
          NcclFunctions.ncclGetErrorString(code) + ": " + NcclFunctions.ncclGetLastError(comm);
      throw new NcclException(function, code, text);
    }
  }

  private static void requireCuda(String function, int code) {
    if (code != SUCCESS) {
      throw new NcclException(function, code, "a CUDA error");
    }
  }
}
