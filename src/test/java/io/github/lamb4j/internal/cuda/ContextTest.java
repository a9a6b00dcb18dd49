package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.FutureTask;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The caller's context with device parameters, and a context of one's own with host parameters. */
@Tag("jcuda")
class ContextTest {

  /** An optimizer of device parameters, which uses the caller's context. */
  private static LambBuilder inPlace(TestDevice device) {
    CUdeviceptr weights =
        new CUdeviceptr().withByteOffset(device.upload(new byte[32], 0, "weights and gradients"));
    return LambBuilders.onCuda(device.driver(), device.stream())
        .group(
            "all",
            Hyperparameters.lamb(0.1),
            Parameter.onDevice("w", weights, weights.withByteOffset(16), 4));
  }

  @Test
  void shouldRejectCallsWhenTheContextIsNotCurrent() {
    try (TestDevice device = TestDevice.open()) {
      EmulatedDriver emulator = device.emulator();
      try (Lamb lamb = inPlace(device).build()) {
        for (long other : new long[] {0, 12345}) {
          emulator.makeCurrent(other);
          String what =
              other == 0
                  ? "no current CUDA context"
                  : "current CUDA context is not the optimizer's";
          FloatBuffer target = FloatBuffer.allocate(1);
          for (Runnable call :
              List.<Runnable>of(
                  lamb::step,
                  lamb::layerStats,
                  lamb::close,
                  () -> lamb.resumeAt(3),
                  () -> lamb.readState("w", StateArray.FIRST_MOMENT, 0, target))) {
            IllegalStateException e = assertThrows(IllegalStateException.class, call::run);
            assertTrue(e.getMessage().contains(what), e.getMessage());
          }
          emulator.makeCurrent(emulator.context());
        }
        lamb.step();
      }
    }
  }

  @Test
  void shouldRejectBuildWhenNoContextIsCurrent() {
    try (TestDevice device = TestDevice.open()) {
      LambBuilder builder = inPlace(device);
      device.emulator().makeCurrent(0);
      IllegalStateException e = assertThrows(IllegalStateException.class, builder::build);
      assertTrue(e.getMessage().contains("cuCtxSetCurrent"), e.getMessage());
      assertTrue(e.getMessage().contains("cudaSetDevice"), e.getMessage());
      device.emulator().makeCurrent(device.emulator().context());
    }
  }

  @Test
  void shouldRetainAndReleaseAContextForHostParameters() {
    try (TestDevice device = TestDevice.open()) {
      device.emulator().makeCurrent(0);
      for (int i = 0; i < 2; i++) {
        try (Lamb lamb = DriverErrorsTest.small(device).build()) {
          lamb.step();
        }
        assertEquals(0, device.driver().currentContext(), "a context that may be gone");
      }
    } // closing the device fails if the context is still retained
  }

  /** The second one finds the context that the first one made current. */
  @Test
  void shouldKeepTheContextUntilTheLastOptimizerIsClosed() throws Exception {
    try (TestDevice device = TestDevice.open()) {
      device.emulator().makeCurrent(0);
      Lamb first = DriverErrorsTest.small(device).build();
      try (Lamb second = DriverErrorsTest.small(device).build()) {
        first.close();
        second.step();
        runElsewhere(second::step);
        assertEquals(2, second.stepCount());
      }
      assertEquals(0, device.driver().currentContext(), "a context that may be gone");
    }
  }

  @Test
  void shouldLeaveTheCurrentContextOfAProgramAlone() throws Exception {
    try (TestDevice device = TestDevice.open()) {
      runElsewhere(() -> DriverErrorsTest.small(device).build().close());
      long context = device.driver().currentContext();
      try (Lamb lamb = DriverErrorsTest.small(device).build()) {
        lamb.step();
      }
      assertEquals(context, device.driver().currentContext());
    }
  }

  private static void runElsewhere(Runnable work) throws Exception {
    FutureTask<?> task = new FutureTask<>(work, null);
    Thread thread = new Thread(task);
    thread.start();
    task.get(); // fails if the work does
    thread.join();
  }

  @Test
  void shouldStepHostParametersOnAnyThread() throws Exception {
    try (TestDevice device = TestDevice.open()) {
      device.emulator().makeCurrent(0);
      try (Lamb lamb = DriverErrorsTest.small(device).build()) {
        runElsewhere(lamb::step);
        assertEquals(1, lamb.stepCount());
      }
    }
  }
}
