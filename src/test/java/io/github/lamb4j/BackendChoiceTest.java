package io.github.lamb4j;

import static io.github.lamb4j.Refusals.assertRefused;
import static io.github.lamb4j.Refusals.assertUntimely;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import jcuda.driver.CUstream;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.Test;

class BackendChoiceTest {

  private static void assumeNoCuda() {
    assumeTrue(BackendChoice.auto().backend().equals("cpu"), "this machine has a GPU");
  }

  @Test
  void shouldGiveReason() {
    assertTrue(BackendChoice.auto().reason().length() > 5);
    assertEquals(1, BackendChoice.auto().reason().lines().count());
    assertEquals("cpu", BackendChoice.cpu().backend());
    assertEquals(BackendChoice.auto(), BackendChoice.auto());
  }

  @Test
  void shouldFallBackToCpuWithoutCuda() {
    assumeNoCuda();
    assertTrue(BackendChoice.auto().reason().startsWith("no CUDA: "));
    float[] w = {1};
    try (Lamb lamb =
        Lamb.on(BackendChoice.auto())
            .group("g", Hyperparameters.lamb(0.1), Parameter.onHost("w", w, new float[] {1}))
            .build()) {
      lamb.step();
      assertEquals(0.9f, w[0], 1e-6f);
    }
  }

  @Test
  void shouldRejectCudaWhenUnavailable() {
    assumeNoCuda();
    String reason = BackendChoice.auto().reason();
    assertUntimely(BackendChoice::cuda, reason, "Lamb.onCpu()");
    assertUntimely(Lamb::onCuda, reason, "Lamb.onCpu()");
    assertUntimely(() -> Lamb.onCuda(new CUstream()), reason, "Lamb.onCpu()");
    assertUntimely(() -> Lamb.onCuda(new cudaStream_t()), reason, "Lamb.onCpu()");
    assertUntimely(() -> Lamb.onCuda(0x1234), reason, "Lamb.onCpu()");
    assertUntimely(() -> Lamb.on(new BackendChoice("cuda", "requested")), reason, "Lamb.onCpu()");
  }

  @Test
  void shouldChooseCudaWhenAvailable() {
    assumeTrue(BackendChoice.auto().backend().equals("cuda"), "this machine has no GPU");
    assertEquals(BackendChoice.cuda(), BackendChoice.auto());
  }

  @Test
  void shouldRejectNull() {
    assertRefused(() -> Lamb.on(null), "backend choice", "null");
    String[] said = {"stream: null", "Lamb.onCuda() is the default stream"};
    assertRefused(() -> Lamb.onCuda((CUstream) null), said);
    assertRefused(() -> Lamb.onCuda((cudaStream_t) null), said);
    assertRefused(() -> new BackendChoice(null, "why"), "backend", "null");
  }
}
