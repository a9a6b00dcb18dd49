package io.github.lamb4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.BackendChoice;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.TestDevice;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.tools.progress.Progress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The CUDA benchmark on the emulator: everything except the times. */
@Tag("slow")
class CudaRigTest {

  private static final ModelShapes MODEL =
      new ModelShapes(
          "tiny",
          "Tiny",
          List.of(
              new TensorShape("large", List.of(17L, 1000L), true, true),
              new TensorShape("small", List.of(33L), true, true),
              new TensorShape("bias", List.of(2049L), false, false),
              new TensorShape("odd", List.of(10L), false, true)));

  private static BenchSettings settings(boolean clip) {
    return new BenchSettings(StepPath.AUTO, clip, 1, true);
  }

  private static Blas none() {
    throw new IllegalStateException("no cuBLAS");
  }

  private static CudaRig rig(EmulatedDriver driver, boolean clip) {
    return new CudaRig(MODEL, settings(clip), driver, () -> new EmulatedBlas(driver));
  }

  private static final Set<Purpose> MOMENTS =
      EnumSet.of(Purpose.FIRST_MOMENTS, Purpose.SECOND_MOMENTS);

  /** Bytes of weights, gradients and moments that kernels have loaded and stored. */
  private static long modelBytes(EmulatedDriver driver) {
    return driver.launches().stream()
        .flatMap(launch -> Stream.of(launch.loaded(), launch.stored()))
        .flatMap(moved -> moved.entrySet().stream())
        .filter(
            entry ->
                EnumSet.of(Purpose.WEIGHTS, Purpose.GRADIENTS).contains(entry.getKey())
                    || MOMENTS.contains(entry.getKey()))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  @ParameterizedTest
  @CsvSource({"2, 13, false", "2, 13, true", "1, 1, false", "1, 2, true"})
  void shouldCountTheSameBytesAndLaunchesAsTheEmulator(
      int multiprocessors, int slots, boolean clip) {
    EmulatedDevice device =
        TestDevice.withSlots(EmulatedDevice.SMALL.withMultiprocessors(multiprocessors, 2), slots);
    try (EmulatedDriver driver = new EmulatedDriver(device, 5);
        CudaRig rig = rig(driver, clip)) {
      assertEquals(
          List.of("copy", "AdamW", "LAMB single-pass", "LAMB two-pass", TextbookLamb.NAME),
          rig.contenders().stream().map(Contender::name).toList());
      for (Contender contender : rig.contenders().subList(1, 4)) {
        contender.step();
        driver.forgetLaunches();
        Contender.Cost cost = contender.countedStep();
        assertEquals(modelBytes(driver), cost.bytes(), contender.name());
        assertEquals(driver.launches().size(), cost.launches(), contender.name());
        assertEquals(MODEL.parameters(), cost.elements(), contender.name());
      }
    }
  }

  @Test
  void shouldCountTheDocumentedBytes() {
    try (EmulatedDriver driver = new EmulatedDriver();
        CudaRig rig = rig(driver, false)) {
      List<Double> bytes = new ArrayList<>();
      rig.contenders().subList(0, 2).forEach(c -> bytes.add(c.countedStep().bytesPerElement()));
      assertEquals(List.of(8.0, 28.0), bytes);
      // The bias of 2049 is not adapted.
      long adapted = MODEL.parameters() - 2049;
      assertEquals(32 * adapted + 28 * 2049, rig.contenders().get(2).countedStep().bytes());
      assertEquals(40 * adapted + 28 * 2049, rig.contenders().get(3).countedStep().bytes());
    }
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void shouldCountTheCallsOfTheTextbookLamb(boolean clip) {
    try (EmulatedDriver driver = new EmulatedDriver()) {
      EmulatedBlas blas = new EmulatedBlas(driver);
      try (CudaRig rig = new CudaRig(MODEL, settings(clip), driver, () -> blas)) {
        Contender.Cost cost = rig.contenders().get(4).countedStep();
        assertEquals(blas.bytes, cost.bytes());
        assertEquals(blas.calls, cost.launches());
        assertEquals(MODEL.parameters(), cost.elements());
      }
      assertTrue(blas.closed);
    }
  }

  @Test
  void shouldTimeEveryContender() {
    try (EmulatedDriver driver = new EmulatedDriver();
        CudaRig rig = rig(driver, false)) {
      double[] millis = rig.time(rig.contenders());
      assertEquals(5, millis.length);
      for (int i = 0; i < 4; i++) {
        assertTrue(millis[i] > 0, rig.contenders().get(i).name());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void shouldCompareEveryOptimizerWithTheCpu(boolean clip) {
    try (EmulatedDriver driver = new EmulatedDriver();
        CudaRig rig = rig(driver, clip)) {
      String said = rig.check().orElseThrow();
      assertTrue(said.startsWith("the first 2 steps gave the CPU's bits: weights"), said);
      assertTrue(said.endsWith(" of AdamW, LAMB single-pass, LAMB two-pass"), said);
    }
  }

  /** The address of the first tensor's gradients. */
  private static long gradients(CudaRig rig) {
    CudaStep adamW = (CudaStep) rig.contenders().get(1);
    return ((DeviceParameter) adamW.lamb().groups().get(0).parameters().get(0))
        .gradients()
        .address();
  }

  @Test
  void shouldNameTheFirstDifferentBits() {
    EmulatedDriver driver = new EmulatedDriver();
    try (CudaRig rig = rig(driver, false)) {
      long[] launches = new long[1];
      driver.onLaunch(
          kernel -> {
            if (launches[0]++ == 0) {
              // Changes a gradient after the check has copied it.
              long gradient = gradients(rig) + 4 * 5000;
              ByteBuffer bits = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
              driver.copyToHost(bits.duplicate(), gradient, CudaStream.LEGACY);
              bits.putInt(0, bits.getInt(0) ^ (1 << 20));
              driver.copyToDevice(gradient, bits, CudaStream.LEGACY);
            }
          });
      String message = assertThrows(WrongBits.class, rig::check).getMessage();
      assertTrue(
          message.startsWith("AdamW, step 1, tensor large: element 5000 (tile 2) of the "),
          message);
      assertTrue(message.matches(".* is \\S+ \\(0x[0-9a-f]{8}\\) on the device and .*"), message);
    }
    driver.close();
  }

  @Test
  void shouldSayThatNothingWasCompared() {
    BenchSettings unchecked = new BenchSettings(StepPath.AUTO, false, 1, false);
    try (EmulatedDriver driver = new EmulatedDriver();
        CudaRig rig = new CudaRig(MODEL, unchecked, driver, CudaRigTest::none)) {
      assertEquals("not compared with the CPU: --no-check", rig.check().orElseThrow());
      assertEquals(0, driver.launches().size());
    }
  }

  @Test
  void shouldComputeTheTheoreticalBandwidth() {
    try (EmulatedDriver driver = new EmulatedDriver();
        CudaRig rig = rig(driver, false)) {
      assertEquals(64, rig.theoreticalGigabytesPerSecond()); // 1 GHz, 256 bits
    }
  }

  @Test
  void shouldShareMomentsAndFreeEverything() {
    EmulatedDriver driver = new EmulatedDriver();
    long parametersInGroups = 17_000 + 36 + 2052 + 12;
    try (CudaRig rig = rig(driver, false)) {
      long moments =
          driver.liveBytes().entrySet().stream()
              .filter(e -> MOMENTS.contains(e.getKey()))
              .mapToLong(Map.Entry::getValue)
              .sum();
      assertEquals(2 * Float.BYTES * parametersInGroups, moments);
      // The reserve covers the tables of learning rates.
      long all =
          driver.liveBytes().entrySet().stream()
              .filter(e -> e.getKey() != Purpose.LEARNING_RATES)
              .mapToLong(Map.Entry::getValue)
              .sum();
      long others = 256 << 20;
      long needed = CudaRig.need(MODEL, driver).needed() - others;
      assertTrue(all <= needed + 4096, all + " of " + needed);
      assertTrue(needed < 1.5 * all, all + " of " + needed);
      assertEquals(Map.of(), rig.skipped());
    }
    driver.close(); // fails if anything is left
  }

  @Test
  void shouldRejectAModelThatDoesNotFitBeforeAllocating() {
    try (EmulatedDriver driver = new EmulatedDriver()) {
      ModelShapes llama = Models.named("llama-7b").orElseThrow();
      String message =
          assertThrows(
                  IllegalStateException.class,
                  () -> new CudaRig(llama, settings(false), driver, CudaRigTest::none))
              .getMessage();
      long free = driver.memory().free();
      assertTrue(message.startsWith("llama-7b needs 1"), message);
      assertTrue(
          message.endsWith(
              " bytes of device memory, " + free + " are available: use a smaller --model"),
          message);
      assertEquals(List.of(), driver.liveAllocations());
      MemoryNeed need = CudaRig.need(llama, driver);
      // 16 bytes for each parameter, two copies of a gibibyte, half a gibibyte for the largest
      // tensor again, and tables.
      assertEquals(16 * llama.parameters() + (5L << 29), need.needed(), 1 << 29);
      assertTrue(need.needed() < 139L << 30, "fits an H200");
    }
  }

  @Test
  void shouldFreeEverythingWhenAnAllocationFails() {
    for (int nth : new int[] {1, 3, 7, 20}) {
      try (EmulatedDriver driver = new EmulatedDriver()) {
        driver.fail(EmulatedDriver.Call.ALLOCATE, nth, 2);
        assertThrows(CudaException.class, () -> rig(driver, false));
      }
    }
  }

  @Test
  void shouldGiveTheReasonForSkippedContenders() {
    EmulatedDevice noShared = EmulatedDevice.SMALL.withSharedMemory(16_384, 8192);
    try (EmulatedDriver driver = new EmulatedDriver(noShared, 1);
        CudaRig rig = new CudaRig(MODEL, settings(false), driver, CudaRigTest::none)) {
      assertEquals(
          Map.of(
              "LAMB single-pass",
              "shared memory of the device is too small for one tile",
              TextbookLamb.NAME,
              "no cuBLAS"),
          rig.skipped());
      assertEquals(
          List.of("copy", "AdamW", "LAMB two-pass"),
          rig.contenders().stream().map(Contender::name).toList());
    }
  }

  @ParameterizedTest
  @CsvSource({"SINGLE_PASS, LAMB single-pass", "TWO_PASS, LAMB two-pass"})
  void shouldTimeThePathThatIsAskedFor(StepPath path, String name) {
    try (EmulatedDriver driver = new EmulatedDriver();
        CudaRig rig =
            new CudaRig(
                MODEL, new BenchSettings(path, false, 1, true), driver, CudaRigTest::none)) {
      assertEquals(
          List.of("copy", "AdamW", name), rig.contenders().stream().map(Contender::name).toList());
      assertEquals(28, rig.contenders().get(1).countedStep().bytesPerElement());
    }
  }

  @Test
  void shouldTimeTheFirstModelThatFits() {
    try (EmulatedDriver driver = new EmulatedDriver()) {
      List<String> log = new ArrayList<>();
      ModelShapes llama = Models.named("llama-7b").orElseThrow();
      ModelShapes one =
          new ModelShapes("one", "One", List.of(new TensorShape("w", List.of(1L), true, true)));
      BackendChoice choice = new BackendChoice("cuda", "emulated");
      Bench bench = new Bench(settings(false), OptionalInt.of(2), log::add, Progress.SILENT);
      String table = bench.onCuda(choice, List.of(llama, one), driver, CudaRigTest::none).table();
      assertTrue(log.get(0).startsWith("llama-7b does not fit: it needs "), log.get(0));
      assertTrue(log.get(1).startsWith("one needs "), log.get(1));
      assertEquals(2, log.size());
      assertTrue(table.contains("2 interleaved repetitions after 5 warm-up rounds"), table);
      assertTrue(table.contains("textbook LAMB (cuBLAS)    skipped: no cuBLAS"), table);
      assertFalse(table.contains("NaN"), table);
    }
  }
}
