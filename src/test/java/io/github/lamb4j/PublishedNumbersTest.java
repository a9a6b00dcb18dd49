package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.Preset;
import io.github.lamb4j.model.NameRule;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.StateArray;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values and procedures from the test suites of other implementations. */
class PublishedNumbersTest {

  @Test
  void shouldMatchOnnxRuntime() {
    float[] w = {
      0.01379026f, 0.15308191f, -0.24356517f, -0.21798165f, -0.13770047f,
      0.09694599f, -0.02223516f, 0.2664228f, -0.01177993f, 0.06832688f
    };
    float[] g = {
      -6.048543f, 10.569487f, -9.207029f, -0.57407373f, 5.884985f,
      -0.21047728f, 3.539946f, -5.957566f, -9.343748f, 1.1502024f
    };
    float[] m = {
      -5.9078765f, 9.673933f, -8.731428f, -0.6227454f, 5.284312f,
      -0.27138948f, 3.443532f, -5.681713f, -8.72421f, 1.1441823f
    };
    float[] v = {
      42.659229f, 114.38165f, 93.179581f, 0.47399229f, 34.129276f,
      0.090019435f, 14.493006f, 39.455612f, 93.025581f, 1.6000764f
    };
    float[] expected = {
      0.02979828f, 0.13677707f, -0.22708717f, -0.20361158f, -0.15338624f,
      0.1081504f, -0.03804127f, 0.28198114f, 0.00430069f, 0.05319814f
    };
    Hyperparameters h =
        Hyperparameters.lamb(0.1)
            .withWeightDecay(0.1)
            .withBetas(0.1, 0.01)
            .withEpsilon(0.1)
            .withBiasCorrection(BiasCorrection.NONE);
    try (Lamb lamb = Lamb.onCpu().group("g", h, Parameter.onHost("w", w, g)).build()) {
      lamb.writeState("w", StateArray.FIRST_MOMENT, 0, FloatBuffer.wrap(m));
      lamb.writeState("w", StateArray.SECOND_MOMENT, 0, FloatBuffer.wrap(v));
      lamb.step();
      assertArrayEquals(expected, w, 2e-8f);
      assertEquals(0.163469181585, lamb.layerStats().get(0).trustRatio(), 1e-7);
    }
  }

  @Test
  void shouldMatchKeras() {
    float[] w = {1, 2, 3, 4};
    float[] g = {1, 6, 7, 2};
    Hyperparameters h = Preset.KERAS.hyperparameters(0.5);
    try (Lamb lamb = Lamb.onCpu().group("g", h, Parameter.onHost("w", w, g)).build()) {
      lamb.step();
      assertArrayEquals(new float[] {-0.3693f, 0.6306f, 1.6306f, 2.6306f}, w, 1e-4f);
    }
  }

  @Test
  void shouldDecayLikeKeras() {
    float[] decayed = {2};
    float[] excluded = {2};
    Hyperparameters h = Preset.KERAS.hyperparameters(1).withWeightDecay(0.004);
    List<Parameter> parameters =
        List.of(
            Parameter.onHost("variable", decayed, new float[1]),
            Parameter.onHost("exclude", excluded, new float[1]));
    try (Lamb lamb = Lamb.onCpu().groups("g", h, parameters, NameRule.noDecay("exclude")).build()) {
      for (int step = 0; step < 3; step++) {
        lamb.step();
      }
      assertEquals(1.9760959, decayed[0], 1e-6);
      assertEquals(2, excluded[0]);
    }
  }

  @Test
  void shouldMatchKerasForFiveSteps() {
    float[] w = new float[10];
    float[] g = new float[10];
    Arrays.fill(w, 1);
    Arrays.fill(g, 0.01f);
    Hyperparameters h = Preset.KERAS.hyperparameters(1e-3);
    try (Lamb lamb = Lamb.onCpu().group("g", h, Parameter.onHost("w", w, g)).build()) {
      for (float expected : new float[] {0.999f, 0.9982f, 0.9974f, 0.9965f, 0.9955f}) {
        lamb.step();
        float[] all = new float[10];
        Arrays.fill(all, expected);
        assertArrayEquals(all, w, 1e-3f); // Keras: 5e-4 of the value and 5e-4 more
        for (int i = 0; i < 10; i++) {
          g[i] = 0.1f * (i + 1);
        }
      }
    }
  }

  @Test
  void shouldMinimizeLikeTensorFlowAddons() {
    float[] w = {0.1f, -0.2f, -0.1f};
    float[] target = {0.4f, 0.2f, -0.5f};
    float[] g = new float[3];
    Hyperparameters h = Preset.TF_ADDONS.hyperparameters(0.02).withWeightDecay(0.01);
    try (Lamb lamb = Lamb.onCpu().group("g", h, Parameter.onHost("w", w, g)).build()) {
      for (int step = 0; step < 200; step++) {
        for (int i = 0; i < 3; i++) {
          g[i] = 2 * (w[i] - target[i]) / 3;
        }
        lamb.step();
      }
      for (int i = 0; i < 3; i++) {
        assertEquals(target[i], w[i], 1e-2 + 1e-2 * Math.abs(target[i]));
      }
    }
  }

  /**
   * Apex uses the shapes 4096x1024, 4096, 4096x2048, 32320x1024 and 1. The matrices are a quarter
   * as high and as wide here, because the reference takes seconds for 46 million elements.
   */
  @Tag("slow")
  @ParameterizedTest
  @ValueSource(doubles = {0, 0.01})
  void shouldMatchFormulaOnShapesOfApex(double weightDecay) {
    Hyperparameters h = Hyperparameters.lamb(5e-2).withWeightDecay(weightDecay);
    try (Duel duel =
        new Duel(7).clip(1).group("model", h, 1024 * 256, 4096, 1024 * 512, 8080 * 256, 1)) {
      for (int step = 0; step < 7; step++) {
        duel.steps(1).assertClose();
      }
    }
  }
}
