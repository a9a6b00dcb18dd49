package io.github.lamb4j.internal.mpi;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Open MPI with one communicator of all processes. Operations are nonblocking: each starts a
 * request in a slot, and {@link #test} makes progress. One thread at a time.
 */
public final class Mpi {

  /** The property that names another library file. */
  public static final String PROPERTY = "io.github.lamb4j.mpi";

  private static final String FILE = "libmpi.so.40";
  private static final int SERIALIZED = 2;
  private static final int MULTIPLE = 3;
  private static final long IN_PLACE = 1;
  private static final long NO_STATUS = 0;

  private final long type;
  private final long comm;
  private final int rank;
  private final int size;
  private final Slots slots;

  private Mpi(long world, long type, long returnErrors) {
    this.type = type;
    long[] duplicate = new long[1];
    require("MPI_Comm_set_errhandler", MpiFunctions.MPI_Comm_set_errhandler(world, returnErrors));
    require("MPI_Comm_dup", MpiFunctions.MPI_Comm_dup(world, duplicate));
    comm = duplicate[0];
    require("MPI_Comm_set_errhandler", MpiFunctions.MPI_Comm_set_errhandler(comm, returnErrors));
    int[] number = new int[1];
    require("MPI_Comm_rank", MpiFunctions.MPI_Comm_rank(comm, number));
    rank = number[0];
    require("MPI_Comm_size", MpiFunctions.MPI_Comm_size(comm, number));
    size = number[0];
    slots = new Slots(2 * size);
  }

  /**
   * Initializes MPI. All processes must call this.
   *
   * @throws IllegalStateException if there is no Open MPI, or MPI was initialized before
   */
  public static Mpi initialize() {
    String file = System.getProperty(PROPERTY, FILE);
    NativeLibrary library = load(file);
    long world = variable(library, file, "ompi_mpi_comm_world");
    long type = variable(library, file, "ompi_mpi_byte");
    long returnErrors = variable(library, file, "ompi_mpi_errors_return");
    Native.register(MpiFunctions.class, library);
    requireOpenMpi(file);
    int[] flag = new int[1];
    require("MPI_Initialized", MpiFunctions.MPI_Initialized(flag));
    if (flag[0] != 0) {
      require("MPI_Finalized", MpiFunctions.MPI_Finalized(flag));
      throw new IllegalStateException(
          flag[0] != 0
              ? "MPI was finalized in this process and cannot be initialized again;"
                  + " open one collective and keep it until the program ends"
              : "MPI is already initialized in this process;"
                  + " open one collective and use it everywhere");
    }
    int[] provided = new int[1];
    require("MPI_Init_thread", MpiFunctions.MPI_Init_thread(0, 0, MULTIPLE, provided));
    if (provided[0] < SERIALIZED) {
      throw new IllegalStateException(
          file + ": this MPI may be used by one thread only; use a build with thread support");
    }
    return new Mpi(world, type, returnErrors);
  }

  private static NativeLibrary load(String file) {
    try {
      return NativeLibrary.getInstance(file);
    } catch (UnsatisfiedLinkError e) {
      throw new IllegalStateException(
          "cannot load %s: install Open MPI (Debian and Ubuntu: openmpi-bin), or name its library in -D%s: %s"
              .formatted(file, PROPERTY, e.getMessage()),
          e);
    }
  }

  /** Open MPI's handles are addresses of exported variables. */
  private static long variable(NativeLibrary library, String file, String name) {
    try {
      return Pointer.nativeValue(library.getGlobalVariableAddress(name));
    } catch (UnsatisfiedLinkError e) {
      throw new IllegalStateException(
          "%s: not Open MPI, %s is missing; name Open MPI's library in -D%s"
              .formatted(file, name, PROPERTY),
          e);
    }
  }

  private static void requireOpenMpi(String file) {
    byte[] version = new byte[8192];
    int[] length = new int[1];
    require("MPI_Get_library_version", MpiFunctions.MPI_Get_library_version(version, length));
    String text = new String(version, 0, length[0], StandardCharsets.UTF_8);
    if (!text.startsWith("Open MPI")) {
      throw new IllegalStateException("%s: not Open MPI but %s".formatted(file, text));
    }
  }

  public int rank() {
    return rank;
  }

  public int size() {
    return size;
  }

  /** {@return the number of slots for requests, two per process} */
  public int slots() {
    return 2 * size;
  }

  /** Starts to send bytes to a process. */
  public void send(int slot, ByteBuffer buffer, int to, int tag) {
    require(
        "MPI_Isend",
        MpiFunctions.MPI_Isend(
            address(buffer), buffer.remaining(), type, to, tag, comm, slots.request(slot)));
  }

  /** Starts to receive bytes from a process. */
  public void receive(int slot, ByteBuffer buffer, int from, int tag) {
    require(
        "MPI_Irecv",
        MpiFunctions.MPI_Irecv(
            address(buffer), buffer.remaining(), type, from, tag, comm, slots.request(slot)));
  }

  /** Starts an all-gather; send may be this process's block of receive. */
  public void allGather(int slot, ByteBuffer send, ByteBuffer receive) {
    int count = send.remaining();
    long to = address(receive);
    long from = address(send);
    boolean inPlace = from == to + (long) rank * count;
    require(
        "MPI_Iallgather",
        MpiFunctions.MPI_Iallgather(
            inPlace ? IN_PLACE : from, count, type, to, count, type, comm, slots.request(slot)));
  }

  /** Starts an all-to-all. */
  public void allToAll(int slot, ByteBuffer send, ByteBuffer receive) {
    int count = send.remaining() / size;
    require(
        "MPI_Ialltoall",
        MpiFunctions.MPI_Ialltoall(
            address(send), count, type, address(receive), count, type, comm, slots.request(slot)));
  }

  /** Starts a broadcast. */
  public void broadcast(int slot, ByteBuffer buffer, int root) {
    require(
        "MPI_Ibcast",
        MpiFunctions.MPI_Ibcast(
            address(buffer), buffer.remaining(), type, root, comm, slots.request(slot)));
  }

  /** {@return whether a request is complete; a slot without a request is} */
  public boolean test(int slot) {
    if (slots.isFree(slot)) {
      return true;
    }
    require("MPI_Test", MpiFunctions.MPI_Test(slots.request(slot), slots.flag(), NO_STATUS));
    return slots.freeIfComplete(slot);
  }

  /** Ends MPI. Waits for all processes. */
  public void terminate() {
    require("MPI_Finalize", MpiFunctions.MPI_Finalize());
  }

  /** Ends all processes, including this one. */
  public void abort() {
    MpiFunctions.MPI_Abort(comm, 1);
  }

  private static long address(ByteBuffer buffer) {
    return Pointer.nativeValue(Native.getDirectBufferPointer(buffer)) + buffer.position();
  }

  private static void require(String function, int code) {
    if (code != 0) {
      byte[] text = new byte[1024];
      int[] length = new int[1];
      MpiFunctions.MPI_Error_string(code, text, length);
      throw new MpiException(
          function, code, new String(text, 0, length[0], StandardCharsets.UTF_8));
    }
  }
}
