package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.model.Parameter;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plants faults in the committed kernels. The emulator must find them. */
class PlantedFaultsTest {

  @ParameterizedTest
  @CsvSource({
    "moments, TWO_PASS", "trust_ratio, TWO_PASS", "gradient_norm_tiles, TWO_PASS",
    "gradient_norm_segments, TWO_PASS", "gradient_scale, TWO_PASS", "single_pass, SINGLE_PASS"
  })
  void shouldFindAKernelWithoutItsFirstBarrier(String kernel, StepPath path) {
    UnaryOperator<String> fault =
        ptx -> {
          int barrier = ptx.indexOf("bar.sync", ptx.indexOf(".entry " + kernel));
          return ptx.substring(0, barrier) + "//" + ptx.substring(barrier);
        };
    assertTrue(isFound(path, fault));
  }

  @ParameterizedTest
  @CsvSource({
    "st.relaxed.gpu.global.v2.u64, st.global.v2.u64",
    "st.relaxed.gpu.global.v2.u64, st.relaxed.cta.global.v2.u64",
    "ld.relaxed.gpu.global.v2.u64, ld.global.v2.u64",
    "ld.relaxed.gpu.global.v2.u64, ld.relaxed.cta.global.v2.u64",
    "atom.relaxed.gpu, atom.relaxed.cta"
  })
  void shouldFindWeakAccessesToSharedWords(String strong, String weak) {
    assertTrue(isFound(StepPath.SINGLE_PASS, ptx -> ptx.replace(strong, weak)));
  }

  @ParameterizedTest
  @CsvSource({"TWO_PASS", "SINGLE_PASS"})
  void shouldFindNothingInTheOriginalKernels(StepPath path) {
    assertFalse(isFound(path, UnaryOperator.identity()));
  }

  /** Whether any of a few schedules exposes the fault. */
  private static boolean isFound(StepPath path, UnaryOperator<String> fault) {
    for (long seed = 1; seed <= 5; seed++) {
      EmulatedDriver driver = new EmulatedDriver(EmulatedDevice.SMALL, seed);
      driver.rewrite(fault);
      float[] weights = new float[2048 * 6];
      Arrays.fill(weights, 1);
      try (Lamb lamb =
          LambBuilders.staged(driver)
              .path(path)
              .maxGradNorm(1)
              .group(
                  "all", Hyperparameters.lamb(0.1), Parameter.onHost("w", weights, weights.clone()))
              .build()) {
        lamb.step();
      } catch (RuntimeException e) {
        Throwable cause = e;
        while (cause.getCause() != null) cause = cause.getCause();
        if (cause instanceof EmulatorException) return true;
        throw e;
      }
    }
    return false;
  }
}
