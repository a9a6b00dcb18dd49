package io.github.lamb4j.internal.cuda;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.management.ThreadMXBean;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.emulator.Graph;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.LastStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.Parameter;
import java.lang.management.ManagementFactory;
import java.util.List;
import jcuda.driver.CUstream;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Steps on streams that come and go: in order, without waiting, without allocating. */
class StreamsTest {

  private static final long A = 0xa0;
  private static final long B = 0xb0;

  private final TestDevice device = TestDevice.open();
  private final StreamChecks driver = new StreamChecks(device.driver());

  @AfterEach
  void close() {
    device.close();
  }

  private Lamb build() {
    return build(driver);
  }

  private Lamb build(CudaDriver driver) {
    return build(driver, 1);
  }

  private Lamb build(CudaDriver driver, int microBatches) {
    return build(driver, device.stream(), microBatches);
  }

  private Lamb build(CudaDriver driver, CudaStream stream, int microBatches) {
    TestArray weights = Side.cuda(device, StepPath.AUTO).array(DType.F32, 5, Purpose.WEIGHTS, "p");
    TestArray gradients =
        Side.cuda(device, StepPath.AUTO).array(DType.F32, 5, Purpose.GRADIENTS, "p");
    weights.put(1, 2, 3, 4, 5);
    gradients.put(5, 4, 3, 2, 1);
    return LambBuilders.onCuda(driver, stream)
        .microBatches(microBatches)
        .group(
            "g",
            Hyperparameters.lamb(0.1),
            Parameter.onDevice(
                "p", (DeviceArray) weights.array(), (DeviceArray) gradients.array(), 5))
        .build();
  }

  @Test
  void shouldRunOnTheGivenStream() {
    try (Lamb lamb = build()) {
      device.emulator().forgetLaunches();
      lamb.step(A);
      assertFalse(device.emulator().launches().isEmpty());
      device
          .emulator()
          .launches()
          .forEach(launch -> assertEquals(CudaStream.of(A), launch.stream()));
      assertEquals(1, lamb.stepCount());
    }
  }

  @Test
  void shouldKeepAllWorkInOrder() {
    try (Lamb lamb = build()) {
      lamb.step(A);
      lamb.step(A);
      lamb.step(B);
      lamb.step();
      lamb.step(B);
      driver.recycle(CudaStream.of(B));
      lamb.step(B);
      lamb.stepCount();
      lamb.step(A);
      lamb.layerStats();
      lamb.step(0L);
      assertEquals(8, lamb.stepCount());
    }
    assertEquals(List.of(), driver.unordered);
  }

  /** The check itself: without events, another stream may overtake. */
  @Test
  void shouldNoticeWorkThatOvertakes() {
    CudaDriver.Launch launch = driver.prepare(0, "none", 1, 1, 0); // fails, after the check
    CudaDriver.OrderingEvent event = driver.createOrderingEvent();
    assertThrows(CudaException.class, () -> launch.enqueue(CudaStream.of(A)));
    event.record(CudaStream.of(A));
    event.delay(CudaStream.of(B));
    assertThrows(CudaException.class, () -> launch.enqueue(CudaStream.of(B)));
    assertEquals(List.of(), driver.unordered);
    assertThrows(CudaException.class, () -> launch.enqueue(CudaStream.of(A)));
    assertEquals(1, driver.unordered.size());
    event.destroy();
  }

  @Test
  void shouldUseNoEventsOnItsOwnStream() {
    try (Lamb lamb = build()) {
      lamb.step();
      lamb.stepCount();
      lamb.step();
      assertEquals(List.of(), driver.eventCalls);
      lamb.step(A);
      assertEquals(List.of("record", "delay", "record"), driver.eventCalls);
      lamb.step(A);
      assertEquals(5, driver.eventCalls.size());
      lamb.step();
      assertEquals(6, driver.eventCalls.size());
    }
  }

  @Test
  void shouldAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    CUstream a = CudaStream.of(A).handle();
    cudaStream_t b = new cudaStream_t(CudaStream.of(B).handle());
    LastStream streams = new LastStream();
    for (Runnable look :
        List.<Runnable>of(() -> streams.of(a), () -> streams.of(b), () -> streams.of(A))) {
      look.run();
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 10; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1000; i++) {
          look.run();
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertEquals(0, least);
    }
  }

  @Test
  void shouldNoticeAnotherStreamInTheSameObject() {
    LastStream streams = new LastStream();
    assertEquals(CudaStream.of(A), streams.of(CudaStream.of(A).handle()));
    assertEquals(CudaStream.of(A), streams.of(new cudaStream_t(CudaStream.of(A).handle())));
    assertEquals(CudaStream.of(B), streams.of(B));
    assertEquals(CudaStream.of(A), streams.of(CudaStream.of(A).handle()));
    assertEquals(CudaStream.LEGACY, streams.of(0));
    assertEquals(CudaStream.LEGACY, streams.of(new CUstream()));
  }

  @Test
  void shouldRefuseCaptures() {
    try (Lamb lamb = build()) {
      lamb.prepareReplays(8);
      device
          .capture(
              () ->
                  assertUntimely(
                      () -> lamb.step(A),
                      "step on a stream",
                      "own stream is being captured",
                      "call step()"))
          .close();
      device
          .emulator()
          .capture(
              CudaStream.of(A),
              () ->
                  assertUntimely(
                      () -> lamb.step(A),
                      "step on a stream",
                      "being captured",
                      "build the optimizer on the stream that captures"))
          .close();
      assertEquals(0, lamb.stepCount());
    }
  }

  /** The device's own stream synchronizes with the default stream. */
  @Test
  void shouldExplainWhyTheDefaultStreamCannotBeUsed() {
    try (Lamb lamb = build(driver, CudaStream.LEGACY, 1)) {
      device
          .capture(() -> assertUntimely(lamb::step, "default stream", "end the capture"))
          .close(); // still intact
      device
          .emulator()
          .capture(
              CudaStream.of(A),
              () -> assertUntimely(() -> lamb.step(A), "step on a stream", "being captured"))
          .close();
      lamb.step();
      assertEquals(1, lamb.stepCount());
    }
  }

  /** A replay would not add what the host has counted. */
  @Test
  void shouldNotMixMicroBatchesThatAreCapturedWithOthers() {
    try (Lamb lamb = build(driver, 2)) {
      lamb.prepareReplays(1);
      device.capture(lamb::addMicroBatch).close();
      assertUntimely(
          lamb::addMicroBatch,
          "no capture is in progress, but the micro-batches added so far, 1, were captured",
          "discardMicroBatches()");
      lamb.discardMicroBatches();
      lamb.addMicroBatch();
      lamb.addMicroBatch();
      device
          .capture(
              () -> assertUntimely(lamb::step, "step: the stream is being captured", "were not"))
          .close();
      assertUntimely(() -> lamb.resumeAt(3), "resumeAt: 2 micro-batches wait");
      lamb.step();
      assertEquals(1, lamb.stepCount());
    }
  }

  @Test
  void shouldSumMicroBatchesInOrderAndRefuseToRecordThemOtherwise() {
    try (Lamb lamb = build(driver, 2)) {
      lamb.addMicroBatch();
      lamb.addMicroBatch();
      lamb.step(A);
      device
          .capture(() -> assertUntimely(lamb::addMicroBatch, "addMicroBatch:", "another stream"))
          .close();
      lamb.addMicroBatch();
      lamb.addMicroBatch();
      lamb.step();
      assertEquals(2, lamb.stepCount());
    }
    assertEquals(List.of(), driver.unordered);
  }

  @Test
  void shouldRefuseToCaptureBeforeItsStreamIsInOrder() {
    try (Lamb lamb = build()) {
      lamb.prepareReplays(8);
      lamb.step(A);
      device
          .capture(
              () -> {
                assertUntimely(lamb::step, "step:", "another stream", "call prepareReplays(n)");
                assertUntimely(
                    () -> lamb.accumulate("p", new DeviceArray(A, DType.F16)),
                    "accumulate:",
                    "another stream");
              })
          .close();
      lamb.prepareReplays(8);
      try (Graph graph = device.capture(lamb::step)) {
        graph.replay();
        assertEquals(2, lamb.stepCount());
      }
    }
  }

  @Test
  void shouldRefuseWithoutStreams() {
    for (Lamb lamb :
        List.of(
            Lamb.onCpu().group("g", Hyperparameters.lamb(0.1), host()).build(),
            LambBuilders.staged(device.driver())
                .group("g", Hyperparameters.lamb(0.1), host())
                .build())) {
      try (lamb) {
        assertUntimely(() -> lamb.step(A), "step on a stream", "host parameters", "call step()");
        assertEquals(0, lamb.stepCount());
      }
    }
    try (Lamb lamb = build()) {
      String[] said = {"stream: null", "step() uses the optimizer's own"};
      assertRefused(() -> lamb.step((CUstream) null), said);
      assertRefused(() -> lamb.step((cudaStream_t) null), said);
    }
  }

  private static Parameter host() {
    return Parameter.onHost("p", new float[] {1}, new float[] {1});
  }

  @Test
  void shouldSurviveAFailedEvent() {
    try (Lamb lamb = build()) {
      lamb.step(A);
      device.emulator().fail(Call.WAIT_EVENT, 1, 4);
      assertThrows(CudaException.class, () -> lamb.step(B));
      lamb.step(B);
      assertEquals(2, lamb.stepCount());
    }
    assertEquals(List.of(), driver.unordered);
  }
}
