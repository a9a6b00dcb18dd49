package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.numerics.Half;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Copies to the host after a step on host parameters. */
@Tag("gpu")
@Tag("jcuda")
class StagedCudaBackendTest {

  @Test
  void shouldNotWriteAModelCopyWhenAStepIsSkipped() {
    short[] copy = {0x1234, 0x2345};
    float[] gradients = {Float.NaN, 1};
    FloatBuffer weights = FloatBuffer.wrap(new float[] {1, 2});
    try (TestDevice device = TestDevice.open();
        Lamb lamb =
            LambBuilders.staged(device.driver())
                .nonFiniteGradients(NonFiniteGradients.SKIP)
                .group(
                    "all",
                    Hyperparameters.lamb(0.1),
                    Parameter.onHost("w", weights, FloatBuffer.wrap(gradients))
                        .withModelCopy(HostArray.f16(copy)))
                .build()) {
      lamb.step();
      assertArrayEquals(new short[] {0x1234, 0x2345}, copy);
      copy[1] = 0x3456; // as a program that restores a checkpoint
      lamb.step();
      assertArrayEquals(new short[] {0x1234, 0x3456}, copy);
      gradients[0] = 0;
      lamb.step();
      assertEquals(1, lamb.stepCount());
      assertArrayEquals(new short[] {Half.toF16(weights.get(0)), Half.toF16(weights.get(1))}, copy);
    }
  }
}
