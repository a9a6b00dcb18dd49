package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import io.github.lamb4j.model.DType;
import io.github.lamb4j.report.StepReport;
import io.github.lamb4j.tools.bench.ForwardingDriver;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** With the debug switch on, an error names the kernel that caused it. */
@Tag("jcuda")
class DebugSyncTest {

  private static final int ILLEGAL_ADDRESS = 700;

  @AfterEach
  void turnOff() {
    System.clearProperty(DebugSync.PROPERTY);
  }

  /** A driver on which one kernel faults: as on a GPU, the next call that waits reports it. */
  private static final class FaultingDriver extends ForwardingDriver {

    private final String faulty;
    private boolean faulted;
    private int waits;

    FaultingDriver(CudaDriver driver, String faulty) {
      super(driver);
      this.faulty = faulty;
    }

    @Override
    public Launch prepare(
        long function,
        String name,
        int grid,
        int threads,
        int sharedBytes,
        ByteBuffer... arguments) {
      Launch launch = super.prepare(function, name, grid, threads, sharedBytes, arguments);
      return stream -> {
        launch.enqueue(stream);
        faulted |= name.equals(faulty);
      };
    }

    @Override
    public void synchronize(CudaStream stream) {
      waits++;
      if (faulted) {
        faulted = false; // so that the optimizer can be closed
        throw new CudaException(
            "cuStreamSynchronize",
            ILLEGAL_ADDRESS,
            "CUDA_ERROR_ILLEGAL_ADDRESS",
            "waiting for the stream");
      }
      super.synchronize(stream);
    }
  }

  private static Lamb build(TestDevice device, CudaDriver driver, StepPath path) {
    MixedModel.Tensor p =
        new MixedModel(Side.cuda(device, path), 1)
            .add("p", new MixedModel.Form(DType.F32, null, DType.F32), 100);
    return LambBuilders.onCuda(driver, device.stream())
        .path(path)
        .group("all", Hyperparameters.lamb(0.1), p.parameter())
        .maxGradNorm(1)
        .build();
  }

  @ParameterizedTest
  @CsvSource({
    "TWO_PASS, gradient_norm_tiles",
    "TWO_PASS, gradient_norm_segments",
    "TWO_PASS, gradient_scale",
    "TWO_PASS, begin_step",
    "TWO_PASS, moments",
    "TWO_PASS, trust_ratio",
    "TWO_PASS, apply",
    "SINGLE_PASS, single_pass"
  })
  void shouldNameTheKernelThatFaulted(StepPath path, String kernel) {
    System.setProperty(DebugSync.PROPERTY, "true");
    try (TestDevice device = TestDevice.open();
        Lamb lamb = build(device, new FaultingDriver(device.driver(), kernel), path)) {
      Throwable thrown = assertThrows(RuntimeException.class, lamb::step);
      CudaException e =
          (CudaException) (thrown instanceof CudaException ? thrown : thrown.getCause());
      assertEquals(
          "cuStreamSynchronize failed with CUDA_ERROR_ILLEGAL_ADDRESS (700) while running kernel "
              + kernel,
          e.getMessage());
      assertEquals(ILLEGAL_ADDRESS, e.code());
    }
  }

  @Test
  void shouldNotWaitForKernelsWhenOff() {
    try (TestDevice device = TestDevice.open()) {
      FaultingDriver driver = new FaultingDriver(device.driver(), "moments");
      try (Lamb lamb = build(device, driver, StepPath.TWO_PASS)) {
        driver.waits = 0;
        lamb.step();
        assertEquals(0, driver.waits);
        assertTrue(driver.faulted, "nothing reported the fault");
        driver.faulted = false;
      }
    }
  }

  @Test
  void shouldNotWaitForKernelsThatAreCaptured() {
    System.setProperty(DebugSync.PROPERTY, "true");
    try (TestDevice device = TestDevice.open()) {
      FaultingDriver driver = new FaultingDriver(device.driver(), "none");
      try (Lamb lamb = build(device, driver, StepPath.SINGLE_PASS)) {
        lamb.prepareReplays(2);
        driver.waits = 0;
        Graph graph = device.capture(lamb::step);
        assertEquals(0, driver.waits);
        graph.replay();
        graph.replay();
        graph.close();
        StepReport report = lamb.newReport();
        lamb.report(report);
        assertEquals(2, report.step());
        assertFalse(driver.faulted);
      }
    }
  }
}
