package io.github.lamb4j.internal.cuda;

import static jcuda.driver.CUstream_flags.CU_STREAM_DEFAULT;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.EmulatedDriver;
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
 * Where the CUDA suite runs: on the emulator, or with {@code mvn verify -Pgpu} on the machine's
 * GPU, where a missing GPU is a failure. One set of tests for both.
 */
public final class TestDevice implements AutoCloseable {

  private static final boolean GPU = "gpu".equals(System.getProperty("lamb4j.device"));

  /** What surrounds uploaded bytes; the emulator reads it where nothing was written. */
  static final byte AROUND = (byte) 0xa5;

  private static UnaryOperator<String> rewriting = UnaryOperator.identity();
  private static Consumer<String> launchListener = kernel -> {};

  private final CudaDriver driver;
  private final CudaStream stream;
  private final List<Long> buffers = new ArrayList<>();

  private TestDevice(CudaDriver driver) {
    this.driver = driver;
    if (GPU) {
      new CudaProvider()
          .unavailableReason()
          .ifPresent(
              reason -> {
                throw new AssertionError("the profile gpu needs a GPU: " + reason);
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

  /** As {@link #open}, with an emulated device of this kind; a GPU is as it is. */
  public static TestDevice open(EmulatedDevice device, long seed) {
    if (GPU) {
      return new TestDevice(new JCudaDriver());
    }
    EmulatedDriver emulator = new EmulatedDriver(device, seed);
    emulator.rewrite(rewriting);
    emulator.onLaunch(launchListener);
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

  /** Whether this is a GPU, for which ten thousand times as much work is none. */
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

  /** The emulator, for tests that are about it alone. */
  public EmulatedDriver emulator() {
    return (EmulatedDriver) driver;
  }

  /** A stream that can be captured; work on it and on the legacy stream runs in turn. */
  public CudaStream stream() {
    return stream;
  }

  /**
   * Records what is enqueued on {@link #stream} meanwhile, of which nothing runs before the graph
   * is replayed. A call that cannot be recorded fails and makes the capture void.
   *
   * @throws CudaException if the capture is void at its end
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
   * Device memory of the caller's, with these bytes from {@code offset} on; freed when this is
   * closed. On the emulator nothing writes the bytes around them, so that a load there fails.
   */
  public long upload(byte[] bytes, int offset, Purpose purpose, String owner) {
    ByteBuffer padded = CudaLayout.buffer(offset + bytes.length + 16L);
    while (padded.hasRemaining()) {
      padded.put(AROUND);
    }
    padded.position(offset).put(bytes).clear();
    long address = driver.allocate(padded.remaining(), purpose, owner);
    buffers.add(address);
    if (driver instanceof EmulatedDriver emulator) {
      emulator.allowCopiesOfUndefinedBytes(true);
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

  /** Frees the buffers; the emulator then fails if anything is left. */
  @Override
  public void close() {
    buffers.forEach(driver::free);
    if (driver instanceof EmulatedDriver emulator) {
      emulator.close();
    } else {
      Results.codeOf(() -> cuStreamDestroy(stream.handle()));
      driver.releasePrimaryContext(0);
    }
  }
}
