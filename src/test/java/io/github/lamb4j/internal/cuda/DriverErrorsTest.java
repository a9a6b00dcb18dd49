package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDevice;
import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.emulator.EmulatorException;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.model.Parameter;
import java.util.Arrays;
import java.util.List;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Driver errors: messages name the cause, nothing leaks, and a failed step reports its state. */
@Tag("jcuda")
class DriverErrorsTest {

  private static final int OUT_OF_MEMORY = 2;
  private static final int LAUNCH_FAILED = 719;

  static LambBuilder small(TestDevice device) {
    return LambBuilders.staged(device.driver())
        .group(
            "all",
            Hyperparameters.lamb(0.1),
            Parameter.onHost("w", new float[] {1, 2, 3}, new float[] {1, 1, 1}));
  }

  @ParameterizedTest
  @EnumSource(
      value = Call.class,
      names = {
        "ALLOCATE",
        "ALLOCATE_PINNED",
        "CREATE_EVENT",
        "COPY_TO_DEVICE",
        "CLEAR",
        "LOAD_MODULE",
        "FUNCTION",
        "PREPARE",
        "MEMORY",
        "ATTRIBUTE"
      })
  void shouldFreeEverythingWhenBuildingFails(Call call) {
    int failed = 0;
    for (int nth = 1; nth <= 40; nth++) {
      try (TestDevice device = TestDevice.open()) {
        device.emulator().fail(call, nth, OUT_OF_MEMORY);
        try {
          small(device).maxGradNorm(1).build().close();
        } catch (CudaException e) {
          failed++;
          assertEquals(OUT_OF_MEMORY, e.code());
          assertTrue(
              e.getMessage().contains("failed with CUDA_ERROR_OUT_OF_MEMORY (2) while "),
              e.getMessage());
        }
      } // closing the device fails if anything is still allocated
    }
    assertTrue(failed > 0);
  }

  @Test
  void shouldNameThePurposeOfAFailedAllocation() {
    try (TestDevice device = TestDevice.open()) {
      device.emulator().fail(Call.ALLOCATE, 6, OUT_OF_MEMORY);
      CudaException e = assertThrows(CudaException.class, () -> small(device).build());
      assertTrue(e.getMessage().contains("first moments of group all"), e.getMessage());
    }
  }

  @Test
  void shouldRejectModelThatDoesNotFitBeforeAllocating() {
    EmulatedDevice tiny = EmulatedDevice.SMALL.withTotalMemory(1 << 20);
    try (TestDevice device = TestDevice.open(tiny, 1)) {
      long address = device.upload(new byte[1 << 19], 0, "weights and gradients");
      Parameter p =
          Parameter.onDevice("w", pointer(address), pointer(address + (1 << 18)), 1 << 16);
      Parameter q = Parameter.onDevice("q", pointer(1 << 30), pointer(1 << 29), 1 << 20);
      LambBuilder builder =
          LambBuilders.onCuda(device.driver(), device.stream())
              .group("all", Hyperparameters.lamb(0.1), p, q);
      IllegalStateException e = assertThrows(IllegalStateException.class, builder::build);
      assertTrue(
          e.getMessage().contains("the optimizer state of 1,114,112 elements needs 8 MiB"),
          e.getMessage());
    }
  }

  @Test
  void shouldRejectArrayThatExceedsItsAllocation() {
    try (TestDevice device = TestDevice.open()) {
      long address = device.upload(new byte[400], 0, "weights");
      Parameter p = Parameter.onDevice("w", pointer(address), pointer(1L << 30), 1000);
      LambBuilder builder =
          LambBuilders.onCuda(device.driver(), device.stream())
              .group("all", Hyperparameters.lamb(0.1), p);
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, builder::build);
      assertTrue(
          e.getMessage().contains("parameter w: 1000 F32 elements of weights"), e.getMessage());
    }
  }

  @Test
  void shouldRejectDriverOrDeviceThatIsTooOld() {
    try (TestDevice device = TestDevice.open(EmulatedDevice.SMALL.withDriverVersion(8000), 1)) {
      Exception e = assertThrows(IllegalStateException.class, () -> small(device).build());
      assertTrue(
          e.getMessage().contains("supports CUDA 8.0, but the kernels require 9.0"),
          e.getMessage());
    }
    try (TestDevice device = TestDevice.open(EmulatedDevice.SMALL.withComputeCapability(61), 1)) {
      Exception e = assertThrows(IllegalStateException.class, () -> small(device).build());
      assertTrue(
          e.getMessage().contains("compute capability 6.1, but the kernels require 7.0"),
          e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void shouldContinueAfterStepThatFailedBeforeItBegan(int launch) {
    try (TestDevice device = TestDevice.open()) {
      float[] weights = {1, 2, 3};
      LambBuilder builder =
          LambBuilders.staged(device.driver())
              .group(
                  "all",
                  Hyperparameters.lamb(0.1),
                  Parameter.onHost("w", weights, new float[] {1, 1, 1}))
              .maxGradNorm(1);
      try (Lamb lamb = builder.build()) {
        device
            .emulator()
            .fail(Call.ENQUEUE, launch, LAUNCH_FAILED); // the launches that only read gradients
        assertThrows(CudaException.class, lamb::step);
        assertEquals(0, lamb.stepCount());
        assertEquals(List.of(1f, 2f, 3f), List.of(weights[0], weights[1], weights[2]));
        lamb.step();
        assertEquals(1, lamb.stepCount());
      }
    }
  }

  /** The device may have counted the step as skipped; a second try would count it again. */
  @Test
  void shouldNotContinueAfterTheDecisionToSkip() {
    try (TestDevice device = TestDevice.open();
        Lamb lamb = small(device).nonFiniteGradients(NonFiniteGradients.SKIP).build()) {
      device.emulator().fail(Call.ENQUEUE, 3, LAUNCH_FAILED);
      assertThrows(CudaException.class, lamb::step);
      device.emulator().fail(Call.ENQUEUE, 4, LAUNCH_FAILED);
      IllegalStateException e = assertThrows(IllegalStateException.class, lamb::step);
      assertTrue(e.getMessage().contains("step 1 failed partway"), e.getMessage());
    }
  }

  /**
   * Half-set counts would let the single pass take sums of an earlier step for those of the next.
   */
  @Test
  void shouldNotStepAfterResumingFailedPartWay() {
    try (TestDevice device = TestDevice.open();
        Lamb lamb = small(device).build()) {
      lamb.step();
      device.emulator().fail(Call.COPY_TO_DEVICE, 2, LAUNCH_FAILED);
      IllegalStateException e = assertThrows(IllegalStateException.class, () -> lamb.resumeAt(10));
      assertTrue(e.getMessage().contains("setting the step count failed partway"), e.getMessage());
      assertThrows(IllegalStateException.class, lamb::step);
    }
  }

  @Test
  void shouldContinueWhenNoKernelOfAStepWasEnqueued() {
    try (TestDevice device = TestDevice.open();
        Lamb lamb = small(device).build()) {
      device.emulator().fail(Call.ENQUEUE, 1, LAUNCH_FAILED);
      assertThrows(CudaException.class, lamb::step);
      assertEquals(0, lamb.stepCount());
      lamb.step();
      assertEquals(1, lamb.stepCount());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4})
  void shouldRejectStepsAfterOneFailedPartWay(int launch) {
    try (TestDevice device = TestDevice.open()) {
      try (Lamb lamb = small(device).path(StepPath.TWO_PASS).build()) {
        device.emulator().fail(Call.ENQUEUE, launch, LAUNCH_FAILED);
        IllegalStateException e = assertThrows(IllegalStateException.class, lamb::step);
        assertTrue(e.getMessage().contains("step 1 failed partway"), e.getMessage());
        assertTrue(e.getMessage().contains("Cause: cuLaunchKernel failed with"), e.getMessage());
        assertTrue(e.getCause() instanceof CudaException);
        assertThrows(IllegalStateException.class, lamb::step);
      }
    }
  }

  @Test
  @DisabledIfSystemProperty(
      named = "lamb4j.device",
      matches = "stand-ins",
      disabledReason = "through JCuda, copies to the device also wait")
  void shouldReportStepAsFailedWhenWaitingForItFails() {
    try (TestDevice device = TestDevice.open();
        Lamb lamb = small(device).build()) {
      device.emulator().fail(Call.SYNCHRONIZE, 1, LAUNCH_FAILED);
      IllegalStateException e = assertThrows(IllegalStateException.class, lamb::step);
      assertTrue(e.getMessage().contains("step 1 failed partway"), e.getMessage());
      assertEquals("cuStreamSynchronize", ((CudaException) e.getCause()).call());
      assertThrows(IllegalStateException.class, lamb::step);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SYNCHRONIZE, cuStreamSynchronize",
    "FREE, cuMemFree",
    "UNLOAD_MODULE, cuModuleUnload",
    "RELEASE_CONTEXT, cuDevicePrimaryCtxRelease"
  })
  void shouldFreeAtSecondCloseWhatTheFirstCouldNot(Call call, String entryPoint) {
    int failed = 0;
    for (int nth = 1; nth <= 40; nth++) {
      try (TestDevice device = TestDevice.open()) {
        device.emulator().makeCurrent(0); // so that the optimizer has a context to give back
        Lamb lamb = small(device).maxGradNorm(1).build();
        device.emulator().fail(call, nth, LAUNCH_FAILED);
        try {
          lamb.close();
        } catch (CudaException e) {
          failed++;
          assertEquals(entryPoint, e.call());
          assertEquals(LAUNCH_FAILED, e.code());
          lamb.close();
        }
        lamb.close();
      } // closing the device fails if anything is still allocated
    }
    assertTrue(failed > 0 && failed < 40, failed + " calls that could fail");
  }

  /** The array that cannot be freed is lost, but all others are freed. */
  @ParameterizedTest
  @CsvSource({"1, 1", "3, 1", "3, 2", "6, 1", "6, 4", "14, 1", "14, 8", "14, 14"})
  void shouldReportOriginalErrorWhenFreeingFailsToo(int allocations, int free) {
    TestDevice device = TestDevice.open();
    device.emulator().makeCurrent(0);
    device.emulator().fail(Call.ALLOCATE, allocations + 1, OUT_OF_MEMORY);
    device.emulator().fail(Call.FREE, free, LAUNCH_FAILED);
    CudaException e = assertThrows(CudaException.class, () -> small(device).maxGradNorm(1).build());
    assertEquals("cuMemAlloc", e.call());
    assertEquals(1, e.getSuppressed().length);
    assertEquals("cuMemFree", ((CudaException) e.getSuppressed()[0]).call());
    String left = assertThrows(EmulatorException.class, device::close).getMessage();
    assertTrue(left.matches("not given back: '[^']+' \\(\\d+ bytes at 0x[0-9a-f]+\\)"), left);
  }

  @Test
  void shouldReportOriginalErrorWhenReleasingTheContextFailsToo() {
    TestDevice device = TestDevice.open();
    device.emulator().makeCurrent(0);
    device.emulator().fail(Call.LOAD_MODULE, 1, OUT_OF_MEMORY);
    device.emulator().fail(Call.RELEASE_CONTEXT, 1, LAUNCH_FAILED);
    CudaException e = assertThrows(CudaException.class, () -> small(device).build());
    assertEquals("cuModuleLoadDataEx", e.call());
    assertEquals("cuDevicePrimaryCtxRelease", ((CudaException) e.getSuppressed()[0]).call());
    assertEquals(List.of(), device.emulator().liveAllocations());
  }

  @ParameterizedTest
  @CsvSource({"SYNCHRONIZE, cuStreamSynchronize", "UNLOAD_MODULE, cuModuleUnload"})
  @DisabledIfSystemProperty(
      named = "lamb4j.device",
      matches = "stand-ins",
      disabledReason = "through JCuda, copies to the device also wait")
  void shouldReportOriginalErrorWhenCleaningUpFailsToo(Call call, String entryPoint) {
    TestDevice device = TestDevice.open();
    device.emulator().makeCurrent(0);
    device.emulator().fail(Call.PREPARE, 3, OUT_OF_MEMORY);
    device.emulator().fail(call, 1, LAUNCH_FAILED);
    CudaException e = assertThrows(CudaException.class, () -> small(device).build());
    assertEquals("cuFuncSetAttribute", e.call());
    assertEquals(1, e.getSuppressed().length);
    assertEquals(entryPoint, ((CudaException) e.getSuppressed()[0]).call());
    if (call == Call.SYNCHRONIZE) {
      device.close(); // fails if anything is left
    } else {
      String left = assertThrows(EmulatorException.class, device::close).getMessage();
      assertTrue(left.matches("not given back: module 0x[0-9a-f]+"), left);
    }
  }

  /** Copies of host parameters: a step that fails leaves the weights unchanged, or says so. */
  @ParameterizedTest
  @EnumSource(
      value = Call.class,
      names = {"COPY_TO_DEVICE", "COPY_TO_HOST", "RECORD_EVENT", "AWAIT_EVENT"})
  @DisabledIfSystemProperty(
      named = "lamb4j.device",
      matches = "stand-ins",
      disabledReason = "through JCuda, events are awaited without the emulator")
  void shouldKeepWeightsOrSaySoWhenACopyFails(Call call) {
    int failed = 0;
    for (int nth = 1; nth <= 8; nth++) {
      float[] weights = {1, 2, 3};
      try (TestDevice device = TestDevice.open();
          Lamb lamb =
              LambBuilders.staged(device.driver())
                  .group(
                      "all",
                      Hyperparameters.lamb(0.1),
                      Parameter.onHost("w", weights, new float[] {1, 1, 1}))
                  .build()) {
        device.emulator().fail(call, nth, LAUNCH_FAILED);
        try {
          lamb.step();
        } catch (CudaException e) {
          failed++;
          assertEquals(0, lamb.stepCount());
          assertArrayEquals(new float[] {1, 2, 3}, weights);
          lamb.step();
        } catch (IllegalStateException e) {
          failed++;
          assertTrue(e.getMessage().contains("step 1 failed partway"), e.getMessage());
          assertThrows(IllegalStateException.class, lamb::step);
          continue;
        }
        device.emulator().fail(call, Integer.MAX_VALUE, 0); // not met by the step
        assertEquals(1, lamb.stepCount());
        assertFalse(Arrays.equals(new float[] {1, 2, 3}, weights));
      }
    }
    assertTrue(failed > 0 && failed < 8, failed + " failures");
  }

  private static CUdeviceptr pointer(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }
}
