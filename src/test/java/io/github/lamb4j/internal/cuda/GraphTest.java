package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.Graph;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Captured work runs only when it is replayed. */
@Tag("gpu")
@Tag("jcuda")
class GraphTest {

  private static final int UNSUPPORTED = 900; // CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED
  private static final int INVALIDATED = 901; // CUDA_ERROR_STREAM_CAPTURE_INVALIDATED
  private static final int IMPLICIT = 906; // CUDA_ERROR_STREAM_CAPTURE_IMPLICIT

  /** A single thread adds the second argument to the word at the first argument. */
  private static final String ADD =
      """
      .version 6.0
      .target sm_70
      .address_size 64
      .visible .entry add(.param .u64 sum, .param .u32 x)
      {
        .reg .b32 %r<3>;
        .reg .b64 %d<2>;
        ld.param.u64 %d0, [sum];
        ld.param.u32 %r0, [x];
        ld.global.u32 %r1, [%d0];
        add.u32 %r2, %r1, %r0;
        st.global.u32 [%d0], %r2;
        ret;
      }
      \0""";

  private final ByteBuffer x = CudaLayout.buffer(Integer.BYTES);
  private TestDevice device;
  private CudaDriver driver;
  private CudaStream stream;
  private long module;
  private long sum;
  private long copy;
  private CudaDriver.Launch add;

  @BeforeEach
  void load() {
    device = TestDevice.open();
    driver = device.driver();
    stream = device.stream();
    module = driver.loadModule(ADD.getBytes(StandardCharsets.US_ASCII));
    sum = device.upload(word(100), 0, "sum");
    copy = device.upload(word(200), 0, "copy");
    ByteBuffer address = CudaLayout.buffer(Long.BYTES).putLong(0, sum);
    add = driver.prepare(driver.function(module, "add"), "add", 1, 1, 0, address, x);
  }

  @AfterEach
  void unload() {
    driver.unloadModule(module);
    device.close(); // fails on the emulator if a graph was not closed
  }

  private static byte[] word(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array();
  }

  private int read(long address) {
    return ByteBuffer.wrap(device.download(address, 4)).order(ByteOrder.nativeOrder()).getInt();
  }

  private void add(int value) {
    x.putInt(0, value);
    add.enqueue(stream);
  }

  private static int code(Runnable call) {
    return assertThrows(CudaException.class, call::run).code();
  }

  @Test
  void shouldRunNothingBeforeReplay() {
    try (Graph graph = device.capture(() -> add(3))) {
      assertEquals(100, read(sum));
      graph.replay();
      assertEquals(103, read(sum));
      graph.replay();
      graph.replay();
      assertEquals(109, read(sum));
    }
  }

  @Test
  void shouldReplayInOrderWithTheCapturedArguments() {
    Runnable work =
        () -> {
          driver.clear(sum, 4, stream);
          add(3);
          driver.copyOnDevice(copy, sum, 4, stream);
          add(5);
        };
    try (Graph graph = device.capture(work)) {
      x.putInt(0, 1000);
      assertEquals(100, read(sum));
      assertEquals(200, read(copy));
      for (int replay = 0; replay < 2; replay++) {
        graph.replay();
        assertEquals(8, read(sum));
        assertEquals(3, read(copy));
        add(1);
        assertEquals(9, read(sum));
      }
    }
  }

  @Test
  void shouldReportWhetherAStreamIsCapturing() {
    assertFalse(driver.isCapturing(stream));
    device
        .capture(
            () -> {
              assertTrue(driver.isCapturing(stream));
              add(3);
              assertTrue(driver.isCapturing(stream));
            })
        .close();
    assertFalse(driver.isCapturing(stream));
    assertFalse(driver.isCapturing(CudaStream.LEGACY));
  }

  @Test
  void shouldRejectCallsThatCannotBeReplayed() {
    ByteBuffer bytes = CudaLayout.buffer(4);
    List<Runnable> calls =
        List.of(
            () -> driver.synchronize(stream),
            () -> driver.copyToHost(bytes, sum, stream),
            () -> driver.copyToDevice(sum, bytes, stream),
            () -> driver.allocate(4, Purpose.OTHER, "nothing"));
    for (Runnable call : calls) {
      Runnable work =
          () -> {
            assertEquals(UNSUPPORTED, code(call));
            assertFalse(driver.isCapturing(stream));
            assertEquals(INVALIDATED, code(() -> add(1)));
            assertEquals(INVALIDATED, code(() -> driver.clear(sum, 4, stream)));
          };
      assertEquals(INVALIDATED, code(() -> device.capture(work)));
      assertEquals(100, read(sum)); // the stream is usable again
    }
  }

  @Test
  void shouldRejectTheLegacyStreamDuringCapture() {
    CudaStream legacy = CudaStream.LEGACY;
    device
        .capture(() -> assertEquals(IMPLICIT, code(() -> driver.isCapturing(legacy))))
        .close(); // the query alone does not invalidate the capture
    Runnable work = () -> assertEquals(IMPLICIT, code(() -> driver.clear(sum, 4, legacy)));
    assertEquals(INVALIDATED, code(() -> device.capture(work)));
    driver.clear(sum, 4, legacy);
    assertEquals(0, read(sum));
  }

  @Test
  void shouldEndTheCaptureWhenTheWorkFails() {
    IllegalStateException failure = new IllegalStateException("out of paper");
    Runnable work =
        () -> {
          add(3);
          throw failure;
        };
    assertSame(
        failure, assertThrows(IllegalStateException.class, () -> device.capture(work).close()));
    assertFalse(driver.isCapturing(stream));
    add(1);
    assertEquals(101, read(sum));
  }

  @ParameterizedTest
  @EnumSource(names = {"SINGLE_PASS", "TWO_PASS"})
  void shouldReplayStepsWithTheSameBits(StepPath path) {
    int count = 5000;
    ByteBuffer values = CudaLayout.buffer(2L * count * Float.BYTES);
    for (int i = 0; i < 2 * count; i++) {
      values.putFloat(4 * i, (float) Math.sin(i));
    }
    byte[] initial = new byte[values.capacity()];
    values.get(initial);
    long captured = device.upload(initial, 0, "captured");
    long direct = device.upload(initial, 0, "direct");
    try (Lamb lamb = lamb(path, captured, count);
        Lamb other = lamb(path, direct, count);
        Graph graph = capture(lamb)) {
      for (int step = 0; step < 3; step++) {
        graph.replay();
        other.step();
        byte[] expected = device.download(direct, 4 * count);
        assertArrayEquals(expected, device.download(captured, 4 * count), "step " + step);
      }
    }
  }

  private Graph capture(Lamb lamb) {
    lamb.prepareReplays(3);
    return device.capture(lamb::step);
  }

  private Lamb lamb(StepPath path, long weights, int count) {
    return LambBuilders.onCuda(driver, stream)
        .group(
            "all",
            Hyperparameters.lamb(0.1),
            Parameter.onDevice("w", pointer(weights), pointer(weights + 4L * count), count))
        .maxGradNorm(1)
        .path(path)
        .build();
  }

  private static CUdeviceptr pointer(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }
}
