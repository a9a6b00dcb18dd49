package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.StateModel;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.emulator.Graph;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.schedule.Schedule;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A run continued on another backend from a saved state has the bits of an uninterrupted run. */
@Tag("gpu")
class StateAcrossBackendsTest {

  private static final int COUNT = 2049;

  @TempDir Path directory;

  @Tag("slow")
  @ParameterizedTest
  @CsvSource({
    "CPU, SINGLE_PASS, 0",
    "SINGLE_PASS, CPU, 0",
    "CPU, SINGLE_PASS, 3",
    "SINGLE_PASS, CPU, 3",
    "CPU, TWO_PASS, 4",
    "TWO_PASS, CPU, 4",
    "CPU, SINGLE_PASS, 6",
    "SINGLE_PASS, CPU, 6",
    "TWO_PASS, SINGLE_PASS, 6",
    "SINGLE_PASS, SINGLE_PASS, 7",
    "TWO_PASS, TWO_PASS, 7"
  })
  void shouldContinueBitForBit(HostBackend before, HostBackend after, int stop) throws IOException {
    StateModel whole = StateModel.fresh();
    StateModel stopped = StateModel.fresh();
    Path file = directory.resolve("state.safetensors");
    try (Lamb lamb = whole.build(Lamb.onCpu(), 0);
        TestDevice device = TestDevice.open()) {
      whole.run(lamb, 0, StateModel.ATTEMPTS);
      try (Lamb first = stopped.build(before.builder(device), 0)) {
        stopped.run(first, 0, stop);
        first.save(file);
      }
      StateModel restarted = stopped.restarted(stop);
      try (Lamb second = restarted.build(after.builder(device), stop)) {
        second.load(file);
        restarted.run(second, stop, StateModel.ATTEMPTS);
        assertEquals(StateModel.bits(lamb), StateModel.bits(second));
        assertEquals(lamb.layerStats().toString(), second.layerStats().toString());
      }
    }
  }

  /** The same run saves the same bytes on every backend. */
  @Test
  void shouldWriteTheSameFile() throws IOException {
    StateModel onCpu = StateModel.fresh();
    StateModel onCuda = StateModel.fresh();
    Path file = directory.resolve("cpu");
    Path other = directory.resolve("cuda");
    try (TestDevice device = TestDevice.open();
        Lamb lamb = onCpu.build(Lamb.onCpu(), 0);
        Lamb mirrored = onCuda.build(HostBackend.SINGLE_PASS.builder(device), 0)) {
      onCpu.run(lamb, 0, 5);
      onCuda.run(mirrored, 0, 5);
      lamb.save(file);
      mirrored.save(other);
      assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(other));
    }
  }

  /** A captured step continues from a loaded state, in stream order. */
  @Test
  void shouldRoundLoadedMastersIntoDeviceWeightsAndReplay() throws IOException {
    Path file = directory.resolve("state.safetensors");
    try (TestDevice device = TestDevice.open()) {
      byte[] weights = halves(7);
      long whole = device.upload(weights, 0, "weights");
      long restarted = device.upload(halves(9), 0, "other weights");
      long gradients = device.upload(halves(3), 0, "gradients");
      try (Lamb lamb = build(device, whole, gradients);
          Lamb other = build(device, restarted, gradients)) {
        lamb.step();
        lamb.step();
        lamb.save(file);
        byte[] saved = device.download(whole, weights.length);
        other.prepareReplays(1);
        try (Graph graph = device.capture(other::step)) {
          other.load(file);
          assertArrayEquals(saved, device.download(restarted, weights.length));
          assertEquals(2, other.stepCount());
          other.prepareReplays(2);
          graph.replay();
          graph.replay();
          other.save(file);
          lamb.step();
          lamb.step();
          lamb.load(file); // allowed: the same step and rate
          assertEquals(4, lamb.stepCount());
          assertArrayEquals(
              device.download(whole, weights.length), device.download(restarted, weights.length));
        }
      }
    }
  }

  @Test
  void shouldRejectSavingAndLoadingDuringCapture() throws IOException {
    Path file = directory.resolve("state.safetensors");
    try (TestDevice device = TestDevice.open()) {
      long weights = device.upload(halves(7), 0, "weights");
      long gradients = device.upload(halves(3), 0, "gradients");
      try (Lamb lamb = build(device, weights, gradients)) {
        lamb.save(file);
        device
            .capture(
                () -> {
                  assertUntimely(() -> lamb.save(file), "save: the stream is being captured");
                  assertUntimely(() -> lamb.load(file), "load: the stream is being captured");
                })
            .close();
        lamb.step();
        assertEquals(1, lamb.stepCount());
      }
    }
  }

  private static void assertUntimely(org.junit.jupiter.api.function.Executable call, String said) {
    String message = assertThrows(IllegalStateException.class, call).getMessage();
    assertTrue(message.contains(said), message);
  }

  private static Lamb build(TestDevice device, long weights, long gradients) {
    return LambBuilders.onCuda(device.driver(), device.stream())
        .group(
            "all",
            Hyperparameters.lamb(Schedule.linearWarmup(0.1, 7)),
            Parameter.onDevice(
                "h",
                new DeviceArray(weights, DType.BF16),
                new DeviceArray(gradients, DType.BF16),
                COUNT))
        .build();
  }

  /** BF16 numbers around 1, of both signs. */
  private static byte[] halves(int seed) {
    ByteBuffer bytes = ByteBuffer.allocate(COUNT * Short.BYTES).order(ByteOrder.nativeOrder());
    for (int i = 0; i < COUNT; i++) {
      bytes.putShort((short) (0x3f00 + i * seed % 251 + (i % 2 << 15)));
    }
    return bytes.array();
  }
}
