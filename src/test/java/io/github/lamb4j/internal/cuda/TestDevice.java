package io.github.lamb4j.internal.cuda;

import static jcuda.driver.CUstream_flags.CU_STREAM_DEFAULT;
import static jcuda.driver.CUstream_flags.CU_STREAM_NON_BLOCKING;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.emulator.EmulatedGpu;
import io.github.lamb4j.emulator.Graph;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.JCudaDriver;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.cuda.driver.Results;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import jcuda.driver.CUstream;

/**
 * The device that the CUDA tests use: the emulator, or the emulator behind the stand-ins for JCuda,
 * or with {@code mvn verify -Pgpu} the machine's GPU. A missing GPU is a failure then.
 */
public final class TestDevice implements AutoCloseable {

  private static final String KIND = System.getProperty("lamb4j.device", "emulator");
  private static final boolean GPU = KIND.equals("gpu");

  /** The library calls JCuda, whose classes are stand-ins on the emulator. */
  private static final boolean STAND_INS = KIND.equals("stand-ins");

  /** Fills memory around uploaded bytes. The emulator's uninitialized bytes have the same value. */
  static final byte AROUND = (byte) 0xa5;

  private static UnaryOperator<String> rewriting = UnaryOperator.identity();
  private static Consumer<String> launchListener = kernel -> {};

  private final CudaDriver driver;
  private final CudaStream stream;
  private final List<Long> buffers = new ArrayList<>();

  /** Those of {@link #newStream}, if they must be destroyed. */
  private final List<CUstream> streams = new ArrayList<>();

  private TestDevice(CudaDriver driver) {
    this.driver = driver;
    if (GPU || STAND_INS) {
      new CudaProvider()
          .unavailableReason()
          .ifPresent(
              reason -> {
                throw new AssertionError(KIND + " needs a GPU: " + reason);
              });
      driver.retainPrimaryContext(0);
      CUstream created = new CUstream();
      int code = Results.codeOf(() -> cuStreamCreate(created, CU_STREAM_DEFAULT));
      stream = CudaStream.of(created);
      assertEquals("CUDA_SUCCESS", Results.nameOf(code), "cuStreamCreate");
    } else {
      stream = emulator().newStream();
    }
  }

  public static TestDevice open() {
    return open(EmulatedDevice.SMALL, 1);
  }

  /** Like {@link #open()}, with this emulated device and seed. Both are ignored on a GPU. */
  public static TestDevice open(EmulatedDevice device, long seed) {
    if (GPU) {
      return new TestDevice(new JCudaDriver());
    }
    EmulatedDriver emulator = new EmulatedDriver(device, seed);
    emulator.rewrite(rewriting);
    emulator.onLaunch(launchListener);
    if (STAND_INS) {
      emulator.makeCurrent(0);
      EmulatedGpu.use(emulator);
      return new TestDevice(new JCudaDriver());
    }
    return new TestDevice(emulator);
  }

  /** Changes the PTX of emulated devices opened from now on. */
  public static void rewriteKernels(UnaryOperator<String> change) {
    rewriting = change;
  }

  /** Reports the kernels launched on emulated devices opened from now on, by name. */
  public static void onLaunch(Consumer<String> listener) {
    launchListener = listener;
  }

  /** Whether tests run on a GPU, which can do much more work than the emulator. */
  static boolean isGpu() {
    return GPU;
  }

  /** A device on which each block of the single pass can hold this many tiles. */
  public static EmulatedDevice withSlots(EmulatedDevice device, int slots) {
    int perBlock = slots * CudaLayout.SLOT + Window.STATIC_SHARED;
    int blocks = LaunchPolicy.SINGLE_PASS.blocksPerMultiprocessor();
    return device.withSharedMemory(blocks * (perBlock + Window.RESERVED_SHARED), perBlock);
  }

  public CudaDriver driver() {
    return driver;
  }

  /** The emulator, for tests that need it. */
  public EmulatedDriver emulator() {
    return STAND_INS ? EmulatedGpu.driver() : (EmulatedDriver) driver;
  }

  /** A stream that can be captured. It synchronizes with the legacy stream. */
  public CudaStream stream() {
    return stream;
  }

  /** A stream whose work may overlap that of all other streams; {@link #close} destroys it. */
  public CudaStream newStream() {
    if (!GPU && !STAND_INS) {
      return emulator().newStream();
    }
    CUstream created = new CUstream();
    int code = Results.codeOf(() -> cuStreamCreate(created, CU_STREAM_NON_BLOCKING));
    assertEquals("CUDA_SUCCESS", Results.nameOf(code), "cuStreamCreate");
    streams.add(created);
    return CudaStream.of(created);
  }

  /**
   * Records what the work enqueues on {@link #stream}. Nothing runs before the graph is replayed. A
   * call that cannot be recorded fails and invalidates the capture.
   *
   * @throws CudaException if the capture was invalidated
   */
  public Graph capture(Runnable work) {
    return driver instanceof EmulatedDriver emulator
        ? emulator.capture(stream, work)
        : JCudaGraph.capture(stream.handle(), work);
  }

  /**
   * Uploads bytes that are not an optimizer's, as {@link #upload(byte[], int, Purpose, String)}.
   */
  public long upload(byte[] bytes, int offset, String name) {
    return upload(bytes, offset, Purpose.OTHER, name);
  }

  /**
   * Allocates device memory with these bytes at an offset; {@link #close} frees it. On the emulator
   * the bytes around them stay uninitialized, so that reading them fails.
   */
  public long upload(byte[] bytes, int offset, Purpose purpose, String owner) {
    ByteBuffer padded = CudaLayout.buffer(offset + bytes.length + 16L);
    while (padded.hasRemaining()) {
      padded.put(AROUND);
    }
    padded.position(offset).put(bytes).clear();
    long address = driver.allocate(padded.remaining(), purpose, owner);
    buffers.add(address);
    if (!GPU) {
      emulator().allowCopiesOfUndefinedBytes(true);
      padded.position(offset).limit(offset + bytes.length);
    }
    if (padded.hasRemaining()) {
      driver.copyToDevice(address + padded.position(), padded, stream);
    }
    return address + offset;
  }

  public byte[] download(long address, int count) {
    ByteBuffer bytes = CudaLayout.buffer(count);
    driver.copyToHost(bytes, address, stream);
    byte[] result = new byte[count];
    bytes.get(result);
    return result;
  }

  /** Frees the buffers. The emulator fails if anything was leaked. */
  @Override
  public void close() {
    buffers.forEach(driver::free);
    streams.forEach(created -> Results.codeOf(() -> cuStreamDestroy(created)));
    if (STAND_INS) {
      // A failure that no call met was planned for the optimizer, not for this method.
      emulator().fail(Call.RELEASE_CONTEXT, Integer.MAX_VALUE, 0);
    }
    if (GPU || STAND_INS) {
      Results.codeOf(() -> cuStreamDestroy(stream.handle()));
      driver.releasePrimaryContext(0);
    }
    if (!GPU) {
      emulator().close();
    }
  }
}
